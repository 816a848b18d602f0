//! An authorization request, checked from its parameters alone.

use std::sync::Arc;

use crate::application::Registered;
use crate::claims_request::ClaimsRequest;
use crate::clock::Timestamp;
use crate::error::Aadsts;
use crate::parameters::Parameters;
use crate::pkce::Challenge;
use crate::redirect_uri::{self, Difference};
use crate::scope::{self, Consent, Scopes};
use crate::state::Session;

/// A request the user may be asked about.
#[derive(Clone)]
pub(crate) struct AuthorizationRequest {
    pub(crate) application: Arc<Registered>,
    pub(crate) destination: Destination,
    /// As sent; the token request has to repeat it if it was.
    pub(crate) redirect_uri: Option<String>,
    pub(crate) response_type: ResponseType,
    pub(crate) scopes: Scopes,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) prompt: Prompt,
    pub(crate) login_hint: Option<String>,
    /// In seconds.
    pub(crate) max_age: Option<u64>,
    pub(crate) claims: ClaimsRequest,
}

/// Where and how the answer goes.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    pub(crate) redirect_uri: String,
    pub(crate) response_mode: ResponseMode,
    pub(crate) state: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResponseMode {
    FormPost,
    Fragment,
    Query,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResponseType {
    Code,
    CodeIdToken,
    IdToken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prompt {
    Create,
    Default,
    Login,
    None,
    SelectAccount,
}

/// How a bad request is answered: never by a redirect to an address nobody registered.
#[derive(Debug)]
pub(crate) enum Refusal {
    Page(Aadsts),
    Redirect(Destination, Aadsts),
    RedirectUri(Mismatch),
}

/// A redirect URI that is not registered, and the registered one most like it.
#[derive(Debug)]
pub(crate) struct Mismatch {
    pub(crate) error: Aadsts,
    pub(crate) nearest: Option<(String, Vec<Difference>)>,
}

impl AuthorizationRequest {
    pub(crate) fn parse(
        parameters: &Parameters,
        find: impl Fn(&str) -> Option<Arc<Registered>>,
        tenant: &str,
    ) -> Result<Self, Refusal> {
        // 1. What decides where an answer may go: any doubt about it is shown on a page.
        if let Some(name) = parameters.repeated()
            && ["client_id", "redirect_uri", "response_mode", "state"].contains(&name)
        {
            return Err(Refusal::Page(Aadsts::repeated(name)));
        }
        let Some(client_id) = parameters.get("client_id") else {
            return Err(Refusal::Page(Aadsts::missing("client_id")));
        };
        let application = find(client_id)
            .ok_or_else(|| Refusal::Page(Aadsts::unknown_application(client_id, tenant)))?;
        let redirect_uri = parameters.owned("redirect_uri");
        let mut destination = Destination {
            redirect_uri: registered_uri(&application, redirect_uri.as_deref())?,
            response_mode: ResponseMode::Query,
            state: parameters.owned("state"),
        };

        // 2. How it goes there: the mode asked for, or else the default of the response type.
        let response_type = response_type(parameters.get("response_type"), &application);
        let mode = response_mode(parameters.get("response_mode"), response_type.as_ref().ok());
        let mode = match mode {
            Ok(mode) => mode,
            Err((mode, error)) => {
                destination.response_mode = mode;
                return Err(Refusal::Redirect(destination, error));
            }
        };
        destination.response_mode = mode;

        // 3. Everything else is told to the application.
        let consent = Consent {
            client: &application.clone(),
            find: &find,
            tenant,
        };
        match (Self {
            application,
            destination: destination.clone(),
            redirect_uri,
            response_type: ResponseType::Code,
            scopes: Scopes::none(),
            nonce: parameters.owned("nonce"),
            challenge: None,
            prompt: Prompt::Default,
            login_hint: parameters.owned("login_hint"),
            max_age: None,
            claims: ClaimsRequest::default(),
        })
        .complete(response_type, parameters, &consent)
        {
            Ok(request) => Ok(request),
            Err(error) => Err(Refusal::Redirect(destination, error)),
        }
    }

    fn complete(
        mut self,
        response_type: Result<ResponseType, Aadsts>,
        parameters: &Parameters,
        consent: &Consent<'_>,
    ) -> Result<Self, Aadsts> {
        if let Some(name) = parameters.repeated() {
            return Err(Aadsts::repeated(name));
        }
        self.response_type = response_type?;
        // OpenID Connect Core section 6: support is not announced, so say so.
        for (name, error) in [
            ("request", "request_not_supported"),
            ("request_uri", "request_uri_not_supported"),
        ] {
            if parameters.get(name).is_some() {
                let message = format!("The parameter '{name}' is not supported.");
                return Err(Aadsts::new(error, 9002313, message));
            }
        }
        let scope = parameters
            .get("scope")
            .ok_or_else(|| Aadsts::missing("scope"))?;
        self.scopes = Scopes::parse(scope, consent)?;
        if self.response_type.has_id_token() && !self.scopes.has("openid") {
            let why = "The scope 'openid' is missing, and an ID token is asked for.";
            return Err(scope::invalid(scope, why));
        }
        if self.response_type.has_id_token() && self.nonce.is_none() {
            return Err(Aadsts::missing("nonce"));
        }
        self.challenge = Challenge::parse(
            parameters.get("code_challenge"),
            parameters.get("code_challenge_method"),
            self.application.platform,
        )?;
        self.prompt = Prompt::parse(parameters.get("prompt"), self.login_hint.is_some())?;
        self.max_age = max_age(parameters.get("max_age"))?;
        self.claims = ClaimsRequest::parse(parameters.get("claims"))?;
        Ok(self)
    }

    /// Whether a session is young enough; none is for a `max_age` of nothing (OpenID Connect Core
    /// section 3.1.2.1, as amended: the same as `prompt=login`).
    pub(crate) fn takes(&self, session: &Session, now: Timestamp) -> bool {
        self.max_age.is_none_or(|max_age| {
            max_age > 0 && now.since(session.authenticated).as_secs() <= max_age
        })
    }
}

impl ResponseType {
    pub(crate) fn has_code(self) -> bool {
        self != Self::IdToken
    }

    pub(crate) fn has_id_token(self) -> bool {
        self != Self::Code
    }
}

impl Prompt {
    /// Several values may stand together, but for `none`; the most visible one wins.
    fn parse(prompt: Option<&str>, hinted: bool) -> Result<Self, Aadsts> {
        let refuse = |why: String| Err(Aadsts::invalid_request(90023, why));
        let mut result = Self::Default;
        let values: Vec<_> = prompt
            .unwrap_or_default()
            .split_ascii_whitespace()
            .collect();
        for value in &values {
            result = match (*value, result) {
                ("none", _) if values.len() > 1 => {
                    return refuse("The prompt 'none' stands alone.".into());
                }
                ("none", _) => Self::None,
                ("create", _) | (_, Self::Create) => Self::Create,
                ("select_account", _) if hinted => {
                    return refuse(
                        "The prompt 'select_account' cannot be combined with 'login_hint'.".into(),
                    );
                }
                ("login", _) => Self::Login,
                ("select_account", Self::Default) => Self::SelectAccount,
                // Customers cannot consent: an administrator did so for all of them.
                ("select_account" | "consent", before) => before,
                (unknown, _) => return refuse(format!("The prompt '{unknown}' is not supported.")),
            };
        }
        Ok(result)
    }
}

/// The requested URI if it is registered; without a request for one, the first that is.
fn registered_uri(application: &Registered, requested: Option<&str>) -> Result<String, Refusal> {
    let Some(requested) = requested else {
        return application.redirect_uris.first().cloned().ok_or_else(|| {
            Refusal::Page(Aadsts::invalid_request(
                900971,
                "No reply address is registered for the application.",
            ))
        });
    };
    if application.has_redirect_uri(requested) {
        return Ok(requested.to_owned());
    }
    let nearest = redirect_uri::nearest(&application.redirect_uris, requested);
    Err(Refusal::RedirectUri(Mismatch {
        error: Aadsts::invalid_request(
            50011,
            format!(
                "The redirect URI '{requested}' specified in the request does not match the \
                 redirect URIs configured for the application '{}'. Make sure the redirect URI \
                 sent in the request matches one added to your application in the Azure portal. \
                 Navigate to https://aka.ms/redirectUriMismatchError to learn more about how to \
                 fix this.",
                application.client_id
            ),
        ),
        nearest: nearest.map(|(uri, differences)| (uri.to_owned(), differences)),
    }))
}

fn max_age(parameter: Option<&str>) -> Result<Option<u64>, Aadsts> {
    let wrong = |_| Aadsts::malformed("The parameter 'max_age' is no number of seconds.");
    parameter
        .map(|text| text.parse().map_err(wrong))
        .transpose()
}

fn response_type(
    requested: Option<&str>,
    application: &Registered,
) -> Result<ResponseType, Aadsts> {
    let requested = requested.ok_or_else(|| Aadsts::missing("response_type"))?;
    let mut values: Vec<_> = requested.split_ascii_whitespace().collect();
    values.sort_unstable();
    let response_type = match values.as_slice() {
        ["code"] => ResponseType::Code,
        ["code", "id_token"] => ResponseType::CodeIdToken,
        ["id_token"] => ResponseType::IdToken,
        values if !values.is_empty() && values.iter().all(|v| FLOW_VALUES.contains(v)) => {
            return Err(Aadsts::new(
                "unsupported_response_type",
                700051,
                "response_type 'token' is not enabled for the application.",
            ));
        }
        _ => {
            return Err(Aadsts::new(
                "unsupported_response_type",
                70005,
                format!("The response_type '{requested}' is not supported."),
            ));
        }
    };
    if response_type.has_id_token() && !application.id_tokens_at_authorize {
        return Err(Aadsts::new(
            "unsupported_response_type",
            700054,
            "response_type 'id_token' is not enabled for the application.",
        ));
    }
    Ok(response_type)
}

/// The mode, or the mode in which to say that the one asked for will not do.
fn response_mode(
    requested: Option<&str>,
    response_type: Option<&ResponseType>,
) -> Result<ResponseMode, (ResponseMode, Aadsts)> {
    let tokens = response_type.is_some_and(|response_type| response_type.has_id_token());
    let default = if tokens {
        ResponseMode::Fragment
    } else {
        ResponseMode::Query
    };
    let refuse = |why: String| Err((default, Aadsts::invalid_request(70007, why)));
    match requested {
        None => Ok(default),
        Some("form_post") => Ok(ResponseMode::FormPost),
        Some("fragment") => Ok(ResponseMode::Fragment),
        // OAuth 2.0 Multiple Response Types section 3.
        Some("query") if tokens => refuse(
            "'query' is not a supported value of 'response_mode' when requesting a token.".into(),
        ),
        Some("query") => Ok(ResponseMode::Query),
        Some(other) => refuse(format!(
            "'{other}' is not a supported value of 'response_mode'."
        )),
    }
}

const FLOW_VALUES: [&str; 3] = ["code", "id_token", "token"];
