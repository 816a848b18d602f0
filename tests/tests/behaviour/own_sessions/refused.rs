//! Who may not end a session, and where there is no list of them.

use ciam_tests::visitor::{Form, Page};
use ciam_tests::{Backend, Visitor, cases};
use http::{Method, StatusCode};

use super::{World, ends, own_and_others};

cases! {
    at LocalTenant and OidcProvider:
        nobody_ends_a_session_of_somebody_else,
        another_site_ends_no_session,
        sessions_in_cookies_are_in_no_list;
}

async fn nobody_ends_a_session_of_somebody_else(on: Backend) {
    let world = World::new(on).await;
    let mut ada = world.signed_in("ada").await;
    let mut bob = world.signed_in("bob").await;
    let of_bob = ends(&world.list(&mut bob).await).remove(0);
    let page = world.list(&mut ada).await;
    let mut forged = own_and_others(&page).0;
    let bobs = of_bob.value("session").expect("an id").to_owned();
    for (value, may_be_an_id) in [
        (bobs.clone(), true),
        ("A".repeat(43), true),
        (bobs[1..].to_owned(), false),
        (String::new(), false),
    ] {
        forged = forged.fill("session", &value);
        let page = ada.submit(&forged).await;
        if may_be_an_id {
            assert_eq!(page.status, StatusCode::OK, "{value}: {page}");
            assert_eq!(ends(&page).len(), 1, "{value}: {page}");
        } else {
            // Refused by the framework, with a status of its own.
            assert!(page.status.is_client_error(), "{value}: {page}");
        }
        assert!(world.is_signed_in(&mut bob).await, "{value}");
        assert!(world.is_signed_in(&mut ada).await, "{value}");
    }
    // Whoever is not signed in goes to sign in, or is told so.
    let mut nobody = Visitor::new();
    let page = nobody.submit(&of_bob).await;
    assert!(world.provider.asks(&page), "{page}");
    let front = nobody.go(world.shop.url("/")).await;
    let address = "/account/sessions/end-others";
    let answer = nobody.fetch(&front, Method::POST, address).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{answer}");
    assert!(world.is_signed_in(&mut bob).await);
}

async fn another_site_ends_no_session(on: Backend) {
    let world = World::new(on).await;
    let mut ada = world.signed_in("ada").await;
    let mut also_ada = world.signed_in("ada").await;
    let page = world.list(&mut ada).await;
    let (own, others) = own_and_others(&page);
    let all = page.form_to("/account/sessions/end-others");
    for form in [&own, &others[0], &all] {
        // Another origin of the same site: the browser sends the cookie along.
        let page = ada
            .submit(&elsewhere(form, &page, "http://localhost:1/"))
            .await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{page}");
        assert!(page.text().contains(" Code visit.cross_site"), "{page}");
        // Another site: it does not, and nobody is signed in.
        let page = ada
            .submit(&elsewhere(form, &page, "http://127.0.0.1:1/"))
            .await;
        assert!(!page.url.path().starts_with("/account/sessions/"), "{page}");
        assert!(world.is_signed_in(&mut ada).await);
        assert!(world.is_signed_in(&mut also_ada).await);
    }
    assert_eq!(ends(&world.list(&mut ada).await).len(), 2);
}

/// The same form on a page of somebody else's.
fn elsewhere(form: &Form, page: &Page, origin: &str) -> Form {
    let body = format!("<form method=post action='{}'></form>", form.action);
    let page = Page {
        url: origin.parse().expect("an address"),
        body,
        ..page.clone()
    };
    let mut copied = page.forms().remove(0);
    copied.fields.clone_from(&form.fields);
    copied
}

async fn sessions_in_cookies_are_in_no_list(on: Backend) {
    let mut world = World::keeping_in(on, "cookie").await;
    let mut ada = world.signed_in("ada").await;
    let page = world.list(&mut ada).await;
    assert!(page.text().contains("CIAM_SESSION_STORE"), "{page}");
    assert_eq!(ends(&page).len(), 0, "{page}");
    let address = "/account/sessions/end-others";
    let answer = ada.fetch(&page, Method::POST, address).await;
    let told = (answer.status.as_u16(), &*answer.body);
    assert_eq!(told, (500, r#"{"error":"sessions.no_store"}"#));
    let logged = ["sessions.no_store", "CIAM_SESSION_STORE", "ERROR"];
    world.shop.app.logged(&logged).await;
    assert!(world.is_signed_in(&mut ada).await);
}
