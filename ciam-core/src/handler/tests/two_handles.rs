//! Two handles of one process, or two applications on one host: they share a browser, and
//! nothing else.

use std::sync::Arc;

use http::{HeaderMap, Method, Uri};

use super::bench::{Bench, Browser, NAVIGATION, SECRET, location, settle};
use crate::store::{MemoryStore, SessionStore};
use crate::{Ciam, ConfigBuilder, Incoming};

/// Customers, and the staff under a prefix of its own.
fn both(store: Option<Arc<MemoryStore>>) -> (Bench, Bench) {
    let with_store = move |config: ConfigBuilder| match &store {
        Some(store) => config.with_session_store(Arc::clone(store) as Arc<dyn SessionStore>),
        None => config,
    };
    let customers = Bench::with(&with_store);
    let staff = customers.restarted(SECRET, |config| {
        with_store(config).with_route_prefix("/staff/auth")
    });
    (customers, staff)
}

async fn knows(ciam: &Ciam, browser: &Browser) -> Option<String> {
    let (uri, headers) = (Uri::from_static("/"), browser.headers(&NAVIGATION));
    let visit = visit(ciam, &uri, &headers);
    settle(&visit).await;
    let user = visit.user().expect("readable")?;
    Some(user.id().subject().to_owned())
}

fn visit(ciam: &Ciam, uri: &Uri, headers: &HeaderMap) -> crate::Visit {
    let visit = ciam.visit(Incoming {
        method: &Method::GET,
        uri,
        headers,
    });
    visit.expect("a safe request")
}

#[tokio::test]
async fn each_knows_its_own_and_ends_its_own() {
    for store in [None, Some(Arc::new(MemoryStore::default()))] {
        let (customers, staff) = both(store);
        let mut browser = customers.signed_in().await;
        assert_eq!(
            knows(&customers.ciam, &browser).await.as_deref(),
            Some("alice")
        );
        assert_eq!(knows(&staff.ciam, &browser).await, None);

        customers.provider.state().claims = serde_json::json!({"sub": "bob"});
        let done = browser
            .sign_in(&staff, "/staff/auth/login?return_to=/staff")
            .await;
        assert_eq!(location(&done), "/staff");
        assert_eq!(
            knows(&customers.ciam, &browser).await.as_deref(),
            Some("alice")
        );
        assert_eq!(knows(&staff.ciam, &browser).await.as_deref(), Some("bob"));

        browser.post(&staff, "/staff/auth/logout").await;
        assert_eq!(knows(&staff.ciam, &browser).await, None);
        assert_eq!(
            knows(&customers.ciam, &browser).await.as_deref(),
            Some("alice")
        );
    }
}

/// The same secret and store, and the value of one's cookie under the other's name.
#[tokio::test]
async fn what_is_the_ones_opens_nothing_of_the_others() {
    for store in [None, Some(Arc::new(MemoryStore::default()))] {
        let (customers, staff) = both(store);
        let mut browser = customers.signed_in().await;
        let names = [&customers, &staff]
            .map(|bench| bench.ciam.config().cookies().session_names()[0].clone());
        assert_ne!(names[0], names[1]);
        let value = browser.jar[&names[0]].clone();
        browser.jar.insert(names[1].clone(), value);
        assert_eq!(knows(&staff.ciam, &browser).await, None);
        assert!(knows(&customers.ciam, &browser).await.is_some());
    }
}

/// A sign-in that began at one does not end at the other.
#[tokio::test]
async fn an_answer_for_the_one_is_none_for_the_other() {
    let (customers, staff) = both(None);
    let mut browser = Browser::default();
    let callback = browser.authorize(&customers, "/auth/login").await;
    let elsewhere = callback.replace("/auth/callback", "/staff/auth/callback");
    let refused = browser.go(&staff, &elsewhere).await;
    assert_eq!(refused.status(), 400);
    let text = String::from_utf8_lossy(refused.body()).into_owned();
    assert!(text.contains("callback.transaction"), "{text}");
    assert_eq!(location(&browser.go(&customers, &callback).await), "/");
}
