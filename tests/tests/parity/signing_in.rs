//! Callbacks that sign somebody in, and what the session is then good for.

use ciam_tests::scripted::Scripted;
use ciam_tests::wire::{Then, WireAnswer, exchange};
use ciam_tests::{Framework, clock};
use serde_json::{Value, json};
use url::{Position, Url};

use crate::{ALONE, HOST, comparable, get, kept, return_from_provider, show, site};

/// What it is called, the address of sign-in, further claims, and the callback.
type Row = (&'static str, &'static str, Value, Callback);

/// How the visitor comes back.
enum Callback {
    Get,
    Post,
    /// As a provider's own page does.
    CrossSitePost,
}

#[tokio::test]
async fn a_callback_that_signs_in_is_answered_alike() {
    let _alone = ALONE.lock().await;
    let provider = Scripted::start().await;
    let clock = clock();
    let axum = site(Framework::Axum, &provider, &clock).await;
    let actix = site(Framework::Actix, &provider, &clock).await;
    let large = json!({"login_hint": "alice", "note": "0123456789".repeat(600)});
    let small = json!({"login_hint": "alice"});
    let rows: [Row; 6] = [
        ("plain", "/auth/login", small.clone(), Callback::Get),
        (
            "to a page",
            "/auth/login?return_to=/account%3Fa%3Db",
            small.clone(),
            Callback::Get,
        ),
        ("in several cookies", "/auth/login", large, Callback::Get),
        ("with the ID token", "/auth/login", json!({}), Callback::Get),
        (
            "by a form",
            "/auth/login?return_to=/order",
            small.clone(),
            Callback::Post,
        ),
        (
            "from another site",
            "/auth/signup",
            small,
            Callback::CrossSitePost,
        ),
    ];
    // Later rows come with the session of the rows before: it is replaced.
    let mut jars = [String::new(), String::new()];
    for (name, login, claims, callback) in rows {
        provider.script(|script| {
            let times = json!({"iat": 1_700_000_000, "exp": 4_000_000_000_u64});
            script.claims.clear();
            script
                .claims
                .extend(times.as_object().expect("an object").clone());
            script
                .claims
                .extend(claims.as_object().expect("an object").clone());
        });
        let mut answers = Vec::new();
        for (site, jar) in [&axum, &actix].into_iter().zip(&mut jars) {
            let (transaction, address) = return_from_provider(site, login, jar).await;
            let cookie = format!("{transaction}; {jar}");
            let request = callback.request(&address, &cookie);
            let done = exchange(site.port(), &request, Then::Wait).await;
            let done = done.expect("an answer");
            assert_eq!(done.status, 303, "{name}: {}", show(Some(&done)));
            *jar = kept(&done);
            let known = get(site.port(), "/account", jar).await;
            assert_eq!(known.status, 200, "{name}: {}", show(Some(&known)));
            let again = exchange(site.port(), &request, Then::Wait).await;
            let again = again.expect("an answer");
            let left = exchange(site.port(), &sign_out(jar), Then::Wait).await;
            let left = left.expect("an answer");
            answers.push([done, known, again, left].map(|answer| normalised(comparable(answer))));
        }
        for (on_axum, on_actix) in answers[0].iter().zip(&answers[1]) {
            let (axum, actix) = (show(Some(on_axum)), show(Some(on_actix)));
            assert_eq!(axum, actix, "{name}");
        }
    }
}

impl Callback {
    fn request(&self, address: &Url, cookie: &str) -> Vec<u8> {
        let site = match self {
            Self::CrossSitePost => "sec-fetch-site: cross-site\r\norigin: http://id.example\r\n",
            Self::Get | Self::Post => "sec-fetch-site: same-origin\r\n",
        };
        let headers = format!(
            "HTTP/1.1\r\nhost: {HOST}\r\nsec-fetch-mode: navigate\r\n\
             sec-fetch-dest: document\r\ncookie: {cookie}\r\n{site}"
        );
        let request = match self {
            Self::Get => format!("GET {} {headers}\r\n", &address[Position::BeforePath..]),
            Self::CrossSitePost | Self::Post => {
                let form = address.query().expect("a code");
                let length = form.len();
                format!(
                    "POST {} {headers}content-type: application/x-www-form-urlencoded\r\n\
                     content-length: {length}\r\n\r\n{form}",
                    address.path()
                )
            }
        };
        request.into_bytes()
    }
}

fn sign_out(cookie: &str) -> Vec<u8> {
    let head = format!(
        "POST /auth/logout HTTP/1.1\r\nhost: {HOST}\r\nsec-fetch-site: same-origin\r\n\
         content-length: 0\r\ncookie: {cookie}\r\n\r\n"
    );
    head.into_bytes()
}

/// With lengths in the place of what the provider's signature makes another each time.
fn normalised(mut answer: WireAnswer) -> WireAnswer {
    for (name, value) in &mut answer.headers {
        let text = String::from_utf8_lossy(value).into_owned();
        let varies = match &**name {
            "set-cookie" if text.starts_with("ciam-id-token") => text.split(['=', ';']).nth(1),
            "location" => text
                .split(['?', '&'])
                .find_map(|parameter| parameter.strip_prefix("id_token_hint=")),
            _ => None,
        };
        if let Some(varies) = varies.filter(|varies| !varies.is_empty()) {
            let length = format!("<{} characters>", varies.len());
            *value = text.replace(varies, &length).into_bytes();
        }
    }
    answer
}
