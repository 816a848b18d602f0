//! Users about whom the provider has much to say in its ID tokens.

use ciam_tests::honest::{Account, Setup};
use ciam_tests::visitor::Page;
use ciam_tests::{Backend, Logs, Visitor, cases};
use http::StatusCode;
use serde_json::Value;
use url::Position;

use super::{BAD_GATEWAY, ID_TOKEN, SESSION, World, cookie_names, own_cookies};

cases! {
    at LocalTenant and OidcProvider:
        many_claims_are_spread_over_several_cookies,
        chunks_of_two_sessions_are_nobody,
        claims_that_do_not_fit_fail_the_sign_in_and_the_log_names_the_largest,
        an_id_token_that_is_too_long_to_read_fails_the_sign_in;
}

/// 69 bytes each in JSON.
fn roles(bytes: usize) -> Vec<String> {
    (0..bytes / 69)
        .map(|n| format!("{ROLE}, in every branch of the house, number {n:011}"))
        .collect()
}

/// Where these people have accounts, with so many bytes of roles.
async fn world<const N: usize>(on: Backend, people: [(&'static str, usize); N]) -> World {
    let account = |(login, bytes)| Account {
        login,
        name: login,
        roles: roles(bytes),
        bio: BIO.repeat(bytes / 400),
    };
    let people = people.into_iter().map(account);
    World::at(
        on,
        |setup| people.fold(setup, Setup::account),
        |config| config,
    )
    .await
}

async fn sign_in_as(world: &World, login: &str, visitor: &mut Visitor) -> Page {
    let page = visitor.go(world.site.url("/auth/login?prompt=login")).await;
    world.provider.sign_in_as(login, visitor, page).await
}

fn role_count(me: &Option<Value>) -> Option<usize> {
    me.as_ref()?["claims"]["roles"].as_array().map(Vec::len)
}

async fn many_claims_are_spread_over_several_cookies(on: Backend) {
    let world = world(on, [("large", LARGE), ("small", 0)]).await;
    let mut visitor = Visitor::new();
    let page = sign_in_as(&world, "large", &mut visitor).await;
    assert_eq!(page.url.as_str(), world.site.url("/"), "{page}");
    let chunks = cookie_names(&visitor, SESSION);
    assert!((2..=4).contains(&chunks.len()), "{chunks:?}");
    let exchanges = visitor.history().iter();
    let refused = exchanges.map(|exchange| exchange.refused_cookies.len());
    assert_eq!(refused.sum::<usize>(), 0, "a browser keeps them all");
    let all = roles(LARGE).len();
    assert_eq!(role_count(&world.me(&mut visitor).await), Some(all));
    let next = role_count(&world.me(&mut visitor).await);
    assert_eq!(next, Some(all), "and the next time");

    // Somebody about whom there is less to say leaves no chunk of the other behind.
    let mut switching = visitor.clone();
    sign_in_as(&world, "small", &mut switching).await;
    assert_eq!(cookie_names(&switching, SESSION).len(), 1);
    assert_eq!(cookie_names(&switching, ID_TOKEN).len(), 1);
    let me = world.me(&mut switching).await;
    assert_eq!(me.as_ref().expect("signed in")["name"], "small");
    assert_eq!(role_count(&me), None);
    // And back again.
    sign_in_as(&world, "large", &mut switching).await;
    assert_eq!(cookie_names(&switching, SESSION), chunks);
    assert_eq!(role_count(&world.me(&mut switching).await), Some(all));

    let bye = world.sign_out(&mut switching).await;
    assert_eq!(
        &bye.url[..Position::AfterPath],
        world.site.url("/auth/signed-out"),
        "{bye}"
    );
    assert_eq!(own_cookies(&switching), [""; 0], "every chunk is gone");
    assert_eq!(world.me(&mut switching).await, None);
}

async fn chunks_of_two_sessions_are_nobody(on: Backend) {
    let world = world(on, [("one", LARGE), ("other", LARGE)]).await;
    let (mut one, mut other) = (Visitor::new(), Visitor::new());
    sign_in_as(&world, "one", &mut one).await;
    sign_in_as(&world, "other", &mut other).await;
    let chunks = cookie_names(&one, SESSION);
    assert_eq!(cookie_names(&other, SESSION), chunks);
    for chunk in &chunks {
        let mut cookies = other.cookies().into_iter();
        let kept = cookies.find(|kept| kept.cookie.name() == chunk);
        let value = kept.expect("the same names").cookie.value().to_owned();
        let mut mixed = one.clone();
        let set = format!("{chunk}={value}; Path=/");
        mixed
            .set_cookie(&world.site.url("/"), &set)
            .expect("a cookie");
        assert_eq!(world.me(&mut mixed).await, None, "{chunk}");
        let mut missing = one.clone();
        missing.forget_cookie(chunk);
        assert_eq!(world.me(&mut missing).await, None, "{chunk}");
    }
    assert_eq!(world.name(&mut one).await.as_deref(), Some("one"));
    assert_eq!(world.name(&mut other).await.as_deref(), Some("other"));
}

async fn claims_that_do_not_fit_fail_the_sign_in_and_the_log_names_the_largest(on: Backend) {
    let world = world(on, [("larger", 20_000), ("small", 0)]).await;
    let mut visitor = Visitor::new();
    let page = sign_in_as(&world, "larger", &mut visitor).await;
    too_large(&world, &page);
    nobody_is_signed_in(&world, &mut visitor, &page).await;

    // Whoever was signed in before stays so.
    let mut visitor = Visitor::new();
    sign_in_as(&world, "small", &mut visitor).await;
    let page = sign_in_as(&world, "larger", &mut visitor).await;
    too_large(&world, &page);
    assert_eq!(world.name(&mut visitor).await.as_deref(), Some("small"));
}

async fn an_id_token_that_is_too_long_to_read_fails_the_sign_in(on: Backend) {
    let world = world(on, [("largest", 60_000)]).await;
    let mut visitor = Visitor::new();
    let page = sign_in_as(&world, "largest", &mut visitor).await;
    let line = world.refused(&page, BAD_GATEWAY, "token.too_large");
    assert!(line.contains("more than 65536"), "{line}");
    nobody_is_signed_in(&world, &mut visitor, &page).await;
}

/// Names and sizes, and nothing of what is in them.
fn too_large(world: &World, page: &Page) {
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    let line = world.refused(page, status, "session.too_large");
    assert!(line.contains("bytes"), "{line}");
    let logs = Logs::capture();
    let mut lines = logs.own("code=session.too_large ");
    lines.retain(|line| line.text.contains(" largest="));
    assert!(!lines.is_empty(), "nothing is named");
    for line in lines {
        let (roles, bio) = (line.text.find("roles"), line.text.find("bio"));
        let in_order = roles.is_some() && roles < bio;
        assert!(in_order, "the largest first: {line}");
    }
    for content in [ROLE, BIO] {
        let lines = logs.own(content);
        assert!(lines.is_empty(), "{lines:?}");
    }
}

async fn nobody_is_signed_in(world: &World, visitor: &mut Visitor, page: &Page) {
    let told = page.body.contains("roles");
    assert!(!told, "nothing for the visitor: {page}");
    assert_eq!(own_cookies(visitor), [""; 0]);
    assert_eq!(world.me(visitor).await, None);
}

/// Bytes of roles that are too many for one cookie, and not for four.
const LARGE: usize = 9_000;
const ROLE: &str = "Taster of teas";
const BIO: &str = "Born into tea leaves";
