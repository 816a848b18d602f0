//! Tokens for the APIs that the application calls.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use http::header::{RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, Method, Response, StatusCode, Uri};
use serde_json::{Value, json};
use url::Url;

use super::bench::{Bench, Browser, NAVIGATION, SECRET, location, settle, text};
use super::provider::Answer;
use crate::store::{MemoryStore, SessionStore};
use crate::{AccessToken, CurrentSession, Incoming, Visit};

const SCOPES: &str = "openid profile offline_access api://orders/read";
const HOUR: Duration = Duration::from_secs(3600);
const SECOND: Duration = Duration::from_secs(1);

/// Where sessions are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Where {
    Cookie,
    Store,
}

const BOTH: [Where; 2] = [Where::Cookie, Where::Store];

fn bench(place: Where) -> Bench {
    Bench::with(|config| {
        let config = config.with_scopes(SCOPES);
        match place {
            Where::Cookie => config,
            Where::Store => config.with_session_store(Arc::new(MemoryStore::default())),
        }
    })
}

/// A request whose handler holds the session.
struct Handling {
    visit: Visit,
    session: CurrentSession,
}

async fn handle(browser: &Browser, bench: &Bench) -> Handling {
    try_handle(browser, bench).await.expect("signed in")
}

async fn try_handle(browser: &Browser, bench: &Bench) -> Result<Handling, Response<Bytes>> {
    let (uri, headers): (Uri, HeaderMap) = (
        "/orders?page=2".parse().expect("a path"),
        browser.headers(&NAVIGATION),
    );
    let incoming = Incoming {
        method: &Method::GET,
        uri: &uri,
        headers: &headers,
    };
    let visit = bench.ciam.visit(incoming).expect("a safe request");
    settle(&visit).await;
    let session = visit.require_session(incoming);
    let session = session.map_err(crate::Rejection::into_response)?;
    Ok(Handling { visit, session })
}

/// What a handler gets, and what the answer writes into the browser.
async fn token(
    browser: &mut Browser,
    bench: &Bench,
    scopes: &[&str],
) -> Result<AccessToken, Response<Bytes>> {
    let handling = handle(browser, bench).await;
    let token = bench.ciam.token(&handling.session, scopes).await;
    let mut answer = HeaderMap::new();
    handling.visit.finish(&mut answer);
    browser.keep(&answer);
    token.map_err(crate::Rejection::into_response)
}

async fn text_of_token(browser: &mut Browser, bench: &Bench, scopes: &[&str]) -> String {
    let token = token(browser, bench, scopes).await;
    token
        .unwrap_or_else(|answer| panic!("{answer:?}"))
        .expose()
        .to_owned()
}

#[tokio::test]
async fn the_token_of_the_sign_in_is_given_until_shortly_before_it_ends() {
    for place in BOTH {
        let bench = bench(place);
        let mut browser = bench.signed_in().await;
        // Named or not, it is the same.
        let named: &[&str] = &["api://orders/read"];
        for (after, scopes) in [(0, &[][..]), (3299, named)] {
            bench.clock.advance(SECOND * after);
            let found = text_of_token(&mut browser, &bench, scopes).await;
            assert_eq!(found, "the access token", "{place:?}");
        }
        assert_eq!(bench.provider.refreshes(), 0);
        bench.clock.advance(SECOND);
        assert_eq!(text_of_token(&mut browser, &bench, &[]).await, "access 2");
        assert_eq!(bench.provider.refreshes(), 1);
        assert_eq!(text_of_token(&mut browser, &bench, &[]).await, "access 2");
        assert_eq!(bench.provider.refreshes(), 1, "{place:?}");
        // And so on, with the refresh token that came along.
        for n in 3..8 {
            bench.clock.advance(HOUR);
            let token = text_of_token(&mut browser, &bench, &[]).await;
            assert_eq!(token, format!("access {n}"), "{place:?}");
        }
    }
}

#[tokio::test]
async fn all_who_need_a_token_at_once_cost_one_request() {
    for place in BOTH {
        let bench = bench(place);
        let browser = bench.signed_in().await;
        bench.clock.advance(HOUR);
        bench.provider.hold_back();
        let requests = (0..100).map(|_| async {
            let handling = handle(&browser, &bench).await;
            let token = bench.ciam.token(&handling.session, &[]).await;
            token.expect("a token").expose().to_owned()
        });
        let release = async {
            while bench.provider.refreshes() == 0 {
                tokio::task::yield_now().await;
            }
            bench.provider.let_go();
        };
        let (tokens, ()) = tokio::join!(join_all(requests), release);
        assert_eq!(tokens, vec!["access 2"; 100], "{place:?}");
        assert_eq!(bench.provider.refreshes(), 1, "{place:?}");
    }
}

#[tokio::test]
async fn two_instances_make_one_request() {
    let store = Arc::new(MemoryStore::default());
    let with = |store: &Arc<MemoryStore>| {
        let store = Arc::clone(store) as Arc<dyn SessionStore>;
        move |config: crate::ConfigBuilder| config.with_scopes(SCOPES).with_session_store(store)
    };
    let one = Bench::with(with(&store));
    let browser = one.signed_in().await;
    let other = one.restarted(SECRET, with(&store));
    one.clock.advance(HOUR);
    one.provider.hold_back();
    let ask = async |bench: &Bench| {
        let handling = handle(&browser, bench).await;
        let token = bench.ciam.token(&handling.session, &[]).await;
        token.expect("a token").expose().to_owned()
    };
    let requests: Vec<_> = (0..10).flat_map(|_| [ask(&one), ask(&other)]).collect();
    let release = async {
        while one.provider.refreshes() == 0 {
            tokio::task::yield_now().await;
        }
        one.provider.let_go();
    };
    let (tokens, ()) = tokio::join!(join_all(requests), release);
    assert_eq!(tokens, vec!["access 2"; 20]);
    assert_eq!(one.provider.refreshes(), 1);
}

#[tokio::test]
async fn what_the_provider_rotated_is_kept_although_everyone_has_gone() {
    for place in BOTH {
        let bench = bench(place);
        let mut browser = bench.signed_in().await;
        bench.clock.advance(HOUR);
        bench.provider.hold_back();
        let ciam = bench.ciam.clone();
        let waiting: Vec<_> = join_all((0..5).map(|_| handle(&browser, &bench))).await;
        let waiting = waiting.into_iter().map(|handling| {
            let ciam = ciam.clone();
            tokio::spawn(async move { ciam.token(&handling.session, &[]).await.is_ok() })
        });
        let waiting: Vec<_> = waiting.collect();
        while bench.provider.refreshes() == 0 {
            tokio::task::yield_now().await;
        }
        for task in waiting {
            task.abort();
            assert!(task.await.expect_err("gone").is_cancelled());
        }
        bench.provider.let_go();
        // It ends before anybody asks again.
        let landed = async {
            while !bench.ciam.0.refreshes.is_empty() {
                tokio::task::yield_now().await;
            }
        };
        let landed = tokio::time::timeout(SECOND * 10, landed).await;
        landed.expect("nobody has to wait for it");
        // The browser has heard of nothing, and the old refresh token is worth nothing.
        assert_eq!(text_of_token(&mut browser, &bench, &[]).await, "access 2");
        assert_eq!(bench.provider.refreshes(), 1, "{place:?}");
        bench.clock.advance(HOUR);
        assert_eq!(text_of_token(&mut browser, &bench, &[]).await, "access 3");
    }
}

#[tokio::test]
async fn a_cookie_brings_the_refresh_token_over_a_restart() {
    let bench = bench(Where::Cookie);
    let mut browser = bench.signed_in().await;
    bench.clock.advance(HOUR);
    assert_eq!(text_of_token(&mut browser, &bench, &[]).await, "access 2");
    let restarted = bench.restarted(SECRET, |config| config.with_scopes(SCOPES));
    let token = text_of_token(&mut browser, &restarted, &[]).await;
    assert_eq!(token, "access 3", "with what the last answer wrote");
    assert_eq!(browser.count("session"), 1, "an access token is not in it");
}

#[tokio::test]
async fn each_api_has_a_token_of_its_own() {
    for place in BOTH {
        let bench = bench(place);
        let mut browser = bench.signed_in().await;
        let other = ["api://mail/send", "api://mail/read"];
        let mail = text_of_token(&mut browser, &bench, &other).await;
        assert_eq!(
            mail,
            "access 2 for api://mail/read api://mail/send openid offline_access"
        );
        let reversed = [other[1], other[0]];
        assert_eq!(text_of_token(&mut browser, &bench, &reversed).await, mail);
        let own = text_of_token(&mut browser, &bench, &[]).await;
        assert_eq!(own, "the access token");
        let less = text_of_token(&mut browser, &bench, &other[..1]).await;
        assert_eq!(less, "access 3 for api://mail/send openid offline_access");
        assert_eq!(bench.provider.refreshes(), 2, "{place:?}");
        let odd = token(&mut browser, &bench, &["two scopes"]).await;
        let odd = odd.expect_err("no scope");
        assert_eq!(odd.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(text(&odd).contains("tokens.scope_invalid"), "{odd:?}");
    }
}

#[tokio::test]
async fn only_a_refresh_token_that_has_ended_ends_the_session() {
    for place in BOTH {
        let bench = bench(place);
        let mut browser = bench.signed_in().await;
        bench.clock.advance(HOUR);
        bench.provider.state().refusal = Some(refusal(400, json!({"error": "invalid_grant"})));
        let answer = token(&mut browser, &bench, &[]).await.expect_err("ended");
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{place:?}");
        assert_eq!(
            location(&answer),
            "/auth/login?return_to=%2Forders%3Fpage%3D2"
        );
        assert_eq!(browser.count("session"), 0, "{place:?}");
    }
    // Whoever copied the cookie is nobody, where there is a store.
    let bench = bench(Where::Store);
    let mut browser = bench.signed_in().await;
    let mut copied = Browser::default();
    copied.jar.clone_from(&browser.jar);
    bench.clock.advance(HOUR);
    bench.provider.state().refusal = Some(refusal(400, json!({"error": "invalid_grant"})));
    token(&mut browser, &bench, &[]).await.expect_err("ended");
    let answer = try_handle(&copied, &bench).await.err().expect("nobody");
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
}

fn refusal(status: u16, body: Value) -> Answer {
    (status, Vec::new(), body)
}

#[tokio::test]
async fn any_other_failure_leaves_the_valid_token_and_the_provider_in_peace() {
    let rows = [
        refusal(500, json!({})),
        refusal(503, json!({"error": "temporarily_unavailable"})),
        refusal(400, json!({"error": "invalid_request"})),
        refusal(401, json!({"error": "invalid_client"})),
        refusal(400, json!({"error": "invalid_scope"})),
        refusal(400, json!({"error": "unauthorized_client"})),
        refusal(400, json!({"error": "interaction_required"})),
        refusal(
            400,
            json!({"error": "invalid_grant", "suberror": "consent_required"}),
        ),
        refusal(
            400,
            json!({"error": "invalid_grant", "error_description": "AADSTS50196: a client loop"}),
        ),
        refusal(500, json!({"error": "invalid_grant"})),
        refusal(200, json!({"token_type": "Bearer"})),
        refusal(200, json!({"token_type": "Bearer", "access_token": 7})),
        refusal(200, json!("what")),
    ];
    for place in BOTH {
        for row in &rows {
            let bench = bench(place);
            let mut browser = bench.signed_in().await;
            bench.clock.advance(SECOND * 3300);
            bench.provider.state().refusal = Some(row.clone());
            for _ in 0..20 {
                let held = text_of_token(&mut browser, &bench, &[]).await;
                assert_eq!(held, "the access token", "{place:?} {row:?}");
            }
            assert_eq!(bench.provider.refreshes(), 1, "{place:?} {row:?}");
            // Ever longer pauses: for five minutes, seven requests are enough.
            for _ in 0..298 {
                bench.clock.advance(SECOND);
                text_of_token(&mut browser, &bench, &[]).await;
            }
            let asked = bench.provider.refreshes();
            assert!((6..=12).contains(&asked), "{asked}");
            // Without a valid one there is none, and the session goes on.
            bench.clock.advance(SECOND * 2);
            let answer = token(&mut browser, &bench, &[]).await.expect_err("none");
            assert!(browser.count("session") > 0, "{answer:?}");
            bench.provider.state().refusal = None;
            bench.clock.advance(SECOND * 64);
            assert_eq!(text_of_token(&mut browser, &bench, &[]).await, "access 2");
        }
    }
}

#[tokio::test]
async fn a_provider_that_asks_for_peace_gets_it() {
    let bench = bench(Where::Store);
    let mut browser = bench.signed_in().await;
    bench.clock.advance(HOUR);
    let busy = (429, vec![(RETRY_AFTER.as_str(), "30")], json!({}));
    bench.provider.state().refusal = Some(busy);
    for _ in 0..30 {
        let answer = token(&mut browser, &bench, &[]).await.expect_err("none");
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(text(&answer).contains("token_endpoint.refused"));
        assert!(answer.headers().contains_key(RETRY_AFTER));
        bench.clock.advance(SECOND);
    }
    assert_eq!(bench.provider.refreshes(), 1);
    token(&mut browser, &bench, &[]).await.expect_err("again");
    assert_eq!(bench.provider.refreshes(), 2);
}

#[tokio::test]
async fn what_a_refresh_brings_is_held_to_the_user_and_the_sign_in() {
    for (claims, code) in [
        (json!({"sub": "mallory"}), "tokens.other_user"),
        (json!({"iss": "https://evil.example"}), "token.issuer"),
        (json!({"aud": "another"}), "token.audience"),
        (json!({"nonce": "another"}), "token.nonce"),
        (json!({"exp": 1}), "token.expired"),
    ] {
        let bench = bench(Where::Store);
        let mut browser = bench.signed_in().await;
        bench.clock.advance(HOUR);
        bench.provider.state().claims = claims.clone();
        let answer = token(&mut browser, &bench, &[]).await.expect_err("refused");
        assert_eq!(answer.status(), StatusCode::BAD_GATEWAY, "{claims}");
        assert!(text(&answer).contains(code), "{claims}: {}", text(&answer));
        let handling = handle(&browser, &bench).await;
        let user = handling.visit.user().expect("known").expect("signed in");
        assert_eq!(user.id().subject(), "alice");
    }
    for left_out in [
        json!({"id_token": null}),
        json!({"refresh_token": null}),
        json!({"id_token": null, "refresh_token": null, "expires_in": "3600"}),
    ] {
        let bench = bench(Where::Store);
        let mut browser = bench.signed_in().await;
        bench.clock.advance(HOUR);
        bench.provider.state().claims = json!({"nonce": null});
        bench.provider.state().answer = left_out.clone();
        let found = text_of_token(&mut browser, &bench, &[]).await;
        assert_eq!(found, "access 2", "{left_out}");
        if left_out.get("refresh_token").is_some() {
            // This provider does not rotate: the one before stays good.
            bench.provider.state().refresh_token = 1;
        }
        bench.clock.advance(HOUR);
        text_of_token(&mut browser, &bench, &[]).await;
    }
}

#[tokio::test]
async fn claims_follow_a_refresh_and_the_time_of_the_sign_in_does_not() {
    for place in BOTH {
        let bench = bench(place);
        let at_first = json!({"roles": ["Admin"], "auth_time": 1000, "acr": "2", "sid": "s1"});
        bench.provider.state().claims = at_first;
        let mut browser = bench.signed_in().await;
        bench.clock.advance(HOUR);
        bench.provider.state().claims = json!({"auth_time": 9_999_999, "name": "Alice B."});
        text_of_token(&mut browser, &bench, &[]).await;
        let handling = handle(&browser, &bench).await;
        let user = handling.visit.user().expect("known").expect("signed in");
        assert!(user.roles().is_empty(), "{place:?}");
        assert_eq!(user.name(), Some("Alice B."), "{place:?}");
        let claims = user.claims();
        assert_eq!(claims.value("auth_time"), Some(json!(1000)), "{place:?}");
        assert_eq!(claims.text("acr").as_deref(), Some("2"), "{place:?}");
        assert_eq!(claims.text("sid").as_deref(), Some("s1"), "{place:?}");
        assert!(claims.value("nonce").is_none(), "{place:?}");
    }
}

#[tokio::test]
async fn a_session_that_is_ended_meanwhile_stays_ended() {
    let bench = bench(Where::Store);
    let mut browser = bench.signed_in().await;
    bench.clock.advance(HOUR);
    bench.provider.hold_back();
    let handling = handle(&browser, &bench).await;
    let ciam = bench.ciam.clone();
    let asked = tokio::spawn(async move {
        let token = ciam.token(&handling.session, &[]).await;
        token.map_err(|answer| answer.into_response().status())
    });
    while bench.provider.refreshes() == 0 {
        tokio::task::yield_now().await;
    }
    let mut copied = Browser::default();
    copied.jar.clone_from(&browser.jar);
    browser.post(&bench, "/auth/logout").await;
    bench.provider.let_go();
    let answer = asked.await.expect("it does not panic");
    assert_eq!(answer.err(), Some(StatusCode::SEE_OTHER));
    let answer = try_handle(&copied, &bench).await.err().expect("nobody");
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn signing_out_revokes_the_refresh_token_where_the_provider_can() {
    for place in BOTH {
        let bench = bench(place);
        let endpoint = json!({"revocation_endpoint": "https://issuer.example/revoke"});
        bench.provider.state().metadata = endpoint;
        let mut browser = bench.signed_in().await;
        let mut copied = Browser::default();
        copied.jar.clone_from(&browser.jar);
        bench.clock.advance(HOUR);
        text_of_token(&mut browser, &bench, &[]).await;
        // The newest one, whatever the cookie of the request holds.
        let answer = copied.post(&bench, "/auth/logout").await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        while bench.provider.count("/revoke") == 0 {
            tokio::task::yield_now().await;
        }
        let state = bench.provider.state();
        let form = state.revoked.first().expect("a form").clone();
        assert!(form.contains("token=refresh+2"), "{place:?}: {form}");
    }
}

#[tokio::test]
async fn without_offline_access_there_is_no_token_and_the_log_says_why() {
    let bench = Bench::new();
    let mut browser = bench.signed_in().await;
    let answer = token(&mut browser, &bench, &[]).await.expect_err("none");
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(text(&answer).contains("tokens.not_kept"));
    // Who signed in before it was asked for signs in once more, and not for ever.
    let wiser = bench.restarted(SECRET, |config| config.with_scopes(SCOPES));
    bench.clock.advance(HOUR);
    let answer = token(&mut browser, &wiser, &[]).await.expect_err("none");
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    bench.provider.state().answer = json!({"refresh_token": null});
    let login = location(&answer).to_owned();
    browser.sign_in(&wiser, &login).await;
    let answer = token(&mut browser, &wiser, &[]).await.expect_err("none");
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn a_provider_that_wants_to_see_the_user_does_once() {
    for place in BOTH {
        let bench = bench(place);
        let mut browser = bench.signed_in().await;
        bench.clock.advance(HOUR);
        let claims = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;
        let body = json!({"error": "interaction_required", "claims": claims});
        bench.provider.state().refusal = Some(refusal(400, body));
        let scopes = ["api://bank/pay"];
        let answer = token(&mut browser, &bench, &scopes)
            .await
            .expect_err("none");
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{place:?}");
        let login = location(&answer).to_owned();
        let sent = browser.go(&bench, &login).await;
        let url = Url::parse(location(&sent)).expect("an address");
        let asked = |name: &str| {
            let mut found = url.query_pairs().filter(|(found, _)| found == name);
            let value = found.next().map(|(_, value)| value.into_owned());
            assert!(found.next().is_none(), "{name} is there once");
            value
        };
        assert_eq!(asked("claims").as_deref(), Some(claims));
        assert_eq!(asked("scope"), Some(format!("{SCOPES} api://bank/pay")));
        // Nobody else can ask for something in this way.
        let forged = format!("{login}x");
        let sent = browser.go(&bench, &forged).await;
        assert!(!location(&sent).contains("claims="), "{place:?}");

        let refusal = bench.provider.state().refusal.take();
        let done = browser.sign_in(&bench, &login).await;
        assert_eq!(location(&done), "/orders?page=2", "{place:?}");
        bench.provider.state().refusal = refusal;
        let answer = token(&mut browser, &bench, &scopes)
            .await
            .expect_err("none");
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{place:?}");
        assert!(text(&answer).contains("tokens.interaction"), "{place:?}");
    }
}

#[tokio::test]
async fn who_signed_up_a_moment_ago_is_sent_through_once_more() {
    let bench = bench(Where::Store);
    let mut browser = Browser::default();
    let too_new = json!({
        "error": "invalid_grant", "suberror": "bad_token",
        "error_description": "AADSTS131010: the user is not allowed yet",
    });
    bench.provider.state().refusal = Some(refusal(400, too_new));
    let sent = browser
        .sign_in(&bench, "/auth/signup?return_to=/account")
        .await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    let again = Url::parse(location(&sent)).expect("an address");
    assert_eq!(again.path(), "/authorize");
    assert!(!again.query().expect("a query").contains("prompt="));
    let callback = bench.provider.authorize(&again);
    let refusal = bench.provider.state().refusal.take();
    let mut luckless = Browser::default();
    luckless.jar.clone_from(&browser.jar);
    let done = browser.go(&bench, &callback).await;
    assert_eq!(location(&done), "/account");
    assert!(done.headers().get_all(SET_COOKIE).iter().count() > 0);
    handle(&browser, &bench).await;
    // Not for ever.
    bench.provider.state().refusal = refusal;
    let failed = luckless.go(&bench, &callback).await;
    assert_eq!(failed.status(), StatusCode::BAD_GATEWAY);
    assert!(text(&failed).contains("token_endpoint.refused"));
}
