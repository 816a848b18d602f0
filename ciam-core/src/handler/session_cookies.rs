//! The session and the ID token as cookies: opened, written, renewed, cleared.

use ::cookie::Cookie;
use http::{HeaderMap, HeaderValue};

use super::Ciam;
use super::arrival::SignedIn as SignedInVisitor;
use crate::claims::LARGEST_CLAIMS;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::flow::callback::SignedIn;
use crate::metadata::Metadata;
use crate::secret::Secret;
use crate::session::cookie::{self, CookieValue, Present};
use crate::session::seal::Purpose;
use crate::session::{Lifetimes, Session, SessionError};

impl Ciam {
    /// The session's cookie in a request. One that cannot be read is none: the log
    /// says why.
    pub(super) fn session_cookie<'h>(
        &self,
        cookies: impl Iterator<Item = &'h [u8]>,
    ) -> Option<CookieValue<'h>> {
        cookie::read(cookies, self.config().cookies().session_names())
            .inspect_err(|error| tracing::warn!(code = error.code(), %error, "no session"))
            .ok()?
    }

    /// What the cookie holds. One that does not open is no session: the log says why.
    pub(super) fn open_session(&self, cookie: &CookieValue<'_>, now: Timestamp) -> Option<Session> {
        let names = self.config().cookies().session_names();
        let context = self.seal_context(Purpose::Session, &names[0]);
        let (ring, lifetimes) = (&self.0.key_ring, self.lifetimes());
        Session::open(ring, &context, cookie.text(), now, &lifetimes)
            .inspect_err(|error| tracing::info!(code = error.code(), %error, "no session"))
            .ok()
    }

    /// The cookies that keep a used session alive, when it is time to write them.
    pub(super) fn renewal(
        &self,
        session: &Session,
        present: Present,
        now: Timestamp,
    ) -> Vec<HeaderValue> {
        let lifetimes = self.lifetimes();
        if !session.renewal_due(now, &lifetimes) {
            return Vec::new();
        }
        let renewed = session.renewed(now, &lifetimes);
        self.write_session(&renewed, present, now)
            .unwrap_or_else(|error| {
                // The session goes on as it is; it was small enough before.
                tracing::error!(code = error.code(), %error, "a session could not be renewed");
                Vec::new()
            })
    }

    /// A new session in the cookie, whatever was there before.
    pub(super) async fn begin_session(
        &self,
        session: &Session,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<Vec<HeaderValue>, Error> {
        let present = cookie::present(headers, self.config().cookies().session_names());
        let written = self.write_session(session, present, now);
        if let Err(error) = &written
            && error.code() == TOO_LARGE
        {
            let largest = session.claims().largest(LARGEST_CLAIMS);
            tracing::error!(
                code = TOO_LARGE,
                ?largest,
                "the claims do not fit: ask for fewer of them"
            );
        }
        self.remember_tokens(session, now).await?;
        written
    }

    /// The ID token, where the provider's end-session endpoint is told nothing shorter
    /// whom to sign out.
    pub(super) fn id_token_hint<'s>(
        metadata: &Metadata,
        signed_in: &'s SignedIn,
    ) -> Option<&'s Secret> {
        let needed = metadata.document().end_session_endpoint.is_some()
            && signed_in.claims.value("login_hint").is_none();
        let id_token = Some(signed_in.id_token.raw()).filter(|_| needed)?;
        let bytes = id_token.expose().len();
        if bytes > MAX_ID_TOKEN_HINT {
            tracing::info!(
                bytes,
                "too long for a hint: the provider may ask whom to sign out"
            );
            return None;
        }
        Some(id_token)
    }

    /// The ID token in a cookie of its own, where the session is in one too.
    pub(super) fn id_token_cookies(
        &self,
        metadata: &Metadata,
        signed_in: &SignedIn,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<Vec<HeaderValue>, Error> {
        let hint = Self::id_token_hint(metadata, signed_in);
        let in_cookie = self.config().session_store().is_none();
        let Some(raw) = hint.filter(|_| in_cookie) else {
            return self.clear_id_token(headers);
        };
        let raw = raw.expose().as_bytes();
        let config = self.config();
        let cookies = config.cookies();
        let names = cookies.id_token_names();
        let lifetime = config.session_lifetime();
        let context = self.seal_context(Purpose::IdToken, &names[0]);
        let random = &**config.random();
        let sealed = self
            .0
            .key_ring
            .seal(&context, raw, now.after(lifetime), now, random)?;
        let chunks = cookie::split(&sealed, names).map_err(SessionError::from)?;
        let write = |n: usize, value: &str| set_cookie(&cookies.id_token(n, value, lifetime));
        let remove = |n: usize| set_cookie(&cookies.id_token_removal(n));
        write_chunks(&chunks, cookie::present(headers, names), write, remove)
    }

    /// The ID token of the session, if it was kept.
    pub(super) fn open_id_token(&self, headers: &HeaderMap, now: Timestamp) -> Option<Secret> {
        let names = self.config().cookies().id_token_names();
        let value = cookie::read(cookie::lines(headers), names).ok()??;
        let context = self.seal_context(Purpose::IdToken, &names[0]);
        let opened = self.0.key_ring.open(&context, value.text(), now).ok()?;
        std::str::from_utf8(&opened.plaintext).ok().map(Secret::new)
    }

    /// Removes every session cookie that could be there.
    pub(super) fn clear_session(&self, headers: &HeaderMap) -> Result<Vec<HeaderValue>, Error> {
        let cookies = self.config().cookies();
        let names = cookies.session_names();
        let present = cookie::present(headers, names);
        let mut cleared = Vec::new();
        for n in present.beyond(0) {
            cleared.push(set_cookie(&cookies.session_removal(n))?);
        }
        cleared.extend(self.clear_id_token(headers)?);
        Ok(cleared)
    }

    /// The cookies of a session whose tokens were refreshed for the request.
    pub(super) fn rewritten(
        &self,
        found: &SignedInVisitor,
        newer: &Session,
        now: Timestamp,
    ) -> Vec<HeaderValue> {
        let session = found.session().with_contents_of(newer);
        let session = session.renewed(now, &self.lifetimes());
        self.write_session(&session, found.present, now)
            .unwrap_or_else(|error| {
                tracing::error!(code = error.code(), %error, "newer tokens do not fit the cookie");
                Vec::new()
            })
    }

    /// The removal of the session cookies that came with a request.
    pub(super) fn session_removals(&self, present: Present) -> Vec<HeaderValue> {
        let cookies = self.config().cookies();
        let removals = present.beyond(0).map(|n| cookies.session_removal(n));
        removals
            .filter_map(|cookie| set_cookie(&cookie).ok())
            .collect()
    }

    pub(super) fn lifetimes(&self) -> Lifetimes {
        let config = self.config();
        Lifetimes {
            idle: config.session_idle(),
            absolute: config.session_lifetime(),
            renewal: config.session_renewal(),
        }
    }

    fn clear_id_token(&self, headers: &HeaderMap) -> Result<Vec<HeaderValue>, Error> {
        let cookies = self.config().cookies();
        let names = cookies.id_token_names();
        let present = cookie::present(headers, names);
        present
            .beyond(0)
            .map(|n| set_cookie(&cookies.id_token_removal(n)))
            .collect()
    }

    pub(super) fn write_session(
        &self,
        session: &Session,
        present: Present,
        now: Timestamp,
    ) -> Result<Vec<HeaderValue>, Error> {
        let config = self.config();
        let cookies = config.cookies();
        let names = cookies.session_names();
        let context = self.seal_context(Purpose::Session, &names[0]);
        let session = session.for_cookie();
        let chunks = session.seal(&self.0.key_ring, &context, names, &**config.random())?;
        let max_age = session.expires_at().since(now);
        let write = |n: usize, value: &str| set_cookie(&cookies.session(n, value, max_age));
        let remove = |n: usize| set_cookie(&cookies.session_removal(n));
        write_chunks(&chunks, present, write, remove)
    }
}

pub(super) fn set_cookie(cookie: &Cookie<'_>) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(&cookie.to_string())?;
    value.set_sensitive(true);
    Ok(value)
}

/// Writes all chunks, and removes those of a longer value that was there before.
fn write_chunks(
    chunks: &[(&str, String)],
    present: Present,
    write: impl Fn(usize, &str) -> Result<HeaderValue, Error>,
    remove: impl Fn(usize) -> Result<HeaderValue, Error>,
) -> Result<Vec<HeaderValue>, Error> {
    let written = chunks
        .iter()
        .enumerate()
        .map(|(n, (_, value))| write(n, value));
    written
        .chain(present.beyond(chunks.len()).map(remove))
        .collect()
}

/// The longest ID token that is kept for a hint, in bytes. It comes back in an
/// address, of which common servers accept 8 kB.
const MAX_ID_TOKEN_HINT: usize = 6 * 1024;

/// The one failure to write a session that fewer claims would cure.
const TOO_LARGE: &str = "session.too_large";
