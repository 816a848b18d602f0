//! Issuers with a path, and with a slash at the end.

use ciam_tests::{Framework, OidcProvider, ShopSetup, Visitor, cases};
use http::StatusCode;
use serde_json::{Value, json};
use url::Position;

cases! {
    at OidcProvider, because "the issuer of a tenant has one form, which customer_tenant is about":
        an_issuer_may_have_a_path,
        an_issuer_may_have_a_path_and_end_with_a_slash,
        an_issuer_may_end_with_a_slash;
}

const BAD_GATEWAY: StatusCode = StatusCode::BAD_GATEWAY;

async fn an_issuer_may_have_a_path(on: Framework) {
    issuer_with(on, "/realms/tea", |issuer| format!("{issuer}/")).await;
}

async fn an_issuer_may_have_a_path_and_end_with_a_slash(on: Framework) {
    issuer_with(on, "/realms/tea/", without_slash).await;
}

async fn an_issuer_may_end_with_a_slash(on: Framework) {
    issuer_with(on, "/", without_slash).await;
}

fn without_slash(issuer: &str) -> String {
    issuer.trim_end_matches('/').to_owned()
}

/// Written as it is, it signs in. Written with a slash more or less, it is refused,
/// and the log says what to set; then `CIAM_ISSUER` is the other way out.
async fn issuer_with(on: Framework, path: &str, misspelt: fn(&str) -> String) {
    let setups = [ShopSetup::new(on), ShopSetup::new(on), ShopSetup::new(on)];
    let clients: Value = setups.iter().map(ShopSetup::registration).collect();
    let options = json!({"path": path, "clients": clients});
    let mut provider = OidcProvider::start(options).await;
    let issuer = provider.issuer().to_owned();
    assert!(issuer.ends_with(path), "{issuer}");
    let [exact, refused, pinned] = setups;

    let mut refused = refused.at(&misspelt(&issuer)).await;
    let mut visitor = Visitor::new();
    let page = visitor.go(refused.url("/account")).await;
    let line = refused.failure(&page, BAD_GATEWAY, "metadata.issuer").await;
    let remedy = format!("set CIAM_AUTHORITY (or CIAM_ISSUER) to exactly {issuer}:");
    assert!(line.contains(&remedy), "{remedy} in {line}");
    assert!(
        !page.body.contains(&issuer),
        "nothing for the visitor: {page}"
    );
    assert_eq!(provider.count("/auth").await, 0);

    let exact = exact.at(&issuer).await;
    let pinned = pinned
        .set("CIAM_ISSUER", &issuer)
        .at(&misspelt(&issuer))
        .await;
    for shop in [exact, pinned] {
        let mut visitor = Visitor::new();
        let account = shop.sign_in(&mut visitor, "alice").await;
        assert_eq!(
            account.url.as_str(),
            shop.url("/account"),
            "{account}\n{}",
            shop.app.log()
        );
        let me = shop.me(&mut visitor).await.expect("signed in");
        assert_eq!(me["claims"]["iss"], issuer);
        let bye = shop.sign_out(&mut visitor).await;
        assert_eq!(
            &bye.url[..Position::AfterPath],
            shop.route("signed-out"),
            "{bye}"
        );
    }
}
