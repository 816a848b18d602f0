//! Visits that succeed: the lines that are expected, and no secret in any.

use std::collections::BTreeSet;

use ciam_core::Config;
use ciam_tenant::{Application, NewUser, Tenant};
use ciam_tests::{Framework, Line, Logs, Secrets, Site, Visitor, cases};

use super::{COOKIE_SECRET, HOUR, World, add_cookies, stay_secret};

cases! {
    at Misbehaving:
        a_whole_visit_is_logged_without_its_secrets,
        a_sign_in_at_the_local_tenant_is_logged_without_the_password;
}

async fn a_whole_visit_is_logged_without_its_secrets(on: Framework) {
    let mut world = World::new(on).await;
    let account = world.sign_in().await;
    assert_eq!(account.url.path(), "/account", "{account}");
    let before = session_cookie(&world.visitor);
    world.clock.advance(13 * HOUR);
    world.visitor.go(world.site.url("/account")).await;
    assert_ne!(session_cookie(&world.visitor), before, "it was renewed");
    let end = world.sign_out().await.location().expect("to the provider");
    assert!(
        end.query()
            .is_some_and(|query| query.contains("id_token_hint="))
    );

    let lines = Logs::capture().lines();
    let issuer = format!("issuer={} ", world.provider.issuer());
    let said = |what: &str| {
        let text = |line: &&Line| format!("{} ", line.text);
        let own = lines.iter().filter(|line| line.is_own());
        own.filter(|line| text(line).contains(&issuer) && line.text.contains(what))
            .count()
    };
    assert_eq!(said("message=issuer pinned"), 1);
    assert_eq!(said("code=sign_in.completed"), 1);
    for span in ["respond", "sign_in", "token_request"] {
        let span = Logs::capture().own(&format!("span={span}"));
        assert!(!span.is_empty(), "no span of that name: {span:?}");
    }
    let foreign = lines.iter().filter(|line| !line.is_own());
    let foreign: BTreeSet<_> = foreign.map(|line| &*line.target).collect();
    assert!(
        foreign.iter().any(|target| target.starts_with("reqwest")),
        "{foreign:?}"
    );

    let secrets = world.secrets();
    let kinds = [
        "ID token",
        "ID token cookie",
        "access token",
        "client secret",
        "code",
        "code verifier",
        "cookie secret",
        "nonce",
        "session cookie",
        "state",
        "transaction cookie",
    ];
    assert_eq!(*secrets.kinds(), BTreeSet::from(kinds));
    stay_secret(&secrets);
}

async fn a_sign_in_at_the_local_tenant_is_logged_without_the_password(on: Framework) {
    let logs = Logs::capture();
    let tenant = Tenant::start().await.expect("it starts");
    let (email, password) = ("ada@example.com", "Analytical-Engine-1843");
    let ada = NewUser::new(email, password);
    tenant.add_user(ada).await.expect("she is new");
    let mut client_secret = String::new();
    let site = Site::start(on, async |base_url| {
        let shop = Application::web("Shop").redirect_uri(format!("{base_url}/auth/callback"));
        let shop = tenant.register(shop).expect("it registers");
        client_secret = shop.client_secret.expect("a secret");
        Config::web(tenant.authority(), shop.client_id, base_url, COOKIE_SECRET)
            .with_client_secret(&*client_secret)
    })
    .await;
    let mut visitor = Visitor::new();
    let page = visitor.go(site.url("/account")).await;
    let form = page.form_with("password").fill("email", email);
    let page = visitor
        .submit(&form.clone().fill("password", "wrong-password-1"))
        .await;
    let form = page.form_with("password").fill("password", password);
    let account = visitor.submit(&form.press("Sign in")).await;
    assert_eq!(account.url.path(), "/account", "{account}");

    let mut secrets = Secrets::default();
    secrets.add("password", password);
    secrets.add("password", "wrong-password-1");
    secrets.add("client secret", &client_secret);
    add_cookies(&mut secrets, &visitor);
    for exchange in visitor.history() {
        for (name, value) in exchange.url.query_pairs() {
            match &*name {
                "code" => secrets.add("code", &value),
                "state" => secrets.add("state", &value),
                "nonce" => secrets.add("nonce", &value),
                _ => {}
            }
        }
    }
    let kinds = [
        "client secret",
        "code",
        "nonce",
        "password",
        "session cookie",
        "state",
        "tenant's cookie",
        "transaction cookie",
    ];
    assert!(
        secrets.kinds().is_superset(&BTreeSet::from(kinds)),
        "{:?}",
        secrets.kinds()
    );
    let pinned = logs.own(&format!("issuer={}", tenant.issuer()));
    assert!(
        pinned
            .iter()
            .any(|line| line.text.contains("issuer pinned"))
    );
    stay_secret(&secrets);
}

fn session_cookie(visitor: &Visitor) -> String {
    let kept = visitor.cookie("ciam-session-").expect("a session");
    kept.cookie.value().to_owned()
}
