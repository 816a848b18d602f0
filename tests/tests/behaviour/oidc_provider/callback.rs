//! What comes back from the provider, changed on the way.

use ciam_tests::visitor::Page;
use ciam_tests::{Framework, OidcProvider, OidcShop, ShopSetup, Visitor, cases};
use http::StatusCode;
use serde_json::json;
use url::Url;

use super::{SESSION, TRANSACTION, callback_url, cookie_names};

cases! {
    at OidcProvider, because "the program as its operators set it up, at a provider it has never seen":
        an_answer_that_was_changed_on_the_way_signs_nobody_in,
        a_code_that_is_made_up_or_of_another_browser_is_refused_by_the_provider,
        a_callback_address_of_another_browser_signs_nobody_in,
        the_same_callback_address_again_leads_home_or_explains,
        two_tabs_can_sign_in_at_once;
}

const BAD_REQUEST: StatusCode = StatusCode::BAD_REQUEST;
const BAD_GATEWAY: StatusCode = StatusCode::BAD_GATEWAY;

struct Setup {
    shop: OidcShop,
    provider: OidcProvider,
}

impl Setup {
    async fn start(on: Framework) -> Self {
        let (shop, provider) = ShopSetup::new(on).with_provider(json!({})).await;
        Self { shop, provider }
    }

    /// Somebody who is shown where the provider sends them, and does not go there.
    fn visitor(&self) -> Visitor {
        Visitor::new().stopping_before(&self.shop.route("callback"))
    }

    async fn callback_url(&self, visitor: &mut Visitor, name: &str) -> Url {
        let login = format!("{}?return_to=/account", self.shop.route("login"));
        callback_url(visitor, &login, name).await
    }

    async fn refused(&mut self, page: &Page, status: StatusCode, code: &str) {
        self.shop.failure(page, status, code).await;
        assert_eq!(page.url.path(), "/auth/callback");
    }
}

async fn an_answer_that_was_changed_on_the_way_signs_nobody_in(on: Framework) {
    // Before or after the attempt is known: then it is over, otherwise it waits on.
    type Edit = fn(&Url) -> Url;
    let edits: [(&str, StatusCode, &str, bool, Edit); 11] = [
        (
            "no iss",
            BAD_GATEWAY,
            "callback.issuer_missing",
            true,
            |url| without(url, "iss"),
        ),
        (
            "empty iss",
            BAD_GATEWAY,
            "callback.issuer_missing",
            true,
            |url| with(url, "iss", ""),
        ),
        ("another iss", BAD_GATEWAY, "callback.issuer", true, |url| {
            with(url, "iss", "https://evil.example")
        }),
        (
            "the same iss with a slash",
            BAD_GATEWAY,
            "callback.issuer",
            true,
            |url| {
                let iss = value(url, "iss");
                with(url, "iss", &format!("{iss}/"))
            },
        ),
        (
            "an error of another iss",
            BAD_GATEWAY,
            "callback.issuer",
            true,
            |url| {
                let url = with(url, "iss", "https://evil.example");
                with(&url, "error", "access_denied")
            },
        ),
        (
            "the end of the state changed",
            BAD_REQUEST,
            "callback.state",
            true,
            |url| {
                let mut state = value(url, "state");
                let last = if state.pop() == Some('A') { 'B' } else { 'A' };
                state.push(last);
                with(url, "state", &state)
            },
        ),
        (
            "the state cut short",
            BAD_REQUEST,
            "callback.state",
            true,
            |url| {
                let state = value(url, "state");
                with(url, "state", &state[..12])
            },
        ),
        (
            "another state",
            BAD_REQUEST,
            "callback.transaction",
            false,
            |url| with(url, "state", "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"),
        ),
        (
            "no state",
            BAD_REQUEST,
            "callback.state_missing",
            false,
            |url| without(url, "state"),
        ),
        (
            "two codes",
            BAD_REQUEST,
            "request.duplicate_parameter",
            false,
            |url| {
                let mut url = url.clone();
                url.query_pairs_mut().append_pair("code", "another");
                url
            },
        ),
        (
            "no code",
            BAD_GATEWAY,
            "callback.code_missing",
            true,
            |url| without(url, "code"),
        ),
    ];
    let mut setup = Setup::start(on).await;
    for (what, status, code, over, edit) in edits {
        println!("{what}");
        let mut visitor = setup.visitor();
        let url = setup.callback_url(&mut visitor, "alice").await;
        assert!(value(&url, "iss") == setup.provider.issuer(), "{url}");
        assert_eq!(cookie_names(&visitor, TRANSACTION).len(), 1);
        let page = visitor.go(edit(&url)).await;
        setup.refused(&page, status, code).await;
        assert_eq!(setup.shop.me(&mut visitor).await, None, "{what}");
        assert_eq!(
            cookie_names(&visitor, TRANSACTION).len(),
            usize::from(!over),
            "{what}"
        );
        assert!(!page.body.contains("evil"), "{what}: {page}");
        assert_eq!(
            setup.provider.count("/token").await,
            0,
            "{what}: no code went out"
        );
    }

    // What was not over can still be finished, and what was not changed signs in.
    let mut visitor = setup.visitor();
    let url = setup.callback_url(&mut visitor, "alice").await;
    visitor.go(without(&url, "state")).await;
    let page = visitor.go(&url).await;
    assert_eq!(page.url.as_str(), setup.shop.url("/account"), "{page}");
    assert_eq!(
        setup.shop.me(&mut visitor).await.expect("signed in")["sub"],
        "alice"
    );
    assert_eq!(setup.provider.count("/token").await, 1);
}

async fn a_code_that_is_made_up_or_of_another_browser_is_refused_by_the_provider(on: Framework) {
    let mut setup = Setup::start(on).await;
    let (mut alice, mut mallory) = (setup.visitor(), setup.visitor());
    let own = setup.callback_url(&mut alice, "alice").await;
    let page = alice.go(with(&own, "code", "made-up")).await;
    let line = setup
        .shop
        .failure(&page, BAD_GATEWAY, "token_endpoint.refused")
        .await;
    assert!(
        line.contains("invalid_grant") && !line.contains("made-up"),
        "{line}"
    );
    assert_eq!(setup.shop.me(&mut alice).await, None);

    // Under the victim's own state: PKCE binds the code to the other attempt.
    let own = setup.callback_url(&mut alice, "alice").await;
    let stolen = value(&setup.callback_url(&mut mallory, "mallory").await, "code");
    let page = alice.go(with(&own, "code", &stolen)).await;
    let line = setup
        .shop
        .failure(&page, BAD_GATEWAY, "token_endpoint.refused")
        .await;
    assert!(
        line.contains("invalid_grant") && !line.contains(&stolen),
        "{line}"
    );
    assert_eq!(setup.shop.me(&mut alice).await, None);
    assert_eq!(setup.provider.count("/token").await, 2);
}

async fn a_callback_address_of_another_browser_signs_nobody_in(on: Framework) {
    let mut setup = Setup::start(on).await;
    let mut mallory = setup.visitor();
    let url = setup.callback_url(&mut mallory, "mallory").await;

    let mut victim = Visitor::new();
    let page = victim.go(&url).await;
    setup
        .refused(&page, BAD_REQUEST, "callback.transaction")
        .await;
    assert_eq!(setup.shop.me(&mut victim).await, None);
    assert_eq!(cookie_names(&victim, "ciam-"), [""; 0]);

    // With an attempt of their own under way, which the other one does not disturb.
    let mut victim = setup.visitor();
    let own = setup.callback_url(&mut victim, "alice").await;
    let page = victim.go(&url).await;
    setup
        .refused(&page, BAD_REQUEST, "callback.transaction")
        .await;
    assert_eq!(setup.shop.me(&mut victim).await, None);
    assert_eq!(setup.provider.count("/token").await, 0);
    victim.go(&own).await;
    assert_eq!(
        setup.shop.me(&mut victim).await.expect("signed in")["sub"],
        "alice"
    );

    // Signed in already: they stay who they are.
    let page = victim.go(&url).await;
    assert_eq!(page.url.as_str(), setup.shop.url("/"), "{page}");
    assert_eq!(
        setup.shop.me(&mut victim).await.expect("signed in")["sub"],
        "alice"
    );
    assert_eq!(setup.provider.count("/token").await, 1);
}

async fn the_same_callback_address_again_leads_home_or_explains(on: Framework) {
    let mut setup = Setup::start(on).await;
    let mut visitor = setup.visitor();
    let url = setup.callback_url(&mut visitor, "alice").await;
    let page = visitor.go(&url).await;
    assert_eq!(page.url.as_str(), setup.shop.url("/account"), "{page}");
    let session = visitor.cookie(SESSION).expect("signed in").cookie.clone();

    let page = visitor.go(&url).await;
    assert_eq!(page.url.as_str(), setup.shop.url("/"), "{page}");
    let again = visitor
        .history()
        .iter()
        .rfind(|exchange| exchange.url == url);
    let again = again.expect("the callback was asked for");
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    assert_eq!(again.received["location"], "/");
    assert_eq!(
        visitor.cookie(SESSION).expect("the same one").cookie,
        session
    );

    // After signing out there is nothing to go home to.
    setup.shop.sign_out(&mut visitor).await;
    let page = visitor.go(&url).await;
    setup
        .refused(&page, BAD_REQUEST, "callback.transaction")
        .await;
    assert_eq!(setup.shop.me(&mut visitor).await, None);
    assert_eq!(setup.provider.count("/token").await, 1);
}

async fn two_tabs_can_sign_in_at_once(on: Framework) {
    let setup = Setup::start(on).await;
    let mut visitor = setup.visitor();
    let first = setup.callback_url(&mut visitor, "alice").await;
    let second = setup.callback_url(&mut visitor, "alice").await;
    assert_eq!(cookie_names(&visitor, TRANSACTION).len(), 2);
    for url in [second, first] {
        let page = visitor.go(&url).await;
        assert_eq!(page.url.as_str(), setup.shop.url("/account"), "{page}");
    }
    assert_eq!(cookie_names(&visitor, TRANSACTION), [""; 0]);
    assert_eq!(
        setup.shop.me(&mut visitor).await.expect("signed in")["sub"],
        "alice"
    );
}

fn value(url: &Url, name: &str) -> String {
    ciam_tests::visitor::query(url, name).unwrap_or_else(|| panic!("no {name} in {url}"))
}

fn without(url: &Url, name: &str) -> Url {
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .into_owned()
        .filter(|(known, _)| known != name)
        .collect();
    let mut url = url.clone();
    url.query_pairs_mut().clear().extend_pairs(kept);
    url
}

fn with(url: &Url, name: &str, value: &str) -> Url {
    let mut url = without(url, name);
    url.query_pairs_mut().append_pair(name, value);
    url
}
