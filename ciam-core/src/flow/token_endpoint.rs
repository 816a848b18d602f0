//! The token request and its answer, a pair of pure functions.

use base64_simd::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::aadsts;
use super::redact::shown;
use crate::config::{ClientAuth, ClientCredential};
use crate::secret::Secret;
use crate::transport::{self, TransportError};

/// An authorization code to be exchanged ([RFC 6749, section 4.1.3], RFC 7636,
/// section 4.5).
///
/// [RFC 6749, section 4.1.3]: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3
#[derive(Debug)]
pub(crate) struct CodeExchange<'a> {
    pub(crate) token_endpoint: &'a Url,
    pub(crate) client_id: &'a str,
    pub(crate) credential: &'a ClientCredential,
    pub(crate) client_auth: ClientAuth,
    pub(crate) code: &'a Secret,
    pub(crate) redirect_uri: &'a str,
    pub(crate) code_verifier: &'a Secret,
}

/// What the provider gave for the code.
#[derive(Debug)]
pub(crate) struct TokenAnswer {
    pub(crate) id_token: Secret,
    pub(crate) access_token: Option<Secret>,
}

/// Why there are no tokens.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum TokenEndpointError {
    /// The metadata allows no way of authentication that fits the credential.
    #[error(
        "the token endpoint takes {supported}, not a client secret by \
         client_secret_basic or client_secret_post: set CIAM_CLIENT_AUTH to force one"
    )]
    ClientAuth {
        /// What the metadata lists.
        supported: String,
    },
    /// The answer lacks a token.
    #[error("the token answer has no {member}")]
    Member {
        /// The missing member.
        member: &'static str,
    },
    /// The answer is not a JSON object.
    #[error("the token endpoint answers {status} without a JSON object ({content_type})")]
    NotJson {
        /// The HTTP status.
        status: u16,
        /// Of the answer.
        content_type: String,
    },
    /// The provider refused ([RFC 6749, section 5.2]).
    ///
    /// [RFC 6749, section 5.2]: https://www.rfc-editor.org/rfc/rfc6749#section-5.2
    #[error("the token endpoint refuses with {status} {error}: {description}{}", advice_suffix(*.advice))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The error code of the provider.
        error: String,
        /// The provider's words, without anything secret, shortened.
        description: String,
        /// What to do about it, where that is known.
        advice: Option<&'static str>,
    },
    /// A token of a kind nobody asked for.
    #[error("the token type is {found}, expected Bearer")]
    TokenType {
        /// The type in the answer, shortened.
        found: String,
    },
    /// There was no answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

impl TokenEndpointError {
    /// A stable code.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::ClientAuth { .. } => "token_endpoint.client_auth",
            Self::Member { .. } => "token_endpoint.member",
            Self::NotJson { .. } => "token_endpoint.not_json",
            Self::Refused { .. } => "token_endpoint.refused",
            Self::TokenType { .. } => "token_endpoint.token_type",
            Self::Transport(error) => error.code(),
        }
    }
}

/// How the application proves itself, from what is configured and what the
/// metadata allows.
///
/// Where both are listed the secret goes into the body: there everybody encodes
/// it alike, while some providers decode Basic credentials and others do not.
pub(crate) fn client_auth(
    credential: &ClientCredential,
    forced: Option<ClientAuth>,
    supported: Option<&[String]>,
) -> Result<ClientAuth, TokenEndpointError> {
    if let Some(forced) = forced {
        return Ok(forced);
    }
    if matches!(credential, ClientCredential::Public) {
        return Ok(ClientAuth::None);
    }
    // OpenID Connect Discovery 1.0, section 3: "If omitted, the default is
    // client_secret_basic".
    let Some(supported) = supported else {
        return Ok(ClientAuth::Basic);
    };
    let has = |method: &str| supported.iter().any(|m| m == method);
    if has("client_secret_post") {
        Ok(ClientAuth::Post)
    } else if has("client_secret_basic") {
        Ok(ClientAuth::Basic)
    } else {
        let supported = shown(&supported.join(", "), &[]);
        Err(TokenEndpointError::ClientAuth { supported })
    }
}

pub(crate) fn token_request(exchange: &CodeExchange<'_>) -> Request<Bytes> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", exchange.code.expose())
        .append_pair("redirect_uri", exchange.redirect_uri)
        .append_pair("code_verifier", exchange.code_verifier.expose());
    let mut authorization = None;
    match (exchange.client_auth, exchange.credential) {
        (ClientAuth::Basic, ClientCredential::Secret(secret)) => {
            authorization = basic(exchange.client_id, secret);
        }
        (ClientAuth::Post, ClientCredential::Secret(secret)) => {
            form.append_pair("client_id", exchange.client_id)
                .append_pair("client_secret", secret.expose());
        }
        _ => {
            form.append_pair("client_id", exchange.client_id);
        }
    }
    let mut request = transport::get(exchange.token_endpoint.as_str());
    *request.method_mut() = Method::POST;
    *request.body_mut() = Bytes::from(form.finish());
    let headers = request.headers_mut();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    headers.insert(CONTENT_TYPE, form);
    if let Some(authorization) = authorization {
        headers.insert(AUTHORIZATION, authorization);
    }
    request
}

pub(crate) fn token_response(
    response: &Response<Bytes>,
    exchange: &CodeExchange<'_>,
) -> Result<TokenAnswer, TokenEndpointError> {
    let body = answer_body(response.body());
    let status = response.status();
    // 1. Anything but 200 is a refusal; some providers send 401 or 403, some an
    //    empty body.
    if status != StatusCode::OK {
        return Err(refusal(response, body.unwrap_or_default(), exchange));
    }
    // 2. The body is a JSON object.
    let Some(body) = body else {
        return Err(not_json(response, exchange));
    };
    // 3. A 200 that carries an error is one.
    if body.error.is_some() {
        return Err(refusal(response, body, exchange));
    }
    // 4. The token type is Bearer, in any case (RFC 6749, section 5.1).
    //    `expires_in` is a hint, sent as a number, as a text or not at all: it is
    //    not looked at where the access token is used once, at once.
    match body.token_type.as_ref().and_then(Value::as_str) {
        Some(found) if !found.eq_ignore_ascii_case("bearer") => {
            let found = shown(found, &sent(exchange));
            return Err(TokenEndpointError::TokenType { found });
        }
        Some(_) => {}
        None => {
            return Err(TokenEndpointError::Member {
                member: "token_type",
            });
        }
    }
    // 5. `openid` was asked for, so there is an ID token.
    let id_token = body
        .id_token
        .as_ref()
        .and_then(Value::as_str)
        .map(Secret::new);
    let id_token = id_token.ok_or(TokenEndpointError::Member { member: "id_token" })?;
    let access_token = body
        .access_token
        .as_ref()
        .and_then(Value::as_str)
        .map(Secret::new);
    Ok(TokenAnswer {
        id_token,
        access_token,
    })
}

fn answer_body(body: &[u8]) -> Option<AnswerBody> {
    // A derived reader would take an array in place of an object.
    if !body.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    serde_json::from_slice(body).ok()
}

/// Members of any type, so that one odd member does not hide the others.
#[derive(Default, Deserialize)]
struct AnswerBody {
    access_token: Option<Value>,
    error: Option<Value>,
    error_description: Option<Value>,
    id_token: Option<Value>,
    token_type: Option<Value>,
}

/// RFC 6749, section 2.3.1: id and secret are form-encoded first.
fn basic(client_id: &str, secret: &Secret) -> Option<HeaderValue> {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let credentials = format!("{}:{}", encode(client_id), encode(secret.expose()));
    let value = format!("Basic {}", STANDARD.encode_to_string(credentials));
    let mut value = HeaderValue::from_str(&value).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn refusal(
    response: &Response<Bytes>,
    body: AnswerBody,
    exchange: &CodeExchange<'_>,
) -> TokenEndpointError {
    fn text<'a>(member: &'a Option<Value>, default: &'a str) -> &'a str {
        member.as_ref().and_then(Value::as_str).unwrap_or(default)
    }
    let error = text(&body.error, "without an error code");
    let description = text(&body.error_description, "no description");
    let advice = aadsts::number(description)
        .and_then(aadsts::advice)
        .or_else(|| general_advice(error, exchange.credential));
    let sent = sent(exchange);
    TokenEndpointError::Refused {
        status: response.status().as_u16(),
        error: shown(error, &sent),
        description: shown(description, &sent),
        advice,
    }
}

/// What some providers repeat in their answers.
fn sent<'a>(exchange: &CodeExchange<'a>) -> Vec<&'a str> {
    let mut sent = vec![exchange.code.expose(), exchange.code_verifier.expose()];
    if let ClientCredential::Secret(secret) = exchange.credential {
        sent.push(secret.expose());
    }
    sent
}

fn general_advice(error: &str, credential: &ClientCredential) -> Option<&'static str> {
    match (error, credential) {
        ("invalid_client", ClientCredential::Secret(secret))
            if crate::config::Guid::parse(secret.expose()).is_some() =>
        {
            Some("the client secret looks like an id: paste the secret's value, not its id")
        }
        ("invalid_client", ClientCredential::Secret(_)) => Some(
            "check CIAM_CLIENT_ID and CIAM_CLIENT_SECRET; CIAM_CLIENT_AUTH forces how it is sent",
        ),
        ("invalid_client", _) => {
            Some("check CIAM_CLIENT_ID; a confidential client needs CIAM_CLIENT_SECRET")
        }
        ("invalid_grant", _) => Some("the code is used, too old or not for this redirect URI"),
        _ => None,
    }
}

fn not_json(response: &Response<Bytes>, exchange: &CodeExchange<'_>) -> TokenEndpointError {
    let content_type = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|v| v.to_str().ok());
    TokenEndpointError::NotJson {
        status: response.status().as_u16(),
        content_type: shown(content_type.unwrap_or("no content type"), &sent(exchange)),
    }
}

pub(super) fn advice_suffix(advice: Option<&'static str>) -> String {
    advice.map(|a| format!(" ({a})")).unwrap_or_default()
}

#[cfg(test)]
mod tests;
