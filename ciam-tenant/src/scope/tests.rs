use std::sync::Arc;

use super::*;
use crate::application::{Application, Registered};

const SHOP: &str = "aaaabbbb-0000-4ccc-9111-dddd2222eee1";
const ORDERS: &str = "aaaabbbb-0000-4ccc-9111-dddd2222eee2";
const STOCK: &str = "aaaabbbb-0000-4ccc-9111-dddd2222eee3";

/// A shop that is an API too, and may read (not write) the orders of another.
fn applications() -> [Arc<Registered>; 3] {
    let shop = Application::web("Shop")
        .client_id(SHOP)
        .scope("shop.use")
        .delegated_permission(ORDERS, "orders.read")
        .delegated_permission(ORDERS, "orders.list");
    let orders = Application::web("Orders")
        .client_id(ORDERS)
        .scope("orders.read")
        .scope("orders.list")
        .scope("orders.write");
    let stock = Application::web("Stock").client_id(STOCK).scope("stock");
    [shop, orders, stock].map(|application| Arc::new(Registered::new(application).unwrap()))
}

fn with_consent<T>(check: impl FnOnce(&Consent<'_>) -> T) -> T {
    let applications = applications();
    let find = |client_id: &str| {
        let mut known = applications.iter();
        known.find(|known| known.client_id == client_id).cloned()
    };
    check(&Consent {
        client: &applications[0],
        find: &find,
        tenant: "contoso",
    })
}

#[test]
fn knows_its_scopes_and_needs_openid() {
    with_consent(|consent| {
        let scopes = Scopes::parse("openid  profile openid", consent).unwrap();
        assert_eq!(scopes.to_text(), "openid profile");
        assert!(scopes.narrowed("openid", consent).unwrap().has("openid"));
        for scope in ["", "profile", "openid orders.read", "openid Profile"] {
            let error = Scopes::parse(scope, consent).unwrap_err();
            assert_eq!(error.number, 70011, "{scope}");
        }
        let error = scopes.narrowed("email", consent).unwrap_err();
        assert_eq!(error.number, 70011);
    });
}

#[test]
fn the_scopes_of_one_api_are_granted_by_consent() {
    with_consent(|consent| {
        for (scope, expected) in [
            ("openid api://ORDERS/orders.read", "orders.read"),
            ("api://ORDERS/orders.read", "orders.read"),
            ("openid ORDERS/orders.read", "orders.read"),
            (
                "ORDERS/orders.read api://ORDERS/orders.list",
                "orders.read orders.list",
            ),
            ("ORDERS/orders.read ORDERS/orders.read", "orders.read"),
            ("openid api://ORDERS/.default", "orders.read orders.list"),
            ("openid api://SHOP/shop.use", "shop.use"),
        ] {
            let scope = scope.replace("ORDERS", ORDERS).replace("SHOP", SHOP);
            let scopes = Scopes::parse(&scope, consent).unwrap();
            let resource = scopes.resource().unwrap();
            assert_eq!(resource.scopes.join(" "), expected, "{scope}");
        }
        let upper = format!("openid api://{}/orders.read", ORDERS.to_uppercase());
        let scopes = Scopes::parse(&upper, consent).unwrap();
        assert_eq!(scopes.resource().unwrap().client_id, ORDERS);
        assert_eq!(scopes.to_text(), upper, "told as asked for");
    });
}

#[test]
fn several_apis_may_be_asked_for_and_the_first_one_gets_the_token() {
    with_consent(|consent| {
        let (own, orders) = (format!("{SHOP}/shop.use"), format!("{ORDERS}/orders.read"));
        for (first, second) in [(&own, &orders), (&orders, &own)] {
            let scopes = Scopes::parse(&format!("openid {first} {second}"), consent).unwrap();
            assert_eq!(scopes.to_text(), format!("openid {first}"));
        }
        // A token request names one.
        let both = format!("openid {own} {orders}");
        let scopes = Scopes::parse(&both, consent).unwrap();
        assert_eq!(scopes.narrowed(&both, consent).unwrap_err().number, 700022);
    });
}

#[test]
fn what_an_application_may_not_have_has_its_number() {
    with_consent(|consent| {
        for (scope, number) in [
            ("api://aaaabbbb-0000-4ccc-9111-dddd2222eee9/x", 500011),
            ("https://shop.test/x", 500011),
            ("api://orders/orders.read", 500011),
            ("ORDERS/orders.delete", 650053),
            ("ORDERS/Orders.Read", 650053),
            ("ORDERS/orders.write", 65001),
            ("STOCK/stock", 65001),
            ("STOCK/.default", 65001),
            ("ORDERS/.default ORDERS/orders.read", 70011),
            ("ORDERS/", 70011),
            ("ORDERS/orders.read STOCK/stock", 65001),
            ("User.Read ORDERS/orders.delete", 650053),
        ] {
            let scope = format!("openid {scope}")
                .replace("ORDERS", ORDERS)
                .replace("STOCK", STOCK)
                .replace("SHOP", SHOP);
            let error = Scopes::parse(&scope, consent).unwrap_err();
            assert_eq!(error.number, number, "{scope}");
        }
    });
}

#[test]
fn a_code_narrows_and_a_refresh_token_does_not_know_the_api() {
    with_consent(|consent| {
        let both = format!("openid {ORDERS}/orders.read {ORDERS}/orders.list");
        let granted = Scopes::parse(&both, consent).unwrap();
        let one = format!("{ORDERS}/orders.list");
        let narrowed = granted.narrowed(&one, consent).unwrap();
        assert_eq!(narrowed.to_text(), one);
        let graph = granted.narrowed("openid", consent).unwrap();
        assert_eq!(graph.resource(), None);
        let more = format!("{ORDERS}/orders.list {ORDERS}/orders.read");
        assert_eq!(narrowed.narrowed(&more, consent).unwrap_err().number, 70011);

        let own = format!("openid {SHOP}/shop.use");
        assert_eq!(granted.narrowed(&own, consent).unwrap_err().number, 70011);
        assert_eq!(granted.renewed(&own, consent).unwrap().to_text(), own);
        let write = format!("{ORDERS}/orders.write");
        assert_eq!(granted.renewed(&write, consent).unwrap_err().number, 65001);
    });
}
