//! Shops that do not start say why, and start nothing.

use std::net::TcpStream;

use ciam_tests::shop::Shop;
use ciam_tests::{App, Framework, Port, cases};

cases! {
    at LocalTenant, because "a real browser needs real pages: those of the tenant":
        a_taken_port_is_named_with_the_setting_to_change,
        an_address_that_is_none_is_named,
        settings_that_are_not_enough_are_all_named_and_start_nothing,
        a_misspelt_setting_is_no_reason_to_start_a_local_tenant;
}

async fn a_taken_port_is_named_with_the_setting_to_change(on: Framework) {
    let shop = Shop::start(on).await;
    let taken = shop.url("").replace("http://localhost:", "127.0.0.1:");
    let (status, said) = App::refuse(on.shop(), &[("LISTEN", &taken)]).await;
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(
        said.contains(&format!("cannot listen on {taken}")),
        "{said}"
    );
    assert!(said.contains("set LISTEN to another address"), "{said}");

    let tenant = format!("127.0.0.1:{}", shop.tenant_port());
    let (status, said) = App::refuse(on.shop(), &[("LISTEN_TENANT", &tenant)]).await;
    assert_eq!(status.code(), Some(1), "{said}");
    let reason = format!("port {} of 127.0.0.1 is in use", shop.tenant_port());
    assert!(said.contains(&reason), "{said}");
    assert!(
        said.contains("set LISTEN_TENANT to another address"),
        "{said}"
    );
}

async fn an_address_that_is_none_is_named(on: Framework) {
    for name in ["LISTEN", "LISTEN_TENANT"] {
        let (status, said) = App::refuse(on.shop(), &[(name, "localhost")]).await;
        assert_eq!(status.code(), Some(2), "{said}");
        assert!(said.contains(&format!("{name} is \"localhost\"")), "{said}");
    }
}

async fn settings_that_are_not_enough_are_all_named_and_start_nothing(on: Framework) {
    let tenant = Port::reserve();
    let listen_tenant = format!("127.0.0.1:{}", tenant.number());
    let variables = [
        ("CIAM_AUTHORITY", "https://contoso.ciamlogin.com"),
        ("LISTEN_TENANT", &listen_tenant),
    ];
    let (status, said) = App::refuse(on.shop(), &variables).await;
    assert_eq!(status.code(), Some(2), "{said}");
    for missing in ["CIAM_CLIENT_ID", "CIAM_BASE_URL"] {
        let line = said
            .lines()
            .find(|line| line.contains(&format!("{missing}: ")));
        let line = line.unwrap_or_else(|| panic!("{missing} in {said}"));
        let (_, fix) = line.split_once("; ").expect("a problem and its fix");
        assert!(fix.contains("[config.missing]") && fix.len() > 30, "{line}");
    }
    assert!(!said.contains("CIAM_AUTHORITY: "), "it is right: {said}");
    for started in ["Local tenant", "Listening", "panicked"] {
        assert!(!said.contains(started), "{said}");
    }
    assert!(TcpStream::connect(&listen_tenant).is_err());
}

async fn a_misspelt_setting_is_no_reason_to_start_a_local_tenant(on: Framework) {
    let (status, said) = App::refuse(on.shop(), &[("CIAM_AUTORITY", "https://a.test")]).await;
    assert_eq!(status.code(), Some(2), "{said}");
    assert!(
        said.contains("nearest known name is CIAM_AUTHORITY"),
        "{said}"
    );
    assert!(!said.contains("Local tenant"), "{said}");
}
