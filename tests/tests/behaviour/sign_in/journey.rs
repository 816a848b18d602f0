//! In, around and out again.

use ciam_tests::{Backend, cases};
use http::StatusCode;

use super::World;

cases! {
    at LocalTenant and OidcProvider:
        a_protected_page_leads_through_the_provider_and_back;
}

async fn a_protected_page_leads_through_the_provider_and_back(on: Backend) {
    let mut world = World::new(on).await;
    assert_eq!(world.who().await, "nobody");
    let page = world.open("/account?tab=orders").await;
    assert_eq!(page.url.as_str(), world.site.url("/account?tab=orders"));
    assert_eq!(page.status, StatusCode::OK, "{page}");
    let claims: serde_json::Value = page.json();
    assert_eq!(claims["name"], "Ada", "{page}");
    assert_eq!(world.provider.token_requests().await, 1);
}
