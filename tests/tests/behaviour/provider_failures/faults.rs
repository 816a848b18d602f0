//! Every fault, everywhere the provider is asked.

use ciam_tests::scripted::{Fault, Place};
use ciam_tests::{Framework, Logs, cases};

use super::World;

cases! {
    at Misbehaving:
        a_provider_without_good_metadata_is_told_and_tried_again,
        a_provider_without_good_keys_is_told_and_tried_again,
        a_provider_without_a_good_token_answer_is_told_and_tried_again,
        a_provider_without_good_userinfo_is_told_and_tried_again;
}

/// What goes wrong.
#[derive(Debug)]
enum Trouble {
    Down,
    Fault(Fault),
}

async fn a_provider_without_good_metadata_is_told_and_tried_again(on: Framework) {
    each(
        on,
        Place::Metadata,
        &Codes {
            html: (502, "metadata.not_json"),
            redirect: (502, "metadata.redirect"),
            error: (503, "metadata.status"),
            malformed: (502, "metadata.not_json"),
            repeated: (502, "metadata.not_json"),
            deep: (502, "metadata.not_json"),
        },
    )
    .await;
}

async fn a_provider_without_good_keys_is_told_and_tried_again(on: Framework) {
    each(
        on,
        Place::Keys,
        &Codes {
            html: (502, "key_set.malformed"),
            redirect: (502, "keys.status"),
            error: (503, "keys.status"),
            malformed: (502, "key_set.malformed"),
            repeated: (502, "key_set.malformed"),
            deep: (502, "key_set.unusable"),
        },
    )
    .await;
}

async fn a_provider_without_a_good_token_answer_is_told_and_tried_again(on: Framework) {
    each(
        on,
        Place::Token,
        &Codes {
            html: (502, "token_endpoint.not_json"),
            redirect: (502, "token_endpoint.refused"),
            error: (503, "token_endpoint.refused"),
            malformed: (502, "token_endpoint.not_json"),
            repeated: (502, "token_endpoint.not_json"),
            deep: (502, "token_endpoint.member"),
        },
    )
    .await;
}

async fn a_provider_without_good_userinfo_is_told_and_tried_again(on: Framework) {
    each(
        on,
        Place::Userinfo,
        &Codes {
            html: (502, "userinfo.content_type"),
            redirect: (502, "userinfo.status"),
            error: (503, "userinfo.status"),
            malformed: (502, "claims.malformed"),
            repeated: (502, "claims.repeated"),
            deep: (502, "claims.malformed"),
        },
    )
    .await;
}

/// The status and code of what differs from place to place.
struct Codes {
    html: (u16, &'static str),
    redirect: (u16, &'static str),
    error: (u16, &'static str),
    malformed: (u16, &'static str),
    repeated: (u16, &'static str),
    /// Arrays within arrays in a member: of a key set a key, else of no use.
    deep: (u16, &'static str),
}

fn troubles(codes: &Codes) -> Vec<(Trouble, (u16, &'static str))> {
    let html = format!("<!DOCTYPE html><title>{WORDS}</title>");
    let json = |body: &str| Fault::json(body);
    let deep = format!(r#"{{"keys":[{}{}]}}"#, "[".repeat(500), "]".repeat(500));
    let deeper = format!("{}{}", r#"{"a":"#.repeat(500), "}".repeat(500));
    let unreachable = (503, "transport.connect");
    let interrupted = (503, "transport.interrupted");
    let faults = [
        (Fault::Silent, (503, "transport.timeout")),
        (Fault::Closes, interrupted),
        (Fault::BreaksOff, interrupted),
        (Fault::Garbage, interrupted),
        (Fault::Announced, (502, "transport.too_large")),
        (Fault::Endless, (502, "transport.too_large")),
        (Fault::Answers(200, "text/html", html.clone()), codes.html),
        (Fault::Redirects(301), codes.redirect),
        (Fault::Redirects(302), codes.redirect),
        (Fault::Redirects(307), codes.redirect),
        (Fault::Answers(500, "text/html", html), codes.error),
        (
            Fault::Answers(503, "text/plain", WORDS.to_owned()),
            codes.error,
        ),
        (json(""), codes.malformed),
        (json("[]"), codes.malformed),
        (json("[[]]"), codes.malformed),
        (json("null"), codes.malformed),
        (json(&format!("{{\"{WORDS}\":")), codes.malformed),
        (json(&deeper), codes.malformed),
        (json(&repeated()), codes.repeated),
        (json(&deep), codes.deep),
    ];
    let faults = faults.map(|(fault, told)| (Trouble::Fault(fault), told));
    [(Trouble::Down, unreachable)]
        .into_iter()
        .chain(faults)
        .collect()
}

/// Each name that is read, twice.
fn repeated() -> String {
    let names = ["issuer", "keys", "id_token", "sub"];
    let twice = names.map(|name| format!(r#""{name}":"{WORDS}","{name}":"{WORDS}""#));
    format!("{{{}}}", twice.join(","))
}

async fn each(on: Framework, place: Place, codes: &Codes) {
    for (trouble, (status, code)) in troubles(codes) {
        let context = format!("{trouble:?} at {place:?}");
        let mut world = World::with(on, |config| config.with_userinfo()).await;
        match trouble {
            Trouble::Down => world.provider.close(place).await,
            Trouble::Fault(ref fault) => world.provider.fail(place, fault.clone()),
        }
        let page = world.sign_in().await;
        world.expect_refused(&context, &page, status, code).await;
        assert!(!page.body.contains(WORDS), "{context}: {page}");
        let asked = world.provider.asked(place);
        let expected = usize::from(!matches!(trouble, Trouble::Down));
        assert_eq!(asked.len(), expected, "{context}: once, and nowhere else");
        let leaves = world.visitor.cookies();
        let left: Vec<_> = leaves.iter().map(|kept| kept.cookie.name()).collect();
        assert!(left.is_empty(), "{context}: the attempt is over: {left:?}");

        world.provider.recover().await;
        world.expect_signed_in(&context).await;
    }
    let said = Logs::capture().own(WORDS);
    assert!(
        said.is_empty(),
        "the provider's words are in the log: {said:?}"
    );
}

/// In no page and no log.
const WORDS: &str = "words-of-the-provider";
