//! The API that a request is for, as its scopes name it.

use super::{Consent, invalid};
use crate::error::Aadsts;
use crate::random;

/// One API, and what is asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resource {
    /// The API's client id.
    pub(crate) client_id: String,
    /// As the request names it, first: `api://GUID` or `GUID`.
    pub(crate) identifier: String,
    pub(crate) scopes: Vec<String>,
}

impl Resource {
    /// The API of a request's scopes: none or one.
    pub(super) fn find(
        scope: &str,
        names: &[Name<'_>],
        graph: bool,
        consent: &Consent<'_>,
    ) -> Result<Option<Self>, Aadsts> {
        let Some(first) = names.first() else {
            return Ok(None);
        };
        if graph || names.iter().any(|name| name.client_id != first.client_id) {
            return Err(several(scope));
        }
        let api = consent.api(&first.client_id, first.identifier)?;
        let mut scopes: Vec<String> = Vec::new();
        if names.iter().any(|name| name.scope == DEFAULT) {
            if names.iter().any(|name| name.scope != DEFAULT) {
                let why = "'.default' cannot be combined with scopes of the same resource.";
                return Err(invalid(scope, why));
            }
            scopes.extend(
                consent
                    .client
                    .scopes_of(&api)
                    .into_iter()
                    .map(str::to_owned),
            );
            if scopes.is_empty() {
                return Err(consent.missing());
            }
        }
        for name in names.iter().filter(|name| name.scope != DEFAULT) {
            consent.check(&api, name.scope)?;
            if !scopes.iter().any(|scope| scope == name.scope) {
                scopes.push(name.scope.to_owned());
            }
        }
        Ok(Some(Self {
            client_id: first.client_id.clone(),
            identifier: first.identifier.to_owned(),
            scopes,
        }))
    }

    /// Whether `other` asks for the same API and no more of it.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.client_id == other.client_id
            && other.scopes.iter().all(|scope| self.scopes.contains(scope))
    }

    /// The scopes as a request names them.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        let scopes = self.scopes.iter();
        scopes.map(|scope| format!("{}/{scope}", self.identifier))
    }
}

/// A scope that names its API: `api://GUID/scope` or `GUID/scope`.
#[derive(Clone, Debug)]
pub(crate) struct Name<'a> {
    pub(crate) identifier: &'a str,
    /// In lower case.
    pub(crate) client_id: String,
    pub(crate) scope: &'a str,
}

impl<'a> Name<'a> {
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (identifier, scope) = text.rsplit_once('/')?;
        let guid = identifier.strip_prefix("api://").unwrap_or(identifier);
        (random::is_guid(guid) && !scope.is_empty()).then(|| Self {
            identifier,
            client_id: guid.to_ascii_lowercase(),
            scope,
        })
    }
}

pub(crate) fn several(scope: &str) -> Aadsts {
    Aadsts::invalid_request(
        700022,
        format!(
            "Provided value for the input parameter scope is not valid because it contains more \
             than one resource. Scope {scope} is not valid."
        ),
    )
}

/// Everything that an administrator consented to.
pub(crate) const DEFAULT: &str = ".default";
