//! Names and attributes of the cookies; what is in them is the session's.

use std::array;
use std::time::Duration;

use aws_lc_rs::digest;
use cookie::{Cookie, CookieBuilder, SameSite};

use super::base_url::BaseUrl;
use super::choices::ResponseMode;
use crate::store::REALM;

/// The cookies of one application: two on one host name do not meet.
///
/// Prefixes are those of RFC 6265bis, section 4.1.3; on `http://localhost`, where
/// browsers refuse them, there are none.
#[derive(Clone, Debug)]
pub(crate) struct Cookies {
    realm: String,
    short_realm: [u8; REALM],
    session: [String; MAX_CHUNKS],
    transaction: Affixes,
    transaction_same_site: SameSite,
    id_token: [String; MAX_CHUNKS],
    logout_state: String,
    /// Of what only the library's own routes get.
    route_path: String,
    is_secure: bool,
}

/// What is before and after the attempt in a transaction cookie's name.
#[derive(Clone, Debug)]
struct Affixes {
    before: String,
    after: String,
}

impl Cookies {
    pub(super) fn new(
        authority: &str,
        client_id: &str,
        route_prefix: &str,
        base_url: &BaseUrl,
        response_mode: ResponseMode,
    ) -> Self {
        let digest = realm(&[authority, client_id, route_prefix]);
        let realm: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let hash = &realm[..NAME_DIGITS];
        let (host, secure) = if base_url.is_secure() {
            ("__Host-", "__Secure-")
        } else {
            ("", "")
        };
        let chunks = |kind: String| {
            array::from_fn(|chunk| match chunk {
                0 => format!("{kind}-{hash}"),
                _ => format!("{kind}{chunk}-{hash}"),
            })
        };
        Self {
            session: chunks(format!("{host}ciam-session")),
            transaction: Affixes {
                before: format!("{host}ciam-transaction-"),
                after: format!("-{hash}"),
            },
            transaction_same_site: match response_mode {
                ResponseMode::FormPost => SameSite::None,
                ResponseMode::Query => SameSite::Lax,
            },
            // Not `__Host-`, which would demand the path `/`.
            id_token: chunks(format!("{secure}ciam-id-token")),
            logout_state: format!("{secure}ciam-logout-{hash}"),
            route_path: format!("{}{route_prefix}", base_url.path()),
            is_secure: base_url.is_secure(),
            short_realm: array::from_fn(|n| digest[n]),
            realm,
        }
    }

    /// Binds a seal to this application: differs where the names differ.
    pub(crate) fn realm(&self) -> &str {
        &self.realm
    }

    /// The same, for the key of a session in a store.
    pub(crate) const fn short_realm(&self) -> &[u8; REALM] {
        &self.short_realm
    }

    /// The names of the session's chunks, the first one first.
    pub(crate) const fn session_names(&self) -> &[String; MAX_CHUNKS] {
        &self.session
    }

    /// The names of the ID token's chunks, the first one first.
    pub(crate) const fn id_token_names(&self) -> &[String; MAX_CHUNKS] {
        &self.id_token
    }

    /// The name of the cookie of one sign-in attempt.
    pub(crate) fn transaction_name(&self, attempt: &str) -> String {
        let Affixes { before, after } = &self.transaction;
        format!("{before}{attempt}{after}")
    }

    /// What is before and after the attempt in a transaction cookie's name.
    pub(crate) fn transaction_affixes(&self) -> (&str, &str) {
        (&self.transaction.before, &self.transaction.after)
    }

    /// Sets a chunk of the session; `chunk` is below [`MAX_CHUNKS`].
    pub(crate) fn session<'a>(
        &'a self,
        chunk: usize,
        value: &'a str,
        max_age: Duration,
    ) -> Cookie<'a> {
        let cookie = Cookie::build((&self.session[chunk], value)).path("/");
        self.finish(cookie, SameSite::Lax, max_age)
    }

    /// Removes a chunk of the session.
    pub(crate) fn session_removal(&self, chunk: usize) -> Cookie<'_> {
        self.session(chunk, "", Duration::ZERO)
    }

    /// Sets the cookie of a sign-in attempt.
    pub(crate) fn transaction<'a>(
        &'a self,
        attempt: &str,
        value: &'a str,
        max_age: Duration,
    ) -> Cookie<'a> {
        let cookie = Cookie::build((self.transaction_name(attempt), value)).path("/");
        self.finish(cookie, self.transaction_same_site, max_age)
    }

    /// Removes the cookie of a sign-in attempt.
    pub(crate) fn transaction_removal(&self, attempt: &str) -> Cookie<'_> {
        self.transaction(attempt, "", Duration::ZERO)
    }

    /// Sets a chunk of the ID token; `chunk` is below [`MAX_CHUNKS`].
    pub(crate) fn id_token<'a>(
        &'a self,
        chunk: usize,
        value: &'a str,
        max_age: Duration,
    ) -> Cookie<'a> {
        let cookie = Cookie::build((&self.id_token[chunk], value)).path(&self.route_path);
        self.finish(cookie, SameSite::Lax, max_age)
    }

    /// Removes a chunk of the ID token.
    pub(crate) fn id_token_removal(&self, chunk: usize) -> Cookie<'_> {
        self.id_token(chunk, "", Duration::ZERO)
    }

    /// The name of the cookie that has the state of a sign-out.
    pub(crate) fn logout_state_name(&self) -> &str {
        &self.logout_state
    }

    /// Sets the state of a sign-out.
    pub(crate) fn logout_state<'a>(&'a self, value: &'a str, max_age: Duration) -> Cookie<'a> {
        let cookie = Cookie::build((&self.logout_state, value)).path(&self.route_path);
        self.finish(cookie, SameSite::Lax, max_age)
    }

    /// Removes the state of a sign-out.
    pub(crate) fn logout_state_removal(&self) -> Cookie<'_> {
        self.logout_state("", Duration::ZERO)
    }

    fn finish<'a>(
        &self,
        cookie: CookieBuilder<'a>,
        same_site: SameSite,
        max_age: Duration,
    ) -> Cookie<'a> {
        // `SameSite=None` is taken with `Secure` only, on localhost as well.
        let is_secure = self.is_secure || same_site == SameSite::None;
        let max_age = cookie::time::Duration::try_from(max_age);
        cookie
            .http_only(true)
            .same_site(same_site)
            .secure(is_secure)
            .max_age(max_age.unwrap_or(cookie::time::Duration::MAX))
            .build()
    }
}

/// A digest of the parts, each with its length, so that `a`, `bc` and `ab`, `c`
/// differ.
fn realm(parts: &[&str]) -> [u8; digest::SHA256_OUTPUT_LEN] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        context.update(&length.to_be_bytes());
        context.update(part.as_bytes());
    }
    let mut realm = [0; digest::SHA256_OUTPUT_LEN];
    realm.copy_from_slice(context.finish().as_ref());
    realm
}

/// How many cookies a session, and an ID token, may fill at most: four of 4096
/// bytes fill the `Cookie` header that servers commonly accept (16 KiB).
pub(crate) const MAX_CHUNKS: usize = 4;

/// Enough to tell the applications of one host apart; not a secret.
const NAME_DIGITS: usize = 8;

#[cfg(test)]
mod tests;
