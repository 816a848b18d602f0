use std::sync::Arc;
use std::time::Duration;

use http::header::{CACHE_CONTROL, SET_COOKIE, VARY};
use http::{HeaderMap, Method};

use super::bench::{Bench, Browser, NAVIGATION, OTHER_SECRET, SECRET};
use super::stored::is_known;
use crate::store::{MemoryStore, SessionStore};

const HOUR: Duration = Duration::from_secs(3600);

/// Visits a page and keeps what it sets; whether anything was set.
fn use_session(browser: &mut Browser, bench: &Bench) -> bool {
    let visit = browser
        .visit(bench, &Method::GET, "/", &NAVIGATION)
        .expect("a safe request");
    let mut headers = HeaderMap::new();
    visit.finish(&mut headers);
    browser.keep(&headers);
    headers.contains_key(SET_COOKIE)
}

#[tokio::test]
async fn a_session_that_is_not_used_ends_after_the_idle_time() {
    let bench = Bench::new();
    let browser = bench.signed_in().await;
    bench.clock.advance(24 * HOUR - Duration::from_secs(1));
    assert!(browser.is_signed_in(&bench));
    bench.clock.advance(Duration::from_secs(1));
    assert!(!browser.is_signed_in(&bench));
}

#[tokio::test]
async fn a_session_that_is_used_lives_to_its_absolute_end() {
    let bench = Bench::new();
    let mut browser = bench.signed_in().await;
    let mut hours = 0;
    while browser.is_signed_in(&bench) {
        use_session(&mut browser, &bench);
        bench.clock.advance(HOUR);
        hours += 1;
    }
    assert_eq!(hours, 7 * 24);
}

#[tokio::test]
async fn it_is_written_back_only_when_a_tenth_of_the_idle_time_has_passed() {
    let bench = Bench::new();
    let mut browser = bench.signed_in().await;
    assert!(!use_session(&mut browser, &bench));
    bench.clock.advance(2 * HOUR);
    assert!(!use_session(&mut browser, &bench));
    bench.clock.advance(HOUR);
    assert!(use_session(&mut browser, &bench));
    assert!(!use_session(&mut browser, &bench));
}

#[tokio::test]
async fn writing_it_back_makes_the_answer_private() {
    let bench = Bench::new();
    let browser = bench.signed_in().await;
    bench.clock.advance(3 * HOUR);
    let visit = browser
        .visit(&bench, &Method::GET, "/", &NAVIGATION)
        .expect("a safe request");
    let mut headers = HeaderMap::new();
    headers.insert(
        CACHE_CONTROL,
        "public, max-age=600".parse().expect("a value"),
    );
    visit.finish(&mut headers);
    assert_eq!(headers[CACHE_CONTROL], "no-store");
    assert_eq!(headers[VARY], "Cookie");
}

#[tokio::test]
async fn secrets_rotate_without_signing_anyone_out() {
    let bench = Bench::new();
    let mut browser = bench.signed_in().await;
    let rotated = bench.restarted(&format!("{OTHER_SECRET},{SECRET}"), |config| config);
    assert!(browser.is_signed_in(&rotated));
    assert!(
        use_session(&mut browser, &rotated),
        "written back under the new secret at once"
    );
    let retired = bench.restarted(OTHER_SECRET, |config| config);
    assert!(browser.is_signed_in(&retired));
    assert!(!browser.is_signed_in(&bench));
}

#[tokio::test]
async fn a_cookie_of_another_application_is_nobody() {
    let bench = Bench::new();
    let browser = bench.signed_in().await;
    let other = bench.restarted(SECRET, |config| config.with_route_prefix("/staff"));
    assert!(!browser.is_signed_in(&other));
    // Nor when it is given the other's name.
    let mut renamed = Browser::default();
    let (ours, theirs) = (bench.ciam.config().cookies(), other.ciam.config().cookies());
    let value = browser.jar[&ours.session_names()[0]].clone();
    renamed.jar.insert(theirs.session_names()[0].clone(), value);
    assert!(!renamed.is_signed_in(&other));
}

#[tokio::test]
async fn a_sealed_value_of_another_purpose_is_nobody() {
    let bench = Bench::new();
    let mut browser = bench.signed_in().await;
    browser.authorize(&bench, "/auth/login").await;
    let cookies = bench.ciam.config().cookies();
    for kind in ["transaction", "id-token"] {
        let name = browser
            .jar
            .keys()
            .find(|name| name.contains(kind))
            .expect(kind);
        let mut forged = Browser::default();
        forged.jar.insert(
            cookies.session_names()[0].clone(),
            browser.jar[name].clone(),
        );
        // As a session's first chunk it needs a count in front as well.
        assert!(!forged.is_signed_in(&bench), "{kind}");
        let counted = format!("1{}", browser.jar[name]);
        forged
            .jar
            .insert(cookies.session_names()[0].clone(), counted);
        assert!(!forged.is_signed_in(&bench), "{kind}");
    }
}

#[tokio::test]
async fn a_planted_second_cookie_of_the_same_name_is_nobody() {
    let bench = Bench::new();
    let browser = bench.signed_in().await;
    let mut headers = browser.headers(&NAVIGATION);
    let cookie = headers["cookie"].to_str().expect("ASCII").to_owned();
    headers.insert(
        "cookie",
        format!("{cookie}; {cookie}").parse().expect("a value"),
    );
    let uri = "/".parse().expect("a path");
    let incoming = crate::Incoming {
        method: &Method::GET,
        uri: &uri,
        headers: &headers,
    };
    let visit = bench.ciam.visit(incoming).expect("a safe request");
    assert!(visit.user().expect("readable").is_none());
}

#[tokio::test]
async fn a_handle_that_is_dropped_leaves_nothing_behind() {
    let store: Arc<dyn SessionStore> = Arc::new(MemoryStore::default());
    let bench = Bench::with(|config| config.with_session_store(Arc::clone(&store)));
    let browser = bench.signed_in().await;
    assert!(is_known(&browser, &bench).await);
    let provider = Arc::clone(&bench.provider);
    drop(bench);
    assert_eq!(Arc::strong_count(&provider), 1);
    assert_eq!(Arc::strong_count(&store), 1);
}
