//! What a visitor or a caller must have.

use std::ops::{BitAnd, BitOr};
use std::time::Duration;

use crate::claims::{Caller, Claims, User};
use crate::clock::Timestamp;
use crate::flow::step_up::StepUp;

/// What a route asks of whoever requests it. Combined with `&` and `|`.
///
/// A guard that names no right of callers ([`caller`], [`scope`]) is about visitors
/// with a session, and a token opens nothing: an API says that it is one.
///
/// ```
/// use ciam_core::{claim, group, role, scope};
///
/// let staff = role("Admin") | (group("0f1c…") & claim("department", "sales"));
/// let orders = scope("orders.read") | role("Orders.Read.All") & ciam_core::caller();
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Guard(Rule);

#[derive(Clone, Debug, Eq, PartialEq)]
enum Rule {
    All(Vec<Self>),
    Any(Vec<Self>),
    AuthContext(String),
    Caller,
    Claim { name: String, value: String },
    Fresh(Duration),
    Group(String),
    Role(String),
    Scope(String),
    SignedIn,
    Tenant(String),
}

/// One of these, as `|` says it; of none, nobody.
///
/// ```
/// use ciam_core::{any_of, tenant};
///
/// let customers = ["7ab9…", "c01d…"];
/// let guard = any_of(customers.map(tenant));
/// ```
pub fn any_of(guards: impl IntoIterator<Item = Guard>) -> Guard {
    let rules = guards.into_iter().map(|guard| guard.0);
    Guard(Rule::Any(rules.collect()))
}

/// A user who proved who they are in this authentication context: a value among the
/// claims `acrs` (Microsoft's `c1` to `c99`) and `acr`.
pub fn auth_context(context: impl Into<String>) -> Guard {
    Guard(Rule::AuthContext(context.into()))
}

/// Anyone with an access token for this API.
pub const fn caller() -> Guard {
    Guard(Rule::Caller)
}

/// A claim that is this text, or a list that contains it.
pub fn claim(name: impl Into<String>, value: impl Into<String>) -> Guard {
    Guard(Rule::Claim {
        name: name.into(),
        value: value.into(),
    })
}

/// A user who proved who they are not longer ago than this (`auth_time`), in whole
/// seconds.
pub const fn fresh(within: Duration) -> Guard {
    Guard(Rule::Fresh(within))
}

/// This value among the `groups` claim (Entra External ID sends object ids, never
/// names).
///
/// Beyond 200 groups Microsoft sends a pointer to Microsoft Graph in place of the
/// claim: the guard then refuses.
pub fn group(group: impl Into<String>) -> Guard {
    Guard(Rule::Group(group.into()))
}

/// This value among the `roles` claim.
pub fn role(role: impl Into<String>) -> Guard {
    Guard(Rule::Role(role.into()))
}

/// An access token with this scope.
pub fn scope(scope: impl Into<String>) -> Guard {
    Guard(Rule::Scope(scope.into()))
}

/// Anyone who is signed in.
pub const fn signed_in() -> Guard {
    Guard(Rule::SignedIn)
}

/// A user or an application of this tenant (`tid`), by its GUID.
pub fn tenant(id: impl Into<String>) -> Guard {
    Guard(Rule::Tenant(id.into()))
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject<'a> {
    Caller(&'a Caller),
    User(&'a User),
}

/// What somebody lacks, and could get: by asking for more, or by proving more.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Lacking {
    /// Something that no new token brings.
    pub(super) beyond_help: bool,
    pub(super) scopes: Vec<String>,
    pub(super) auth_contexts: Vec<String>,
    pub(super) max_age: Option<u64>,
}

impl Guard {
    /// Whether the route is for callers with a token, too.
    pub(super) fn is_for_callers(&self) -> bool {
        self.0.is_for_callers()
    }

    /// `None` for somebody who has what is asked for. Comparison is exact, as for
    /// all claims.
    pub(super) fn lacking(&self, subject: Subject<'_>, now: Timestamp) -> Option<Lacking> {
        self.0.lacking(subject, now)
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
    fn is_for_callers(&self) -> bool {
        match self {
            Self::All(rules) | Self::Any(rules) => rules.iter().any(Self::is_for_callers),
            Self::Caller | Self::Scope(_) => true,
            _ => false,
        }
    }

    fn lacking(&self, subject: Subject<'_>, now: Timestamp) -> Option<Lacking> {
        let holds = match self {
            Self::All(rules) => {
                let lacking = rules.iter().filter_map(|rule| rule.lacking(subject, now));
                return lacking.reduce(Lacking::and);
            }
            Self::Any(rules) => {
                let mut least = Lacking::beyond_help();
                for rule in rules {
                    let lacking = rule.lacking(subject, now)?;
                    if lacking.effort() < least.effort() {
                        least = lacking;
                    }
                }
                return Some(least);
            }
            Self::AuthContext(context) => subject.has_context(context),
            Self::Caller => matches!(subject, Subject::Caller(_)),
            Self::Claim { name, value } => subject.claims().contains(name, value),
            Self::Fresh(within) => subject.auth_time().is_some_and(|at| {
                // A time in the future would be fresh for ever.
                at <= now.after(CLOCKS_DIFFER) && at.after(*within) >= now
            }),
            Self::Group(group) => subject.claims().contains("groups", group),
            Self::Role(role) => subject.roles().iter().any(|r| r == role),
            Self::Scope(scope) => subject.scopes().iter().any(|s| s == scope),
            Self::SignedIn => matches!(subject, Subject::User(_)),
            Self::Tenant(id) => {
                let tenant = subject.claims().text("tid");
                tenant.is_some_and(|tenant| tenant.eq_ignore_ascii_case(id))
            }
        };
        (!holds).then(|| self.without(subject))
    }

    /// What is lacking where this rule does not hold.
    fn without(&self, subject: Subject<'_>) -> Lacking {
        match (self, subject) {
            (Self::Scope(scope), Subject::Caller(_)) => Lacking {
                scopes: vec![scope.clone()],
                ..Lacking::default()
            },
            // There is nobody to prove anything behind an application.
            (_, Subject::Caller(caller)) if caller.is_application() => Lacking::beyond_help(),
            (Self::AuthContext(context), _) => Lacking {
                auth_contexts: vec![context.clone()],
                ..Lacking::default()
            },
            (Self::Fresh(within), _) => Lacking {
                max_age: Some(within.as_secs()),
                ..Lacking::default()
            },
            _ => Lacking::beyond_help(),
        }
    }
}

impl Lacking {
    fn beyond_help() -> Self {
        Self {
            beyond_help: true,
            ..Self::default()
        }
    }

    /// What signing in again would bring, if that is all.
    pub(super) fn step_up(&self) -> Option<StepUp> {
        let suffices = !self.beyond_help && self.scopes.is_empty();
        suffices.then(|| StepUp {
            contexts: self.auth_contexts.clone(),
            max_age: self.max_age,
        })
    }

    fn and(mut self, other: Self) -> Self {
        self.beyond_help |= other.beyond_help;
        self.scopes.extend(other.scopes);
        self.auth_contexts.extend(other.auth_contexts);
        self.max_age = match (self.max_age, other.max_age) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        self
    }

    /// Of several ways the one that asks least: proving more is done in a moment, a
    /// scope has to be allowed, and the rest nobody can get by asking.
    fn effort(&self) -> (bool, usize, usize) {
        let proofs = self.auth_contexts.len() + usize::from(self.max_age.is_some());
        (self.beyond_help, self.scopes.len(), proofs)
    }
}

impl<'a> Subject<'a> {
    fn claims(self) -> &'a Claims {
        match self {
            Self::Caller(caller) => caller.claims(),
            Self::User(user) => user.claims(),
        }
    }

    fn roles(self) -> &'a [String] {
        match self {
            Self::Caller(caller) => caller.roles(),
            Self::User(user) => user.roles(),
        }
    }

    fn scopes(self) -> &'a [String] {
        match self {
            Self::Caller(caller) => caller.scopes(),
            Self::User(_) => &[],
        }
    }

    fn has_context(self, context: &str) -> bool {
        let claims = self.claims();
        claims.contains("acrs", context) || claims.contains("acr", context)
    }

    fn auth_time(self) -> Option<Timestamp> {
        let seconds = self.claims().value("auth_time")?.as_u64()?;
        Some(Timestamp::from_unix(seconds))
    }
}

/// What a provider's clock may be ahead.
const CLOCKS_DIFFER: Duration = Duration::from_secs(60);

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
            (any_of(["Other", "Admin"].map(role)), true),
            (any_of(["Other", "Another"].map(role)), false),
            (any_of([]), false),
            (
                role("Other") & group("g1") | claim("department", "sales"),
                true,
            ),
            (
                role("Other") & (group("g1") | claim("department", "sales")),
                false,
            ),
        ] {
            let lacking = guard.lacking(Subject::User(&user), Timestamp::from_unix(0));
            assert_eq!(lacking.is_none(), expected, "{guard:?}");
        }
    }
}
