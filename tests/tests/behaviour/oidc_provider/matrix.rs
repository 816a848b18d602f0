//! One sign-in and sign-out, in all the ways a client may be registered for.

use std::collections::BTreeSet;

use ciam_tests::visitor::query;
use ciam_tests::{Framework, OidcProvider, OidcShop, ShopSetup, Visitor, cases};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use url::Position;

use super::{SESSION, TRANSACTION, asks_who, cookie_names};

cases! {
    at OidcProvider, because "the local tenant has one algorithm, and takes a secret however it is sent":
        whoever_signs_in_has_an_account_page_and_signs_out_everywhere;
    on Axum at OidcProvider, because "about the matrix itself, no application is involved":
        every_pair_of_choices_is_in_the_matrix;
}

/// How a client is registered, and the shop told so.
#[derive(Clone, Copy, Debug)]
struct Row {
    mode: &'static str,
    algorithm: &'static str,
    auth: &'static str,
}

const fn row(mode: &'static str, algorithm: &'static str, auth: &'static str) -> Row {
    Row {
        mode,
        algorithm,
        auth,
    }
}

const ROWS: [Row; 12] = [
    row("query", "RS256", "client_secret_basic"),
    row("form_post", "RS256", "client_secret_post"),
    row("query", "RS256", "none"),
    row("form_post", "PS256", "client_secret_basic"),
    row("query", "PS256", "client_secret_post"),
    row("form_post", "PS256", "none"),
    row("query", "ES256", "client_secret_basic"),
    row("form_post", "ES256", "client_secret_post"),
    row("query", "ES256", "none"),
    row("form_post", "EdDSA", "client_secret_basic"),
    row("query", "EdDSA", "client_secret_post"),
    row("form_post", "EdDSA", "none"),
];

const MODES: [&str; 2] = ["query", "form_post"];
const ALGORITHMS: [&str; 4] = ["RS256", "PS256", "ES256", "EdDSA"];
const AUTHS: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];

/// Every character of it but the letters means something in a form, an address
/// or the credentials of Basic.
const SECRET: &str = "a+b/c=d%e ~:&f?g#h\"i\\j;k%2Bl";

async fn every_pair_of_choices_is_in_the_matrix(_: Framework) {
    let mut pairs = BTreeSet::new();
    for Row {
        mode,
        algorithm,
        auth,
    } in ROWS
    {
        pairs.extend([(mode, algorithm), (mode, auth), (algorithm, auth)]);
    }
    for algorithm in ALGORITHMS {
        for mode in MODES {
            assert!(pairs.contains(&(mode, algorithm)), "{mode} {algorithm}");
        }
        for auth in AUTHS {
            assert!(pairs.contains(&(algorithm, auth)), "{algorithm} {auth}");
        }
    }
    for mode in MODES {
        for auth in AUTHS {
            assert!(pairs.contains(&(mode, auth)), "{mode} {auth}");
        }
    }
}

async fn whoever_signs_in_has_an_account_page_and_signs_out_everywhere(on: Framework) {
    let setups: Vec<(Row, ShopSetup)> = ROWS.into_iter().map(|row| (row, setup(on, row))).collect();
    let clients: Vec<Value> = setups
        .iter()
        .map(|(_, setup)| setup.registration())
        .collect();
    let options = json!({
        "algorithms": ALGORITHMS,
        "clients": clients,
        "configuration": {"conformIdTokenClaims": false},
    });
    let mut provider = OidcProvider::start(options).await;
    for (row, setup) in setups {
        let shop = setup.at(provider.issuer()).await;
        signs_in_and_out(row, &shop, &mut provider).await;
        println!("signed in and out: {row:?}");
    }
}

fn setup(on: Framework, row: Row) -> ShopSetup {
    let mut client = json!({
        // One client each, whose name needs encoding as well.
        "client_id": format!("shop: {}+{}/{}", row.mode, row.algorithm, row.auth),
        "client_secret": SECRET,
        "token_endpoint_auth_method": row.auth,
        "id_token_signed_response_alg": row.algorithm,
    });
    let setup = ShopSetup::new(on).set("CIAM_RESPONSE_MODE", row.mode);
    let setup = match row.algorithm {
        "RS256" => setup,
        algorithm => setup.set("CIAM_ID_TOKEN_ALG", algorithm),
    };
    let setup = match row.auth {
        "client_secret_basic" => setup.set("CIAM_CLIENT_AUTH", "basic"),
        // What is done by default where the metadata lists it.
        "client_secret_post" => setup,
        _ => {
            client["client_secret"] = Value::Null;
            setup
        }
    };
    setup.client(client)
}

async fn signs_in_and_out(row: Row, shop: &OidcShop, provider: &mut OidcProvider) {
    let mut visitor = Visitor::new();
    assert_eq!(shop.me(&mut visitor).await, None, "{row:?}");
    let with_basic = provider.count("/token with Basic").await;

    let account = shop.sign_in(&mut visitor, "alice").await;
    assert_eq!(
        account.url.as_str(),
        shop.url("/account"),
        "{row:?}: {account}\n{}",
        shop.app.log()
    );
    assert_eq!(account.status, StatusCode::OK);
    assert!(
        account.text().contains("Signed in as The customer alice"),
        "{account}"
    );
    let callback = visitor
        .history()
        .iter()
        .find(|e| e.url.path() == "/auth/callback");
    let callback = callback.expect("the provider sent the browser back");
    let expected = if row.mode == "query" {
        Method::GET
    } else {
        Method::POST
    };
    assert_eq!(callback.method, expected, "{row:?}");

    let me = shop.me(&mut visitor).await.expect("signed in");
    assert_eq!(me["sub"], "alice");
    assert_eq!(me["name"], "The customer alice");
    assert_eq!(me["email"], "alice@example.com");
    assert_eq!(me["claims"]["iss"], provider.issuer());
    assert_eq!(cookie_names(&visitor, TRANSACTION), [""; 0], "{row:?}");
    assert_eq!(cookie_names(&visitor, SESSION).len(), 1);

    let with_basic = provider.count("/token with Basic").await - with_basic;
    assert_eq!(
        with_basic,
        u64::from(row.auth == "client_secret_basic"),
        "{row:?}"
    );

    let bye = shop.sign_out(&mut visitor).await;
    assert_eq!(
        &bye.url[..Position::AfterPath],
        shop.route("signed-out"),
        "{bye}"
    );
    assert!(bye.text().contains("You are signed out"), "{bye}");
    let end = visitor
        .history()
        .iter()
        .find(|e| e.url.path() == "/session/end");
    let end = &end.expect("the provider was asked to sign out").url;
    assert!(query(end, "id_token_hint").is_some(), "whom: {end}");
    assert!(query(end, "client_id").is_some(), "for whom: {end}");
    assert_eq!(cookie_names(&visitor, "ciam-"), [""; 0], "{row:?}");
    assert_eq!(shop.me(&mut visitor).await, None, "{row:?}");
    let page = visitor.go(shop.url("/account")).await;
    assert!(asks_who(&page), "the provider's session is gone: {page}");

    nothing_secret_in_the_log(row, shop, &visitor);
}

/// Neither the client secret nor a cookie, a code or a token that passed by.
fn nothing_secret_in_the_log(row: Row, shop: &OidcShop, visitor: &Visitor) {
    let log = shop.app.log();
    assert!(log.contains("sign_in.completed"), "{log}");
    assert!(!log.contains(SECRET), "{row:?}: {log}");
    let mut values = 0;
    for exchange in visitor.history() {
        let cookies = exchange.received.get_all("set-cookie").iter();
        let cookies = cookies.filter_map(|cookie| cookie.to_str().ok()?.split([';', '=']).nth(1));
        let parameters = exchange.url.query_pairs().filter(|(name, _)| {
            ["code", "state", "nonce", "code_challenge", "id_token_hint"].contains(&&**name)
        });
        let parameters = parameters.map(|(_, value)| value.into_owned());
        for secret in cookies.map(str::to_owned).chain(parameters) {
            assert!(
                secret.is_empty() || !log.contains(&secret),
                "{row:?}: {secret} in {log}"
            );
            values += usize::from(!secret.is_empty());
        }
    }
    assert!(values > 5, "something was looked for");
}
