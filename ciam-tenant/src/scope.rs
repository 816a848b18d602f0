//! Scopes.

mod consent;
mod resource;

pub(crate) use consent::Consent;
pub(crate) use resource::{DEFAULT, Name, Resource, several};

use crate::error::Aadsts;

/// The granted scopes: those of OpenID Connect and Microsoft Graph, and those of one API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scopes {
    /// In the order asked for.
    names: Vec<&'static str>,
    resource: Option<Resource>,
}

impl Scopes {
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// The scopes of an authorization request. They may be of several APIs, all of which the
    /// application has to be allowed; the code is worth a token for the first one (Microsoft,
    /// "OAuth 2.0 authorization code flow", sections "Request an authorization code" and "Redeem
    /// a code for an access token").
    pub(crate) fn parse(scope: &str, consent: &Consent<'_>) -> Result<Self, Aadsts> {
        let scopes = Self::read(&of_first_resource(scope), consent)?;
        for resource in scope.split_ascii_whitespace().filter_map(resource_of) {
            Self::read(&of_resource(scope, Some(&resource)), consent)?;
        }
        if !scopes.has("openid") && scopes.resource.is_none() {
            let why = "This tenant answers OpenID Connect requests: the scope 'openid' is missing.";
            return Err(invalid(scope, why));
        }
        Ok(scopes)
    }

    /// The scopes of a token request with a code: some of those granted.
    pub(crate) fn narrowed(&self, scope: &str, consent: &Consent<'_>) -> Result<Self, Aadsts> {
        let scopes = self.granted(scope, Self::read(scope, consent)?)?;
        match &scopes.resource {
            Some(asked) if !self.resource.as_ref().is_some_and(|had| had.covers(asked)) => {
                let why = "It names more than the authorization request did.";
                Err(invalid(scope, why))
            }
            _ => Ok(scopes),
        }
    }

    /// The scopes of a token request with a refresh token: some of those granted, or those of any
    /// API that the application may ask for. Microsoft's refresh tokens are for a user and a
    /// client, not for a resource.
    pub(crate) fn renewed(&self, scope: &str, consent: &Consent<'_>) -> Result<Self, Aadsts> {
        self.granted(scope, Self::read(&of_first_resource(scope), consent)?)
    }

    fn granted(&self, scope: &str, scopes: Self) -> Result<Self, Aadsts> {
        match scopes.names.iter().find(|name| !self.has(name)) {
            Some(name) => {
                let why = format!("The scope '{name}' was not granted.");
                Err(invalid(scope, &why))
            }
            None => Ok(scopes),
        }
    }

    pub(crate) fn read(scope: &str, consent: &Consent<'_>) -> Result<Self, Aadsts> {
        let mut names = Vec::new();
        let mut of_apis = Vec::new();
        for name in scope.split_ascii_whitespace() {
            if let Some(known) = SCOPES.iter().find(|known| **known == name) {
                if !names.contains(known) {
                    names.push(*known);
                }
            } else if let Some(name) = Name::parse(name) {
                of_apis.push(name);
            } else if name.contains("://") {
                return Err(consent.unknown_resource(name));
            } else {
                return Err(invalid(scope, &format!("The scope '{name}' is not known.")));
            }
        }
        let graph = names.iter().any(|name| GRAPH_SCOPES.contains(name));
        let resource = Resource::find(scope, &of_apis, graph, consent)?;
        Ok(Self { names, resource })
    }

    pub(crate) fn has(&self, scope: &str) -> bool {
        self.names.contains(&scope)
    }

    /// The API that the access token is for; `None` if it is for Microsoft Graph.
    pub(crate) fn resource(&self) -> Option<&Resource> {
        self.resource.as_ref()
    }

    pub(crate) fn names_graph(&self) -> bool {
        self.names.iter().any(|name| GRAPH_SCOPES.contains(name))
    }

    pub(crate) fn to_text(&self) -> String {
        let names = self.names.iter().map(|name| (*name).to_owned());
        let of_api = self.resource.iter().flat_map(Resource::names);
        names.chain(of_api).collect::<Vec<_>>().join(" ")
    }
}

/// Without the scopes of other resources than the first one named: an access token is for one, and
/// where a refresh names several, the service answers for the first (Microsoft, "OAuth 2.0
/// authorization code flow", section "Refresh the access token").
fn of_first_resource(scope: &str) -> String {
    let first = scope.split_ascii_whitespace().find_map(resource_of);
    of_resource(scope, first.as_deref())
}

fn of_resource(scope: &str, resource: Option<&str>) -> String {
    let names = scope.split_ascii_whitespace();
    let wanted = names.filter(|name| resource_of(name).is_none_or(|of| Some(&*of) == resource));
    wanted.collect::<Vec<_>>().join(" ")
}

fn resource_of(name: &str) -> Option<String> {
    match Name::parse(name) {
        Some(name) => Some(name.client_id),
        None if GRAPH_SCOPES.contains(&name) => Some("graph".to_owned()),
        None => None,
    }
}

pub(crate) fn invalid(scope: &str, why: &str) -> Aadsts {
    Aadsts::new(
        "invalid_scope",
        70011,
        format!(
            "The provided value for the input parameter 'scope' is not valid. The scope '{scope}' \
             is not valid. {why}"
        ),
    )
}

/// What the discovery document lists, and the one Graph permission that customers' sign-in has.
const SCOPES: [&str; 6] = [
    "email",
    "https://graph.microsoft.com/User.Read",
    "offline_access",
    "openid",
    "profile",
    "User.Read",
];

/// Those that name a resource, unlike OpenID Connect's.
const GRAPH_SCOPES: [&str; 2] = ["https://graph.microsoft.com/User.Read", "User.Read"];

#[cfg(test)]
mod tests;
