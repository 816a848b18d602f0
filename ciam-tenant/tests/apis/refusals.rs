//! What is registered, asked for and granted wrongly.

use ciam_tenant::{Application, RegisterError};

use super::{Orders, check};
use crate::common::{Browser, CALLBACK};

#[tokio::test]
async fn scopes_that_the_authorization_endpoint_refuses() {
    let orders = Orders::new().await;
    let stock = Application::web("Stock").scope("stock");
    let stock = orders.world.tenant.register(stock).unwrap();
    let read = orders.scope("orders.read");
    let stock = format!("api://{}/stock", stock.client_id);
    let unknown = "api://00000000-0000-4000-8000-000000000000/x";
    for (scope, error, number) in [
        (format!("openid {unknown}"), "invalid_resource", 500011),
        (
            format!("openid {}", orders.scope("orders.delete")),
            "invalid_client",
            650053,
        ),
        (
            format!("openid {}", orders.scope("orders.write")),
            "consent_required",
            65001,
        ),
        (format!("openid {stock}"), "consent_required", 65001),
        (format!("openid {read} {stock}"), "consent_required", 65001),
    ] {
        let request = orders.world.request(&[("scope", &scope)]);
        let answer = Browser::default().get(&request).await;
        assert!(answer.location().as_str().starts_with(CALLBACK));
        assert_eq!(answer.parameter("error").as_deref(), Some(error), "{scope}");
        let description = answer.parameter("error_description").unwrap();
        assert!(
            description.starts_with(&format!("AADSTS{number}: ")),
            "{scope} {description}"
        );
        assert_eq!(answer.parameter("code"), None);
    }
}

#[tokio::test]
async fn scopes_that_the_token_endpoint_refuses() {
    let orders = Orders::with(|orders| orders.redirect_uri(CALLBACK)).await;
    let world = &orders.world;
    let read = orders.scope("orders.read");
    let write = orders.scope("orders.write");
    let granted = format!("openid offline_access {read}");

    // A code is for what was asked for, also where the application may have more.
    let code = world.code(&[("scope", "openid")]).await;
    let answer = world.redeem(&code, &[("scope", &read)]).await;
    check(&answer, 400, "invalid_scope", 70011);
    assert_eq!(world.redeem(&code, &[]).await.0, 200, "not used up");

    let code = world.code(&[("scope", &granted)]).await;
    let answer = world.redeem(&code, &[("scope", &write)]).await;
    check(&answer, 400, "invalid_grant", 65001);
    assert_eq!(answer.1["suberror"], "consent_required");
    let (_, tokens) = world.redeem(&code, &[]).await;

    for (scope, error, number) in [
        (write.as_str(), "invalid_grant", 65001),
        ("openid profile", "invalid_scope", 70011),
    ] {
        let answer = orders.refresh(&tokens, &[("scope", scope)]).await;
        check(&answer, 400, error, number);
    }
    // Another application's refresh token is worth nothing.
    let api = [
        ("client_id", orders.api.client_id.as_str()),
        (
            "client_secret",
            orders.api.client_secret.as_deref().unwrap(),
        ),
    ];
    let answer = orders.refresh(&tokens, &api).await;
    check(&answer, 400, "invalid_grant", 70000);
}

#[tokio::test]
async fn an_id_token_needs_openid() {
    let orders = Orders::new().await;
    let shop = Application::web("Hybrid")
        .redirect_uri(CALLBACK)
        .id_tokens_at_authorize()
        .delegated_permission(&orders.api.client_id, "orders.read");
    let shop = orders.world.tenant.register(shop).unwrap();
    let scope = orders.scope("orders.read");
    let changes = [
        ("client_id", shop.client_id.as_str()),
        ("response_type", "code id_token"),
        ("scope", scope.as_str()),
    ];
    let answer = Browser::default()
        .get(&orders.world.request(&changes))
        .await;
    assert_eq!(answer.parameter("error").as_deref(), Some("invalid_scope"));
    let description = answer.parameter("error_description").unwrap();
    assert!(description.starts_with("AADSTS70011: "));
}

#[tokio::test]
async fn registrations_that_are_none() {
    let orders = Orders::new().await;
    let tenant = &orders.world.tenant;
    let api = &orders.api.client_id;
    let app = || Application::web("Other");
    let own = "aaaabbbb-0000-4ccc-9111-dddd2222eeee";
    let permission = |name: &str| RegisterError::Permission {
        api: api.clone(),
        name: name.to_owned(),
    };
    for (application, expected) in [
        (app().scope("a b"), RegisterError::Name("a b".to_owned())),
        (
            app().app_role(".default"),
            RegisterError::Name(".default".to_owned()),
        ),
        (
            app().access_token_claim("acrs"),
            RegisterError::UnknownClaim("acrs".to_owned()),
        ),
        (
            app().delegated_permission(api, "orders.delete"),
            permission("orders.delete"),
        ),
        // A role is no scope, and a scope is no role.
        (
            app().delegated_permission(api, "Orders.Read.All"),
            permission("Orders.Read.All"),
        ),
        (
            app().application_permission(api, "orders.read"),
            permission("orders.read"),
        ),
        (
            app().application_permission(own, "Own"),
            RegisterError::Permission {
                api: own.to_owned(),
                name: "Own".to_owned(),
            },
        ),
        (
            (0..101).fold(app(), |app, n| app.scope(format!("s{n}"))),
            RegisterError::TooMany("scopes or app roles"),
        ),
        (
            (0..401).fold(app(), |app, _| app.delegated_permission(api, "orders.read")),
            RegisterError::TooMany("permissions"),
        ),
    ] {
        assert_eq!(tenant.register(application).unwrap_err(), expected);
    }
    let own_role = app().client_id(own).app_role("Own");
    let registered = tenant.register(own_role.application_permission(own, "Own"));
    assert!(registered.is_ok(), "{registered:?}");
}
