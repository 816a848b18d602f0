//! The Redis of both instances in trouble: nobody becomes somebody else, or nobody, and
//! nothing has to be restarted but itself.

use std::time::{Duration, Instant};

use ciam_tests::scripted::Scripted;
use ciam_tests::visitor::Page;
use ciam_tests::{Framework, Redis, Visitor, cases, told_to_script};
use serde_json::json;

use super::Instances;

cases! {
    at Misbehaving:
        whatever_is_wrong_with_redis_is_no_sign_out_and_passes,
        the_provider_signs_out_at_one_and_both_know;
}

/// Two instances at a provider that signs anybody in without asking, and two people.
struct World {
    instances: Instances,
    provider: Scripted,
    people: Vec<(Visitor, String)>,
}

impl World {
    async fn new(redis: &Redis) -> Self {
        let provider = Scripted::start().await;
        provider.script(|script| script.sessions = true);
        let issuer = provider.issuer();
        let instances = Instances::start(redis, "openid", async |_| issuer.clone()).await;
        let mut world = Self {
            instances,
            provider,
            people: Vec::new(),
        };
        for sub in ["alice", "bob"] {
            let visitor = world.sign_in(sub).await.expect("a session");
            let id = format!("{issuer}#{sub}");
            world.people.push((visitor, id));
        }
        world
    }

    /// Somebody else's browser, or the page that is in the way.
    async fn sign_in(&self, sub: &str) -> Result<Visitor, Page> {
        let claims = json!({"sub": sub}).as_object().cloned();
        let claims = claims.expect("members");
        self.provider.script(|script| script.claims = claims);
        let mut visitor = Visitor::new();
        let page = visitor.go(self.instances.url("/account")).await;
        if page.status == 200 && page.url.path() == "/account" {
            return Ok(visitor);
        }
        Err(page)
    }

    /// Whether everybody is known at both; otherwise both say that they do not know.
    async fn all_are_known(&self) -> bool {
        let mut known = true;
        for (visitor, id) in &self.people {
            for page in self.instances.ask_both(visitor, "/").await {
                if page.status == 200 {
                    assert_eq!(&page.body, id, "somebody else, or nobody");
                } else {
                    is_unavailable(&page);
                    known = false;
                }
            }
        }
        known
    }

    async fn recovers(&self, after: &str) {
        let start = Instant::now();
        while !self.all_are_known().await {
            assert!(start.elapsed() < LIMIT, "not after {after}");
        }
        let page = self.sign_in("carol").await.err();
        assert!(page.is_none(), "{after}: {page:?}");
    }
}

fn is_unavailable(page: &Page) {
    assert_eq!(
        told_to_script(page),
        (503, "session.store".to_owned()),
        "{page}"
    );
    assert_eq!(page.header("retry-after"), Some("10"), "{page}");
    assert_eq!(page.header("set-cookie"), None, "nobody is signed out");
}

async fn whatever_is_wrong_with_redis_is_no_sign_out_and_passes(_: Framework) {
    let mut redis = Redis::start().await;
    let world = World::new(&redis).await;
    assert!(world.all_are_known().await);

    // It takes no writes: who is known stays so, and nobody is let in.
    redis.refuse_writes();
    assert!(world.all_are_known().await, "it can be read");
    is_no_sign_in(&world).await;
    redis.accept_writes();
    world.recovers("it refused writes").await;

    redis.fill();
    assert!(world.all_are_known().await, "it can be read");
    is_no_sign_in(&world).await;
    redis.empty();
    world.recovers("it was full").await;

    // Stopped in the middle: connections stay, and nothing answers.
    redis.pause();
    let start = Instant::now();
    while start.elapsed() < PAUSE {
        assert!(!world.all_are_known().await, "it does not answer");
    }
    is_no_sign_in(&world).await;
    redis.resume();
    world.recovers("it was stopped").await;

    redis.kill();
    assert!(!world.all_are_known().await, "it is gone");
    is_no_sign_in(&world).await;
    // It has forgotten everybody, and that is all.
    redis.restart().await;
    let start = Instant::now();
    loop {
        match world.sign_in("alice").await {
            Ok(visitor) => {
                let pages = world.instances.ask_both(&visitor, "/").await;
                let alice = &world.people[0].1;
                assert_eq!(pages.map(|page| page.body), [alice.clone(), alice.clone()]);
                break;
            }
            Err(page) => assert_eq!(page.status, 503, "{page}"),
        }
        assert!(start.elapsed() < LIMIT, "not after it was restarted");
    }
    for page in world.instances.ask_both(&world.people[1].0, "/").await {
        assert_eq!((page.status.as_u16(), &*page.body), (200, "nobody"));
    }
}

/// Whoever signs in now reads a page that says so.
async fn is_no_sign_in(world: &World) {
    let page = world.sign_in("mallory").await.expect_err("it is not kept");
    assert_eq!(page.status, 503, "{page}");
    assert!(page.text().contains("session.store"), "{page}");
    let kind = page.header("content-type");
    assert_eq!(kind, Some("text/html; charset=utf-8"), "{page}");
}

async fn the_provider_signs_out_at_one_and_both_know(on: Framework) {
    let redis = Redis::start().await;
    let world = World::new(&redis).await;
    let token = world.provider.sign_logout(&world.provider.logout_token());
    let uri = world.instances.url_of(on, "/auth/backchannel-logout");
    let answer = world.provider.notify(&uri, &token).await;
    assert_eq!((answer.status, &*answer.body), (200, ""), "{answer:?}");
    let [alice, bob] = [&world.people[0], &world.people[1]];
    // The last one who signed in: Bob.
    for page in world.instances.ask_both(&bob.0, "/").await {
        assert_eq!((page.status.as_u16(), &*page.body), (200, "nobody"));
    }
    for page in world.instances.ask_both(&alice.0, "/").await {
        assert_eq!((page.status.as_u16(), &page.body), (200, &alice.1));
    }
}

const LIMIT: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_secs(10);
