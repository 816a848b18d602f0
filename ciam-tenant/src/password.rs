//! Passwords: what a customer tenant accepts, and how it is kept.

use argon2::{Algorithm, Argon2, Params, Version};

use crate::random;

/// A hashed password.
#[derive(Clone)]
pub(crate) struct PasswordHash {
    salt: [u8; 16],
    hash: [u8; HASH_BYTES],
}

impl PasswordHash {
    /// Hashes a password. Takes a moment: not for an async thread.
    pub(crate) fn new(password: &str) -> Self {
        let salt = random::bytes();
        Self {
            salt,
            hash: derive(password, &salt),
        }
    }

    /// Whether `password` is the one. Takes a moment: not for an async thread.
    pub(crate) fn matches(&self, password: &str) -> bool {
        let hash = derive(password, &self.salt);
        aws_lc_rs::constant_time::verify_slices_are_equal(&hash, &self.hash).is_ok()
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash")
    }
}

/// Why a customer tenant would not take a password, in the words of its page.
pub(crate) fn refusal(password: &str) -> Option<&'static str> {
    let length = password.chars().count();
    if length < MIN_CHARACTERS {
        return Some("The password must have at least 8 characters.");
    }
    if length > MAX_CHARACTERS {
        return Some("The password can't have more than 256 characters.");
    }
    let classes = [
        password.chars().any(char::is_lowercase),
        password.chars().any(char::is_uppercase),
        password.chars().any(|c| c.is_ascii_digit()),
        password.chars().any(|c| !c.is_alphanumeric()),
    ];
    (classes.iter().filter(|class| **class).count() < 3).then_some(
        "The password must have at least 3 of these: lower-case letters, upper-case letters, \
         digits, symbols.",
    )
}

fn derive(password: &str, salt: &[u8]) -> [u8; HASH_BYTES] {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES))
        .expect("the constants below are in range");
    let mut hash = [0; HASH_BYTES];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.as_bytes(), salt, &mut hash)
        .expect("passwords are at most 16 KiB (see `parameters`), the salt has 16 bytes");
    hash
}

/// A thirtieth of what OWASP asks of a real directory (19 MiB, 2 passes): the users here are made
/// up, they live in memory, and an unoptimised build has to hash them too.
const MEMORY_KIB: u32 = 1024;
const PASSES: u32 = 1;
const LANES: u32 = 1;
const HASH_BYTES: usize = 32;

const MIN_CHARACTERS: usize = 8;
/// Microsoft Entra's limit.
const MAX_CHARACTERS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_itself_only_and_shows_nothing() {
        let hash = PasswordHash::new("Passw0rd!");
        assert!(hash.matches("Passw0rd!"));
        assert!(!hash.matches("passw0rd!"));
        assert!(!hash.matches(""));
        assert_eq!(format!("{hash:?}"), "PasswordHash");
    }

    #[test]
    fn salts_differ() {
        let (a, b) = (
            PasswordHash::new("Passw0rd!"),
            PasswordHash::new("Passw0rd!"),
        );
        assert_ne!(a.hash, b.hash);
    }

    #[test]
    fn takes_three_of_four_classes() {
        for (password, accepted) in [
            ("Passw0rd", true),
            ("passw0rd!", true),
            ("PASSW0RD!", true),
            ("Password!", true),
            ("password", false),
            ("passw0rd", false),
            ("Password", false),
            ("Pa0!", false),
            ("Grün3Wiese", true),
        ] {
            assert_eq!(refusal(password).is_none(), accepted, "{password}");
        }
        assert!(refusal(&"Aa0!".repeat(65)).is_some());
    }
}
