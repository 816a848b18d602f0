//! Tokens for several APIs at the local tenant, and what it wants of users for them.

use ciam_tenant::Tenant;
use ciam_tests::honest::{Api, CLIENT_ID, Client, Honest};
use ciam_tests::wire::{Then, exchange};
use ciam_tests::{Backend, Site, Visitor, cases, told_to_script};
use serde_json::json;

use super::{DUE, World, claims};

cases! {
    at LocalTenant in every store,
        because "oidc-provider has resource indicators, and no tokens for two APIs":
        each_api_has_a_token_of_its_own,
        what_an_api_asks_of_the_user_is_asked_once_and_brings_back,
        who_signed_up_a_moment_ago_comes_in_all_the_same;
    at LocalTenant, because "oidc-provider exchanges no token of a caller for another":
        an_api_calls_another_one_for_its_caller,
        an_application_calls_an_api_for_itself;
}

async fn each_api_has_a_token_of_its_own(on: Backend) {
    let mut world = World::new(on).await;
    let mut ada = world.signed_in("ada").await;
    let (orders, stock) = both(&world, &mut ada).await;
    assert_eq!(world.signing.provider.refreshes().await, 1, "for the other");
    assert_eq!(
        both(&world, &mut ada).await,
        (orders.clone(), stock.clone())
    );
    assert_eq!(world.signing.provider.refreshes().await, 1);
    world.advance(DUE);
    let (newer_orders, newer_stock) = both(&world, &mut ada).await;
    assert_eq!(world.signing.provider.refreshes().await, 3);
    assert!(newer_orders != orders && newer_stock != stock);
}

/// The tokens for both APIs, which are what they are for.
async fn both(world: &World, visitor: &mut Visitor) -> (String, String) {
    let orders = world.token(visitor, "/token").await;
    let stock = world.token(visitor, "/stock").await;
    for (token, api, scope) in [
        (&orders, Api::Orders, "orders.read"),
        (&stock, Api::Stock, "stock.read"),
    ] {
        let claims = claims(token);
        assert_eq!(claims["aud"], api.audience(), "{claims}");
        assert_eq!(claims["scp"], scope, "{claims}");
    }
    (orders, stock)
}

async fn what_an_api_asks_of_the_user_is_asked_once_and_brings_back(on: Backend) {
    let world = World::new(on).await;
    tenant(&world).require_auth_context(Api::Stock.audience(), "stock.read", "c1");
    let mut ada = world.signed_in("ada").await;
    let answer = world.asked(&mut ada, "/stock").await;
    assert_eq!(told_to_script(&answer), (401, "visit.step_up".to_owned()));
    assert_ne!(world.who(&mut ada).await, "nobody", "and stays signed in");
    let orders = world.token(&mut ada, "/token").await;
    assert_eq!(claims(&orders)["aud"], CLIENT_ID);

    let mut page = ada.go(world.signing.site.url("/stock?page=2")).await;
    let asked = world.signing.provider.authorization(&ada);
    let asked = ciam_tests::visitor::query(&asked, "claims").expect("what the API asked");
    assert!(asked.contains(r#""value":"c1""#), "{asked}");
    let addresses = ada.history().iter().rev().map(|exchange| &exchange.url);
    let sealed = { addresses }.find(|url| url.path() == "/auth/login");
    let sealed = sealed.expect("by way of the login route");
    assert!(!sealed.as_str().contains("c1%22"), "nobody else can ask");
    if world.signing.provider.asks(&page) {
        page = world.signing.provider.sign_in(&mut ada, page).await;
    }
    assert_eq!(page.url.path(), "/stock", "{page}");
    assert_eq!(page.url.query(), Some("page=2"), "{page}");
    let found = claims(&page.body);
    assert_eq!(found["aud"], Api::Stock.audience(), "{found}");
    assert_eq!(found["acrs"], json!(["c1"]), "{found}");
}

async fn who_signed_up_a_moment_ago_comes_in_all_the_same(on: Backend) {
    let mut world = World::new(on).await;
    tenant(&world).refuse_code_after_sign_up();
    let mut carol = Visitor::new();
    let sign_up = world.signing.site.url("/auth/signup?return_to=/token");
    let page = carol.go(sign_up).await;
    let form = page.form_with("display_name");
    let form = form.fill("email", "carol@example.com");
    let form = form.fill("password", "Correct-Horse-7");
    let form = form.fill("display_name", "Carol").press("Create account");
    let mut page = carol.submit(&form).await;
    if world.signing.provider.asks(&page) {
        page = world
            .signing
            .provider
            .sign_in_as("carol", &mut carol, page)
            .await;
    }
    assert_eq!(page.url.path(), "/token", "{page}");
    assert_eq!(page.status, 200, "{page}");
    assert_eq!(claims(&page.body)["aud"], CLIENT_ID);
    assert_eq!(
        world.signing.provider.token_requests().await,
        2,
        "the code again"
    );
    assert_eq!(
        world.signing.name(&mut carol).await.as_deref(),
        Some("Carol")
    );
}

async fn an_api_calls_another_one_for_its_caller(on: Backend) {
    let world = World::new(on).await;
    let till = Client::TILL;
    let provider = &world.signing.provider;
    let ada = provider.user_tokens(till, "ada", Api::Orders, "orders.read");
    let bob = provider.user_tokens(till, "bob", Api::Orders, "orders.read");
    let (ada, bob) = (ada.await.access, bob.await.access);
    let for_ada = call(&world, &ada).await;
    assert_eq!(claims(&for_ada)["aud"], Api::Stock.audience());
    assert_eq!(claims(&for_ada)["oid"], claims(&ada)["oid"]);
    assert_eq!(
        claims(&for_ada)["azp"],
        CLIENT_ID,
        "it is the API that calls"
    );
    let for_bob = call(&world, &bob).await;
    assert_eq!(claims(&for_bob)["oid"], claims(&bob)["oid"]);
    assert_eq!(call(&world, &ada).await, for_ada, "it is kept");
    assert_eq!(tenant(&world).token_requests().on_behalf_of, 2);

    // A caller of another API is none here, and nothing is exchanged.
    let other = provider.user_tokens(till, "ada", Api::Stock, "stock.read");
    let (status, _, _) = relayed(&world.signing.site, &other.await.access).await;
    assert_eq!(status, 401);
    // What the tenant wants of the user reaches the client.
    tenant(&world).require_auth_context(Api::Stock.audience(), "stock.read", "c1");
    world.advance(DUE);
    let fresh = provider.user_tokens(till, "ada", Api::Orders, "orders.read");
    let (status, challenge, body) = relayed(&world.signing.site, &fresh.await.access).await;
    assert_eq!(status, 401, "{body}");
    assert!(
        challenge.contains("error=\"insufficient_claims\""),
        "{challenge}"
    );
    assert!(challenge.contains("claims=\""), "{challenge}");
}

async fn call(world: &World, token: &str) -> String {
    let (status, _, body) = relayed(&world.signing.site, token).await;
    assert_eq!(status, 200, "{body}");
    body
}

/// The status, the challenges and the body of what a caller with this token asks for.
pub(crate) async fn relayed(site: &Site, token: &str) -> (u16, String, String) {
    let port = site.port();
    let request = format!(
        "GET /relayed HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close\r\n\
         authorization: Bearer {token}\r\n\r\n"
    );
    let answer = exchange(port, request.as_bytes(), Then::Wait).await;
    let answer = answer.expect("an answer");
    let challenge = answer.headers.iter();
    let challenge = challenge.filter(|(name, _)| name == "www-authenticate");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let challenge: String = challenge.map(|(_, value)| text(value)).collect();
    (answer.status, challenge, text(&answer.body))
}

async fn an_application_calls_an_api_for_itself(on: Backend) {
    let world = World::new(on).await;
    let mut script = Visitor::new();
    let first = world.token(&mut script, "/own").await;
    let found = claims(&first);
    assert_eq!(found["aud"], Api::Stock.audience(), "{found}");
    assert_eq!(found["azp"], CLIENT_ID, "{found}");
    assert!(found.get("scp").is_none(), "for no user: {found}");
    world.advance(DUE - super::SECOND);
    assert_eq!(world.token(&mut script, "/own").await, first);
    assert_eq!(tenant(&world).token_requests().client_credentials, 1);
    world.advance(super::SECOND);
    assert_ne!(world.token(&mut script, "/own").await, first);
    assert_eq!(tenant(&world).token_requests().client_credentials, 2);
}

fn tenant(world: &World) -> &Tenant {
    match &world.signing.provider {
        Honest::LocalTenant(tenant) => tenant,
        Honest::OidcProvider(_) => panic!("it runs at the tenant"),
    }
}
