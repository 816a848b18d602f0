use std::time::Duration;

use proptest::prelude::*;

use crate::random::SystemRandom;

use super::*;
use crate::random::RandomError;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);
const HOUR: Duration = Duration::from_secs(60 * 60);

const SESSION: SealContext<'static> = SealContext {
    purpose: Purpose::Session,
    cookie_name: "__Host-ciam-0a1b2c3d",
    realm: "https://contoso.ciamlogin.com client",
};

fn ring(secrets: &[[u8; 32]]) -> KeyRing {
    KeyRing::new(secrets, WEEK).expect("the secrets are long enough")
}

fn sealed(ring: &KeyRing, plaintext: &[u8]) -> String {
    ring.seal(&SESSION, plaintext, NOW.after(HOUR), NOW, &SystemRandom)
        .expect("it can be sealed")
}

fn refusal(ring: &KeyRing, context: &SealContext<'_>, text: &[u8], now: Timestamp) -> &'static str {
    match ring.open(context, text, now) {
        Ok(_) => "opened",
        Err(error) => error.code(),
    }
}

/// The same bytes every time.
#[derive(Debug)]
struct Fixed;

impl Random for Fixed {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::try_from(at).expect("a nonce is short");
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Broken;

impl Random for Broken {
    fn fill(&self, _: &mut [u8]) -> Result<(), RandomError> {
        Err(RandomError)
    }
}

/// What is sealed stays readable in the next release: a change of the layout,
/// the labels or the associated data is a new version.
#[test]
fn the_layout_is_what_it_was() {
    let ring = ring(&[*b"0123456789abcdef0123456789abcdef"]);
    let text = ring
        .seal(&SESSION, b"hello", NOW.after(HOUR), NOW, &Fixed)
        .expect("it can be sealed");
    assert_eq!(text, KNOWN);
    let opened = ring
        .open(&SESSION, KNOWN.as_bytes(), NOW)
        .expect("it opens");
    assert_eq!(&opened.plaintext[..], b"hello");
    assert_eq!(opened.expires_at, NOW.after(HOUR));

    let bytes = URL_SAFE_NO_PAD.decode_to_vec(KNOWN).expect("base64url");
    assert_eq!(bytes.len(), OVERHEAD + 5);
    assert_eq!(bytes[0], 1);
    assert_eq!(bytes[1..5], ring.sealing().1.0);
    assert_eq!(bytes[5..9], 20_833_u32.to_be_bytes());
    assert_eq!(bytes[9..17], 1_800_003_600_u64.to_be_bytes());
    assert_eq!(bytes[17..29], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
}

const KNOWN: &str = "AW3VB6AAAFFhAAAAAGtJ4BAAAQIDBAUGBwgJCgutc-fHUnt9dBF9UfEV7-8nv0grOkQ";

#[test]
fn debug_does_not_leak() {
    let ring = ring(&[[1; 32]]);
    let opened = ring.open(&SESSION, sealed(&ring, b"private").as_bytes(), NOW);
    assert_eq!(format!("{opened:?}"), "Ok(Opened)");
}

#[test]
fn two_seals_of_the_same_differ() {
    let ring = ring(&[[1; 32]]);
    assert_ne!(sealed(&ring, b"same"), sealed(&ring, b"same"));
}

#[test]
fn opens_for_nothing_else() {
    let ring = ring(&[[1; 32]]);
    let text = sealed(&ring, b"text");
    let others = [
        SealContext {
            purpose: Purpose::IdToken,
            ..SESSION
        },
        SealContext {
            purpose: Purpose::Transaction,
            ..SESSION
        },
        SealContext {
            cookie_name: "__Host-ciam-0a1b2c3e",
            ..SESSION
        },
        SealContext {
            cookie_name: "",
            ..SESSION
        },
        SealContext {
            realm: "https://contoso.ciamlogin.com other",
            ..SESSION
        },
        SealContext {
            realm: "",
            ..SESSION
        },
        // The same bytes with the border elsewhere.
        SealContext {
            cookie_name: "__Host-ciam-0a1b2c3dh",
            realm: "ttps://contoso.ciamlogin.com client",
            ..SESSION
        },
    ];
    for other in others {
        assert_eq!(
            refusal(&ring, &other, text.as_bytes(), NOW),
            "seal.refused",
            "{other:?}"
        );
    }
    assert_eq!(refusal(&ring, &SESSION, text.as_bytes(), NOW), "opened");
}

#[test]
fn an_old_key_opens_and_a_removed_one_does_not() {
    let before = ring(&[[1; 32]]);
    let text = sealed(&before, b"text");

    let rotated = ring(&[[2; 32], [1; 32]]);
    let opened = rotated
        .open(&SESSION, text.as_bytes(), NOW)
        .expect("it opens");
    assert_eq!(opened.key, KeyAge::Previous);
    let again = sealed(&rotated, b"text");
    let opened = rotated
        .open(&SESSION, again.as_bytes(), NOW)
        .expect("it opens");
    assert_eq!(opened.key, KeyAge::Current);

    let removed = ring(&[[2; 32]]);
    assert_eq!(
        refusal(&removed, &SESSION, text.as_bytes(), NOW),
        "seal.unknown_key"
    );
}

/// Naming another key or day is not a way to have the text opened under it.
#[test]
fn the_header_is_bound() {
    let ring = ring(&[[1; 32], [2; 32]]);
    let bytes = URL_SAFE_NO_PAD
        .decode_to_vec(sealed(&ring, b"text"))
        .expect("base64url");

    let mut other_key = bytes.clone();
    let previous = KeyRing::new(&[[2; 32]], WEEK)
        .expect("long enough")
        .sealing()
        .1;
    other_key[1..5].copy_from_slice(&previous.0);
    let mut other_day = bytes.clone();
    other_day[5..9].copy_from_slice(&20_832_u32.to_be_bytes());
    let mut other_expiry = bytes;
    other_expiry[9..17].copy_from_slice(&u64::MAX.to_be_bytes());

    for changed in [other_key, other_day, other_expiry] {
        let text = URL_SAFE_NO_PAD.encode_to_string(changed);
        assert_eq!(
            refusal(&ring, &SESSION, text.as_bytes(), NOW),
            "seal.refused"
        );
    }
}

#[test]
fn expires_to_the_second() {
    let ring = ring(&[[1; 32]]);
    let text = sealed(&ring, b"text");
    let last = NOW.after(Duration::from_secs(3599));
    assert_eq!(refusal(&ring, &SESSION, text.as_bytes(), last), "opened");
    assert_eq!(
        refusal(&ring, &SESSION, text.as_bytes(), NOW.after(HOUR)),
        "seal.expired"
    );
}

#[test]
fn a_day_outside_the_window_is_refused_before_the_seal_is_tried() {
    let ring = ring(&[[1; 32]]);
    let text = sealed(&ring, b"text");
    let open_at = |now| refusal(&ring, &SESSION, text.as_bytes(), now);
    assert_eq!(open_at(NOW.before(DAY)), "opened");
    assert_eq!(open_at(NOW.before(DAY * 2)), "seal.day");
    assert_eq!(open_at(NOW.after(DAY * 8)), "seal.expired");
    assert_eq!(open_at(NOW.after(DAY * 9)), "seal.day");
    assert_eq!(open_at(Timestamp::from_unix(0)), "seal.day");
    assert_eq!(open_at(Timestamp::from_unix(u64::MAX)), "seal.day");
}

/// Who only claims days and keys has nothing remembered for them.
#[test]
fn only_what_opened_is_remembered() {
    let before = ring(&[[1; 32]]);
    let text = sealed(&before, b"text");
    let good = URL_SAFE_NO_PAD.decode_to_vec(&text).expect("base64url");
    let ring = ring(&[[1; 32]]);
    for day in 20_820..20_840_u32 {
        let mut forged = good.clone();
        forged[5..9].copy_from_slice(&day.to_be_bytes());
        forged[40] ^= 1;
        let forged = URL_SAFE_NO_PAD.encode_to_string(forged);
        assert!(ring.open(&SESSION, forged.as_bytes(), NOW).is_err());
    }
    assert_eq!(ring.remembered(), 0);
    assert_eq!(refusal(&ring, &SESSION, text.as_bytes(), NOW), "opened");
    assert_eq!(ring.remembered(), 1);
}

#[test]
fn seals_nothing_that_is_over_or_lives_too_long() {
    let ring = ring(&[[1; 32]]);
    let seal_until = |expires_at| {
        ring.seal(&SESSION, b"text", expires_at, NOW, &SystemRandom)
            .map_err(|error| error.code())
    };
    assert_eq!(seal_until(NOW), Err("seal.expired"));
    assert!(seal_until(NOW.after(WEEK)).is_ok());
    let too_late = NOW.after(WEEK + Duration::from_secs(1));
    assert_eq!(seal_until(too_late), Err("seal.lifetime"));
}

#[test]
fn without_randomness_nothing_is_sealed() {
    let error = ring(&[[1; 32]])
        .seal(&SESSION, b"text", NOW.after(HOUR), NOW, &Broken)
        .expect_err("there is no nonce");
    assert_eq!(error.code(), "seal.random");
}

#[test]
fn the_limit_is_exact_and_checked_before_decoding() {
    let ring = ring(&[[1; 32]]);
    let largest = MAX_SEALED / 4 * 3 - OVERHEAD;
    let text = sealed(&ring, &vec![0; largest]);
    assert_eq!(text.len(), MAX_SEALED);
    assert_eq!(refusal(&ring, &SESSION, text.as_bytes(), NOW), "opened");
    let error = ring
        .seal(
            &SESSION,
            &vec![0; largest + 1],
            NOW.after(HOUR),
            NOW,
            &SystemRandom,
        )
        .expect_err("one too many");
    assert_eq!(error.code(), "seal.too_large");
    let longer = vec![b'!'; MAX_SEALED + 1];
    assert_eq!(refusal(&ring, &SESSION, &longer, NOW), "seal.too_large");
}

#[test]
fn what_was_never_sealed_has_its_own_codes() {
    let ring = ring(&[[1; 32]]);
    let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode_to_string(bytes);
    let rows = [
        (String::new(), "seal.malformed"),
        ("!!!!".into(), "seal.malformed"),
        ("AQ==".into(), "seal.malformed"),
        ("\"AQ\"".into(), "seal.malformed"),
        ("AQ\n".into(), "seal.malformed"),
        (encoded(&[1]), "seal.malformed"),
        (encoded(&[1; OVERHEAD - 1]), "seal.malformed"),
        (encoded(&[0]), "seal.version"),
        (encoded(&[2; 100]), "seal.version"),
        (encoded(&[255]), "seal.version"),
        (encoded(&[1; OVERHEAD]), "seal.unknown_key"),
    ];
    for (text, code) in rows {
        assert_eq!(
            refusal(&ring, &SESSION, text.as_bytes(), NOW),
            code,
            "{text}"
        );
    }
}

proptest! {
    #[test]
    fn round_trip(plaintext in prop::collection::vec(any::<u8>(), 0..4000)) {
        let ring = ring(&[[1; 32]]);
        let text = sealed(&ring, &plaintext);
        let opened = ring.open(&SESSION, text.as_bytes(), NOW).expect("it opens");
        prop_assert_eq!(&opened.plaintext[..], &plaintext[..]);
    }

    #[test]
    fn any_flipped_bit_is_refused(
        plaintext in prop::collection::vec(any::<u8>(), 0..200),
        place in any::<prop::sample::Index>(),
    ) {
        let ring = ring(&[[1; 32]]);
        let text = sealed(&ring, &plaintext);

        let mut flipped = text.clone().into_bytes();
        let bit = place.index(flipped.len() * 8);
        flipped[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(ring.open(&SESSION, &flipped, NOW).is_err());

        let mut bytes = URL_SAFE_NO_PAD.decode_to_vec(&text).expect("base64url");
        let bit = place.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let flipped = URL_SAFE_NO_PAD.encode_to_string(&bytes);
        prop_assert!(ring.open(&SESSION, flipped.as_bytes(), NOW).is_err());
    }

    #[test]
    fn any_other_length_is_refused(
        plaintext in prop::collection::vec(any::<u8>(), 0..200),
        tail in prop::collection::vec(any::<u8>(), 1..40),
        place in any::<prop::sample::Index>(),
    ) {
        let ring = ring(&[[1; 32]]);
        let bytes = URL_SAFE_NO_PAD.decode_to_vec(sealed(&ring, &plaintext)).expect("base64url");
        let cut = URL_SAFE_NO_PAD.encode_to_string(&bytes[..place.index(bytes.len())]);
        prop_assert!(ring.open(&SESSION, cut.as_bytes(), NOW).is_err());
        let longer = URL_SAFE_NO_PAD.encode_to_string([bytes, tail].concat());
        prop_assert!(ring.open(&SESSION, longer.as_bytes(), NOW).is_err());
    }

    #[test]
    fn arbitrary_bytes_are_refused(text in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(ring(&[[1; 32]]).open(&SESSION, &text, NOW).is_err());
    }

    #[test]
    fn arbitrary_content_behind_a_good_start_is_refused(
        tail in prop::collection::vec(any::<u8>(), 0..300),
        now in any::<u64>(),
    ) {
        let ring = ring(&[[1; 32]]);
        let start = [&[1][..], &ring.sealing().1.0, &20_833_u32.to_be_bytes()];
        let text = URL_SAFE_NO_PAD.encode_to_string([&start.concat()[..], &tail].concat());
        prop_assert!(ring.open(&SESSION, text.as_bytes(), NOW).is_err());
        prop_assert!(ring.open(&SESSION, text.as_bytes(), Timestamp::from_unix(now)).is_err());
    }
}
