//! The cookies as Chromium keeps them, and the answer that comes as a form.

use base64_simd::URL_SAFE_NO_PAD;
use ciam_tenant::{Application, NewUser, Tenant};
use ciam_tests::shop::{ADMIN, PASSWORD};
use ciam_tests::{App, Browser, BrowserCookie, Framework, Port, cases};

use super::{assert_signed_out, begin};

cases! {
    at LocalTenant, because "a real browser needs real pages: those of the tenant":
        cookies_have_the_attributes_that_keep_them_safe,
        form_post_signs_in_across_sites;
}

async fn cookies_have_the_attributes_that_keep_them_safe(on: Framework) {
    let (shop, browser) = begin(on).await;
    browser.go(shop.url("/")).await;
    assert_eq!(browser.cookies().await.len(), 0, "none before a sign-in");

    // While the customer is at the provider: one attempt, and nothing else.
    browser.click("Sign in").await;
    browser.arrive_at(&shop.tenant_url("/")).await;
    let [attempt] = of_the_shop(&browser).await.try_into().expect("one cookie");
    let hash = hash_of(&attempt.name, "ciam-transaction-");
    assert_attributes(&attempt, "/", false, "Lax");
    assert!(attempt.expires > 0.0, "it is short-lived: {attempt:?}");

    // Signed in: the attempt is gone, and there is the id of a session that is elsewhere.
    shop.sign_in(&browser, ADMIN.0, ADMIN.1).await;
    browser.arrive_at(&shop.url("/")).await;
    let [session] = of_the_shop(&browser).await.try_into().expect("one cookie");
    assert_eq!(session.name, format!("ciam-session-{hash}"));
    assert_attributes(&session, "/", false, "Lax");
    assert_eq!(session.value.len(), 1 + 43, "1 and 256 random bits");

    // No script of any page sees them.
    for page in ["/", "/account", "/auth/signed-out"] {
        browser.go(shop.url(page)).await;
        assert_eq!(browser.run("return document.cookie").await, "", "{page}");
    }
    browser.go(shop.url("/")).await;

    browser.click("Sign out").await;
    browser.arrive_at(&shop.url("/auth/signed-out")).await;
    assert_eq!(of_the_shop(&browser).await.len(), 0);
    assert_signed_out(&shop, &browser).await;
    browser.console_is_clean_but_for(&[("/api/me", 401)]).await;
}

async fn form_post_signs_in_across_sites(on: Framework) {
    let port = Port::reserve();
    let base_url = format!("http://localhost:{}", port.number());
    let tenant = Tenant::start().await.expect("a tenant");
    let shop = Application::web("Shop")
        .redirect_uri(format!("{base_url}/auth/callback"))
        .redirect_uri(format!("{base_url}/auth/signed-out"));
    let registered = tenant.register(shop).expect("a registration");
    let user = NewUser::new("greta@example.com", PASSWORD).display_name("Greta");
    tenant.add_user(user).await.expect("a user");
    let secret = registered.client_secret.expect("a secret");
    let settings = [
        ("CIAM_AUTHORITY", tenant.authority()),
        ("CIAM_CLIENT_ID", registered.client_id),
        ("CIAM_CLIENT_SECRET", secret.clone()),
        ("CIAM_BASE_URL", base_url.clone()),
        ("CIAM_RESPONSE_MODE", "form_post".to_owned()),
    ];
    let settings = settings
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let shop = App::start(on.shop(), port, &settings).await;
    let browser = Browser::start().await;

    browser.go(shop.url("/account?by=form")).await;
    browser
        .arrive_at(&format!("http://{}/", tenant.address()))
        .await;
    let [attempt] = of_the_shop(&browser).await.try_into().expect("one cookie");
    // A Lax cookie would not come with a form from another site; and Chromium
    // keeps this one on http://localhost although it is Secure.
    assert_attributes(&attempt, "/", true, "None");

    browser.fill("email", "greta@example.com").await;
    browser.fill("password", PASSWORD).await;
    browser.click_css("#submit").await;
    browser.arrive_at(&shop.url("/account")).await;
    assert_eq!(browser.url().await.as_str(), shop.url("/account?by=form"));
    assert_eq!(browser.text_of("#name").await, "Greta");

    // The attempt is gone, the session and the ID token are there.
    let cookies = of_the_shop(&browser).await;
    let [id_token, session] = cookies.try_into().expect("two cookies");
    let hash = hash_of(&attempt.name, "ciam-transaction-");
    assert_eq!(id_token.name, format!("ciam-id-token-{hash}"));
    assert_eq!(session.name, format!("ciam-session-{hash}"));
    assert_attributes(&id_token, "/auth", false, "Lax");
    assert_attributes(&session, "/", false, "Lax");
    // They are sealed, not merely encoded: 1 is the number of chunks.
    for cookie in [&session, &id_token] {
        let sealed = cookie.value.strip_prefix('1').expect("one chunk");
        let sealed = URL_SAFE_NO_PAD.decode_to_vec(sealed).expect("base64url");
        for text in ["greta@example.com", "Greta", "preferred_username"] {
            let found = sealed.windows(text.len()).any(|w| w == text.as_bytes());
            assert!(!found, "{text} in {}", cookie.name);
        }
    }

    // The same for somebody who changes their mind: the refusal is a form too.
    browser.click("Sign out").await;
    browser.arrive_at(&shop.url("/auth/signed-out")).await;
    browser.click("Sign in again").await;
    browser.click("Cancel").await;
    browser.arrive_at(&shop.url("/auth/callback")).await;
    assert_eq!(browser.text_of("h1").await, "Sign-in was cancelled");
    assert!(browser.text().await.contains("callback.provider"));
    assert_eq!(of_the_shop(&browser).await.len(), 0);

    let log = shop.log();
    assert!(log.contains("sign_in.completed"), "{log}");
    assert!(!log.contains(&secret), "{log}");
    let refused = [("/auth/callback", 400)];
    browser.console_is_clean_but_for(&refused).await;
}

/// The cookies of `localhost`, in the order of their names.
async fn of_the_shop(browser: &Browser) -> Vec<BrowserCookie> {
    let mut cookies = browser.cookies().await;
    cookies.retain(|cookie| cookie.domain == "localhost");
    cookies.sort_by(|a, b| a.name.cmp(&b.name));
    cookies
}

fn assert_attributes(cookie: &BrowserCookie, path: &str, secure: bool, same_site: &str) {
    let BrowserCookie { name, .. } = cookie;
    assert!(cookie.http_only, "{name} is not HttpOnly");
    assert_eq!(cookie.path, path, "{name}");
    assert_eq!(cookie.secure, secure, "{name}");
    assert_eq!(cookie.same_site.as_deref(), Some(same_site), "{name}");
    assert_eq!(cookie.domain, "localhost", "{name} is for one host only");
}

/// The eight digits at the end of a name, which two applications do not share.
fn hash_of(name: &str, kind: &str) -> String {
    let rest = name.strip_prefix(kind).unwrap_or_else(|| panic!("{name}"));
    let (_, hash) = rest.rsplit_once('-').unwrap_or_else(|| panic!("{name}"));
    assert_eq!(hash.len(), 8, "{name}");
    assert!(hash.bytes().all(|b| b.is_ascii_hexdigit()), "{name}");
    hash.to_owned()
}
