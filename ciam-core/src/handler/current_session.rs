//! The session of a request, as a handler holds it.

use std::fmt;
use std::time::Duration;

use http::StatusCode;

use super::incoming::Incoming;
use super::rejection::{self, login_url, page, redirect, to_front_page};
use super::unavailable::Audience;
use super::{Ciam, Rejection, Visit};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind};
use crate::flow::TokensError;
use crate::flow::challenge::{CHALLENGE, TokenChallenge};
use crate::flow::transaction::TRANSACTION_LIFETIME;
use crate::page::Page;
use crate::session::scopes::Scopes;
use crate::session::seal::Purpose;
use crate::session::tokens::AccessToken;

/// The session of whoever makes a request: what [`Ciam::token`] needs to call an API for
/// its user, and [`Ciam::sessions`] to list the others. Cheap to clone.
///
/// Its `Debug` prints the type's name only.
#[derive(Clone)]
pub struct CurrentSession {
    visit: Visit,
    /// Who is answered in the handler's place.
    audience: Audience,
}

impl CurrentSession {
    pub(super) fn new(visit: &Visit, incoming: Incoming<'_>) -> Self {
        Self {
            visit: visit.clone(),
            audience: Audience::of(incoming, visit.ciam()),
        }
    }

    /// When the user signed in.
    pub fn signed_in_at(&self) -> Timestamp {
        let latest = self.visit.latest();
        latest.map_or_else(|| self.visit.now(), |session| session.created_at())
    }

    /// A token for the API of `CIAM_SCOPES`: what [`Ciam::token`] gives where no scopes
    /// are named.
    ///
    /// # Errors
    ///
    /// Those of [`Ciam::token`].
    pub async fn access_token(&self) -> Result<AccessToken, Rejection> {
        self.visit.ciam().token(self, &[]).await
    }

    pub(super) const fn visit(&self) -> &Visit {
        &self.visit
    }

    /// The answer in place of a token.
    pub(super) fn without_token(&self, error: &TokensError, scopes: &Scopes) -> Rejection {
        let ciam = self.visit.ciam();
        let code = error.code();
        match error {
            TokensError::Ended(_) | TokensError::Gone => {
                tracing::info!(code, %error, "the user signs in once more");
                self.sign_in(None)
            }
            TokensError::NotKept if ciam.config().keeps_tokens() && !self.began_just_now() => {
                tracing::info!(code, %error, "the user signs in once more");
                self.sign_in(None)
            }
            TokensError::Interaction { claims, .. } if !self.was_asked(scopes) => {
                tracing::info!(code, %error, "the provider wants to see the user");
                self.sign_in(Some(&TokenChallenge {
                    scopes: scopes.as_str().to_owned(),
                    claims: claims.as_ref().map(|claims| claims.expose().to_owned()),
                }))
            }
            TokensError::Interaction { .. } => {
                tracing::error!(
                    code,
                    %error,
                    scopes = scopes.as_str(),
                    "the user came back from the provider, which is not content"
                );
                self.refuse(StatusCode::FORBIDDEN, code)
            }
            TokensError::NotKept | TokensError::Scopes(_) => {
                tracing::error!(code, %error, "there is no token for an API");
                self.refuse(StatusCode::INTERNAL_SERVER_ERROR, code)
            }
            error => {
                let error = Error::from(error.clone());
                tracing::error!(code, %error, "there is no token for an API");
                match error.kind() {
                    ErrorKind::Unavailable => self.unavailable(&error),
                    _ => self.refuse(StatusCode::BAD_GATEWAY, code),
                }
            }
        }
    }

    pub(super) fn unavailable(&self, error: &Error) -> Rejection {
        let message = "Something that this page needs cannot be reached at the moment. You are \
                       still signed in.";
        Rejection::unavailable_to(self.visit.ciam(), &self.audience, message, error)
    }

    pub(super) fn sign_in(&self, challenge: Option<&TokenChallenge>) -> Rejection {
        let ciam = self.visit.ciam();
        let Audience::Reader(here) = &self.audience else {
            let code = match challenge {
                Some(_) => "visit.step_up",
                None => "visit.not_signed_in",
            };
            return rejection::json(StatusCode::UNAUTHORIZED, code).into();
        };
        let sealed = match challenge.map(|challenge| ciam.seal_challenge(challenge)) {
            Some(Ok(sealed)) => Some(sealed),
            None => None,
            Some(Err(error)) => {
                tracing::error!(code = error.code(), %error, "the way to sign-in is lost");
                return Rejection::internal();
            }
        };
        let more = sealed.map(|sealed| (CHALLENGE, sealed));
        redirect(&login_url(ciam.config(), here, more)).into()
    }

    pub(super) fn refuse(&self, status: StatusCode, code: &'static str) -> Rejection {
        if let Audience::Program = self.audience {
            return rejection::json(status, code).into();
        }
        let config = self.visit.ciam().config();
        let shown = Page {
            status,
            title: "This does not work at the moment",
            message: "You are signed in, but something that this page needs was refused.",
            code: Some(code),
            correlation_id: None,
            actions: vec![to_front_page(config)],
        };
        page(config, &shown).into()
    }

    /// Whether the session began with a sign-in for these scopes: who is sent there again
    /// goes round in circles.
    fn was_asked(&self, scopes: &Scopes) -> bool {
        let Some(session) = self.visit.latest() else {
            return false;
        };
        let answered = session.kept().answered;
        answered.is_some_and(|answered| answered == scopes.as_str()) && self.began_just_now()
    }

    fn began_just_now(&self) -> bool {
        self.visit.ciam().now().since(self.signed_in_at()) < JUST_NOW
    }
}

impl Ciam {
    fn seal_challenge(&self, challenge: &TokenChallenge) -> Result<String, Error> {
        let now = self.now();
        let context = self.seal_context(Purpose::Challenge, CHALLENGE);
        let until = now.after(TRANSACTION_LIFETIME);
        let random = &**self.config().random();
        let ring = &self.0.key_ring;
        Ok(ring.seal(&context, &challenge.encode(), until, now, random)?)
    }

    /// What a link to the login route asks for; nothing where it is not one of ours.
    pub(super) fn open_challenge(&self, sealed: &str, now: Timestamp) -> Option<TokenChallenge> {
        let context = self.seal_context(Purpose::Challenge, CHALLENGE);
        let opened = self.0.key_ring.open(&context, sealed.as_bytes(), now);
        let opened = opened
            .inspect_err(|error| tracing::info!(code = error.code(), %error, "no challenge"))
            .ok()?;
        TokenChallenge::decode(&opened.plaintext)
    }
}

impl fmt::Debug for CurrentSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CurrentSession")
    }
}

/// A sign-in that is this fresh has just been asked for.
const JUST_NOW: Duration = Duration::from_secs(5 * 60);
