//! Sessions in a store: what the browser holds, what the store holds, and what happens
//! when the store does not do its part.

use std::collections::HashMap;
use std::future::{pending, ready};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::header::SET_COOKIE;
use http::{HeaderMap, Method, StatusCode};

use super::bench::{Bench, Browser, NAVIGATION, settle, text};
use crate::store::{
    Entry, Loaded, MemoryStore, Saved, SessionStore, StoreError, StoreFuture, StoreKey,
};

/// A store that can be looked into, and told to fail.
#[derive(Debug, Default)]
pub(super) struct Watched {
    memory: MemoryStore,
    /// What was written last.
    values: Mutex<HashMap<StoreKey, Bytes>>,
    asked: Mutex<Vec<&'static str>>,
    fault: Mutex<Fault>,
}

#[derive(Clone, Debug, Default)]
pub(super) enum Fault {
    #[default]
    None,
    /// After so many sessions more are deleted every answer is an error.
    AfterDeletes(usize),
    /// Every answer to this is an error.
    At(&'static str),
    /// Every answer is an error.
    Fails,
    /// No answer ever comes.
    Hangs,
    /// This is what is loaded, whatever was asked for.
    Loads(Bytes),
    /// These are the members of every group.
    Lists(Vec<StoreKey>),
    /// Loading works, writing does not.
    RefusesWrites,
}

impl Watched {
    pub(super) fn set(&self, fault: Fault) {
        *self.fault.lock().expect("nobody panics") = fault;
    }

    pub(super) fn asked(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.asked.lock().expect("nobody panics"))
    }

    fn keys(&self) -> Vec<StoreKey> {
        let values = self.values.lock().expect("nobody panics");
        values.keys().copied().collect()
    }

    fn value(&self, key: &StoreKey) -> Bytes {
        self.values.lock().expect("nobody panics")[key].clone()
    }

    fn during<'a, T: Send + 'a>(
        &self,
        what: &'static str,
        does: StoreFuture<'a, T>,
    ) -> StoreFuture<'a, T> {
        self.asked.lock().expect("nobody panics").push(what);
        let writes = what != "load" && what != "members";
        let failed = || Box::pin(ready(Err(StoreError::new("out of order"))));
        let mut fault = self.fault.lock().expect("nobody panics");
        if let (Fault::AfterDeletes(left), "delete") = (&mut *fault, what) {
            match left.checked_sub(1) {
                Some(fewer) => *left = fewer,
                None => return failed(),
            }
        }
        match fault.clone() {
            Fault::At(at) if at == what => failed(),
            Fault::Fails => failed(),
            Fault::Hangs => Box::pin(pending()),
            Fault::RefusesWrites if writes => Box::pin(ready(Err(StoreError::new("read only")))),
            _ => does,
        }
    }
}

impl SessionStore for Watched {
    fn create<'a>(&'a self, entry: Entry<'a>) -> StoreFuture<'a, ()> {
        let mut values = self.values.lock().expect("nobody panics");
        values.insert(*entry.key, entry.value.clone());
        self.during("create", self.memory.create(entry))
    }

    fn load<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, Option<Loaded>> {
        let planted = match &*self.fault.lock().expect("nobody panics") {
            Fault::Loads(value) => Some(value.clone()),
            _ => None,
        };
        match planted {
            Some(value) => self.during(
                "load",
                Box::pin(ready(Ok(Some(Loaded { value, revision: 1 })))),
            ),
            None => self.during("load", self.memory.load(key)),
        }
    }

    fn save<'a>(&'a self, entry: Entry<'a>, revision: u64) -> StoreFuture<'a, Saved> {
        self.during("save", self.memory.save(entry, revision))
    }

    fn delete<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, ()> {
        self.during("delete", self.memory.delete(key))
    }

    fn members<'a>(&'a self, group: &'a StoreKey) -> StoreFuture<'a, Vec<StoreKey>> {
        let planted = match &*self.fault.lock().expect("nobody panics") {
            Fault::Lists(members) => Some(members.clone()),
            _ => None,
        };
        match planted {
            Some(members) => self.during("members", Box::pin(ready(Ok(members)))),
            None => self.during("members", self.memory.members(group)),
        }
    }

    fn mark<'a>(&'a self, key: &'a StoreKey, life: Duration) -> StoreFuture<'a, bool> {
        self.during("mark", self.memory.mark(key, life))
    }

    fn unmark<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, ()> {
        self.during("unmark", self.memory.unmark(key))
    }
}

pub(super) fn bench() -> (Bench, Arc<Watched>) {
    let store = Arc::new(Watched::default());
    let kept = Arc::clone(&store) as Arc<dyn SessionStore>;
    let bench = Bench::with(|config| config.with_session_store(kept));
    (bench, store)
}

/// What a page that asks who it is answers: the name, nobody, or the status.
pub(super) async fn ask(browser: &Browser, bench: &Bench) -> Result<Option<String>, StatusCode> {
    let visit = browser
        .visit(bench, &Method::GET, "/", &NAVIGATION)
        .expect("a safe request");
    settle(&visit).await;
    let user = visit
        .user()
        .map_err(|rejection| rejection.into_response().status())?;
    Ok(user.map(|user| user.id().subject().to_owned()))
}

pub(super) async fn is_known(browser: &Browser, bench: &Bench) -> bool {
    ask(browser, bench)
        .await
        .expect("the store answers")
        .is_some()
}

fn id_of<'b>(browser: &'b Browser, bench: &Bench) -> &'b str {
    &browser.jar[&bench.ciam.config().cookies().session_names()[0]]
}

#[tokio::test]
async fn the_cookie_holds_an_id_and_the_store_neither_it_nor_the_claims() {
    let (bench, store) = bench();
    let browser = bench.signed_in().await;
    assert!(is_known(&browser, &bench).await);
    let id = id_of(&browser, &bench);
    assert_eq!(id.len(), 1 + 43, "{id}");
    let [key] = *store.keys() else {
        panic!("one session: {:?}", store.keys());
    };
    let value = store.value(&key);
    let held = [value.as_ref(), key.as_bytes()].concat();
    let subject = ask(&browser, &bench).await.expect("known").expect("known");
    for secret in [&id[1..], &subject, "iss", "sub"] {
        let found = held
            .windows(secret.len())
            .any(|part| part == secret.as_bytes());
        assert!(!found, "{secret} is in the store");
    }
    assert_eq!(browser.count("session"), 1);
}

#[tokio::test]
async fn every_sign_in_has_an_id_of_its_own_and_ends_the_session_before() {
    let (bench, store) = bench();
    let mut browser = bench.signed_in().await;
    let before = id_of(&browser, &bench).to_owned();
    let mut old = Browser::default();
    old.jar.clone_from(&browser.jar);
    browser.sign_in(&bench, "/auth/login").await;
    assert_ne!(id_of(&browser, &bench), before);
    assert!(is_known(&browser, &bench).await);
    assert!(!is_known(&old, &bench).await, "fixated");
    assert_eq!(store.keys().len(), 2);
}

#[tokio::test]
async fn signing_out_ends_the_session_for_whoever_copied_the_cookie() {
    let (bench, _) = bench();
    let mut browser = bench.signed_in().await;
    let mut copied = Browser::default();
    copied.jar.clone_from(&browser.jar);
    assert!(is_known(&copied, &bench).await);
    let answer = browser.post(&bench, "/auth/logout").await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert!(!is_known(&browser, &bench).await);
    assert!(!is_known(&copied, &bench).await);
    assert_eq!(browser.count("session"), 0);
}

#[tokio::test]
async fn the_hint_of_sign_out_is_in_the_store_too() {
    let (bench, _) = bench();
    let mut browser = bench.signed_in().await;
    assert_eq!(browser.jar.len(), 1, "{:?}", browser.jar.keys());
    let answer = browser.post(&bench, "/auth/logout").await;
    let location = answer.headers()["location"].to_str().expect("ASCII");
    let url = url::Url::parse(location).expect("an address");
    let hint = url.query_pairs().find(|(name, _)| name == "id_token_hint");
    let (_, hint) = hint.expect("a hint");
    assert_eq!(hint.split('.').count(), 3);
}

#[tokio::test]
async fn who_has_no_cookie_costs_the_store_nothing_and_who_is_not_asked_for_neither() {
    let (bench, store) = bench();
    assert!(!is_known(&Browser::default(), &bench).await);
    assert_eq!(store.asked(), Vec::<&str>::new());
    let browser = bench.signed_in().await;
    assert_eq!(store.asked(), ["create"]);
    let visit = browser.visit(&bench, &Method::GET, "/", &NAVIGATION);
    let mut headers = HeaderMap::new();
    visit.expect("a safe request").finish(&mut headers);
    assert_eq!(store.asked(), Vec::<&str>::new());
    assert!(
        headers.is_empty(),
        "what nobody asked may be cached: {headers:?}"
    );
    assert!(is_known(&browser, &bench).await);
    assert_eq!(store.asked(), ["load"], "one round trip");
}

#[tokio::test]
async fn an_id_that_cannot_be_one_is_nobody_and_not_looked_up() {
    let (bench, store) = bench();
    let browser = bench.signed_in().await;
    store.asked();
    let name = bench.ciam.config().cookies().session_names()[0].clone();
    let id = id_of(&browser, &bench).to_owned();
    for forged in [
        String::new(),
        "1".to_owned(),
        id[1..].to_owned(),
        format!("{id}A"),
        id[..id.len() - 1].to_owned(),
        id.replace(&id[5..6], "."),
        format!("2{}", &id[1..]),
        format!("1{}", "A".repeat(5000)),
    ] {
        let mut other = Browser::default();
        other.jar.insert(name.clone(), forged.clone());
        assert!(!is_known(&other, &bench).await, "{forged:.60}");
        assert_eq!(store.asked(), Vec::<&str>::new(), "{forged:.60}");
    }
    let mut guessed = Browser::default();
    guessed.jar.insert(name, format!("1{}", "A".repeat(43)));
    assert!(!is_known(&guessed, &bench).await);
}

#[tokio::test]
async fn only_its_own_value_opens_under_a_key() {
    let (bench, store) = bench();
    let alice = bench.signed_in().await;
    let [alices] = *store.keys() else {
        panic!("one session");
    };
    let value = store.value(&alices);
    let mut later = value.to_vec();
    later[0] = later[0].wrapping_add(1);
    let bob = bench.signed_in().await;
    for (planted, what) in [
        (value.clone(), "someone else's value"),
        (value.slice(..value.len() - 1), "a value that was cut"),
        (Bytes::from(later), "a value that was changed"),
        (Bytes::new(), "no value"),
        (
            Bytes::from_static(b"{\"sub\":\"alice\"}"),
            "claims that are not sealed",
        ),
        (Bytes::from(vec![0; 1 << 20]), "a megabyte of zeros"),
    ] {
        store.set(Fault::Loads(planted));
        assert!(!is_known(&bob, &bench).await, "{what}");
    }
    // Nor does the sealed cookie of an application without a store, in either place.
    let plain = bench.restarted(super::bench::SECRET, |config| config);
    let sealed = plain.signed_in().await;
    let text = id_of(&sealed, &plain)[1..].to_owned();
    store.set(Fault::Loads(Bytes::from(text)));
    assert!(!is_known(&bob, &bench).await, "a session of the cookie");
    store.set(Fault::None);
    assert!(!is_known(&sealed, &bench).await);
    assert!(is_known(&alice, &bench).await && is_known(&bob, &bench).await);
}

#[tokio::test]
async fn a_store_that_fails_makes_nobody_anonymous() {
    let (bench, store) = bench();
    let mut browser = bench.signed_in().await;
    store.set(Fault::Fails);
    assert_eq!(
        ask(&browser, &bench).await,
        Err(StatusCode::SERVICE_UNAVAILABLE)
    );
    assert_eq!(ask(&Browser::default(), &bench).await, Ok(None));
    for path in ["/auth/me", "/auth/signed-out"] {
        let answer = browser.go(&bench, path).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(text(&answer).contains("session.store"), "{}", text(&answer));
    }
    // A guard says the same, and a page that does not ask is there.
    let visit = browser
        .visit(&bench, &Method::GET, "/", &NAVIGATION)
        .expect("a safe request");
    settle(&visit).await;
    assert!(!visit.allows(&crate::signed_in()));
    store.set(Fault::None);
    assert!(is_known(&browser, &bench).await, "recovery needs nothing");
}

#[tokio::test]
async fn a_sign_in_that_cannot_be_kept_is_none() {
    let (bench, store) = bench();
    store.set(Fault::Fails);
    let mut browser = Browser::default();
    let answer = browser.sign_in(&bench, "/auth/login").await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(browser.count("session"), 0);
    store.set(Fault::None);
    assert!(!is_known(&browser, &bench).await);
}

#[tokio::test]
async fn a_sign_out_that_cannot_be_kept_is_no_sign_out() {
    let (bench, store) = bench();
    let mut browser = bench.signed_in().await;
    store.set(Fault::RefusesWrites);
    let answer = browser.post(&bench, "/auth/logout").await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        answer.headers().get(SET_COOKIE),
        None,
        "the cookie stays to try again with"
    );
    store.set(Fault::None);
    assert!(is_known(&browser, &bench).await);
    let answer = browser.post(&bench, "/auth/logout").await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert!(!is_known(&browser, &bench).await);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_is_not_waited_for_for_ever() {
    let (bench, store) = bench();
    let browser = bench.signed_in().await;
    store.set(Fault::Hangs);
    let began = tokio::time::Instant::now();
    assert_eq!(
        ask(&browser, &bench).await,
        Err(StatusCode::SERVICE_UNAVAILABLE)
    );
    assert_eq!(began.elapsed(), Duration::from_secs(5));
}

#[tokio::test]
async fn a_session_in_memory_is_known_at_once_until_it_has_to_be_written_back() {
    let store: Arc<dyn SessionStore> = Arc::new(MemoryStore::default());
    let bench = Bench::with(|config| config.with_session_store(store));
    let browser = bench.signed_in().await;
    let visit = || {
        let visit = browser.visit(&bench, &Method::GET, "/", &NAVIGATION);
        let visit = visit.expect("a safe request");
        let waits = visit.pending(false, std::iter::empty(), None).is_some();
        (visit, waits)
    };
    let (known, waits) = visit();
    assert!(!waits);
    assert!(known.user().expect("it answers").is_some());
    bench.clock.advance(Duration::from_secs(3 * 3600));
    let (known, waits) = visit();
    assert!(waits, "it is written back");
    assert!(known.user().is_err(), "nobody waited, and nobody is let in");
    assert!(is_known(&browser, &bench).await);
    let (_, waits) = visit();
    assert!(!waits);
}

#[tokio::test]
async fn a_session_that_is_used_is_written_back_and_one_that_ended_is_not() {
    let (bench, store) = bench();
    let mut browser = bench.signed_in().await;
    for hours in 1..=40 {
        bench.clock.advance(Duration::from_secs(3 * 3600));
        store.asked();
        let visit = browser
            .visit(&bench, &Method::GET, "/", &NAVIGATION)
            .expect("a safe request");
        settle(&visit).await;
        assert!(visit.user().expect("it answers").is_some(), "{hours}");
        assert_eq!(store.asked(), ["load", "save"]);
        let mut headers = HeaderMap::new();
        visit.finish(&mut headers);
        assert!(headers.contains_key(SET_COOKIE), "{hours}");
        browser.keep(&headers);
        // At once it is not written again.
        assert!(is_known(&browser, &bench).await);
        assert_eq!(store.asked(), ["load"]);
    }
    // Somebody ended it between reading and writing.
    bench.clock.advance(Duration::from_secs(3 * 3600));
    for key in store.keys() {
        store.memory.delete(&key).await.expect("memory");
    }
    assert!(!is_known(&browser, &bench).await);
    bench.clock.advance(Duration::from_secs(7 * 24 * 3600));
    assert!(!is_known(&browser, &bench).await);
}

#[tokio::test]
async fn a_session_that_cannot_be_written_back_goes_on() {
    let (bench, store) = bench();
    let browser = bench.signed_in().await;
    bench.clock.advance(Duration::from_secs(3 * 3600));
    store.set(Fault::RefusesWrites);
    assert!(is_known(&browser, &bench).await);
    bench.clock.advance(Duration::from_secs(21 * 3600));
    assert!(
        !is_known(&browser, &bench).await,
        "and ends when it would have"
    );
}

#[tokio::test]
async fn with_a_session_in_a_store_only_this_site_changes_anything() {
    let (bench, store) = bench();
    let browser = bench.signed_in().await;
    store.asked();
    let cross = [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ];
    let refused = browser.visit(&bench, &Method::POST, "/account", &cross);
    let answer = refused.expect_err("another site").into_response();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert_eq!(store.asked(), Vec::<&str>::new());
    let nobody = Browser::default();
    nobody
        .visit(&bench, &Method::POST, "/account", &cross)
        .expect("there is nothing to protect");
}
