use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;

use crate::random::SystemRandom;
use crate::secret::Secret;

use super::kept::Origin;
use super::seal::Purpose;
use super::*;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(60 * 60);
const LIFETIMES: Lifetimes = Lifetimes {
    idle: Duration::from_secs(24 * 60 * 60),
    absolute: Duration::from_secs(7 * 24 * 60 * 60),
    renewal: Duration::from_secs(24 * 60 * 6),
};
const CONTEXT: SealContext<'static> = SealContext {
    purpose: Purpose::Session,
    cookie_name: "s",
    realm: "realm",
};

fn names() -> [String; MAX_CHUNKS] {
    ["s", "s.1", "s.2", "s.3"].map(String::from)
}

fn ring(secrets: &[[u8; 32]]) -> KeyRing {
    KeyRing::new(secrets, LIFETIMES.absolute).expect("the secrets are long enough")
}

fn session() -> Session {
    of(Bytes::from_static(br#"{"sub":"alice"}"#), &LIFETIMES)
}

fn of(claims: Bytes, lifetimes: &Lifetimes) -> Session {
    Session::new(Claims::from_sealed(claims), None, NOW, lifetimes).expect("it lives")
}

fn kept() -> Kept {
    let secret = |text: &str| Secret::new(text);
    Kept {
        origin: Origin {
            user_agent: Some("a browser".into()),
        },
        id_token: Some(secret("the id token")),
        answered: Some(String::new()),
        tokens: Some(Tokens::new(secret("r"), secret("n"), secret("f"))),
    }
}

fn sealed(session: &Session, ring: &KeyRing) -> Vec<u8> {
    let names = names();
    let chunks = session
        .seal(ring, &CONTEXT, &names, &SystemRandom)
        .expect("it fits");
    let line = chunks
        .iter()
        .map(|(name, value)| format!("{name}={value}; "))
        .collect::<String>();
    let mut headers = HeaderMap::new();
    headers.insert(
        COOKIE,
        HeaderValue::from_str(&line).expect("it is base64url"),
    );
    let value = cookie::read(cookie::lines(&headers), &names)
        .expect("is well-formed")
        .expect("is there");
    value.text().to_vec()
}

fn open(ring: &KeyRing, text: &[u8], now: Timestamp) -> Result<Session, &'static str> {
    Session::open(ring, &CONTEXT, text, now, &LIFETIMES).map_err(|error| error.code())
}

fn decode(plaintext: &[u8], now: Timestamp) -> Result<Session, &'static str> {
    let plaintext = Bytes::copy_from_slice(plaintext);
    Session::decode(plaintext, now, &LIFETIMES).map_err(|error| error.code())
}

#[test]
fn what_was_sealed_opens() {
    let ring = ring(&[[1; 32]]);
    let session = session();
    let opened = open(&ring, &sealed(&session, &ring), NOW.after(HOUR)).expect("it opens");
    assert_eq!(opened.claims.json(), session.claims.json());
    assert_eq!(opened.created_at, NOW);
    assert_eq!(opened.renewed_at, NOW);
    assert_eq!(opened.expires_at(), NOW.after(LIFETIMES.idle));
}

#[test]
fn debug_does_not_leak() {
    assert_eq!(format!("{:?}", session()), "Session");
}

/// The order and width of the fields; another one needs another version.
#[test]
fn the_layout_is_what_it_was() {
    let session = session();
    let renewed = session.renewed(NOW.after(HOUR), &LIFETIMES);
    let expected = [
        &[2][..],
        &1_800_000_000_u64.to_be_bytes(),
        &1_800_003_600_u64.to_be_bytes(),
        &u64::MAX.to_be_bytes(),
        &15_u32.to_be_bytes(),
        br#"{"sub":"alice"}"#,
    ];
    assert_eq!(**renewed.encode(), expected.concat());
    let renewed = renewed.keeping(&kept());
    let expected = [
        &expected.concat()[..],
        br#"{"o":{"u":"a browser"},"i":"the id token","c":"","t":{"r":"r","n":"n","f":"f","h":[]}}"#,
    ];
    assert_eq!(**renewed.encode(), expected.concat());
}

#[test]
fn what_is_kept_beside_the_claims_comes_back() {
    let session = session().keeping(&kept());
    let decoded = decode(&session.encode(), NOW).expect("it is alive").kept();
    assert_eq!(decoded.origin.user_agent.as_deref(), Some("a browser"));
    let id_token = decoded.id_token.as_ref().map(Secret::expose);
    assert_eq!(id_token, Some("the id token"));
    assert_eq!(decoded.answered.as_deref(), Some(""));
    let tokens = decoded.tokens.expect("tokens");
    assert_eq!(tokens.refresh_token.expose(), "r");
    // A cookie has no room for what is elsewhere, or can be had again.
    let in_cookie = session.for_cookie();
    assert!(in_cookie.kept().id_token.is_none());
    assert!(in_cookie.kept().tokens.is_some());
    assert!(session.holds_what(&in_cookie));
    let nothing = session.keeping(&Kept::default());
    assert!(!nothing.holds_what(&session));
    assert_eq!(nothing.encode(), super::tests::session().encode());
}

#[test]
fn ends_when_the_provider_says() {
    let end = NOW.after(HOUR);
    let claims = session().claims;
    let new = |ceiling| Session::new(claims.clone(), Some(ceiling), NOW, &LIFETIMES);
    let session = new(end).expect("it lives");
    assert_eq!(session.expires_at(), end);
    let plaintext = session.encode();
    assert!(decode(&plaintext, end.before(SECOND)).is_ok());
    assert_eq!(decode(&plaintext, end).err(), Some("session.ceiling"));
    // Use does not make it longer, nor is it written for that.
    let late = end.before(SECOND);
    assert!(!session.renewal_due(late, &LIFETIMES));
    assert_eq!(session.renewed(late, &LIFETIMES).expires_at(), end);
    // One that is over already does not begin.
    let error = new(NOW).expect_err("over");
    assert_eq!(error.code(), "session.ceiling");
    // A refresh may move it, either way.
    let later = session.with_claims(claims.clone(), Some(end.after(HOUR)));
    assert_eq!(later.renewed(NOW, &LIFETIMES).expires_at(), end.after(HOUR));
    let sooner = session.with_claims(claims.clone(), Some(end.before(SECOND)));
    assert_eq!(sooner.expires_at(), end.before(SECOND));
    let unsaid = session.with_claims(claims.clone(), None);
    assert_eq!(unsaid.renewed(NOW, &LIFETIMES).expires_at(), end);
}

#[test]
fn ends_after_the_idle_time_to_the_second() {
    let session = session();
    let plaintext = session.encode();
    let end = NOW.after(LIFETIMES.idle);
    assert!(decode(&plaintext, end.before(SECOND)).is_ok());
    assert_eq!(decode(&plaintext, end).err(), Some("session.idle"));

    let ring = ring(&[[1; 32]]);
    let text = sealed(&session, &ring);
    assert!(open(&ring, &text, end.before(SECOND)).is_ok());
    assert_eq!(open(&ring, &text, end).err(), Some("seal.expired"));
}

#[test]
fn ends_after_the_absolute_time_however_much_it_is_used() {
    let ring = ring(&[[1; 32]]);
    let end = NOW.after(LIFETIMES.absolute);
    let mut session = session();
    let mut now = NOW;
    while now.after(HOUR * 20) < end {
        now = now.after(HOUR * 20);
        session = open(&ring, &sealed(&session, &ring), now).expect("it is alive");
        session = session.renewed(now, &LIFETIMES);
    }
    assert_eq!(session.expires_at(), end);
    let text = sealed(&session, &ring);
    assert!(open(&ring, &text, end.before(SECOND)).is_ok());
    assert_eq!(open(&ring, &text, end).err(), Some("seal.expired"));
    let plaintext = session.encode();
    assert_eq!(decode(&plaintext, end).err(), Some("session.lifetime"));
}

#[test]
fn shorter_lifetimes_end_what_was_sealed_with_longer_ones() {
    let ring = ring(&[[1; 32]]);
    let text = sealed(&session(), &ring);
    let shorter = Lifetimes {
        idle: HOUR,
        ..LIFETIMES
    };
    let at = |now| Session::open(&ring, &CONTEXT, &text, now, &shorter);
    let opened = at(NOW).expect("it is alive");
    assert_eq!(opened.expires_at(), NOW.after(HOUR));
    assert_eq!(
        at(NOW.after(HOUR)).expect_err("idle").code(),
        "session.idle"
    );
}

#[test]
fn longer_lifetimes_do_not_revive_what_was_sealed_with_shorter_ones() {
    let ring = ring(&[[1; 32]]);
    let shorter = Lifetimes {
        idle: HOUR,
        ..LIFETIMES
    };
    let text = sealed(&of(session().claims.json().clone(), &shorter), &ring);
    let opened = open(&ring, &text, NOW).expect("it is alive");
    assert_eq!(opened.expires_at(), NOW.after(HOUR));
    assert_eq!(
        open(&ring, &text, NOW.after(HOUR)).err(),
        Some("seal.expired")
    );
}

#[test]
fn renewal_is_due_after_a_part_of_the_idle_time() {
    let session = session();
    let tenth = LIFETIMES.idle / 10;
    assert!(!session.renewal_due(NOW, &LIFETIMES));
    assert!(!session.renewal_due(NOW.after(tenth - SECOND), &LIFETIMES));
    assert!(session.renewal_due(NOW.after(tenth), &LIFETIMES));
    let renewed = session.renewed(NOW.after(tenth), &LIFETIMES);
    assert!(!renewed.renewal_due(NOW.after(tenth), &LIFETIMES));
}

#[test]
fn renewal_is_not_due_when_it_would_not_help() {
    let late = NOW.after(LIFETIMES.absolute - HOUR * 12);
    let session = session().renewed(late, &LIFETIMES);
    assert_eq!(session.expires_at(), NOW.after(LIFETIMES.absolute));
    assert!(!session.renewal_due(late.after(HOUR * 11), &LIFETIMES));
}

#[test]
fn renewal_is_due_at_once_when_a_previous_key_opened_it() {
    let text = sealed(&session(), &ring(&[[1; 32]]));
    let rotated = ring(&[[2; 32], [1; 32]]);
    let opened = open(&rotated, &text, NOW).expect("it opens");
    assert!(opened.renewal_due(NOW, &LIFETIMES));
    let again = sealed(&opened.renewed(NOW, &LIFETIMES), &rotated);
    let opened = open(&rotated, &again, NOW).expect("it opens");
    assert!(!opened.renewal_due(NOW, &LIFETIMES));
}

#[test]
fn a_minute_of_skew_is_allowed_and_no_more() {
    let session = session();
    let plaintext = session.encode();
    let behind = NOW.before(MAX_SKEW);
    let opened = decode(&plaintext, behind).expect("a minute is allowed");
    assert!(!opened.renewal_due(behind, &LIFETIMES));
    assert_eq!(opened.renewed(behind, &LIFETIMES).renewed_at, NOW);
    assert_eq!(
        decode(&plaintext, behind.before(SECOND)).err(),
        Some("session.from_the_future")
    );
}

#[test]
fn too_large_is_a_code_of_its_own() {
    let ring = ring(&[[1; 32]]);
    let refusal = |claims: usize| {
        let session = of(Bytes::from(vec![b'x'; claims]), &LIFETIMES);
        let names = names();
        let sealed = session.seal(&ring, &CONTEXT, &names, &SystemRandom);
        sealed
            .map(|chunks| chunks.len())
            .map_err(|error| error.code())
    };
    assert_eq!(refusal(11_317), Ok(MAX_CHUNKS));
    assert_eq!(refusal(11_318), Err("session.too_large"));
    assert_eq!(refusal(100_000), Err("session.too_large"));
}

#[test]
fn what_is_not_a_session_is_refused() {
    let good = session().encode();
    let changed = |at: usize, byte: u8| {
        let mut plaintext = good.to_vec();
        plaintext[at] = byte;
        plaintext
    };
    let rows = [
        (vec![], "session.malformed"),
        (changed(0, 0), "session.version"),
        (changed(0, 1), "session.version"),
        (changed(0, 3), "session.version"),
        (vec![9], "session.version"),
        (good[..HEADER - 1].to_vec(), "session.malformed"),
        // Fewer claims than it says.
        (changed(28, 16), "session.malformed"),
        (changed(25, 0xff), "session.malformed"),
        // No claims.
        (good[..HEADER].to_vec(), "session.malformed"),
        // Renewed before it was created.
        (changed(9, 0xff), "session.from_the_future"),
        (changed(1, 0xff), "session.malformed"),
        (changed(13, 0x6a), "session.malformed"),
    ];
    for (plaintext, code) in rows {
        assert_eq!(decode(&plaintext, NOW).err(), Some(code), "{plaintext:?}");
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(
        plaintext in prop::collection::vec(any::<u8>(), 0..100),
        now in any::<u64>(),
    ) {
        let _ = decode(&plaintext, Timestamp::from_unix(now));
        let versioned = [&[VERSION][..], &plaintext].concat();
        let _ = decode(&versioned, Timestamp::from_unix(now));
    }

    #[test]
    fn round_trip(
        claims in prop::collection::vec(any::<u8>(), 1..300),
        used in 0..LIFETIMES.idle.as_secs(),
    ) {
        let session = of(claims.into(), &LIFETIMES);
        let now = NOW.after(Duration::from_secs(used));
        let plaintext = session.encode();
        let decoded = decode(&plaintext, now).expect("it is alive");
        prop_assert_eq!(decoded.claims.json(), session.claims.json());
        prop_assert_eq!(decoded.expires_at(), session.expires_at());
    }
}
