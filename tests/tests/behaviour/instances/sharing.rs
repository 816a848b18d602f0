//! What one instance knows the other knows, and what one loses the other brings back.

use std::time::{Duration, Instant};

use ciam_core::{Clock as _, SystemClock};
use ciam_tenant::{Rotation, Tenant, TokenPolicy};
use ciam_tests::honest::{CLIENT_ID, Honest, Lifetimes, Setup};
use ciam_tests::wire::{Then, exchange};
use ciam_tests::{Backend, Redis, Visitor, cases, told_to_script};
use futures_util::future::join_all;
use http::Method;

use super::super::tokens::claims;
use super::{Instances, other, page_at};

cases! {
    at LocalTenant, because "only the tenant can hold an answer back, and tell when tokens end":
        a_session_of_one_is_known_at_the_other_and_ends_at_both,
        both_want_a_token_at_once_and_make_one_request,
        one_is_killed_while_it_refreshes_and_the_other_goes_on;
}

/// Two instances at a tenant, and somebody.
struct World {
    instances: Instances,
    provider: Honest,
    ada: Visitor,
}

impl World {
    /// Whose access tokens end as soon as somebody has signed in.
    async fn new(on: Backend, redis: &Redis) -> Self {
        let scopes = format!("openid profile email offline_access api://{CLIENT_ID}/orders.read");
        let mut provider = None;
        let instances = Instances::start(redis, &scopes, async |base_url| {
            let lifetimes = Lifetimes {
                access: Duration::from_secs(1),
                ..Lifetimes::default()
            };
            let setup = Setup::new(&format!("{base_url}/auth")).with_apis();
            let started = setup.with_refresh_tokens(lifetimes).start(on.provider);
            provider.insert(started.await).authority()
        });
        let instances = instances.await;
        let provider = provider.expect("it was started");
        let mut ada = Visitor::new().on_a_new_connection();
        let page = ada.go(instances.url("/account")).await;
        let page = provider.sign_in(&mut ada, page).await;
        assert_eq!((page.url.path(), page.status.as_u16()), ("/account", 200));
        Self {
            instances,
            provider,
            ada,
        }
    }

    fn tenant(&self) -> &Tenant {
        match &self.provider {
            Honest::LocalTenant(tenant) => tenant,
            Honest::OidcProvider(_) => panic!("it runs at the tenant"),
        }
    }

    /// New tokens live on, the one of the sign-in has ended.
    async fn renewing(&self, rotation: Rotation) {
        let policy = TokenPolicy::default().rotation(rotation);
        self.tenant().set_token_policy(policy);
        let signed_in = SystemClock.now();
        let start = Instant::now();
        while SystemClock.now() < signed_in.after(Duration::from_secs(2)) {
            assert!(start.elapsed() < LIMIT, "the clock stands still");
            tokio::time::sleep(POLL).await;
        }
    }

    async fn who(&self) -> [String; 2] {
        self.instances.ask_both(&self.ada, "/").await.map(|page| {
            assert_eq!(page.status, 200, "{page}");
            page.body
        })
    }
}

async fn a_session_of_one_is_known_at_the_other_and_ends_at_both(on: Backend) {
    let redis = Redis::start().await;
    let mut world = World::new(on, &redis).await;
    let [one, same] = world.who().await;
    assert_eq!(one, same);
    assert!(one.starts_with(&world.provider.issuer()), "{one}");
    // Signed out of at one of them.
    let copied = world.ada.clone();
    let url = world.instances.url_of(on.framework, "/auth/logout");
    let answer = world.ada.fetch(&page_at(&url), Method::POST, &url).await;
    assert_eq!(told_to_script(&answer), (303, String::new()), "{answer}");
    world.ada = copied;
    assert_eq!(world.who().await, ["nobody", "nobody"]);
    let ended = (401, "visit.not_signed_in".to_owned());
    let answers = world.instances.ask_both(&world.ada, "/token").await;
    assert_eq!(
        answers.map(|answer| told_to_script(&answer)),
        [ended.clone(), ended]
    );
}

async fn both_want_a_token_at_once_and_make_one_request(on: Backend) {
    let redis = Redis::start().await;
    let world = World::new(on, &redis).await;
    world.renewing(Rotation::Once).await;
    let before = world.tenant().token_requests().refresh_token;
    let asked = (0..10).map(|_| world.instances.ask_both(&world.ada, "/token"));
    let answers = join_all(asked).await;
    let mut tokens: Vec<_> = answers.into_iter().flatten().collect();
    for answer in &tokens {
        assert_eq!(answer.status, 200, "{answer}");
    }
    tokens.dedup_by(|a, b| a.body == b.body);
    assert_eq!(tokens.len(), 1, "all got the same");
    assert_eq!(claims(&tokens[0].body)["aud"], CLIENT_ID);
    let after = world.tenant().token_requests().refresh_token;
    assert_eq!(after - before, 1);
}

async fn one_is_killed_while_it_refreshes_and_the_other_goes_on(on: Backend) {
    let redis = Redis::start().await;
    let mut world = World::new(on, &redis).await;
    world.renewing(Rotation::KeepsOld).await;
    let before = world.tenant().token_requests().refresh_token;
    let port = world.instances.port_of(on.framework);
    let session = world.ada.cookie("ciam-session").expect("signed in");
    let cookie = format!("{}={}", session.cookie.name(), session.cookie.value());
    let request =
        format!("GET /token HTTP/1.1\r\nhost: localhost:{port}\r\ncookie: {cookie}\r\n\r\n");
    let asking = tokio::spawn(async move { exchange(port, request.as_bytes(), Then::Wait).await });
    {
        let held = match &world.provider {
            Honest::LocalTenant(tenant) => tenant.hold_refreshes(),
            Honest::OidcProvider(_) => panic!("it runs at the tenant"),
        };
        held.until_held(1).await;
        world.instances.kill(on.framework);
        held.release();
    }
    let answer = asking.await.expect("it does not panic");
    assert_eq!(answer, None, "it is gone");
    let start = Instant::now();
    let mut waited = 0;
    let token = loop {
        // Nobody is lost meanwhile, whoever takes the connection.
        let mut ada = world.ada.clone().on_a_new_connection();
        let home = ada.go(world.instances.url("/")).await;
        assert!(home.body.starts_with(&world.provider.issuer()), "{home}");
        let url = world.instances.url_of(other(on.framework), "/token");
        let answer = ada.fetch(&page_at(&url), Method::GET, &url).await;
        if answer.status == 200 {
            break answer.body;
        }
        assert_eq!(
            told_to_script(&answer),
            (503, "tokens.busy".to_owned()),
            "{answer}"
        );
        assert_eq!(answer.header("retry-after"), Some("10"));
        waited += 1;
        assert!(start.elapsed() < LIMIT * 3, "after {waited} answers");
    };
    assert_eq!(claims(&token)["aud"], CLIENT_ID);
    let after = world.tenant().token_requests().refresh_token;
    assert_eq!(after - before, 2, "it was repeated once");
}

const LIMIT: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(20);
