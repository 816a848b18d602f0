//! What a sign-in puts into a session.

use http::HeaderMap;
use http::header::USER_AGENT;

use super::Ciam;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::flow::callback::SignedIn;
use crate::flow::transaction::Transaction;
use crate::metadata::Metadata;
use crate::random;
use crate::secret::Secret;
use crate::session::Session;
use crate::session::kept::{Kept, Origin};
use crate::session::scopes::Scopes;
use crate::session::tokens::Tokens;
use crate::text::shortened_to;

impl Ciam {
    /// The session of somebody who came back from the provider.
    pub(super) fn new_session(
        &self,
        transaction: &Transaction,
        metadata: &Metadata,
        signed_in: &SignedIn,
        headers: &HeaderMap,
    ) -> Result<Session, Error> {
        let now = self.now();
        let claims = signed_in.claims.without_protocol_claims();
        let is_stored = self.config().session_store().is_some();
        let ceiling = signed_in.id_token.session_expiry();
        let session = Session::new(claims, ceiling, now, &self.lifetimes())?;
        Ok(session.keeping(&Kept {
            // Nobody lists sessions that are in cookies.
            origin: if is_stored {
                origin(headers)
            } else {
                Origin::default()
            },
            id_token: Self::id_token_hint(metadata, signed_in)
                .filter(|_| is_stored)
                .cloned(),
            answered: (!transaction.challenge.is_nothing())
                .then(|| transaction.challenge.scopes.clone()),
            tokens: self.tokens_of(transaction, signed_in, now)?,
        }))
    }

    /// What APIs can be called with, if that was asked for and given.
    fn tokens_of(
        &self,
        transaction: &Transaction,
        signed_in: &SignedIn,
        now: Timestamp,
    ) -> Result<Option<Tokens>, Error> {
        if !self.config().keeps_tokens() {
            return Ok(None);
        }
        let answer = &signed_in.answer;
        let Some(refresh_token) = answer.refresh_token.clone() else {
            tracing::warn!(
                code = "tokens.no_refresh_token",
                "the provider gave no refresh token, although offline_access was asked for: is \
                 it a permission of the application, and consented to?"
            );
            return Ok(None);
        };
        let family = Secret::new(random::token(&**self.config().random())?);
        let tokens = Tokens::new(refresh_token, transaction.nonce.clone(), family);
        Ok(Some(match answer.access_token(now) {
            Ok(token) => tokens.with(&Scopes::default(), token, None, now),
            Err(_) => tokens,
        }))
    }
}

fn origin(headers: &HeaderMap) -> Origin {
    let user_agent = headers.get(USER_AGENT).and_then(|text| text.to_str().ok());
    Origin {
        user_agent: user_agent.map(|text| shortened_to(text, MAX_USER_AGENT)),
    }
}

/// Browsers send less; it is shown to the user.
const MAX_USER_AGENT: usize = 256;
