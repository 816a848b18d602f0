//! The same at honest providers: the tenant tells in a frame, `oidc-provider` with a
//! logout token.

use ciam_tests::{Backend, Redis, Store, Visitor, cases};

use super::super::sign_in::{SESSION, World, cookie_names};

cases! {
    at LocalTenant and OidcProvider:
        who_signs_out_in_one_browser_window_is_signed_out_in_all_of_them;
}

/// Two sessions here that began in one session there, and one that did not.
async fn who_signs_out_in_one_browser_window_is_signed_out_in_all_of_them(on: Backend) {
    let redis = Redis::start().await;
    for store in [Store::Memory, Store::Redis(&redis)] {
        let tells = |setup: ciam_tests::honest::Setup| setup.telling_of_sign_out();
        let mut world = World::at(on, tells, |config| store.of(config)).await;
        let mut elsewhere = Visitor::new();
        world.sign_in_as("ada", &mut elsewhere).await;
        let mut one = Visitor::new();
        world.sign_in_as("ada", &mut one).await;
        let mut other = one.clone();
        for name in cookie_names(&one, SESSION) {
            other.forget_cookie(&name);
        }
        let account = other.go(world.site.url("/account")).await;
        assert!(!world.provider.asks(&account), "it knows them: {account}");
        for visitor in [&mut elsewhere, &mut one, &mut other] {
            assert_eq!(
                world.name(visitor).await.as_deref(),
                Some("Ada"),
                "{store:?}"
            );
        }

        let bye = world.sign_out(&mut one).await;
        assert_eq!(bye.status, 200, "{bye}");
        assert_eq!(world.me(&mut one).await, None, "{store:?}");
        assert_eq!(world.me(&mut other).await, None, "{store:?}: it was told");
        let still = world.name(&mut elsewhere).await;
        assert_eq!(
            still.as_deref(),
            Some("Ada"),
            "{store:?}: another session there"
        );
        assert_eq!(world.provider.requests().await.logout, 1, "{store:?}");
    }
}
