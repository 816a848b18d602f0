//! Several workers, each with an application of its own, and one handle.

use std::collections::BTreeSet;

use ciam_tests::{Backend, Visitor, cases};
use futures_util::future::join_all;

use super::super::sign_in::World;
use super::{WORKERS, shape};

cases! {
    on Actix at LocalTenant and OidcProvider,
        because "axum makes an application once, whatever runs it":
        workers_share_one_handle_and_what_it_fetched;
}

async fn workers_share_one_handle_and_what_it_fetched(on: Backend) {
    let mut world = World::serving(on, shape!(none, workers)).await;
    let mut visitors: Vec<_> = (0..3 * WORKERS).map(|_| Visitor::new()).collect();
    let (site, provider) = (&world.site, &world.provider);
    let sign_ins = visitors.iter_mut().map(async |visitor| {
        let page = visitor.go(site.url("/worker")).await;
        let page = provider.sign_in(visitor, page).await;
        assert_eq!(page.status, 200, "{page}");
        let (who, _) = page.body.split_once(" on ").expect("who, and where");
        assert_eq!(who, "Ada here");
        // A session that one worker began is good at all others.
        let mut workers = BTreeSet::new();
        for _ in 0..WORKERS {
            let mut elsewhere = visitor.clone().on_a_new_connection();
            let page = elsewhere.go(site.url("/worker")).await;
            assert_eq!(page.status, 200, "{page}");
            workers.insert(page.body);
        }
        workers
    });
    let workers: BTreeSet<_> = join_all(sign_ins).await.into_iter().flatten().collect();
    assert_eq!(workers.len(), WORKERS, "{workers:?}");
    assert_eq!(
        world.provider.token_requests().await,
        3 * u64::try_from(WORKERS).expect("a few")
    );
    let requests = world.provider.requests().await;
    assert_eq!((requests.discovery, requests.keys), (1, 1));
}
