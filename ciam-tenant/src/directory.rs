//! The users of the tenant.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use crate::password::{self, PasswordHash};
use crate::random;

/// A user to add, as one who signed up already.
///
/// ```
/// use ciam_tenant::NewUser;
///
/// let ada = NewUser::new("ada@example.com", "Analytical-1843")
///     .display_name("Ada Lovelace")
///     .role("Admin");
/// ```
#[derive(Clone)]
pub struct NewUser {
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) profile: Profile,
}

impl NewUser {
    /// A user with an e-mail address and a password.
    ///
    /// The password needs 8 characters and 3 of: lower case, upper case, digit, symbol.
    pub fn new(email: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            email: email.into(),
            password: password.into(),
            profile: Profile::default(),
        }
    }

    /// Sets the display name. Default: none; the `name` claim is then the literal `unknown`, as
    /// it is when a user flow does not ask for a name.
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.profile.display_name = Some(name.into());
        self
    }

    /// Sets the given name. Default: none.
    pub fn given_name(mut self, name: impl Into<String>) -> Self {
        self.profile.given_name = Some(name.into());
        self
    }

    /// Sets the family name. Default: none.
    pub fn family_name(mut self, name: impl Into<String>) -> Self {
        self.profile.family_name = Some(name.into());
        self
    }

    /// Adds an app role. Default: none.
    ///
    /// In a real tenant roles are assigned per application; here they hold for all of them.
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.profile.roles.push(role.into());
        self
    }

    /// Adds the object id of a group. Default: none.
    pub fn group(mut self, object_id: impl Into<String>) -> Self {
        self.profile.groups.push(object_id.into());
        self
    }

    /// Adds a claim to this user's ID tokens, as "Attributes & Claims" of a tenant does.
    /// Default: none.
    ///
    /// A name the tenant uses itself (such as `sub`) is ignored.
    pub fn attribute(mut self, claim: impl Into<String>, value: impl Into<String>) -> Self {
        self.profile.attributes.insert(claim.into(), value.into());
        self
    }

    /// Sets the object id (the `oid` claim), a GUID. Default: random.
    pub fn object_id(mut self, object_id: impl Into<String>) -> Self {
        self.profile.object_id = Some(object_id.into());
        self
    }
}

impl fmt::Debug for NewUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUser")
            .field("email", &self.email)
            .finish_non_exhaustive()
    }
}

/// What is known of a user beside e-mail and password.
#[derive(Clone, Debug, Default)]
pub(crate) struct Profile {
    pub(crate) object_id: Option<String>,
    pub(crate) display_name: Option<String>,
    pub(crate) given_name: Option<String>,
    pub(crate) family_name: Option<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) attributes: BTreeMap<String, String>,
}

/// Why a user was not added or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UserError {
    /// A user with this e-mail address or object id is there already.
    Duplicate,
    /// The e-mail address is none.
    Email,
    /// A name, role, group or attribute is too long, or has control characters.
    Profile,
    /// A customer tenant would refuse the password, for this reason.
    Password(&'static str),
    /// There are as many users as the local tenant takes.
    TooMany,
    /// There is no such user.
    Unknown,
}

impl fmt::Display for UserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Duplicate => "an account with this e-mail address or object id exists already",
            Self::Email => "enter a valid e-mail address",
            Self::Profile => "a name has too many characters, or some that cannot be printed",
            Self::Password(why) => why,
            Self::TooMany => "the local tenant takes no more accounts",
            Self::Unknown => "there is no such account",
        })
    }
}

impl std::error::Error for UserError {}

/// One user.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) object_id: String,
    pub(crate) email: String,
    pub(crate) password: PasswordHash,
    pub(crate) profile: Profile,
    /// The value of the optional claim `login_hint`: names the user without naming the e-mail.
    pub(crate) login_hint: String,
    /// How often the sessions were revoked: a grant of before is worth nothing.
    pub(crate) revocations: u64,
}

impl User {
    /// Checks a new user and hashes the password. Takes a moment: not for an async thread.
    pub(crate) fn new(new: NewUser) -> Result<Self, UserError> {
        if !is_email(&new.email) {
            return Err(UserError::Email);
        }
        if let Some(why) = password::refusal(&new.password) {
            return Err(UserError::Password(why));
        }
        let mut profile = new.profile;
        profile.display_name = profile.display_name.filter(|name| !name.trim().is_empty());
        if !profile.is_in_bounds() {
            return Err(UserError::Profile);
        }
        let object_id = profile.object_id.take().unwrap_or_else(random::guid);
        if !random::is_guid(&object_id) {
            return Err(UserError::Profile);
        }
        Ok(Self {
            object_id: object_id.to_ascii_lowercase(),
            email: new.email,
            password: PasswordHash::new(&new.password),
            profile,
            login_hint: format!("O.{}", random::token()),
            revocations: 0,
        })
    }
}

impl Profile {
    fn is_in_bounds(&self) -> bool {
        let lists = [&self.roles, &self.groups];
        let names = [&self.display_name, &self.given_name, &self.family_name];
        lists.iter().all(|list| list.len() <= MAX_VALUES)
            && self.attributes.len() <= MAX_VALUES
            && lists.into_iter().flatten().all(|text| is_text(text))
            && names.into_iter().flatten().all(|text| is_text(text))
            && self.attributes.keys().all(|name| is_text(name))
            && self
                .attributes
                .values()
                .all(|text| text.len() <= MAX_ATTRIBUTE_BYTES)
    }
}

/// All users, found by e-mail without regard to case, by object id, and by login hint.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    users: HashMap<String, User>,
    by_email: HashMap<String, String>,
}

impl Directory {
    pub(crate) fn add(&mut self, user: User) -> Result<(), UserError> {
        let email = user.email.to_lowercase();
        if self.by_email.contains_key(&email) || self.users.contains_key(&user.object_id) {
            return Err(UserError::Duplicate);
        }
        if self.users.len() >= MAX_USERS {
            return Err(UserError::TooMany);
        }
        self.by_email.insert(email, user.object_id.clone());
        self.users.insert(user.object_id.clone(), user);
        Ok(())
    }

    pub(crate) fn get(&self, object_id: &str) -> Option<&User> {
        self.users.get(object_id)
    }

    pub(crate) fn by_email(&self, email: &str) -> Option<&User> {
        self.users.get(self.by_email.get(&email.to_lowercase())?)
    }

    /// The user of a `login_hint`: an e-mail address, or the value of the claim of that name.
    pub(crate) fn by_hint(&self, hint: &str) -> Option<&User> {
        let mut users = self.users.values();
        self.by_email(hint)
            .or_else(|| users.find(|user| user.login_hint == hint))
    }

    /// Makes every grant of a user worthless, and gives the user's object id.
    pub(crate) fn revoke(&mut self, email: &str) -> Result<String, UserError> {
        let id = self.by_email.get(&email.to_lowercase());
        let user = id.and_then(|id| self.users.get_mut(id));
        let user = user.ok_or(UserError::Unknown)?;
        user.revocations += 1;
        Ok(user.object_id.clone())
    }

    pub(crate) fn add_role(&mut self, email: &str, role: &str) -> Result<(), UserError> {
        let id = self.by_email.get(&email.to_lowercase());
        let user = id.and_then(|id| self.users.get_mut(id));
        let roles = &mut user.ok_or(UserError::Unknown)?.profile.roles;
        if !is_text(role) || roles.len() == MAX_VALUES {
            return Err(UserError::Profile);
        }
        if !roles.iter().any(|had| had == role) {
            roles.push(role.to_owned());
        }
        Ok(())
    }
}

/// Not the grammar of RFC 5322: one `@`, something on both sides, nothing that cannot be printed.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    !local.is_empty()
        && !domain.is_empty()
        && !domain.contains('@')
        && text.len() <= MAX_EMAIL_BYTES
        && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}

fn is_text(text: &str) -> bool {
    text.chars().count() <= MAX_TEXT_CHARACTERS && !text.chars().any(char::is_control)
}

const MAX_USERS: usize = 10_000;
/// RFC 5321 section 4.5.3.1: the longest path is 256 bytes, with its angle brackets.
const MAX_EMAIL_BYTES: usize = 254;
/// Microsoft Graph: the longest `displayName`.
const MAX_TEXT_CHARACTERS: usize = 256;
/// Enough for the group overage, which begins above 200.
const MAX_VALUES: usize = 1000;
/// Microsoft: what a claims provider may return in all.
const MAX_ATTRIBUTE_BYTES: usize = 3 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn user(email: &str) -> Result<User, UserError> {
        User::new(NewUser::new(email, "Passw0rd!"))
    }

    #[test]
    fn finds_users_by_email_without_case_and_by_hint() {
        let mut directory = Directory::default();
        let ada = user("Ada@Example.com").unwrap();
        directory.add(ada.clone()).unwrap();
        assert_eq!(
            directory.by_email("ada@example.COM").unwrap().email,
            "Ada@Example.com"
        );
        assert_eq!(
            directory.by_hint(&ada.login_hint).unwrap().object_id,
            ada.object_id
        );
        assert!(directory.by_hint("O.").is_none());
        let again = user("ada@example.com").unwrap();
        assert_eq!(directory.add(again), Err(UserError::Duplicate));
    }

    #[test]
    fn refuses_what_is_no_user() {
        for email in [
            "",
            "ada",
            "@b.test",
            "a@",
            "a@b@c",
            "a b@c.test",
            "a@b\n.test",
        ] {
            assert_eq!(user(email).unwrap_err(), UserError::Email, "{email}");
        }
        assert!(matches!(
            User::new(NewUser::new("a@b.test", "short")),
            Err(UserError::Password(_))
        ));
        let long = NewUser::new("a@b.test", "Passw0rd!").display_name("x".repeat(257));
        assert_eq!(User::new(long).unwrap_err(), UserError::Profile);
    }

    #[test]
    fn debug_does_not_print_the_password() {
        let new = NewUser::new("a@b.test", "Passw0rd!");
        assert!(!format!("{new:?}").contains("Passw0rd"));
    }
}
