//! The token request and its answer, a pair of pure functions.

use base64_simd::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::redact::shown;
use crate::clock::Timestamp;
use crate::config::{ClientAuth, ClientCredential, MAX_SCOPE_BYTES};
use crate::secret::Secret;
use crate::session::tokens::AccessToken;
use crate::transport;

mod error;
mod grant;
mod refusal;

pub(crate) use error::TokenEndpointError;
pub(super) use error::advice_suffix;
pub(crate) use grant::Grant;
use grant::Parameter;
pub(crate) use refusal::Refusal;
use refusal::refusal;

/// What the token endpoint is asked.
#[derive(Debug)]
pub(crate) struct TokenRequest<'a> {
    pub(crate) token_endpoint: &'a Url,
    pub(crate) client_id: &'a str,
    pub(crate) credential: &'a ClientCredential,
    pub(crate) client_auth: ClientAuth,
    pub(crate) grant: Grant<'a>,
}

/// What the provider gave. Which of it has to be there depends on the grant.
#[derive(Debug)]
pub(crate) struct TokenAnswer {
    pub(crate) access_token: Option<Secret>,
    /// In seconds.
    pub(crate) expires_in: Option<u64>,
    pub(crate) id_token: Option<Secret>,
    pub(crate) refresh_token: Option<Secret>,
    pub(crate) scope: Option<String>,
}

impl TokenAnswer {
    /// OpenID Connect Core 1.0, section 3.1.3.3: `openid` was asked for.
    pub(crate) fn id_token(&self) -> Result<&Secret, TokenEndpointError> {
        let missing = TokenEndpointError::Member { member: "id_token" };
        self.id_token.as_ref().ok_or(missing)
    }

    /// For an API, as it was granted now (RFC 6749, section 5.1).
    pub(crate) fn access_token(&self, now: Timestamp) -> Result<AccessToken, TokenEndpointError> {
        let missing = TokenEndpointError::Member {
            member: "access_token",
        };
        let text = self.access_token.clone().ok_or(missing)?;
        let scope = self.scope.clone();
        Ok(AccessToken::granted(text, scope, self.expires_in, now))
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

pub(crate) fn token_request(asked: &TokenRequest<'_>) -> Request<Bytes> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in asked.grant.parameters() {
        match value {
            Parameter::Open(text) => form.append_pair(name, text),
            Parameter::Sealed(secret) => form.append_pair(name, secret.expose()),
        };
    }
    let TokenRequest {
        client_id,
        credential,
        client_auth,
        ..
    } = *asked;
    let authorization = authenticate(&mut form, client_id, credential, client_auth);
    transport::post_form(asked.token_endpoint, form.finish(), authorization)
}

/// RFC 6749, section 2.3.1: in the form, or as a header.
pub(super) fn authenticate(
    form: &mut form_urlencoded::Serializer<'_, String>,
    client_id: &str,
    credential: &ClientCredential,
    client_auth: ClientAuth,
) -> Option<HeaderValue> {
    match (client_auth, credential) {
        (ClientAuth::Basic, ClientCredential::Secret(secret)) => {
            return basic(client_id, secret);
        }
        (ClientAuth::Post, ClientCredential::Secret(secret)) => {
            form.append_pair("client_id", client_id)
                .append_pair("client_secret", secret.expose());
        }
        _ => {
            form.append_pair("client_id", client_id);
        }
    }
    None
}

pub(crate) fn token_response(
    response: &Response<Bytes>,
    asked: &TokenRequest<'_>,
) -> Result<TokenAnswer, TokenEndpointError> {
    let body = answer_body(response.body());
    let status = response.status();
    // 1. Anything but 200 is a refusal; some providers send 401 or 403, some an
    //    empty body.
    if status != StatusCode::OK {
        return Err(refusal(response, body.unwrap_or_default(), asked));
    }
    // 2. The body is a JSON object.
    let Some(body) = body else {
        return Err(not_json(response, asked));
    };
    // 3. A 200 that carries an error is one.
    if body.error.is_some() {
        return Err(refusal(response, body, asked));
    }
    // 4. The token type is Bearer, in any case (RFC 6749, section 5.1).
    match body.token_type.as_ref().and_then(Value::as_str) {
        Some(found) if !found.eq_ignore_ascii_case("bearer") => {
            let found = shown(found, &sent(asked));
            return Err(TokenEndpointError::TokenType { found });
        }
        Some(_) => {}
        None => {
            return Err(TokenEndpointError::Member {
                member: "token_type",
            });
        }
    }
    // 5. What is there is a text, and what is kept has a length that a session can hold.
    let text = |value| match value {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    };
    let kept = |member, value| match text(value) {
        Some(text) if text.len() > MAX_KEPT_BYTES => {
            let bytes = text.len();
            Err(TokenEndpointError::TooLong { member, bytes })
        }
        text => Ok(text.map(Secret::new)),
    };
    // A refresh may bring no ID token, and then nobody compares whose it is: an odd one is
    // not as if there were none.
    let id_token = match body.id_token {
        Some(Value::String(id_token)) => Some(Secret::new(id_token)),
        Some(_) => return Err(TokenEndpointError::Member { member: "id_token" }),
        None => None,
    };
    Ok(TokenAnswer {
        access_token: kept("access_token", body.access_token)?,
        expires_in: body.expires_in.as_ref().and_then(seconds),
        id_token,
        refresh_token: kept("refresh_token", body.refresh_token)?,
        scope: text(body.scope).filter(|scope| scope.len() <= MAX_SCOPE_BYTES),
    })
}

/// `expires_in`: a number, a text with a number, or of no use.
fn seconds(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        // What is negative has ended.
        value => value
            .as_u64()
            .or_else(|| value.as_f64().map(|number| number as u64)),
    }
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
    claims: Option<Value>,
    expires_in: Option<Value>,
    id_token: Option<Value>,
    refresh_token: Option<Value>,
    scope: Option<Value>,
    suberror: Option<Value>,
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

fn not_json(response: &Response<Bytes>, asked: &TokenRequest<'_>) -> TokenEndpointError {
    let content_type = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|v| v.to_str().ok());
    TokenEndpointError::NotJson {
        status: response.status().as_u16(),
        content_type: shown(content_type.unwrap_or("no content type"), &sent(asked)),
    }
}

/// What some providers repeat in their answers.
fn sent<'a>(asked: &TokenRequest<'a>) -> Vec<&'a str> {
    let parameters = asked.grant.parameters().into_iter();
    let mut sent: Vec<_> = parameters
        .filter_map(|(_, value)| match value {
            Parameter::Open(_) => None,
            Parameter::Sealed(secret) => Some(secret.expose()),
        })
        .collect();
    if let ClientCredential::Secret(secret) = asked.credential {
        sent.push(secret.expose());
    }
    sent
}

/// Access tokens of real providers have one to two thousand bytes, refresh tokens up to
/// three thousand.
const MAX_KEPT_BYTES: usize = 16 * 1024;

#[cfg(test)]
mod tests;
