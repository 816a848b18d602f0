//! The issuer of the first document stays, whatever later ones say.

use std::sync::Arc;
use std::time::Duration;

use ciam_core::{Ciam, Config};
use ciam_core::{ManualClock, Timestamp};
use ciam_tests::Logs;
use http::StatusCode;
use serde_json::{Value, json};

use super::memory::{Memory, login, tenant_document};
use super::{GUID, OTHER};

const AUTHORITY: &str = "https://contoso.ciamlogin.com";
const HOUR: Duration = Duration::from_secs(3600);

/// What runs behind a request takes a moment; a failure takes this long.
const LIMIT: Duration = Duration::from_secs(30);

struct World {
    memory: Arc<Memory>,
    clock: Arc<ManualClock>,
    ciam: Ciam,
}

impl World {
    async fn new() -> Self {
        Logs::capture();
        let memory = Memory::new(tenant_document(AUTHORITY, GUID));
        let clock = Arc::new(ManualClock::new(Timestamp::from_unix(1_800_000_000)));
        let config = Config::web(AUTHORITY, "shop", "http://localhost:3000", "")
            .with_http_client(memory.clone())
            .with_clock(clock.clone())
            .build();
        let ciam = Ciam::new(config.expect("good settings"));
        ciam.ready().await.expect("an honest document");
        Self {
            memory,
            clock,
            ciam,
        }
    }

    /// Where a visitor is sent to, or the status that says why not.
    async fn leads_to(&self) -> Result<String, StatusCode> {
        let response = login(&self.ciam).await;
        let location = response
            .headers()
            .get("location")
            .ok_or_else(|| response.status())?;
        let location = location.to_str().expect("an address");
        Ok(location.split('?').next().unwrap_or_default().to_owned())
    }

    /// Lets what runs behind the requests run, until it has failed like this.
    async fn until_refused(&self, code: &str) {
        let refused = async {
            while self.ciam.health().metadata.last_error != Some(code) {
                tokio::task::yield_now().await;
            }
        };
        let refused = tokio::time::timeout(LIMIT, refused).await;
        refused.unwrap_or_else(|_| panic!("never refused with {code}"));
    }

    /// Lets what runs behind the requests run, until visitors are sent there.
    async fn until_it_leads_to(&self, there: &str) {
        let moved = async {
            while self.leads_to().await.as_deref() != Ok(there) {
                tokio::task::yield_now().await;
            }
        };
        let moved = tokio::time::timeout(LIMIT, moved).await;
        moved.unwrap_or_else(|_| panic!("nobody is ever sent to {there}"));
    }

    fn documents_asked(&self) -> usize {
        let asked = self.memory.asked();
        asked
            .iter()
            .filter(|url| url.contains("well-known"))
            .count()
    }
}

fn authorize(guid: &str) -> String {
    format!("{AUTHORITY}/{guid}/oauth2/v2.0/authorize")
}

#[tokio::test]
async fn another_tenant_in_a_later_document_changes_nothing() {
    let world = World::new().await;
    assert_eq!(world.leads_to().await, Ok(authorize(GUID)));
    world.memory.publish(tenant_document(AUTHORITY, OTHER));

    // Fresh: nobody asks.
    world.clock.advance(11 * HOUR);
    assert_eq!(world.leads_to().await, Ok(authorize(GUID)));
    assert_eq!(world.documents_asked(), 1);

    // Stale: the new document is asked for behind the request, and refused.
    world.clock.advance(2 * HOUR);
    assert_eq!(world.leads_to().await, Ok(authorize(GUID)));
    world.until_refused("metadata.issuer_changed").await;
    assert_eq!(world.documents_asked(), 2);
    for _ in 0..3 {
        assert_eq!(world.leads_to().await, Ok(authorize(GUID)));
    }
    assert!(world.ciam.health().is_ready(), "the old one serves");
    let refused = Logs::capture().own("metadata.issuer_changed");
    let line = refused.first().expect("a line says so").to_string();
    for part in [GUID, OTHER, "restart", "CIAM_TENANT_ID"] {
        assert!(line.contains(part), "{part} in {line}");
    }

    // The old one is too old: nobody is sent anywhere.
    world.clock.advance(7 * 24 * HOUR);
    assert_eq!(world.leads_to().await, Err(StatusCode::BAD_GATEWAY));
    let error = world.ciam.ready().await.expect_err("still another tenant");
    assert_eq!(error.code(), "metadata.issuer_changed");

    // The right tenant is back: so is everything.
    world.memory.publish(tenant_document(AUTHORITY, GUID));
    world.clock.advance(HOUR);
    world.ciam.ready().await.expect("the pinned tenant");
    assert_eq!(world.leads_to().await, Ok(authorize(GUID)));
    assert_eq!(world.ciam.health().metadata.last_error, None);
}

#[tokio::test]
async fn a_document_that_fails_later_leaves_the_old_one_in_use() {
    let world = World::new().await;
    let mut moved = tenant_document(AUTHORITY, GUID);
    moved["token_endpoint"] = json!("http://127.0.0.1/token");
    for (document, code) in [
        (Value::Null, "metadata.not_json"),
        (json!({}), "metadata.member"),
        (moved, "metadata.insecure_endpoint"),
    ] {
        world.memory.publish(document);
        world.clock.advance(13 * HOUR);
        assert_eq!(world.leads_to().await, Ok(authorize(GUID)), "{code}");
        world.until_refused(code).await;
        assert!(world.ciam.health().is_ready(), "{code}");
    }
}

#[tokio::test]
async fn new_endpoints_of_the_same_tenant_are_taken_up() {
    let world = World::new().await;
    let by_id = format!("https://{GUID}.ciamlogin.com");
    world.memory.publish(tenant_document(&by_id, GUID));
    world.clock.advance(13 * HOUR);
    assert_eq!(world.leads_to().await, Ok(authorize(GUID)), "the stale one");
    let moved = format!("{by_id}/{GUID}/oauth2/v2.0/authorize");
    world.until_it_leads_to(&moved).await;
    assert_eq!(world.documents_asked(), 2);
}
