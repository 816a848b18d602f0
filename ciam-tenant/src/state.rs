//! Everything the tenant remembers, in memory, and in bounds.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use crate::application::{RegisterError, Registered};
use crate::authorize::AuthorizationRequest;
use crate::bounded::Bounded;
use crate::claims_request::ClaimsRequest;
use crate::clock::{Clock, Timestamp};
use crate::directory::{Directory, UserError};
use crate::faults::Faults;
use crate::gate::Gate;
use crate::keys::{Key, KeySet};
use crate::password::PasswordHash;
use crate::requests::{Counters, GrantCounters};
use crate::scope::Scopes;
use crate::token_policy::TokenPolicy;

/// The state behind every handler and the handle.
pub(crate) struct State {
    pub(crate) name: String,
    pub(crate) tenant_id: String,
    pub(crate) address: SocketAddr,
    pub(crate) tls: bool,
    pub(crate) custom_domains: Vec<String>,
    pub(crate) clock: Clock,
    pub(crate) requests: Counters,
    pub(crate) token_requests: GrantCounters,
    pub(crate) token_policy: Mutex<TokenPolicy>,
    pub(crate) faults: Mutex<Faults>,
    /// Where answers to refreshes may have to wait.
    pub(crate) refreshes: Gate,
    pub(crate) keys: RwLock<KeySet>,
    /// Makes `sub` another one for every application.
    pub(crate) subject_salt: [u8; 32],
    /// Compared with when there is no user, so that this takes as long as when there is.
    pub(crate) no_password: PasswordHash,
    pub(crate) applications: Mutex<BTreeMap<String, Arc<Registered>>>,
    pub(crate) directory: Mutex<Directory>,
    pub(crate) flows: Mutex<Bounded<Flow>>,
    pub(crate) sessions: Mutex<Bounded<Session>>,
    pub(crate) codes: Mutex<Bounded<Code>>,
    pub(crate) graph_tokens: Mutex<Bounded<GraphToken>>,
    pub(crate) refresh_tokens: Mutex<Bounded<RefreshToken>>,
}

/// An authorization request whose user has not signed in yet.
#[derive(Clone)]
pub(crate) struct Flow {
    pub(crate) request: AuthorizationRequest,
    /// The browser that may finish it.
    pub(crate) browser: String,
    pub(crate) created: Timestamp,
}

/// A browser in which somebody is signed in to the tenant.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) object_id: String,
    pub(crate) session_id: String,
    pub(crate) authenticated: Timestamp,
    pub(crate) used: Timestamp,
    /// The client ids of the applications that somebody signed in to here; of all its clones.
    pub(crate) clients: Arc<Mutex<BTreeSet<String>>>,
}

/// What a user let an application have.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) client_id: String,
    pub(crate) object_id: String,
    pub(crate) session_id: String,
    pub(crate) authenticated: Timestamp,
    /// The user's revocations when it was granted.
    pub(crate) revocations: u64,
    pub(crate) scopes: Scopes,
    pub(crate) nonce: Option<String>,
    /// What was asked for and satisfied.
    pub(crate) claims: ClaimsRequest,
}

/// An authorization code, kept after use so that the second use has its own error.
pub(crate) struct Code {
    pub(crate) grant: Grant,
    pub(crate) redirect_uri: Option<String>,
    pub(crate) challenge: Option<crate::pkce::Challenge>,
    pub(crate) created: Timestamp,
    pub(crate) used: bool,
    /// The user signed up for it, and was not here before.
    pub(crate) signed_up: bool,
}

/// A token for Microsoft Graph, which here is the userinfo endpoint; opaque to its client.
pub(crate) struct GraphToken {
    pub(crate) grant: Grant,
    pub(crate) expires: Timestamp,
}

/// A refresh token, kept after use so that the second use can be noticed.
pub(crate) struct RefreshToken {
    /// All that the user granted, whatever part of it the last answer was for.
    pub(crate) grant: Grant,
    pub(crate) created: Timestamp,
    /// Names the sign-in that it came of.
    pub(crate) family: String,
    pub(crate) used: bool,
}

impl State {
    pub(crate) fn new(
        name: String,
        tenant_id: String,
        address: SocketAddr,
        tls: bool,
        custom_domains: Vec<String>,
    ) -> Self {
        let clock = Clock::default();
        let keys = KeySet::new(clock.now());
        Self {
            name,
            tenant_id,
            address,
            tls,
            custom_domains,
            clock,
            requests: Counters::default(),
            token_requests: GrantCounters::default(),
            token_policy: Mutex::default(),
            faults: Mutex::default(),
            refreshes: Gate::default(),
            keys: RwLock::new(keys),
            subject_salt: crate::random::bytes(),
            no_password: PasswordHash::new(&crate::random::token()),
            applications: Mutex::default(),
            directory: Mutex::default(),
            flows: Mutex::new(Bounded::new(MAX_FLOWS)),
            sessions: Mutex::new(Bounded::new(MAX_SESSIONS)),
            codes: Mutex::new(Bounded::new(MAX_CODES)),
            graph_tokens: Mutex::new(Bounded::new(MAX_TOKENS)),
            refresh_tokens: Mutex::new(Bounded::new(MAX_REFRESH_TOKENS)),
        }
    }

    /// Signs with a new key from now on. Takes a moment: not for an async thread.
    pub(crate) fn rotate_keys(&self) {
        let key = Key::new(self.clock.now());
        let keys = &self.keys;
        keys.write()
            .unwrap_or_else(PoisonError::into_inner)
            .rotate(key);
    }

    /// Ends a user's sessions, and makes what was granted before worthless.
    pub(crate) fn revoke_sign_in_sessions(&self, email: &str) -> Result<(), UserError> {
        let object_id = lock(&self.directory).revoke(email)?;
        lock(&self.sessions).retain(|session| session.object_id != object_id);
        Ok(())
    }

    pub(crate) fn keys(&self) -> RwLockReadGuard<'_, KeySet> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// `contoso.onmicrosoft.com`
    pub(crate) fn domain(&self) -> String {
        format!("{}.onmicrosoft.com", self.name)
    }

    /// Whether the first segment of a path names this tenant.
    pub(crate) fn is_named(&self, segment: &str) -> bool {
        segment.eq_ignore_ascii_case(&self.tenant_id)
            || segment.eq_ignore_ascii_case(&self.domain())
    }

    pub(crate) fn add_application(&self, application: Registered) -> Result<(), RegisterError> {
        let mut applications = lock(&self.applications);
        let client_id = application.client_id.clone();
        if applications.contains_key(&client_id) {
            return Err(RegisterError::Duplicate(client_id));
        }
        if applications.len() >= MAX_APPLICATIONS {
            return Err(RegisterError::TooMany("applications"));
        }
        for permission in &application.permissions {
            let other = applications.get(&permission.api).map(|other| &other.api);
            let own = (permission.api == client_id).then_some(&application.api);
            if !other.or(own).is_some_and(|api| permission.exists_in(api)) {
                return Err(RegisterError::Permission {
                    api: permission.api.clone(),
                    name: permission.name.clone(),
                });
            }
        }
        applications.insert(client_id, Arc::new(application));
        Ok(())
    }

    pub(crate) fn application(&self, client_id: &str) -> Option<Arc<Registered>> {
        let client_id = client_id.to_ascii_lowercase();
        lock(&self.applications).get(&client_id).cloned()
    }
}

/// Locks, also after a panic elsewhere: no half-made change is ever left under these locks.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const MAX_APPLICATIONS: usize = 1000;
const MAX_FLOWS: usize = 1000;
const MAX_SESSIONS: usize = 1000;
const MAX_CODES: usize = 1000;
const MAX_TOKENS: usize = 10_000;
/// Those that were used are among them: used again they end what came of their sign-in.
const MAX_REFRESH_TOKENS: usize = 200_000;
