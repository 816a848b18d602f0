//! In and around, as the application is set up.

use ciam_core::ResponseMode;
use ciam_tests::honest::EMAIL;
use ciam_tests::visitor::query;
use ciam_tests::{Backend, Visitor, cases};
use http::{Method, StatusCode};
use serde_json::Value;

use super::{SESSION, TRANSACTION, World, button, cookie_names, own_cookies};

cases! {
    at LocalTenant and OidcProvider in every store:
        a_protected_page_leads_through_the_provider_and_back,
        the_answer_may_come_by_form_post,
        the_scopes_that_are_set_are_asked_for_and_no_others,
        userinfo_is_asked_for_where_that_is_set_and_nowhere_else,
        a_script_is_told_that_nobody_is_signed_in_and_never_sent_away,
        only_pages_of_the_application_may_send_an_order;
}

async fn a_protected_page_leads_through_the_provider_and_back(on: Backend) {
    let mut world = World::new(on).await;
    assert_eq!(world.who().await, "nobody");
    let page = world.open("/account?tab=orders").await;
    assert_eq!(page.url.as_str(), world.site.url("/account?tab=orders"));
    assert_eq!(page.status, StatusCode::OK, "{page}");
    let me: Value = page.json();
    assert_eq!(me["name"], "Ada", "{page}");
    assert_eq!(me["email"], EMAIL, "{page}");
    assert_eq!(me["claims"]["iss"], world.provider.issuer(), "{page}");
    assert_eq!(me["claims"]["roles"][0], "Admin", "{page}");
    assert_eq!(cookie_names(&world.visitor, TRANSACTION), [""; 0]);
    assert_eq!(cookie_names(&world.visitor, SESSION).len(), 1);
    assert_eq!(world.provider.token_requests().await, 1);
}

async fn the_answer_may_come_by_form_post(on: Backend) {
    let mode = ResponseMode::FormPost;
    let world = World::with(on, |config| config.with_response_mode(mode)).await;
    let mut visitor = Visitor::new();
    let page = world.sign_in_as("ada", &mut visitor).await;
    assert_eq!(page.url.as_str(), world.site.url("/account"), "{page}");
    let asked = world.provider.authorization(&visitor);
    assert_eq!(query(&asked, "response_mode").as_deref(), Some("form_post"));
    let mut callback = visitor.history().iter();
    let callback = callback.find(|exchange| exchange.url.path() == "/auth/callback");
    let callback = callback.expect("the provider sent the browser back");
    assert_eq!(callback.method, Method::POST);
    assert_eq!(callback.url.query(), None, "nothing is in the address");
    assert_eq!(callback.status, StatusCode::SEE_OTHER);
    assert_eq!(cookie_names(&visitor, TRANSACTION), [""; 0]);
    assert_eq!(world.name(&mut visitor).await.as_deref(), Some("Ada"));
}

async fn the_scopes_that_are_set_are_asked_for_and_no_others(on: Backend) {
    let world = World::with(on, |config| config.with_scopes("openid  email")).await;
    let mut visitor = Visitor::new();
    world.sign_in_as("ada", &mut visitor).await;
    let me = world.me(&mut visitor).await.expect("signed in");
    assert_eq!(me["email"], EMAIL);
    let name = &me["name"];
    assert_eq!(*name, Value::Null, "that would be of the scope profile");
    let mut asked = visitor.history().iter();
    let scope = asked.find_map(|exchange| query(&exchange.url, "scope"));
    assert_eq!(scope.as_deref(), Some("openid email"));
}

async fn userinfo_is_asked_for_where_that_is_set_and_nowhere_else(on: Backend) {
    let mut world = World::new(on).await;
    let mut visitor = Visitor::new();
    world.sign_in_as("ada", &mut visitor).await;
    assert_eq!(world.name(&mut visitor).await.as_deref(), Some("Ada"));
    assert_eq!(world.provider.requests().await.userinfo, 0);

    let mut world = World::with(on, |config| config.with_userinfo()).await;
    for asked in [1, 2] {
        let mut visitor = Visitor::new();
        world.sign_in_as("ada", &mut visitor).await;
        let me = world.me(&mut visitor).await.expect("signed in");
        assert_eq!(me["name"], "Ada");
        assert_eq!(me["email"], EMAIL);
        assert_eq!(me["claims"]["iss"], world.provider.issuer());
        assert_eq!(world.provider.requests().await.userinfo, asked);
    }
}

async fn a_script_is_told_that_nobody_is_signed_in_and_never_sent_away(on: Backend) {
    let mut world = World::new(on).await;
    let mut visitor = Visitor::new();
    let home = visitor.go(world.site.url("/")).await;
    for (method, path, code) in [
        (Method::GET, "/account", "visit.not_signed_in"),
        (Method::POST, "/order", "visit.not_signed_in"),
        (Method::GET, "/no/such/page", "visit.not_signed_in"),
        (Method::GET, "/auth/login", "login.not_a_navigation"),
    ] {
        let answer = visitor.fetch(&home, method, path).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{answer}");
        assert_eq!(answer.json::<Value>()["error"], code, "{answer}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.location(), None, "{answer}");
    }
    assert_eq!(own_cookies(&visitor), [""; 0], "no attempt was begun");
    assert_eq!(world.provider.requests().await.authorize, 0);

    world.sign_in_as("ada", &mut visitor).await;
    let home = visitor.go(world.site.url("/")).await;
    let answer = visitor.fetch(&home, Method::POST, "/order").await;
    assert_eq!(answer.status, StatusCode::OK, "{answer}");
    assert_eq!(answer.body, format!("ordered by {}", home.body));
}

async fn only_pages_of_the_application_may_send_an_order(on: Backend) {
    let world = World::new(on).await;
    let mut visitor = Visitor::new();
    world.sign_in_as("ada", &mut visitor).await;
    let home = visitor.go(world.site.url("/")).await;
    let order = world.site.url("/order");

    // Another port is of the same site: the browser sends the cookies.
    let mut neighbour = home.clone();
    let other = if world.site.port() == 1024 {
        1025
    } else {
        1024
    };
    neighbour.url.set_port(Some(other)).expect("a port");
    let page = visitor.submit(&button(&neighbour, &order)).await;
    let sent = &visitor.history().last().expect("it was sent").sent;
    let cookies = sent.get("cookie").and_then(|value| value.to_str().ok());
    assert!(cookies.is_some_and(|cookies| cookies.contains(SESSION)));
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{page}");
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert!(page.text().contains("Code visit.cross_site"), "{page}");
    assert!(!page.body.contains("ordered"), "{page}");

    // Another site: the browser keeps the cookies, and it is nobody who orders.
    let mut stranger = home.clone();
    stranger.url = "https://evil.example/".parse().expect("an address");
    let provider: url::Url = world.provider.issuer().parse().expect("an address");
    let provider = provider.origin().ascii_serialization();
    let mut tricked = visitor.clone().stopping_before(&provider);
    let page = tricked.submit(&button(&stranger, &order)).await;
    assert!(!page.body.contains("ordered"), "{page}");
    let sent = tricked
        .history()
        .iter()
        .rfind(|sent| sent.url.as_str() == order);
    let sent = sent.expect("it was sent");
    assert!(sent.sent.get("cookie").is_none(), "{sent:?}");
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{sent:?}");

    let page = visitor.submit(&button(&home, &order)).await;
    assert_eq!(page.status, StatusCode::OK, "{page}");
    assert_eq!(page.body, format!("ordered by {}", home.body));
}
