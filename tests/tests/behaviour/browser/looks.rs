//! Every page, light, dark and on a phone: legible, and nothing is cut off.
//!
//! Leaves pictures of all of them in `target/screenshots`.

use ciam_tests::shop::{ADMIN, PASSWORD};
use ciam_tests::{Browser, Echo, Framework, Look, cases};
use serde_json::json;
use url::form_urlencoded;

use super::begin;

cases! {
    at LocalTenant, because "a real browser needs real pages: those of the tenant":
        every_page_is_legible_in_light_and_dark_and_on_a_phone;
    on Axum at LocalTenant, because "about the test itself, no application is involved":
        an_ugly_page_is_found_out;
}

async fn every_page_is_legible_in_light_and_dark_and_on_a_phone(on: Framework) {
    let (shop, browser) = begin(on).await;

    // The shop's and the library's pages, in the order a customer meets them.
    browser.go(shop.url("/")).await;
    look_at(&browser, "front-signed-out", "Tea from twelve gardens").await;
    browser.click("Create account").await;
    look_at(&browser, "sign-up", "Create account").await;
    browser.fill("email", "karoline@example.com").await;
    browser.fill("password", "too easy").await;
    browser.fill("display_name", "Karoline Ø. Berg").await;
    browser.click_css("#submit").await;
    browser.text_of("#error").await;
    look_at(&browser, "sign-up-refused", "Create account").await;
    browser.fill("password", PASSWORD).await;
    browser.click_css("#submit").await;
    browser.arrive_at(&shop.url("/")).await;
    look_at(
        &browser,
        "front-signed-in",
        "Good to see you, Karoline Ø. Berg",
    )
    .await;
    browser.click("Your account").await;
    look_at(&browser, "account", "Your account").await;
    browser.click("Where you are signed in").await;
    look_at(&browser, "sessions-in-cookies", "Where you are signed in").await;
    browser.go(shop.url("/admin")).await;
    look_at(&browser, "forbidden", "You may not see this page").await;
    browser.go(shop.url("/")).await;
    browser.click("Sign out").await;
    look_at(&browser, "signed-out", "You are signed out").await;
    browser.click("Sign in again").await;
    look_at(&browser, "sign-in", "Sign in").await;
    shop.sign_in(&browser, ADMIN.0, "not it").await;
    browser.text_of("#error").await;
    look_at(&browser, "sign-in-refused", "Sign in").await;
    browser.click("Cancel").await;
    look_at(&browser, "cancelled", "Sign-in was cancelled").await;
    browser.go(shop.url("/auth/callback")).await;
    look_at(
        &browser,
        "callback-of-nothing",
        "This address cannot be used",
    )
    .await;
    let stale = format!("/auth/callback?code=1&state={}", "a".repeat(43));
    browser.go(shop.url(&stale)).await;
    look_at(
        &browser,
        "callback-too-late",
        "This sign-in cannot be finished",
    )
    .await;
    browser.go(shop.url("/admin")).await;
    shop.sign_in(&browser, ADMIN.0, ADMIN.1).await;
    browser.arrive_at(&shop.url("/admin")).await;
    look_at(&browser, "admin", "Back office").await;
    browser.go(shop.tenant_url("/")).await;
    let logout = shop.url("/auth/logout");
    let script = format!(
        "document.body.innerHTML = '<form method=post action={logout}><button>Go</button></form>'"
    );
    browser.run(&script).await;
    browser.click("Go").await;
    look_at(
        &browser,
        "cross-site",
        "This request came from another site",
    )
    .await;

    // The tenant's own.
    browser.go(shop.tenant_url("/")).await;
    look_at(&browser, "tenant-welcome", "contoso").await;
    let authority = browser.text_of("#authority").await;
    browser.go(format!("{authority}/oauth2/v2.0/logout")).await;
    look_at(&browser, "tenant-signed-out", "You signed out").await;
    browser.go(shop.url("/")).await;
    browser.click("Sign out").await;
    browser.arrive_at(&shop.url("/auth/signed-out")).await;

    let at_the_tenant = |replace: &'static str, by: &'static str| {
        let (shop, browser) = (&shop, &browser);
        async move {
            browser.go(shop.url("/auth/login")).await;
            let address = browser.url().await.to_string();
            assert!(address.contains(replace), "{address}");
            browser.go(address.replace(replace, by)).await;
        }
    };
    at_the_tenant("auth%2Fcallback", "auth%2Fcallbakc").await;
    look_at(
        &browser,
        "redirect-uri-mismatch",
        "Sorry, but we're having trouble",
    )
    .await;
    at_the_tenant("client_id=", "client_id=0").await;
    look_at(
        &browser,
        "unknown-application",
        "Sorry, but we're having trouble",
    )
    .await;
    // What is shown for a moment, or for as long as there is no JavaScript.
    at_the_tenant(
        "response_type=code",
        "response_type=code&response_mode=form_post",
    )
    .await;
    browser
        .devtools(
            "Emulation.setScriptExecutionDisabled",
            json!({"value": true}),
        )
        .await;
    browser.click("Cancel").await;
    browser.text_of("#continue").await;
    browser
        .devtools(
            "Emulation.setScriptExecutionDisabled",
            json!({"value": false}),
        )
        .await;
    look_at(&browser, "form-post", "One moment").await;

    let refused = [
        ("/admin", 403),
        ("/auth/logout", 403),
        ("/auth/callback", 400),
        ("/login", 400),
        ("/signup", 400),
        ("/authorize", 400),
    ];
    browser.console_is_clean_but_for(&refused).await;
}

async fn an_ugly_page_is_found_out(_: Framework) {
    let server = Echo::start().await;
    let browser = Browser::start().await;
    let html = "<body style='margin:0;background:#fff'><p style='color:#999'>pale</p>\
        <p style='width:2000px'>wide</p><button style='height:10px'>small</button>\
        <p style='width:50px;white-space:nowrap'>longer than its box</p>";
    let page: String = form_urlencoded::Serializer::new(String::from("/?"))
        .append_pair("html", html)
        .finish();
    browser.go(server.url("localhost", &page)).await;
    browser.show(Look::Light).await;
    let problems = browser.run(PROBLEMS).await;
    let problems = problems.as_array().expect("a list");
    let found = |what: &str, about: &str| {
        let mut texts = problems.iter().filter_map(|problem| problem.as_str());
        texts.any(|text| text.starts_with(what) && text.ends_with(about))
    };
    assert!(found("scrolls sideways", ""), "{problems:?}");
    assert!(found("beyond the edge", "P wide"), "{problems:?}");
    assert!(found("contrast 2.8", "P pale"), "{problems:?}");
    assert!(found("10 pixels high", "BUTTON small"), "{problems:?}");
    assert!(
        found("wider than its box", "P longer than its box"),
        "{problems:?}"
    );
    assert!(!found("contrast", "P wide"), "black on white: {problems:?}");
}

/// Shows the page in all looks, takes pictures, and fails when it is hard to read.
pub(super) async fn look_at(browser: &Browser, name: &str, headline: &str) {
    browser.arrive_under(headline).await;
    for look in [Look::Dark, Look::Phone, Look::Light] {
        browser.show(look).await;
        browser.screenshot(&format!("{name}-{}", look.name())).await;
        let problems = browser.run(PROBLEMS).await;
        assert_eq!(problems, json!([]), "{name}, {look:?}");
    }
}

/// What is wrong with the page, as a list: something reaches beyond the edge, a
/// text has too little contrast (WCAG 2.2, 1.4.3), or a button is too small for a
/// finger.
const PROBLEMS: &str = r#"
const problems = [];
const width = document.documentElement.clientWidth;
if (document.documentElement.scrollWidth > width) problems.push('scrolls sideways');
const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
const parts = color => (color.match(/[\d.]+/g) ?? []).map(Number);
const behind = element => {
    for (let at = element; at; at = at.parentElement) {
        const color = parts(getComputedStyle(at).backgroundColor);
        if (color.length === 3) return color;
        if (color[3] !== 0) problems.push('a background that is half transparent: ' + at.tagName);
    }
    problems.push('no background at all');
    return [255, 255, 255];
};
for (const element of document.querySelectorAll('body *')) {
    const box = element.getBoundingClientRect();
    if (box.width === 0 || ['SCRIPT', 'STYLE'].includes(element.tagName)) continue;
    const what = element.tagName + ' ' + element.textContent.trim().slice(0, 30);
    if (box.left < 0 || box.right > width + 0.5) problems.push('beyond the edge: ' + what);
    if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0)
        problems.push('wider than its box: ' + what);
    if (element.matches('button, input, .button, nav a') && box.height < 40)
        problems.push(`${box.height} pixels high: ` + what);
    const text = element.matches('input')
        || [...element.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!text) continue;
    const [a, b] = [light(parts(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) problems.push(`contrast ${ratio.toFixed(2)}: ` + what);
}
return problems;"#;
