//! What a visitor must have.

use std::ops::{BitAnd, BitOr};

use crate::claims::User;

/// What a route asks of its visitors. Combined with `&` and `|`.
///
/// ```
/// use ciam_core::{claim, group, role};
///
/// let staff = role("Admin") | (group("0f1c…") & claim("department", "sales"));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Guard(Rule);

#[derive(Clone, Debug, Eq, PartialEq)]
enum Rule {
    All(Vec<Self>),
    Any(Vec<Self>),
    Claim { name: String, value: String },
    Group(String),
    Role(String),
    SignedIn,
}

/// Anyone who is signed in.
pub const fn signed_in() -> Guard {
    Guard(Rule::SignedIn)
}

/// Signed in, with this value among the `roles` claim.
pub fn role(role: impl Into<String>) -> Guard {
    Guard(Rule::Role(role.into()))
}

/// Signed in, with this value among the `groups` claim (Entra External ID sends
/// object ids, never names).
///
/// Beyond 200 groups Microsoft sends a pointer to Microsoft Graph in place of the
/// claim: the guard then refuses.
pub fn group(group: impl Into<String>) -> Guard {
    Guard(Rule::Group(group.into()))
}

/// Signed in, with a claim that is this text, or a list that contains it.
pub fn claim(name: impl Into<String>, value: impl Into<String>) -> Guard {
    Guard(Rule::Claim {
        name: name.into(),
        value: value.into(),
    })
}

impl Guard {
    /// Whether `user` has what is asked for. Comparison is exact, as for all claims.
    pub fn allows(&self, user: &User) -> bool {
        self.0.allows(user)
    }
}

impl BitAnd for Guard {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(Rule::All(vec![self.0, other.0]))
    }
}

impl BitOr for Guard {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(Rule::Any(vec![self.0, other.0]))
    }
}

impl Rule {
    fn allows(&self, user: &User) -> bool {
        match self {
            Self::All(rules) => rules.iter().all(|rule| rule.allows(user)),
            Self::Any(rules) => rules.iter().any(|rule| rule.allows(user)),
            Self::Claim { name, value } => user.claims().contains(name, value),
            Self::Group(group) => user.groups().iter().any(|g| g == group),
            Self::Role(role) => user.roles().iter().any(|r| r == role),
            Self::SignedIn => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::Claims;

    fn user() -> User {
        let claims = r#"{"iss":"i","sub":"s","roles":["Admin"],"groups":["g1","g2"],
            "department":"sales","level":3}"#;
        let claims = Claims::parse(claims).expect("an object");
        User::from_claims(claims).expect("iss and sub are there")
    }

    #[test]
    fn each_rule_and_both_operators() {
        let user = user();
        for (guard, expected) in [
            (signed_in(), true),
            (role("Admin"), true),
            (role("admin"), false),
            (role("Adm"), false),
            (role(""), false),
            (group("g2"), true),
            (group("g"), false),
            (claim("department", "sales"), true),
            (claim("department", "Sales"), false),
            (claim("level", "3"), false),
            (claim("nothing", ""), false),
            (role("Admin") & group("g1"), true),
            (role("Admin") & group("g9"), false),
            (role("Other") | group("g1"), true),
            (role("Other") | group("g9"), false),
            (
                role("Other") & group("g1") | claim("department", "sales"),
                true,
            ),
            (
                role("Other") & (group("g1") | claim("department", "sales")),
                false,
            ),
        ] {
            assert_eq!(guard.allows(&user), expected, "{guard:?}");
        }
    }
}
