//! What is measured.

use std::env;
use std::path::PathBuf;

use crate::browser::Credentials;
use crate::support::sign_in::NAME;
use crate::support::tools;

pub(crate) mod callers;
pub(crate) mod sessions;
pub(crate) mod stores;

pub(crate) struct Variant {
    /// What the program is asked to serve.
    pub(crate) id: &'static str,
    pub(crate) group: Group,
    pub(crate) framework: &'static str,
    pub(crate) name: &'static str,
    pub(crate) program: Program,
    /// What is made in process; a peer with sessions gives its own at sign-in.
    pub(crate) credentials: Option<Credentials>,
    pub(crate) signs_in: bool,
    /// Credentials that must not be accepted, and what they are.
    pub(crate) refused: Vec<(&'static str, Credentials)>,
    /// What a visitor with those reads.
    pub(crate) says: &'static str,
    /// The status that a visitor without any gets.
    pub(crate) without: u16,
}

/// What is in one table, and measured in the same rounds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Group {
    Callers,
    Sessions,
    Stores,
}

#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Program {
    /// A server on Node in `tests/peers`.
    Node(&'static str),
    Ours,
    /// A crate in `tests/peers`.
    Peer(&'static str),
}

impl Variant {
    /// Of ours, for visitors without credentials, who are refused.
    fn ours(group: Group, id: &'static str, framework: &'static str, name: &'static str) -> Self {
        Self {
            id,
            group,
            framework,
            name,
            program: Program::Ours,
            credentials: None,
            signs_in: false,
            refused: Vec::new(),
            says: NAME,
            without: 401,
        }
    }

    /// The id of the variant that is the framework alone, for the same requests.
    pub(crate) fn base(&self) -> &'static str {
        match (self.group, self.framework) {
            (Group::Callers, "axum") => AXUM_BARE_TOKEN,
            (Group::Callers, "actix") => ACTIX_BARE_TOKEN,
            (Group::Callers, _) => NODE_BARE,
            (Group::Sessions | Group::Stores, "axum") => AXUM_BARE,
            (Group::Sessions | Group::Stores, _) => ACTIX_BARE,
        }
    }

    /// Whether it is in the group of this name, or this is a part of its own.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.group.name() == name || self.id.contains(name)
    }

    pub(crate) fn is_ours(&self) -> bool {
        self.name.starts_with("ours")
    }
}

impl Group {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Callers => "callers",
            Self::Sessions => "sessions",
            Self::Stores => "stores",
        }
    }
}

impl Program {
    /// Builds or installs it: how it is started.
    pub(crate) fn prepare(self) -> Result<Vec<PathBuf>, String> {
        match self {
            Self::Node(name) => tools::install_node_peer(name),
            Self::Ours => Ok(vec![env::current_exe().expect("it runs")]),
            Self::Peer(name) => {
                let programs = tools::build_peer(name)?;
                Ok(vec![programs.join(format!("peer-{name}"))])
            }
        }
    }
}

pub(crate) const AXUM_BARE: &str = "axum-bare";
pub(crate) const AXUM_LIMIT: &str = "axum-limit";
pub(crate) const AXUM_USER: &str = "axum-user";
pub(crate) const AXUM_CLAIMS: &str = "axum-claims";
pub(crate) const TOWER_SESSIONS: &str = "tower-sessions";
pub(crate) const TOWER_SESSIONS_REDIS: &str = "tower-sessions-redis";
pub(crate) const AXUM_LOGIN: &str = "axum-login";
pub(crate) const AXUM_ID_LIMIT: &str = "axum-limit-id";
pub(crate) const AXUM_MEMORY: &str = "axum-memory";
pub(crate) const AXUM_REDIS: &str = "axum-redis";
pub(crate) const ACTIX_MEMORY: &str = "actix-memory";
pub(crate) const ACTIX_REDIS: &str = "actix-redis";
pub(crate) const ACTIX_SESSION_REDIS: &str = "actix-session-redis";
pub(crate) const ACTIX_BARE: &str = "actix-bare";
pub(crate) const ACTIX_LIMIT: &str = "actix-limit";
pub(crate) const ACTIX_USER: &str = "actix-user";
pub(crate) const ACTIX_CLAIMS: &str = "actix-claims";
pub(crate) const ACTIX_SESSION: &str = "actix-session";
pub(crate) const AXUM_BARE_TOKEN: &str = "axum-bare-token";
pub(crate) const AXUM_CALLER: &str = "axum-caller";
pub(crate) const AXUM_JWKS: &str = "axum-jwks";
pub(crate) const TOWER_OAUTH2: &str = "tower-oauth2";
pub(crate) const JWT_AUTHORIZER: &str = "jwt-authorizer";
pub(crate) const ACTIX_BARE_TOKEN: &str = "actix-bare-token";
pub(crate) const ACTIX_CALLER: &str = "actix-caller";
pub(crate) const ACTIX_JWT_AUTH: &str = "actix-4-jwt-auth";
pub(crate) const NODE_BARE: &str = "node-bare";
pub(crate) const NODE_JOSE: &str = "node-jose";
