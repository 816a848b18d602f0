//! Scopes.

use crate::error::Aadsts;

/// The granted scopes, in the order asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scopes(Vec<&'static str>);

impl Scopes {
    pub(crate) fn none() -> Self {
        Self(Vec::new())
    }

    /// The scopes of an authorization request.
    pub(crate) fn parse(scope: &str) -> Result<Self, Aadsts> {
        let mut scopes = Vec::new();
        for name in scope.split_ascii_whitespace() {
            let Some(known) = SCOPES.iter().find(|known| **known == name) else {
                return Err(invalid(scope, &format!("The scope '{name}' is not known.")));
            };
            if !scopes.contains(known) {
                scopes.push(*known);
            }
        }
        if !scopes.contains(&"openid") {
            let why = "This tenant answers OpenID Connect requests: the scope 'openid' is missing.";
            return Err(invalid(scope, why));
        }
        Ok(Self(scopes))
    }

    /// The scopes of a token request: some of those granted.
    pub(crate) fn narrowed(&self, scope: &str) -> Result<Self, Aadsts> {
        let mut scopes = Vec::new();
        for name in scope.split_ascii_whitespace() {
            let Some(granted) = self.0.iter().find(|granted| **granted == name) else {
                return Err(invalid(
                    scope,
                    &format!("The scope '{name}' was not granted."),
                ));
            };
            if !scopes.contains(granted) {
                scopes.push(*granted);
            }
        }
        Ok(Self(scopes))
    }

    pub(crate) fn has(&self, scope: &str) -> bool {
        self.0.contains(&scope)
    }

    pub(crate) fn to_text(&self) -> String {
        self.0.join(" ")
    }
}

fn invalid(scope: &str, why: &str) -> Aadsts {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_scopes_and_needs_openid() {
        let scopes = Scopes::parse("openid  profile openid").unwrap();
        assert_eq!(scopes.to_text(), "openid profile");
        assert!(scopes.narrowed("openid").unwrap().has("openid"));
        for scope in ["", "profile", "openid orders.read", "openid Profile"] {
            assert_eq!(Scopes::parse(scope).unwrap_err().number, 70011, "{scope}");
        }
        assert_eq!(scopes.narrowed("email").unwrap_err().number, 70011);
    }
}
