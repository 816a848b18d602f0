//! What customers do: create an account, come back, leave, and change their minds.

use ciam_tests::shop::{ADMIN, PASSWORD};
use ciam_tests::{Browser, Framework, cases};
use serde_json::Value;

use super::{ADA, NOT_SIGNED_IN, assert_signed_in, assert_signed_out, begin};

cases! {
    at LocalTenant, because "a real browser needs real pages: those of the tenant":
        a_new_customer_creates_an_account_leaves_and_comes_back,
        the_claims_of_two_customers_are_their_own,
        who_cancels_gets_a_page_that_leads_back,
        the_back_office_opens_for_the_role_only,
        a_script_without_a_session_gets_401_and_no_redirect;
}

async fn a_new_customer_creates_an_account_leaves_and_comes_back(on: Framework) {
    let (shop, browser) = begin(on).await;

    // 1. An account, from the front page; signed in at once, with the name shown.
    assert_signed_out(&shop, &browser).await;
    shop.create_account(&browser, EMAIL, NAME).await;
    assert_eq!(browser.url().await.as_str(), shop.url("/"));
    assert_eq!(browser.text_of("#name").await, NAME);
    assert!(shop.log().contains("sign_in.completed"), "{}", shop.log());

    // 2. The account page needs no second sign-in; scripts see the same user.
    browser.click("Your account").await;
    browser.arrive_at(&shop.url("/account")).await;
    let subject = read_claims(&browser).await;
    let answer = browser.fetch("GET", "/api/me").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.content_type, "application/json");
    let me: Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(me["sub"], subject);
    assert_eq!((&me["name"], &me["email"]), (&NAME.into(), &EMAIL.into()));
    assert_eq!(me["claims"]["sub"], subject);

    // 3. Out: of the shop and of the provider, and back through the provider.
    let provider_session = format!("ciam-tenant-session-{}", shop.tenant_port());
    assert!(browser.cookie(&provider_session).await.is_some());
    browser.click("Sign out").await;
    browser.arrive_at(&shop.url("/auth/signed-out")).await;
    assert_eq!(browser.text_of("h1").await, "You are signed out");
    assert_signed_out(&shop, &browser).await;
    assert!(browser.cookie(&provider_session).await.is_none());

    // 4. Back to the account page by its address: the password is asked for again,
    // a wrong one is refused, and the e-mail address stays in its field.
    browser.go(shop.url("/account")).await;
    shop.sign_in(&browser, EMAIL, "Wrong-Horse-7").await;
    let refusal = "Your account or password is incorrect.";
    assert_eq!(browser.text_of("#error").await, refusal);
    assert_eq!(browser.value_of("#email").await, EMAIL);
    assert_eq!(browser.value_of("#password").await, "");
    browser.fill("password", PASSWORD).await;
    browser.click_css("#submit").await;
    browser.arrive_at(&shop.url("/account")).await;
    assert_eq!(browser.url().await.as_str(), shop.url("/account"));
    assert_eq!(
        read_claims(&browser).await,
        subject,
        "the same customer as before"
    );

    let log = shop.log();
    for secret in [PASSWORD, "Wrong-Horse-7"] {
        assert!(!log.contains(secret), "{log}");
    }
    let refused = [("/api/me", 401), ("/login", 400)];
    browser.console_is_clean_but_for(&refused).await;
}

async fn the_claims_of_two_customers_are_their_own(on: Framework) {
    let (shop, browser) = begin(on).await;
    shop.create_account(&browser, EMAIL, NAME).await;
    browser.go(shop.url("/account")).await;
    let first = read_claims(&browser).await;
    browser.click("Sign out").await;
    browser.arrive_at(&shop.url("/auth/signed-out")).await;

    // The next customer at the same computer, from the page the first one left.
    browser.click("Sign in again").await;
    browser.arrive_at(&shop.tenant_url("/")).await;
    browser.click("Create one").await;
    browser.arrive_under("Create account").await;
    browser.fill("email", "emil@example.com").await;
    browser.fill("password", PASSWORD).await;
    browser.fill("display_name", "Emil <Bo> & Co.").await;
    browser.click_css("#submit").await;
    browser.arrive_at(&shop.url("/")).await;
    assert_eq!(browser.text_of("#name").await, "Emil <Bo> & Co.");
    let answer = browser.fetch("GET", "/api/me").await;
    let me: Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(me["email"], "emil@example.com");
    assert_ne!(me["sub"], first.as_str());
    browser.console_is_clean_but_for(&[]).await;
}

async fn who_cancels_gets_a_page_that_leads_back(on: Framework) {
    let (shop, browser) = begin(on).await;
    for way_back in ["Go to the front page", "Sign in again"] {
        browser.go(shop.url("/account")).await;
        browser.arrive_at(&shop.tenant_url("/")).await;
        let attempts = browser.count_cookies("ciam-transaction-").await;
        browser.click("Cancel").await;
        browser.arrive_at(&shop.url("/auth/callback")).await;
        browser.arrive_under("Sign-in was cancelled").await;
        assert_eq!(browser.status().await, 400);
        let text = browser.text().await;
        assert!(text.contains("callback.provider"), "{text}");
        assert!(!text.contains("canceled the authentication"), "{text}");

        // The log tells more, and what the visitor reads out finds it.
        let reference = browser.text_of("dl dd:last-of-type").await;
        let log = shop.log();
        let line = log.lines().find(|line| line.contains(&reference));
        let line = line.unwrap_or_else(|| panic!("{reference} in {log}"));
        for word in ["callback.provider", "access_denied"] {
            assert!(line.contains(word), "{line}");
        }

        let left = browser.count_cookies("ciam-transaction-").await;
        assert_eq!(left, attempts - 1, "the attempt is over");
        browser.click(way_back).await;
        if way_back == "Sign in again" {
            shop.sign_in(&browser, ADMIN.0, ADMIN.1).await;
        } else {
            browser.arrive_at(&shop.url("/")).await;
            browser.click("Sign in").await;
            browser.arrive_at(&shop.tenant_url("/")).await;
        }
    }
    browser.arrive_at(&shop.url("/account")).await;
    assert_eq!(browser.text_of("#name").await, ADA);
    let refused = [("/auth/callback", 400)];
    browser.console_is_clean_but_for(&refused).await;
}

async fn the_back_office_opens_for_the_role_only(on: Framework) {
    let (shop, browser) = begin(on).await;
    shop.create_account(&browser, EMAIL, NAME).await;
    browser.click("Back office").await;
    browser.arrive_at(&shop.url("/admin")).await;
    browser.arrive_under("You may not see this page").await;
    assert_eq!(browser.status().await, 403);
    let text = browser.text().await;
    assert!(text.contains("visit.forbidden"), "{text}");
    assert!(!text.contains("Back office"), "{text}");
    browser.click("Go to the front page").await;
    assert_eq!(browser.text_of("#name").await, NAME);
    let answer = browser.fetch("GET", "/admin").await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (403, r#"{"error":"visit.forbidden"}"#)
    );
    assert_signed_in(&shop, &browser, NAME).await;
    browser.click("Sign out").await;
    browser.arrive_at(&shop.url("/auth/signed-out")).await;

    browser.go(shop.url("/admin")).await;
    shop.sign_in(&browser, ADMIN.0, ADMIN.1).await;
    browser.arrive_at(&shop.url("/admin")).await;
    browser.arrive_under("Back office").await;
    assert_eq!(browser.status().await, 200);
    assert!(browser.text().await.contains(ADMIN.0));
    browser.console_is_clean_but_for(&[("/admin", 403)]).await;
}

async fn a_script_without_a_session_gets_401_and_no_redirect(on: Framework) {
    let (shop, browser) = begin(on).await;
    browser.go(shop.url("/")).await;
    for address in ["/api/me", "/account", "/admin", "/auth/me"] {
        let answer = browser.fetch("GET", address).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            NOT_SIGNED_IN,
            "{address}"
        );
        assert_eq!(answer.content_type, "application/json", "{address}");
    }
    assert_eq!(
        browser.cookies().await.len(),
        0,
        "no attempt to sign in is left behind"
    );
    let refused = ["/api/me", "/account", "/admin", "/auth/me"].map(|a| (a, 401));
    browser.console_is_clean_but_for(&refused).await;
}

/// The claims on the account page of [`EMAIL`]; gives the subject.
async fn read_claims(browser: &Browser) -> String {
    let script = "return Object.fromEntries([...document.querySelectorAll('#claims tr')]
        .map(row => [...row.cells].map(cell => cell.textContent)))";
    let claims = browser.run(script).await;
    assert_eq!(claims["email"], EMAIL, "{claims}");
    assert_eq!(claims["name"], NAME, "{claims}");
    for name in ["tid", "oid"] {
        let guid = claims[name].as_str().unwrap_or_default();
        assert_eq!((guid.len(), guid.matches('-').count()), (36, 4), "{claims}");
    }
    for protocol in ["nonce", "aud", "at_hash", "c_hash"] {
        assert!(
            claims[protocol].is_null(),
            "{protocol} is no claim of a user"
        );
    }
    let subject = claims["sub"].as_str().unwrap_or_default();
    assert!(!subject.is_empty(), "{claims}");
    subject.to_owned()
}

const EMAIL: &str = "karoline@example.com";
const NAME: &str = "Karoline Ø. Berg";
