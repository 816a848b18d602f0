//! Session cookies that are not what was set.

use ciam_tests::{Backend, Site, StoreKind, Visitor, cases};

use super::{ID_TOKEN, SESSION, TRANSACTION, World, cookie_names};

cases! {
    at LocalTenant and OidcProvider in every store:
        a_session_cookie_that_was_changed_or_cut_short_is_nobody,
        a_session_cookie_put_together_from_two_is_nobody,
        another_cookie_of_the_application_is_no_session,
        a_session_of_another_cookie_secret_is_nobody;
}

async fn a_session_cookie_that_was_changed_or_cut_short_is_nobody(on: Backend) {
    let world = World::new(on).await;
    let (mut ada, name, value) = signed_in(&world, "ada").await;
    let length = value.len();
    let mut tried = 0;
    for at in [0, 1, 2, 8, 16, length / 2, length - 2, length - 1] {
        let mut changed = value.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'Q' } else { b'A' };
        let changed = String::from_utf8(changed).expect("ASCII");
        is_nobody(&world, &name, &changed).await;
        tried += 1;
    }
    for kept in [0, 1, 12, length / 2, length - 1] {
        is_nobody(&world, &name, &value[..kept]).await;
        is_nobody(&world, &name, &value[length - kept..]).await;
        tried += 2;
    }
    for longer in [format!("{value}A"), format!("{value}{value}")] {
        is_nobody(&world, &name, &longer).await;
        tried += 1;
    }
    assert_eq!(tried, 20);
    // Only the cookie was wrong, and only while it was there.
    assert_eq!(world.name(&mut ada).await.as_deref(), Some("Ada"));
    let mut again = with_cookie(&world, &name, &value[..length - 1]);
    world.sign_in_as("ada", &mut again).await;
    assert_eq!(world.name(&mut again).await.as_deref(), Some("Ada"));
}

async fn a_session_cookie_put_together_from_two_is_nobody(on: Backend) {
    let world = World::new(on).await;
    let (_, name, ada) = signed_in(&world, "ada").await;
    let (_, name_of_bob, bob) = signed_in(&world, "bob").await;
    assert_eq!(name, name_of_bob);
    let shorter = ada.len().min(bob.len());
    for at in [1, 8, 24, shorter / 2, shorter - 24, shorter - 1] {
        for (first, second) in [(&ada, &bob), (&bob, &ada)] {
            let mixed = format!("{}{}", &first[..at], &second[at..]);
            // Where both begin or end alike it is one of the two.
            if mixed == ada || mixed == bob {
                continue;
            }
            is_nobody(&world, &name, &mixed).await;
        }
    }
    let mut somebody = with_cookie(&world, &name, &bob);
    assert_eq!(world.name(&mut somebody).await.as_deref(), Some("Bob"));
}

async fn another_cookie_of_the_application_is_no_session(on: Backend) {
    let world = World::new(on).await;
    let (ada, name, _) = signed_in(&world, "ada").await;
    let id_token = ada.cookie(ID_TOKEN);
    // Beside a session in a store it is there too.
    assert_eq!(id_token.is_some(), on.store == StoreKind::Cookie);
    if let Some(id_token) = id_token {
        is_nobody(&world, &name, id_token.cookie.value()).await;
    }
    let mut leaving = world.stopping();
    world.callback_url("ada", &mut leaving).await;
    let transaction = leaving.cookie(TRANSACTION).expect("an attempt");
    is_nobody(&world, &name, transaction.cookie.value()).await;
}

async fn a_session_of_another_cookie_secret_is_nobody(on: Backend) {
    let world = World::new(on).await;
    let (mut ada, name, _) = signed_in(&world, "ada").await;
    // The same application for the provider and for browsers, which tell no ports apart.
    let base_url = world.site.url("");
    let store = on.store.ready().await;
    let other = async |_: &str| store.of(world.provider.config(&base_url));
    let other = Site::start(on.framework, other).await;
    let page = ada.go(other.url("/")).await;
    let sent = &ada.history().last().expect("it was sent").sent;
    let cookies = sent.get("cookie").and_then(|value| value.to_str().ok());
    assert!(cookies.is_some_and(|cookies| cookies.contains(&name)));
    assert_eq!(page.body, "nobody");
    assert_eq!(world.name(&mut ada).await.as_deref(), Some("Ada"));
}

/// Somebody signed in, and the name and value of the one session cookie.
async fn signed_in(world: &World, login: &str) -> (Visitor, String, String) {
    let mut visitor = Visitor::new();
    world.sign_in_as(login, &mut visitor).await;
    let kept = visitor.cookie(SESSION).expect("signed in").cookie.clone();
    (visitor, kept.name().to_owned(), kept.value().to_owned())
}

fn with_cookie(world: &World, name: &str, value: &str) -> Visitor {
    let mut visitor = Visitor::new();
    let set = format!("{name}={value}; Path=/");
    let home = world.site.url("/");
    visitor.set_cookie(&home, &set).expect("a cookie");
    assert_eq!(cookie_names(&visitor, SESSION), [name]);
    visitor
}

async fn is_nobody(world: &World, name: &str, value: &str) {
    let mut visitor = with_cookie(world, name, value);
    assert_eq!(world.me(&mut visitor).await, None, "{value}");
}
