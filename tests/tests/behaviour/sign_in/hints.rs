//! What the visitor wants of the provider, and a provider that says no.

use ciam_core::ResponseMode;
use ciam_tests::visitor::{Page, query};
use ciam_tests::{Backend, ProviderKind, Visitor, cases};
use http::{Method, StatusCode};

use super::{BAD_REQUEST, TRANSACTION, World, cookie_names, own_cookies};

cases! {
    at LocalTenant and OidcProvider:
        whoever_cancels_at_the_provider_reads_so_and_can_sign_in_again,
        whoever_cancels_is_told_the_same_by_form_post,
        hints_reach_the_provider_and_nothing_else_does,
        a_link_may_ask_for_more_proof_and_for_nothing_the_provider_reads_as_more,
        prompt_login_asks_again_who_it_is,
        prompt_none_without_a_session_is_answered_with_a_page,
        a_hint_that_is_not_passed_on_is_refused_here;
    at LocalTenant, because "oidc-provider has no page that creates an account":
        signing_up_creates_an_account_and_signs_in;
    at OidcProvider, because "the local tenant knows the prompt that creates an account":
        signing_up_at_a_provider_that_cannot_is_answered_with_a_page;
}

async fn whoever_cancels_at_the_provider_reads_so_and_can_sign_in_again(on: Backend) {
    cancels(on, ResponseMode::Query, Method::GET).await;
}

async fn whoever_cancels_is_told_the_same_by_form_post(on: Backend) {
    cancels(on, ResponseMode::FormPost, Method::POST).await;
}

async fn cancels(on: Backend, mode: ResponseMode, method: Method) {
    let world = World::with(on, |config| config.with_response_mode(mode)).await;
    let mut visitor = Visitor::new();
    let page = visitor.go(world.site.url("/account")).await;
    assert_eq!(cookie_names(&visitor, TRANSACTION).len(), 1);
    let page = world.provider.cancel(&mut visitor, &page).await;
    let line = world.refused(&page, BAD_REQUEST, "callback.provider");
    assert!(line.contains("access_denied"), "{line}");
    assert!(page.text().contains("Sign-in was cancelled"), "{page}");
    // oidc-provider's words, and the tenant's.
    for words in ["aborted", "canceled the authentication"] {
        assert!(!page.body.contains(words), "{page}");
    }
    let last = visitor.history().last().expect("the callback");
    assert_eq!(last.method, method);
    assert_eq!(own_cookies(&visitor), [""; 0], "the attempt is over");

    let home = visitor.follow(&page, "Go to the front page").await;
    assert_eq!(home.url.as_str(), world.site.url("/"));
    let page = visitor.follow(&page, "Sign in again").await;
    let page = world.provider.sign_in(&mut visitor, page).await;
    assert_eq!(page.url.as_str(), world.site.url("/account"), "{page}");
    assert_eq!(world.name(&mut visitor).await.as_deref(), Some("Ada"));
}

async fn hints_reach_the_provider_and_nothing_else_does(on: Backend) {
    let world = World::new(on).await;
    let mut visitor = Visitor::new();
    let hints = "login_hint=ada%2Bshop%40example.com&ui_locales=nb%20de&domain_hint=example.com";
    let others = "scope=admin&redirect_uri=https%3A%2F%2Fevil.example&claims=%7B%7D&display=x";
    let login = world.site.url(&format!("/auth/login?{hints}&{others}"));
    let page = visitor.go(login).await;
    assert!(world.provider.asks(&page), "{page}");
    let expected = world.provider.expects(&page);
    let expected = expected.as_deref();
    assert_eq!(expected, Some("ada+shop@example.com"), "it was read");
    let asked = world.provider.authorization(&visitor);
    let value = |name: &str| query(&asked, name);
    assert_eq!(value("login_hint").as_deref(), Some("ada+shop@example.com"));
    assert_eq!(value("ui_locales").as_deref(), Some("nb de"));
    assert_eq!(value("domain_hint").as_deref(), Some("example.com"));
    assert_eq!(value("scope").as_deref(), Some("openid profile email"));
    let callback = world.site.url("/auth/callback");
    assert_eq!(value("redirect_uri"), Some(callback));
    assert_eq!(value("code_challenge_method").as_deref(), Some("S256"));
    for absent in ["max_age", "claims", "display", "prompt", "response_mode"] {
        assert_eq!(value(absent), None, "{absent}");
    }
}

async fn a_link_may_ask_for_more_proof_and_for_nothing_the_provider_reads_as_more(on: Backend) {
    let world = World::new(on).await;
    let mut visitor = Visitor::new();
    let login = "/auth/login?max_age=600&acr_values=c1&claims=%7B%22id_token%22%3A%7B%7D%7D";
    visitor.go(world.site.url(login)).await;
    let asked = world.provider.authorization(&visitor);
    let value = |name: &str| query(&asked, name);
    let of_microsoft = r#"{"id_token":{"acrs":{"essential":true,"value":"c1"}}}"#;
    let expected = match on.provider {
        ProviderKind::LocalTenant => [None, None, Some(of_microsoft), Some("login")],
        _ => [Some("600"), Some("c1"), None, None],
    };
    let names = ["max_age", "acr_values", "claims", "prompt"];
    assert_eq!(names.map(value), expected.map(|v| v.map(str::to_owned)));
}

async fn prompt_login_asks_again_who_it_is(on: Backend) {
    let world = World::new(on).await;
    let mut visitor = Visitor::new();
    world.sign_in_as("ada", &mut visitor).await;
    let page = visitor.go(world.site.url("/auth/login")).await;
    assert_eq!(
        page.url.as_str(),
        world.site.url("/"),
        "the provider knows who it is: {page}"
    );
    let login = world.site.url("/auth/login?prompt=login");
    let page = visitor.go(login).await;
    assert!(world.provider.asks(&page), "{page}");
    assert_eq!(world.name(&mut visitor).await.as_deref(), Some("Ada"));
    world.provider.sign_in_as("bob", &mut visitor, page).await;
    assert_eq!(world.name(&mut visitor).await.as_deref(), Some("Bob"));
}

async fn prompt_none_without_a_session_is_answered_with_a_page(on: Backend) {
    let world = World::new(on).await;
    let mut visitor = Visitor::new();
    let login = world.site.url("/auth/login?prompt=none");
    let page = visitor.go(&login).await;
    let line = refused(&world, &page);
    assert!(line.contains("login_required"), "{line}");
    assert_eq!(world.me(&mut visitor).await, None);
    assert_eq!(own_cookies(&visitor), [""; 0]);

    let page = visitor.follow(&page, "Sign in again").await;
    world.provider.sign_in(&mut visitor, page).await;
    // With a session there is nothing to ask.
    let page = visitor.go(&login).await;
    assert_eq!(page.url.as_str(), world.site.url("/"), "{page}");
    assert_eq!(world.name(&mut visitor).await.as_deref(), Some("Ada"));
}

async fn a_hint_that_is_not_passed_on_is_refused_here(on: Backend) {
    let mut world = World::new(on).await;
    let mut visitor = Visitor::new();
    for hint in [
        "prompt=create",
        "prompt=login%20none",
        "prompt=LOGIN",
        "login_hint=a%0D%0Ab",
    ] {
        let login = world.site.url(&format!("/auth/login?{hint}"));
        let page = visitor.go(login).await;
        world.failure(&page, BAD_REQUEST, "login.hint");
    }
    assert_eq!(world.provider.requests().await.authorize, 0);
    assert_eq!(cookie_names(&visitor, TRANSACTION), [""; 0]);
}

async fn signing_up_creates_an_account_and_signs_in(on: Backend) {
    let mut world = World::new(on).await;
    let mut visitor = Visitor::new();
    let page = visitor.go(world.site.url("/auth/signup")).await;
    let asked = world.provider.authorization(&visitor);
    assert_eq!(query(&asked, "prompt").as_deref(), Some("create"));
    let form = page.form_with("display_name");
    let form = form.fill("email", "carol@example.com");
    let form = form.fill("password", "Correct-Horse-7");
    let form = form.fill("display_name", "Carol").press("Create account");
    let page = visitor.submit(&form).await;
    assert_eq!(page.url.as_str(), world.site.url("/"), "{page}");
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(world.name(&mut visitor).await.as_deref(), Some("Carol"));
    assert_eq!(world.provider.requests().await.sign_up, 1);
}

async fn signing_up_at_a_provider_that_cannot_is_answered_with_a_page(on: Backend) {
    let world = World::new(on).await;
    let mut visitor = Visitor::new();
    let page = visitor.go(world.site.url("/auth/signup")).await;
    let asked = world.provider.authorization(&visitor);
    assert_eq!(query(&asked, "prompt").as_deref(), Some("create"));
    // It knows no such prompt, and says so to the callback.
    let line = refused(&world, &page);
    assert!(line.contains("invalid_request"), "{line}");
    assert!(
        line.contains("unsupported prompt value requested"),
        "{line}"
    );
    assert_eq!(own_cookies(&visitor), [""; 0]);
}

fn refused(world: &World, page: &Page) -> String {
    assert!(page.text().contains("Sign-in did not succeed"), "{page}");
    world.refused(page, BAD_REQUEST, "callback.provider")
}
