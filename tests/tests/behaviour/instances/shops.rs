//! The shops of both frameworks as instances of one: their operators set the same address,
//! secret and store, and nothing else.

use ciam_tests::honest::Honest;
use ciam_tests::{Backend, Balancer, Framework, OidcShop, Redis, ShopSetup, Visitor, cases};
use http::Method;

use super::{index, other, page_at};

cases! {
    at LocalTenant and OidcProvider:
        whoever_signed_in_at_one_shop_is_known_at_the_other_also_when_the_first_is_killed,
        whoever_signs_out_at_one_shop_is_signed_out_at_both;
}

struct Shops {
    balancer: Balancer,
    ports: [u16; 2],
    shops: [Option<OidcShop>; 2],
    _provider: Honest,
    ada: Visitor,
    _redis: Redis,
}

impl Shops {
    async fn new(on: Backend) -> Self {
        let redis = Redis::start().await;
        let setups = Framework::ALL.map(ShopSetup::new);
        let ports = [setups[0].port(), setups[1].port()];
        let balancer = Balancer::start(&ports).await;
        let [one, other] = setups.map(|setup| {
            let setup = setup.reached_at(&balancer.base_url());
            let setup = setup.set("CIAM_SESSION_STORE", &redis.address());
            setup
                .set("CIAM_COOKIE_SECRET", COOKIE_SECRET)
                .known_to_honest()
        });
        let provider = one.1.start(on.provider).await;
        let authority = provider.authority();
        let shops = [
            Some(one.0.at(&authority).await),
            Some(other.0.at(&authority).await),
        ];
        let mut ada = Visitor::new().on_a_new_connection();
        let page = ada.go(format!("{}/account", balancer.base_url())).await;
        let page = provider.sign_in(&mut ada, page).await;
        assert_eq!((page.url.path(), page.status.as_u16()), ("/account", 200));
        Self {
            balancer,
            ports,
            shops,
            _provider: provider,
            ada,
            _redis: redis,
        }
    }

    fn url_of(&self, framework: Framework, path: &str) -> String {
        format!("http://localhost:{}{path}", self.ports[index(framework)])
    }

    /// The status that a script is told of who is signed in, past the balancer.
    async fn me(&self, framework: Framework) -> u16 {
        let mut ada = self.ada.clone().on_a_new_connection();
        let url = self.url_of(framework, "/api/me");
        let answer = ada.fetch(&page_at(&url), Method::GET, &url).await;
        assert_eq!(answer.body.contains("\"Ada\""), answer.status == 200);
        answer.status.as_u16()
    }
}

async fn whoever_signed_in_at_one_shop_is_known_at_the_other_also_when_the_first_is_killed(
    on: Backend,
) {
    let mut world = Shops::new(on).await;
    for framework in Framework::ALL {
        assert_eq!(world.me(framework).await, 200, "{framework}");
    }
    world.shops[index(on.framework)] = None;
    for _ in 0..4 {
        let mut ada = world.ada.clone().on_a_new_connection();
        let page = ada.go(format!("{}/account", world.balancer.base_url()));
        let page = page.await;
        assert_eq!((page.url.path(), page.status.as_u16()), ("/account", 200));
    }
    assert_eq!(world.me(other(on.framework)).await, 200);
}

async fn whoever_signs_out_at_one_shop_is_signed_out_at_both(on: Backend) {
    let mut world = Shops::new(on).await;
    let copied = world.ada.clone();
    let url = world.url_of(on.framework, "/auth/logout");
    let answer = world.ada.fetch(&page_at(&url), Method::POST, &url).await;
    assert_eq!(answer.status, 303, "{answer}");
    world.ada = copied;
    for framework in Framework::ALL {
        assert_eq!(world.me(framework).await, 401, "{framework}");
    }
}

const COOKIE_SECRET: &str = "VGhlIHNhbWUgb25lIGZvciBhbGwgaW5zdGFuY2VzLCBzZWU=";
