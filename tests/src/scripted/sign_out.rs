//! Sign-out, as far as a provider takes part in it.
//!
//! OpenID Connect RP-Initiated Logout, Back-Channel Logout and Front-Channel Logout 1.0.

use std::net::{Ipv4Addr, SocketAddr};

use base64_simd::URL_SAFE_NO_PAD;
use http::HeaderMap;
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::honest::{Issued, random};
use super::logout_token::LogoutToken;
use super::wire::{Answer, Asked};
use super::{Script, Scripted, Shared, lock};

/// What an application answered to a logout token.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs)] // of the tests only
pub struct Notified {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as text.
    pub body: String,
}

impl Scripted {
    /// The logout token for the last sign-in that an honest provider would send.
    pub fn logout_token(&self) -> LogoutToken {
        let issued = self.issued();
        let issued = issued.last().expect("somebody signed in");
        LogoutToken::honest(&lock(&self.shared.script), issued)
    }

    /// A logout token as text, signed as it says, or else as the script does.
    pub fn sign_logout(&self, token: &LogoutToken) -> String {
        let script = lock(&self.shared.script);
        self.shared.sign_logout(&script, token)
    }

    /// Sends a logout token to an application, as the provider does during a sign-out.
    pub async fn notify(&self, uri: &str, logout_token: &str) -> Notified {
        self.shared.notify(uri, logout_token).await
    }

    /// What applications answered to logout tokens so far.
    pub fn notified(&self) -> Vec<Notified> {
        lock(&self.shared.notified).clone()
    }
}

impl Shared {
    /// RP-Initiated Logout, section 2: the applications are told before the browser goes on.
    pub(super) async fn end_session(&self, asked: &Asked) -> Answer {
        let leaving = self.leaving(asked);
        let (destination, issued) = match leaving {
            Ok(leaving) => leaving,
            Err(why) => return html(400, &format!("<p id=\"error\">{why}</p>")),
        };
        let (backchannel, frame) = {
            let script = lock(&self.script);
            let backchannel = script.backchannel_logout_uri.clone().zip(issued.clone());
            let backchannel = backchannel.map(|(uri, issued)| {
                let mut token = LogoutToken::honest(&script, &issued);
                if let Some(fault) = script.logout_fault {
                    fault(&mut token);
                }
                (uri, self.sign_logout(&script, &token))
            });
            (backchannel, frame(&script, issued.as_ref()))
        };
        if let Some((uri, token)) = backchannel {
            self.notify(&uri, &token).await;
        }
        match (frame, destination) {
            (None, Some(to)) => Answer {
                status: 303,
                headers: vec![("location", to)],
                body: String::new(),
            },
            (None, None) => html(200, "<p id=\"signed-out\">You are signed out.</p>"),
            (Some(frame), to) => {
                let to = to.map_or_else(String::new, |to| {
                    format!("<a id=\"continue\" href=\"{}\">Continue</a>", escaped(&to))
                });
                let frame = escaped(&frame);
                html(
                    200,
                    &format!("<iframe hidden src=\"{frame}\"></iframe>{to}"),
                )
            }
        }
    }

    pub(super) fn sign_logout(&self, script: &Script, token: &LogoutToken) -> String {
        let header = Value::Object(token.header.clone()).to_string();
        let payload = Value::Object(token.claims.clone()).to_string();
        let signing = token.signing.as_ref().or(script.signing.as_ref());
        let corrupt = token.corrupt || script.corrupt;
        self.signer.sign_as(signing, corrupt, &header, &payload)
    }

    /// RFC 7009: a refresh token that is revoked takes its family with it; any other token
    /// is revoked too, for all that the client can tell.
    pub(super) fn revoke(&self, asked: &Asked) -> Answer {
        let token = asked.field("token").unwrap_or_default();
        let mut issued = lock(&self.issued);
        let family = issued
            .iter_mut()
            .find(|issued| issued.refresh_tokens.contains(&token));
        if let Some(family) = family {
            family.revoked = true;
        }
        Answer {
            status: 200,
            headers: Vec::new(),
            body: String::new(),
        }
    }

    /// Where the browser goes, and whose sign-out it is; or why it goes nowhere.
    fn leaving(&self, asked: &Asked) -> Result<(Option<String>, Option<Issued>), &'static str> {
        let parameter = |name: &str| match asked.method.as_str() {
            "POST" => asked.field(name),
            _ => asked.query(name),
        };
        let script = lock(&self.script);
        let issued = lock(&self.issued);
        let hinted = match parameter("id_token_hint") {
            None => None,
            Some(hint) => {
                let given = |issued: &&Issued| issued.id_tokens.contains(&hint);
                let found = issued.iter().find(given);
                Some(found.ok_or("The id_token_hint was not issued here.")?)
            }
        };
        let client_id = parameter("client_id");
        let differs =
            |issued: &Issued| client_id.as_ref().is_some_and(|id| *id != issued.client_id);
        if hinted.is_some_and(differs) {
            return Err("The client_id is not the one of the id_token_hint.");
        }
        let of_client = |issued: &&Issued| Some(&issued.client_id) == client_id.as_ref();
        let last = hinted.or_else(|| issued.iter().rev().find(of_client));
        let Some(to) = parameter("post_logout_redirect_uri") else {
            return Ok((None, last.cloned()));
        };
        let registered = match &script.post_logout_redirect_uris {
            Some(registered) => registered.contains(&to),
            None => last.is_some_and(|issued| beside(&issued.redirect_uri, "signed-out") == to),
        };
        if !registered {
            return Err("The post_logout_redirect_uri is not registered.");
        }
        let sent = parameter("state");
        let unchanged = |state: &str| Some(state.to_owned());
        let state = script.logout_state.unwrap_or(unchanged)(sent.as_deref().unwrap_or_default());
        let state = state.filter(|_| sent.is_some() || script.logout_state.is_some());
        let mut url = Url::parse(&to).map_err(|_| "The post_logout_redirect_uri is no address.")?;
        if let Some(state) = state {
            url.query_pairs_mut().append_pair("state", &state);
        }
        Ok((Some(url.into()), last.cloned()))
    }

    /// Back-Channel Logout, section 2.5; a parameter that means nothing is there too.
    async fn notify(&self, uri: &str, logout_token: &str) -> Notified {
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("logout_token", logout_token)
            .append_pair("ignored_parameter", &random())
            .finish();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .resolve("localhost", SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .no_proxy()
            .tls_certs_only([])
            .build()
            .expect("a client");
        let answer = client
            .post(uri)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
            .await
            .unwrap_or_else(|error| panic!("{uri}: {error:?}"));
        let notified = Notified {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: answer.text().await.expect("a body"),
        };
        lock(&self.notified).push(notified.clone());
        notified
    }
}

/// The claims of an ID token that it issued.
pub(super) fn claims(id_token: &str) -> Value {
    let payload = id_token.split('.').nth(1).expect("three parts");
    let payload = URL_SAFE_NO_PAD.decode_to_vec(payload).expect("base64url");
    serde_json::from_slice(&payload).expect("an object")
}

/// What the metadata says of an honest provider that has sessions.
pub(super) fn announced() -> Value {
    json!({
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "frontchannel_logout_supported": true,
        "frontchannel_logout_session_supported": true,
    })
}

/// Front-Channel Logout, section 3.
fn frame(script: &Script, issued: Option<&Issued>) -> Option<String> {
    let mut url = Url::parse(script.frontchannel_logout_uri.as_ref()?).expect("an address");
    let both = |iss: &str, sid: &str| vec![("iss", iss.to_owned()), ("sid", sid.to_owned())];
    let parameters = script.frontchannel_parameters.unwrap_or(both);
    if let Some(id_token) = issued.and_then(|issued| issued.id_tokens.last()) {
        let claims = claims(id_token);
        let text = |name: &str| claims[name].as_str().unwrap_or_default().to_owned();
        url.query_pairs_mut()
            .extend_pairs(parameters(&text("iss"), &text("sid")));
    }
    Some(url.into())
}

/// The address in the place of the last segment of another.
fn beside(uri: &str, name: &str) -> String {
    let (folder, _) = uri.rsplit_once('/').unwrap_or_default();
    format!("{folder}/{name}")
}

fn html(status: u16, main: &str) -> Answer {
    Answer {
        status,
        headers: vec![("content-type", "text/html".to_owned())],
        body: format!("<!DOCTYPE html><title>Sign-out</title>{main}"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
}
