//! Sealed texts: a ring of two secrets, a stranger's, and what they sealed.

use std::sync::LazyLock;
use std::time::Duration;

use ciam_core::fuzzing::{Context, Ring, ring, seal};
use ciam_core::{Random, RandomError, Timestamp};

/// What everything here is sealed at.
pub const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

/// The longest life of anything sealed.
pub const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

/// The application's ring.
pub static RING: LazyLock<Ring> = LazyLock::new(|| ring(&[CURRENT, PREVIOUS], WEEK));

/// One sealed text, and what it opens for.
pub struct Sealed {
    /// What it was sealed for.
    pub context: Context<'static>,
    /// The text.
    pub text: String,
    /// What is in it.
    pub plaintext: &'static [u8],
}

/// What the ring sealed, under both of its secrets: all of it opens at [`NOW`].
pub static GENUINE: LazyLock<Vec<Sealed>> = LazyLock::new(|| {
    let rings = [
        ring(&[CURRENT, PREVIOUS], WEEK),
        ring(&[PREVIOUS, CURRENT], WEEK),
    ];
    rings.iter().flat_map(all).collect()
});

/// The same, sealed by somebody else: none of it opens.
pub static FOREIGN: LazyLock<Vec<Sealed>> = LazyLock::new(|| all(&ring(&[STRANGERS], WEEK)));

/// Everything the ring seals, and neighbours it never seals.
pub const CONTEXTS: [Context<'static>; 4] = [
    context(0, "__Secure-ciam-id-token-0a1b2c3d", "realm"),
    context(1, "__Host-ciam-session-0a1b2c3d", "realm"),
    context(2, "__Host-ciam-transaction-attempt-0001-0a1b2c3d", "realm"),
    context(1, "__Host-ciam-session-0a1b2c3d", "another realm"),
];

/// Not random: what a target does depends on its input alone.
#[derive(Debug)]
pub struct Constant;

impl Random for Constant {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        for (byte, n) in bytes.iter_mut().zip(1_u8..) {
            *byte = n;
        }
        Ok(())
    }
}

fn all(ring: &Ring) -> Vec<Sealed> {
    let one = |(context, plaintext): (Context<'static>, &'static [u8])| {
        let text = seal(ring, context, plaintext, NOW.after(WEEK), NOW, &Constant);
        Sealed {
            context,
            text: text.expect("it is short and lives a week"),
            plaintext,
        }
    };
    CONTEXTS.into_iter().zip(PLAINTEXTS).map(one).collect()
}

const fn context(purpose: u8, cookie_name: &'static str, realm: &'static str) -> Context<'static> {
    Context {
        purpose,
        cookie_name,
        realm,
    }
}

/// A session begins with its version and two times, of 1 800 000 000 s here.
const PLAINTEXTS: [&[u8]; 4] = [
    b"eyJhbGciOiJFZERTQSJ9.e30.c2ln",
    b"\x01\0\0\0\0\x6b\x49\xd2\0\0\0\0\0\x6b\x49\xd2\0{\"iss\":\"i\",\"sub\":\"alice\"}",
    br#"{"state":"s","nonce":"n","code_verifier":"v","return_to":"/a","issuer":"i","started_at":1}"#,
    b"\x01\0\0\0\0\x6b\x49\xd2\0\0\0\0\0\x6b\x49\xd2\0{\"iss\":\"i\",\"sub\":\"bob\"}",
];

const CURRENT: &[u8] = b"the secret that seals, 32 bytes.";
const PREVIOUS: &[u8] = b"the one before, it opens still..";
const STRANGERS: &[u8] = b"nobody's here, it opens nothing.";
