//! Pages and their scripts while the session store fails.

use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, Method, Response, StatusCode, Uri};
use serde_json::Value;

use super::bench::{Bench, Browser, NAVIGATION, text};
use super::stored::{Fault, bench};
use crate::{Incoming, Rejection, Visit, role, scope};

type Ask<'a> = &'a dyn Fn(&Visit) -> Result<(), Rejection>;

/// What each way to ask who visits is answered with.
async fn answers(
    browser: &Browser,
    bench: &Bench,
    method: &Method,
    headers: &[(&str, &str)],
) -> Vec<Result<(), Response<bytes::Bytes>>> {
    let uri: Uri = "/orders?page=2".parse().expect("a path");
    let headers = browser.headers(headers);
    let incoming = Incoming {
        method,
        uri: &uri,
        headers: &headers,
    };
    let visit = || async {
        let visit = bench.ciam.visit(incoming).expect("of this site");
        if let Some(pending) = visit.pending(true, std::iter::empty(), None) {
            pending.await;
        }
        visit
    };
    let mut answers = Vec::new();
    let asks: [Ask<'_>; 7] = [
        &|visit| visit.user_for(incoming).map(drop),
        &|visit| visit.require_user(incoming).map(drop),
        &|visit| visit.require_session(incoming).map(drop),
        &|visit| visit.require_claims::<Value>(incoming).map(drop),
        &|visit| visit.require(&crate::signed_in(), incoming),
        &|visit| visit.require(&role("Admin"), incoming),
        &|visit| visit.require(&(scope("orders.read") | role("Admin")), incoming),
    ];
    for ask in asks {
        let visit = visit().await;
        answers.push(ask(&visit).map_err(Rejection::into_response));
        let mut finished = HeaderMap::new();
        visit.finish(&mut finished);
        assert_eq!(finished[CACHE_CONTROL], "no-store");
    }
    answers
}

#[tokio::test]
async fn whoever_opens_a_page_sees_one_and_a_script_reads_a_code() {
    let (bench, store) = bench();
    let browser = bench.signed_in().await;
    store.set(Fault::Fails);
    let answers = async |method, headers: &[(&str, &str)]| {
        let answers = answers(&browser, &bench, method, headers).await;
        let answers = answers
            .into_iter()
            .map(|answer| answer.expect_err("no store"));
        answers.collect::<Vec<_>>()
    };
    let form = [
        NAVIGATION[0],
        NAVIGATION[1],
        ("sec-fetch-site", "same-origin"),
        ("referer", "https://shop.example/basket"),
    ];
    for (method, headers, again) in [
        (&Method::GET, &NAVIGATION[..], "/orders?page=2"),
        (&Method::POST, &form, "/basket"),
    ] {
        for answer in answers(method, headers).await {
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(answer.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
            assert_eq!(answer.headers()[RETRY_AFTER], "10");
            assert_eq!(answer.headers()[CACHE_CONTROL], "no-store");
            let page = text(&answer);
            assert!(page.contains("<dd>session.store</dd>"), "{page}");
            assert!(
                page.contains(&format!("href=\"{again}\">Try again")),
                "{page}"
            );
        }
    }
    let script = [("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")];
    for answer in answers(&Method::GET, &script).await {
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.headers()[RETRY_AFTER], "10");
        assert_eq!(text(&answer), r#"{"error":"session.store"}"#);
    }
}

#[tokio::test]
async fn who_has_no_session_is_nobody_whether_the_store_fails_or_not() {
    let (bench, store) = bench();
    store.set(Fault::Fails);
    let nobody = Browser::default();
    let answers = answers(&nobody, &bench, &Method::GET, &NAVIGATION).await;
    let statuses = answers.into_iter().map(|answer| match answer {
        Ok(()) => StatusCode::OK,
        Err(answer) => answer.status(),
    });
    let statuses: Vec<_> = statuses.collect();
    assert_eq!(statuses[0], StatusCode::OK);
    assert_eq!(statuses[1..], [StatusCode::SEE_OTHER; 6]);
}
