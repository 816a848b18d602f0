//! An application as an API: what it exposes, and who may have it.

use super::RegisterError;

/// What access tokens for an API look like: its `requestedAccessTokenVersion`.
///
/// The API's registration decides, not the endpoint that a client calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccessTokenVersion {
    /// Version 1.0, which a registration has where the member is `1` or `null`: the issuer is
    /// `https://sts.windows.net/GUID/`, and `aud` is the API as the client named it.
    V1,
    /// Version 2.0.
    #[default]
    V2,
}

/// What an application exposes; nothing if it is no API.
#[derive(Clone, Debug, Default)]
pub(crate) struct Api {
    pub(crate) scopes: Vec<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) claims: Vec<String>,
    pub(crate) version: AccessTokenVersion,
}

impl Api {
    pub(super) fn check(&self) -> Result<(), RegisterError> {
        if self.scopes.len() > MAX_NAMES || self.roles.len() > MAX_NAMES {
            return Err(RegisterError::TooMany("scopes or app roles"));
        }
        let mut names = self.scopes.iter().chain(&self.roles);
        if let Some(name) = names.find(|name| !is_name(name)) {
            return Err(RegisterError::Name(name.clone()));
        }
        let mut claims = self.claims.iter();
        match claims.find(|claim| !ACCESS_TOKEN_CLAIMS.contains(&claim.as_str())) {
            Some(claim) => Err(RegisterError::UnknownClaim(claim.clone())),
            None => Ok(()),
        }
    }

    /// Whether there is anything to ask for.
    pub(crate) fn is_exposed(&self) -> bool {
        !self.scopes.is_empty() || !self.roles.is_empty()
    }

    pub(crate) fn has_scope(&self, name: &str) -> bool {
        self.scopes.iter().any(|scope| scope == name)
    }

    pub(crate) fn has_role(&self, name: &str) -> bool {
        self.roles.iter().any(|role| role == name)
    }

    pub(crate) fn wants(&self, claim: &str) -> bool {
        self.claims.iter().any(|name| name == claim)
    }
}

/// Something of an API that an application may have.
#[derive(Clone, Debug)]
pub(crate) struct Permission {
    /// The client id of the API, in lower case.
    pub(crate) api: String,
    pub(crate) name: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Application,
    Delegated,
}

impl Permission {
    pub(super) fn application(api: String, role: String) -> Self {
        Self::new(api, role, Kind::Application)
    }

    pub(super) fn delegated(api: String, scope: String) -> Self {
        Self::new(api, scope, Kind::Delegated)
    }

    fn new(api: String, name: String, kind: Kind) -> Self {
        let api = api.to_ascii_lowercase();
        Self { api, name, kind }
    }

    pub(super) fn is_application(&self, api: &str, role: &str) -> bool {
        self.kind == Kind::Application && self.api == api && self.name == role
    }

    pub(super) fn is_delegated(&self, api: &str, scope: &str) -> bool {
        self.kind == Kind::Delegated && self.api == api && self.name == scope
    }

    /// Whether the API has it.
    pub(crate) fn exists_in(&self, api: &Api) -> bool {
        match self.kind {
            Kind::Application => api.has_role(&self.name),
            Kind::Delegated => api.has_scope(&self.name),
        }
    }
}

/// A scope token of RFC 6749 (section 3.3) that cannot be taken for `.default` or for two parts of
/// an address.
fn is_name(name: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&name.len())
        && !name.starts_with('.')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"\"\\/".contains(&byte))
}

pub(super) const ACCESS_TOKEN_CLAIMS: [&str; 7] = [
    "auth_time",
    "email",
    "family_name",
    "given_name",
    "idtyp",
    "login_hint",
    "xms_cc",
];

/// Microsoft Entra: the longest value of a scope or an app role.
const MAX_NAME_BYTES: usize = 120;
/// More than an API has, and less than makes a token too long.
const MAX_NAMES: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_scope_tokens() {
        let long = "x".repeat(MAX_NAME_BYTES + 1);
        for (name, accepted) in [
            ("orders.read", true),
            ("Orders.Read.All", true),
            ("", false),
            (".default", false),
            ("orders read", false),
            ("orders/read", false),
            ("orders\"read", false),
            ("bestellungen.für", false),
            (long.as_str(), false),
        ] {
            assert_eq!(is_name(name), accepted, "{name}");
        }
    }
}
