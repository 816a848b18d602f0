//! Where sessions are kept, if not in the cookie.
//!
//! The cookie then holds a random id, and the store a sealed value under the id's hash:
//! whoever reads the store can neither read a session nor use one.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use aws_lc_rs::digest;
use base64_simd::URL_SAFE_NO_PAD;
use bytes::Bytes;

mod acceptance;
mod address;
mod answer;
mod cookie_id;
mod memory;
#[cfg(feature = "redis")]
mod redis;

pub use acceptance::accept;
pub use address::StoreAddress;
pub(crate) use answer::answered;
pub(crate) use cookie_id::{CookieId, REALM};
pub use memory::MemoryStore;
#[cfg(feature = "redis")]
pub use redis::{RedisOptions, RedisStore};

/// What a store answers, some time later.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Keeps sessions.
///
/// Everything in it is opaque: keys are hashes, values are sealed, and a value opens only
/// under the key it was sealed for. A store that forgets a session signs somebody out; one
/// that brings back what was deleted would sign somebody in again, and is none.
///
/// A failure is an error and never "nobody": the request is answered with 503.
pub trait SessionStore: fmt::Debug + Send + Sync + 'static {
    /// Keeps a new session, at revision 1.
    fn create<'a>(&'a self, entry: Entry<'a>) -> StoreFuture<'a, ()>;

    /// The value of a session that is alive, and its revision.
    fn load<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, Option<Loaded>>;

    /// The same, where nothing has to be waited for. [`Poll::Pending`], the default, says
    /// that [`load`](Self::load) has to be asked.
    fn load_at_once(&self, key: &StoreKey) -> Poll<Option<Loaded>> {
        let _ = key;
        Poll::Pending
    }

    /// Replaces the value of a session and counts its revision up, if the revision is
    /// still the one that was loaded: of two who change the same one the later one is
    /// told. Never brings back a session that was deleted.
    fn save<'a>(&'a self, entry: Entry<'a>, revision: u64) -> StoreFuture<'a, Saved>;

    /// Forgets a session, if it is there.
    fn delete<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, ()>;

    /// The sessions of a group that are alive: those of one user, or of one session of
    /// the provider's.
    fn members<'a>(&'a self, group: &'a StoreKey) -> StoreFuture<'a, Vec<StoreKey>>;

    /// Keeps a mark under a key for so long; `false` if it is there already. Says who
    /// does something that is done once: redeem a refresh token.
    fn mark<'a>(&'a self, key: &'a StoreKey, life: Duration) -> StoreFuture<'a, bool>;

    /// Forgets a mark, if it is there.
    fn unmark<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, ()>;
}

/// A session on its way into a store.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs)] // a store that overlooks a field would lose sessions
pub struct Entry<'a> {
    /// Where it is kept.
    pub key: &'a StoreKey,
    /// What is kept: sealed, of at most [`MAX_VALUE`] bytes.
    pub value: &'a Bytes,
    /// The groups it is a member of, as long as it is there.
    pub groups: &'a [StoreKey],
    /// How long it lives, unless it is saved again.
    pub life: Duration,
}

/// A session as it was found.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs)] // made by stores
pub struct Loaded {
    /// What was kept.
    pub value: Bytes,
    /// How often it was written.
    pub revision: u64,
}

/// What became of a [`SessionStore::save`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(clippy::exhaustive_enums)] // made by stores
pub enum Saved {
    /// Somebody else wrote it meanwhile.
    Changed,
    /// It is there no more.
    Gone,
    /// Written; the revision is one higher.
    Written,
}

/// Where something is kept: a hash of what must not be known to whoever reads the store.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct StoreKey([u8; digest::SHA256_OUTPUT_LEN]);

impl StoreKey {
    /// Lower than any other one, and higher.
    const FIRST: Self = Self([u8::MIN; digest::SHA256_OUTPUT_LEN]);
    const LAST: Self = Self([u8::MAX; digest::SHA256_OUTPUT_LEN]);

    /// Of something that is secret or has to be looked up by: each part with its length,
    /// so that no two lists are the same bytes.
    pub(crate) fn of(kind: KeyKind, realm: &str, parts: &[&[u8]]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(&[kind.byte()]);
        for part in [realm.as_bytes()].iter().chain(parts) {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        Self::from_digest(&context.finish())
    }

    /// Of bytes that begin with a [`KeyKind`].
    fn hash(bytes: &[u8]) -> Self {
        Self::from_digest(&digest::digest(&digest::SHA256, bytes))
    }

    fn from_digest(digest: &digest::Digest) -> Self {
        let mut key = [0; digest::SHA256_OUTPUT_LEN];
        key.copy_from_slice(digest.as_ref());
        Self(key)
    }

    /// The key as text.
    pub(crate) fn name(&self) -> String {
        URL_SAFE_NO_PAD.encode_to_string(self.0)
    }

    /// From what [`name`](Self::name) gave.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let decoded = URL_SAFE_NO_PAD.decode_to_vec(name).ok()?;
        Some(Self(decoded.try_into().ok()?))
    }

    /// The key itself.
    pub const fn as_bytes(&self) -> &[u8; digest::SHA256_OUTPUT_LEN] {
        &self.0
    }

    /// From what [`as_bytes`](Self::as_bytes) gave.
    pub const fn from_bytes(bytes: [u8; digest::SHA256_OUTPUT_LEN]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for StoreKey {
    /// The first bytes: enough to find it in a log, not enough to ask for it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "{a:02x}{b:02x}{c:02x}{d:02x}…")
    }
}

/// What a key is made of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum KeyKind {
    /// The id in the cookie: [`CookieId::key`].
    Session,
    /// Issuer and `sid`: a session of the provider's.
    ProviderSession,
    /// Issuer and `sub`.
    User,
    /// Nothing: there is one application.
    ApplicationToken,
    /// The name of the tokens of a session that is in a cookie.
    CookieTokens,
    /// The token of a caller.
    OnBehalfOf,
    /// The key of a session whose tokens are being refreshed.
    Refresh,
    /// Issuer and `jti` of a logout token that was carried out.
    LogoutToken,
}

impl KeyKind {
    /// What is hashed; a number once used is never given to something else.
    const fn byte(self) -> u8 {
        match self {
            Self::Session => 1,
            Self::ProviderSession => 2,
            Self::User => 3,
            Self::Refresh => 4,
            Self::LogoutToken => 5,
            Self::CookieTokens => 6,
            Self::ApplicationToken => 7,
            Self::OnBehalfOf => 8,
        }
    }
}

/// A store that did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the session store failed: {0}")]
pub struct StoreError(Arc<dyn std::error::Error + Send + Sync>);

impl StoreError {
    /// From the error of whatever the sessions are kept in. It is logged: nothing secret
    /// may be in its text.
    pub fn new(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(Arc::from(error.into()))
    }

    /// What went wrong, alone.
    pub(crate) fn reason(&self) -> &dyn fmt::Display {
        &self.0
    }

    /// A stable code.
    pub(crate) const fn code(&self) -> &'static str {
        "session.store"
    }
}

/// The longest value that is kept: the claims of a user with 200 groups are ten thousand
/// bytes, tokens for an API two thousand.
pub const MAX_VALUE: usize = 64 * 1024;
