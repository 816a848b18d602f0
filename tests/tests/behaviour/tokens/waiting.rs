//! Whoever waits for a token may go away: what the provider gave is not lost.

use std::time::{Duration, Instant};

use ciam_tests::honest::Honest;
use ciam_tests::wire::{Then, exchange};
use ciam_tests::{Backend, Framework, cases};

use super::{LIFE, Waiting, World};

cases! {
    at LocalTenant in every store, because "only the tenant can hold an answer back":
        what_the_provider_rotated_is_kept_although_the_connection_is_closed;
}

async fn what_the_provider_rotated_is_kept_although_the_connection_is_closed(on: Backend) {
    let mut world = World::new(on).await;
    let mut ada = world.signed_in("ada").await;
    let first = world.token(&mut ada, "/token").await;
    world.advance(LIFE);
    let port = world.signing.site.port();
    let session = ada.cookie("ciam-session").expect("signed in");
    let cookie = format!("{}={}", session.cookie.name(), session.cookie.value());
    {
        let Honest::LocalTenant(tenant) = &world.signing.provider else {
            panic!("it runs at the tenant");
        };
        let held = tenant.hold_refreshes();
        let names = [0, 1, 2].map(|n| format!("{port}-{n}"));
        let requests: Vec<_> = names
            .iter()
            .map(|name| {
                let request = format!(
                    "GET /waiting/{name} HTTP/1.1\r\nhost: localhost:{port}\r\n\
                     cookie: {cookie}\r\n\r\n"
                );
                tokio::spawn(async move { exchange(port, request.as_bytes(), Then::Wait).await })
            })
            .collect();
        held.until_held(1).await;
        // The provider has rotated. Nobody waits for it any more.
        for request in requests {
            request.abort();
            assert!(request.await.expect_err("it is gone").is_cancelled());
        }
        let start = Instant::now();
        // On actix-web a handler runs on, whoever is there.
        let is_dropped = on.framework == Framework::Axum;
        while is_dropped && !names.iter().any(|name| Waiting::is_gone(name)) {
            assert!(start.elapsed() < LIMIT, "no handler noticed");
            tokio::time::sleep(POLL).await;
        }
        held.release();
    }
    // The refresh token of before would end everything: it is good once.
    let newer = world.token(&mut ada, "/token").await;
    assert_ne!(newer, first);
    assert_eq!(world.signing.provider.refreshes().await, 1);
    world.advance(LIFE);
    assert_ne!(world.token(&mut ada, "/token").await, newer);
    assert_eq!(world.signing.provider.refreshes().await, 2);
}

const LIMIT: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(10);
