//! Why an application is not registered.

use std::fmt;

use super::api::ACCESS_TOKEN_CLAIMS;
use super::registered::OPTIONAL_CLAIMS;

/// Why an application was not registered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegisterError {
    /// The client id is no GUID.
    ClientId(String),
    /// An application with this client id is registered already.
    Duplicate(String),
    /// A customer tenant would refuse this front-channel logout URL.
    LogoutUrl {
        /// The address as given.
        uri: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The name of a scope or of an app role cannot be one.
    Name(String),
    /// The API is not registered, or does not have the scope or the app role.
    Permission {
        /// The client id of the API.
        api: String,
        /// The scope or the app role.
        name: String,
    },
    /// A public client has no secret.
    PublicSecret,
    /// A customer tenant would refuse this redirect URI.
    RedirectUri {
        /// The address as given.
        uri: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There are more applications, or more of something on one, than a tenant takes.
    TooMany(&'static str),
    /// The optional claim is not one the local tenant knows.
    UnknownClaim(String),
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClientId(id) => write!(f, "the client id `{id}` is no GUID"),
            Self::Duplicate(id) => write!(f, "an application `{id}` is registered already"),
            Self::LogoutUrl { uri, reason } => {
                write!(f, "the logout URL `{uri}` cannot be registered: {reason}")
            }
            Self::Name(name) => write!(f, "`{name}` is no name of a scope or an app role"),
            Self::Permission { api, name } => write!(
                f,
                "there is no scope or app role `{name}` of an API `{api}`: register the API first"
            ),
            Self::PublicSecret => f.write_str("a public client has no client secret"),
            Self::RedirectUri { uri, reason } => {
                write!(f, "the redirect URI `{uri}` cannot be registered: {reason}")
            }
            Self::TooMany(what) => write!(f, "there are too many {what}"),
            Self::UnknownClaim(name) => write!(
                f,
                "the optional claim `{name}` is not one of {} (ID tokens), or {} (access tokens)",
                OPTIONAL_CLAIMS.join(", "),
                ACCESS_TOKEN_CLAIMS.join(", ")
            ),
        }
    }
}

impl std::error::Error for RegisterError {}
