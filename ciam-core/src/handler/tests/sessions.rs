//! The sessions of a user, listed and ended from one of them.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, Method, Response, StatusCode, Uri};
use serde_json::json;

use super::bench::{Bench, Browser, NAVIGATION, NOW, SECRET, settle, text};
use super::provider::ISSUER;
use super::stored::{Fault, Watched, ask, bench, is_known};
use crate::store::{MemoryStore, SessionStore, StoreKey};
use crate::{CurrentSession, Ended, Incoming, SessionId, SessionInfo, UserId, Visit};

mod tokens;

const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0";
const HOUR: Duration = Duration::from_secs(3600);
const SCRIPT: [(&str, &str); 2] = [("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")];

/// A request whose handler holds the session.
struct Handling {
    visit: Visit,
    session: CurrentSession,
}

async fn handle(browser: &Browser, bench: &Bench) -> Handling {
    handle_as(browser, bench, &NAVIGATION).await
}

async fn handle_as(browser: &Browser, bench: &Bench, headers: &[(&str, &str)]) -> Handling {
    let uri: Uri = "/account/sessions".parse().expect("a path");
    let headers = browser.headers(headers);
    let incoming = Incoming {
        method: &Method::GET,
        uri: &uri,
        headers: &headers,
    };
    let visit = bench.ciam.visit(incoming).expect("a safe request");
    settle(&visit).await;
    let session = visit.require_session(incoming).expect("signed in");
    Handling { visit, session }
}

async fn signed_in(bench: &Bench, sub: &str) -> Browser {
    bench.provider.state().claims = json!({ "sub": sub });
    bench.signed_in().await
}

async fn list(browser: &Browser, bench: &Bench) -> Vec<SessionInfo> {
    let handling = handle(browser, bench).await;
    let listed = bench.ciam.sessions(&handling.session).await;
    listed.expect("the store answers")
}

/// Which one the browser has.
async fn id(browser: &Browser, bench: &Bench) -> SessionId {
    let listed = list(browser, bench).await;
    let mut current = listed.iter().filter(|found| found.is_current());
    let found = current.next().expect("one of them is this one").id();
    assert_eq!(current.next().map(SessionInfo::id), None);
    found
}

async fn end(browser: &Browser, bench: &Bench, id: &SessionId) -> Ended {
    let handling = handle(browser, bench).await;
    let ended = bench.ciam.end_session(&handling.session, id).await;
    ended.expect("the store answers")
}

async fn end_others(browser: &Browser, bench: &Bench) -> usize {
    let handling = handle(browser, bench).await;
    let ended = bench.ciam.end_other_sessions(&handling.session).await;
    ended.expect("the store answers")
}

/// All three, each as the answer that its handler gives.
async fn refusals(
    bench: &Bench,
    handling: &Handling,
    id: &SessionId,
) -> [Response<bytes::Bytes>; 3] {
    let (ciam, session) = (&bench.ciam, &handling.session);
    [
        ciam.sessions(session).await.map(drop),
        ciam.end_session(session, id).await.map(drop),
        ciam.end_other_sessions(session).await.map(drop),
    ]
    .map(|refused| refused.expect_err("no answer of the store").into_response())
}

#[tokio::test]
async fn a_user_sees_the_sessions_of_all_browsers_the_one_used_last_first() {
    let (bench, _) = bench();
    let mut first = Browser::default();
    let callback = first.authorize(&bench, "/auth/login").await;
    let headers = [NAVIGATION[0], NAVIGATION[1], ("user-agent", FIREFOX)];
    first
        .send(&bench, Method::GET, &callback, &headers, "")
        .await;
    bench.clock.advance(HOUR);
    let second = signed_in(&bench, "alice").await;
    signed_in(&bench, "bob").await;

    let listed = list(&second, &bench).await;
    let [newer, older] = &*listed else {
        panic!("two sessions: {listed:?}");
    };
    assert!(newer.is_current() && !older.is_current(), "{listed:?}");
    assert_eq!(newer.signed_in_at(), NOW.after(HOUR));
    assert_eq!(newer.browser(), None);
    assert_eq!(older.signed_in_at(), NOW);
    assert_eq!(older.last_seen_at(), NOW);
    assert_eq!(older.user_agent(), Some(FIREFOX));
    assert_eq!(older.browser().as_deref(), Some("Firefox on Windows"));

    // A use is written down once a tenth of the idle time has passed.
    bench.clock.advance(HOUR);
    let listed = list(&first, &bench).await;
    assert!(listed[1].is_current(), "{listed:?}");
    assert_eq!(listed[1].last_seen_at(), NOW);
    bench.clock.advance(HOUR);
    let listed = list(&first, &bench).await;
    assert!(listed[0].is_current(), "{listed:?}");
    assert_eq!(listed[0].last_seen_at(), NOW.after(3 * HOUR));
    assert_eq!(listed[0].signed_in_at(), NOW);
    // What has ended by itself is not there.
    bench.clock.advance(23 * HOUR);
    assert_eq!(list(&first, &bench).await.len(), 1);
}

#[tokio::test]
async fn a_session_that_is_ended_is_nobodys_at_its_next_request() {
    let (bench, _) = bench();
    let here = signed_in(&bench, "alice").await;
    let there = signed_in(&bench, "alice").await;
    let other = id(&there, &bench).await;
    assert!(is_known(&there, &bench).await);
    assert_eq!(end(&here, &bench, &other).await, Ended::Other);
    assert!(!is_known(&there, &bench).await);
    assert!(is_known(&here, &bench).await);
    assert_eq!(list(&here, &bench).await.len(), 1);
    assert_eq!(end(&here, &bench, &other).await, Ended::NotFound);
}

#[tokio::test]
async fn ending_the_session_that_asks_signs_out_with_the_answer() {
    let (bench, _) = bench();
    let mut browser = signed_in(&bench, "alice").await;
    let own = id(&browser, &bench).await;
    let handling = handle(&browser, &bench).await;
    let ended = bench.ciam.end_session(&handling.session, &own).await;
    assert_eq!(ended.expect("the store answers"), Ended::Current);
    // The handler goes on, and is told that nobody is signed in.
    for answer in refusals(&bench, &handling, &own).await {
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let login = "/auth/login?return_to=%2Faccount%2Fsessions";
        assert_eq!(answer.headers()[LOCATION], login);
    }
    let mut answer = HeaderMap::new();
    handling.visit.finish(&mut answer);
    assert!(answer.contains_key(SET_COOKIE), "{answer:?}");
    browser.keep(&answer);
    assert_eq!(browser.count("session"), 0);
}

#[tokio::test]
async fn what_is_another_users_or_nobodys_is_not_found_and_costs_the_same() {
    let (bench, store) = bench();
    let alice = signed_in(&bench, "alice").await;
    let bob = signed_in(&bench, "bob").await;
    let bobs = id(&bob, &bench).await;
    let name = &bench.ciam.config().cookies().session_names()[0];
    let in_the_cookie = alice.jar[name][1..].to_owned();
    let made_up = SessionId::of(StoreKey::from_bytes([7; 32]));
    let handling = handle(&alice, &bench).await;
    store.asked();
    for forged in [
        bobs,
        in_the_cookie.parse().expect("it looks like one"),
        made_up,
    ] {
        let ended = bench.ciam.end_session(&handling.session, &forged).await;
        assert_eq!(ended.expect("the store answers"), Ended::NotFound);
        assert_eq!(store.asked(), ["members"], "nothing is looked up");
    }
    assert!(is_known(&bob, &bench).await && is_known(&alice, &bench).await);
    // Nor is the id of a session good for a cookie.
    let mut thief = Browser::default();
    thief.jar.insert(name.clone(), format!("1{bobs}"));
    assert!(!is_known(&thief, &bench).await);
}

#[tokio::test]
async fn a_store_that_lists_it_under_another_user_gives_no_session_away() {
    let (bench, store) = bench();
    let alice = signed_in(&bench, "alice").await;
    let bob = signed_in(&bench, "bob").await;
    let [alices, bobs] = [id(&alice, &bench).await, id(&bob, &bench).await];
    store.set(Fault::Lists(vec![*bobs.key(), *alices.key()]));
    let listed = list(&alice, &bench).await;
    assert_eq!(
        listed.iter().map(SessionInfo::id).collect::<Vec<_>>(),
        [alices]
    );
    assert_eq!(end(&alice, &bench, &bobs).await, Ended::NotFound);
    assert!(is_known(&bob, &bench).await);
    // One that lost sight of the session that asks does not hide it.
    store.set(Fault::Lists(Vec::new()));
    assert_eq!(list(&alice, &bench).await.len(), 1);
    assert_eq!(end(&alice, &bench, &alices).await, Ended::Current);
    assert!(!is_known(&alice, &bench).await);
}

#[tokio::test]
async fn all_but_the_session_that_asks_end_together() {
    let (bench, _) = bench();
    let mut browsers = Vec::new();
    for _ in 0..25 {
        browsers.push(signed_in(&bench, "alice").await);
    }
    let bob = signed_in(&bench, "bob").await;
    assert_eq!(end_others(&browsers[7], &bench).await, 24);
    let known = browsers.iter().map(|browser| is_known(browser, &bench));
    let known: Vec<_> = join_all(known).await;
    let here: Vec<_> = (0..25).filter(|n| known[*n]).collect();
    assert_eq!(here, [7]);
    assert!(is_known(&bob, &bench).await);
    assert_eq!(end_others(&browsers[7], &bench).await, 0);
}

#[tokio::test]
async fn of_more_sessions_than_anybody_reads_a_hundred_are_listed_and_all_end() {
    let (bench, store) = bench();
    let mut browser = signed_in(&bench, "alice").await;
    for _ in 0..104 {
        browser = signed_in(&bench, "alice").await;
    }
    store.asked();
    let listed = list(&browser, &bench).await;
    let loads = store.asked().iter().filter(|what| **what == "load").count();
    assert_eq!((listed.len(), loads), (100, 101), "one for the visit");
    let own = id(&browser, &bench).await;
    assert!(listed.iter().any(|found| found.id() == own));
    let ids = |listed: Vec<SessionInfo>| listed.iter().map(SessionInfo::id).collect::<Vec<_>>();
    assert_eq!(ids(listed), ids(list(&browser, &bench).await));
    assert_eq!(end_others(&browser, &bench).await, 104);
    assert_eq!(list(&browser, &bench).await.len(), 1);
}

#[tokio::test]
async fn a_session_that_ended_meanwhile_is_not_there() {
    let (bench, store) = bench();
    let here = signed_in(&bench, "alice").await;
    let there = signed_in(&bench, "alice").await;
    let [own, other] = [id(&here, &bench).await, id(&there, &bench).await];
    let handling = handle(&here, &bench).await;
    store.set(Fault::Lists(vec![*own.key(), *other.key()]));
    store.delete(other.key()).await.expect("memory");
    let listed = bench.ciam.sessions(&handling.session).await;
    let listed: Vec<_> = listed.expect("the store answers");
    assert_eq!(
        listed.iter().map(SessionInfo::id).collect::<Vec<_>>(),
        [own]
    );
    let ended = bench.ciam.end_session(&handling.session, &other).await;
    assert_eq!(ended.expect("the store answers"), Ended::NotFound);
    // And so is the one that asks.
    store.delete(own.key()).await.expect("memory");
    let ended = bench.ciam.end_session(&handling.session, &own).await;
    assert_eq!(ended.expect("the store answers"), Ended::NotFound);
    let listed = bench.ciam.sessions(&handling.session).await;
    assert_eq!(listed.expect("the store answers").len(), 0);
}

async fn fails(bench: &Bench, store: &Watched, browser: &Browser, fault: Fault) {
    for (headers, kind) in [
        (&NAVIGATION, "text/html; charset=utf-8"),
        (&SCRIPT, "application/json"),
    ] {
        store.set(Fault::None);
        let own = id(browser, bench).await;
        let handling = handle_as(browser, bench, headers).await;
        store.set(fault.clone());
        for answer in refusals(bench, &handling, &own).await {
            assert_eq!(
                answer.status(),
                StatusCode::SERVICE_UNAVAILABLE,
                "{fault:?}"
            );
            assert_eq!(answer.headers()[CONTENT_TYPE], kind);
            assert_eq!(answer.headers()[RETRY_AFTER], "10");
            assert!(text(&answer).contains("session.store"), "{}", text(&answer));
        }
        // It was not signed out by that.
        let mut written = HeaderMap::new();
        handling.visit.finish(&mut written);
        assert!(!written.contains_key(SET_COOKIE), "{written:?}");
    }
    store.set(Fault::None);
    assert!(is_known(browser, bench).await);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_is_said_to_and_signs_nobody_out() {
    let (bench, store) = bench();
    let browser = signed_in(&bench, "alice").await;
    for fault in [Fault::At("members"), Fault::Fails, Fault::Hangs] {
        fails(&bench, &store, &browser, fault).await;
    }
}

#[tokio::test]
async fn a_store_that_fails_in_the_middle_leaves_the_rest_to_end() {
    let (bench, store) = bench();
    let browser = signed_in(&bench, "alice").await;
    for _ in 0..3 {
        signed_in(&bench, "alice").await;
    }
    let handling = handle(&browser, &bench).await;
    store.set(Fault::At("load"));
    let listed = bench.ciam.sessions(&handling.session).await;
    let answer = listed.expect_err("a list with gaps").into_response();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    store.set(Fault::AfterDeletes(1));
    let ended = bench.ciam.end_other_sessions(&handling.session).await;
    let answer = ended.expect_err("two are left").into_response();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    store.set(Fault::None);
    assert_eq!(list(&browser, &bench).await.len(), 3);
    assert_eq!(end_others(&browser, &bench).await, 2);
}

#[tokio::test]
async fn whose_sessions_an_administrator_ends_is_out_everywhere() {
    let (bench, store) = bench();
    let alice = [
        signed_in(&bench, "alice").await,
        signed_in(&bench, "alice").await,
    ];
    let bob = signed_in(&bench, "bob").await;
    let end = async |issuer: &str, subject: &str| {
        let user = UserId::new(issuer, subject);
        let ended = bench.ciam.end_sessions_of(&user).await;
        ended.map_err(|error| error.code())
    };
    assert_eq!(end(ISSUER, "carol").await, Ok(0));
    assert_eq!(end("https://other.example", "alice").await, Ok(0));
    store.set(Fault::AfterDeletes(1));
    assert_eq!(end(ISSUER, "alice").await, Err("session.store"));
    store.set(Fault::None);
    assert_eq!(end(ISSUER, "alice").await, Ok(1));
    for browser in &alice {
        assert_eq!(ask(browser, &bench).await, Ok(None));
    }
    assert!(is_known(&bob, &bench).await);
}

#[tokio::test]
async fn without_a_store_nobody_knows_which_sessions_there_are() {
    let bench = Bench::new();
    let browser = bench.signed_in().await;
    let id = SessionId::of(StoreKey::from_bytes([7; 32]));
    let handling = handle_as(&browser, &bench, &SCRIPT).await;
    for answer in refusals(&bench, &handling, &id).await {
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(text(&answer), r#"{"error":"sessions.no_store"}"#);
    }
    let user = UserId::new(ISSUER, "alice");
    let error = bench.ciam.end_sessions_of(&user).await;
    let error = error.expect_err("no store");
    assert_eq!(error.code(), "sessions.no_store");
    assert!(error.to_string().contains("CIAM_SESSION_STORE"), "{error}");
}

#[tokio::test]
async fn a_session_is_known_to_the_handle_it_came_through() {
    let (bench, _) = bench();
    let browser = signed_in(&bench, "alice").await;
    let handling = handle(&browser, &bench).await;
    let other = Arc::new(MemoryStore::default());
    let other = bench.restarted(SECRET, |config| config.with_session_store(other));
    let listed = other.ciam.sessions(&handling.session).await;
    let answer = listed.expect_err("another handle").into_response();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(text(&answer), r#"{"error":"internal"}"#);
}
