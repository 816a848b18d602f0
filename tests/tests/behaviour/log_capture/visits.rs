//! Visits that succeed: the lines that are expected, and no secret in any.

use std::collections::BTreeSet;

use ciam_tests::honest::{CLIENT_SECRET, EMAIL, PASSWORD};
use ciam_tests::{Backend, Framework, Line, Logs, ProviderKind, Secrets, Visitor, cases};

use super::super::sign_in;
use super::{HOUR, World, add_cookies, stay_secret};

cases! {
    at LocalTenant and OidcProvider:
        a_sign_in_is_logged_without_the_password;
    at Misbehaving:
        a_whole_visit_is_logged_without_its_secrets;
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
        "state of the sign-out",
        "transaction cookie",
    ];
    assert_eq!(*secrets.kinds(), BTreeSet::from(kinds));
    stay_secret(&secrets);
}

async fn a_sign_in_is_logged_without_the_password(on: Backend) {
    let world = sign_in::World::new(on).await;
    let mut visitor = Visitor::new();
    let mut page = visitor.go(world.site.url("/account")).await;
    let wrong_password = "wrong-password-1";
    if on.provider == ProviderKind::LocalTenant {
        // The other one takes any.
        let form = page.form_with("password").fill("email", EMAIL);
        let form = form.fill("password", wrong_password);
        page = visitor.submit(&form.press("Sign in")).await;
    }
    let account = world.provider.sign_in(&mut visitor, page).await;
    assert_eq!(account.url.path(), "/account", "{account}");
    let bye = world.sign_out(&mut visitor).await;
    assert_eq!(bye.url.path(), "/auth/signed-out", "{bye}");

    let mut secrets = Secrets::default();
    secrets.add("password", PASSWORD);
    secrets.add("password", wrong_password);
    secrets.add("client secret", CLIENT_SECRET);
    add_cookies(&mut secrets, &visitor);
    for exchange in visitor.history() {
        for (name, value) in exchange.url.query_pairs() {
            match &*name {
                "code" => secrets.add("code", &value),
                "id_token_hint" => secrets.add("ID token", &value),
                "nonce" => secrets.add("nonce", &value),
                "state" => secrets.add("state", &value),
                _ => {}
            }
        }
    }
    let kinds = [
        "ID token",
        "ID token cookie",
        "client secret",
        "code",
        "nonce",
        "password",
        "provider's cookie",
        "session cookie",
        "state",
        "state of the sign-out",
        "transaction cookie",
    ];
    assert_eq!(*secrets.kinds(), BTreeSet::from(kinds));
    let pinned = Logs::capture().own(&format!("issuer={}", world.provider.issuer()));
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
