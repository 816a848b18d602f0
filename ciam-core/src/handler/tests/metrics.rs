use std::collections::BTreeMap;

use http::Method;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use serde_json::json;

use super::bench::{Bench, Browser};

#[tokio::test]
async fn visits_sign_ins_and_requests_are_counted() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);

    let bench = Bench::new();
    let browser = bench.signed_in().await;
    assert!(browser.is_signed_in(&bench));
    let mut refused = Browser::default();
    assert!(!refused.is_signed_in(&bench));
    bench.provider.state().claims = json!({ "aud": "another" });
    refused.sign_in(&bench, "/auth/login").await;
    bench.provider.state().claims = json!({});
    let token = bench.ciam.token_of_application(&["api://a/.default"]).await;
    token.expect("a token");
    bench.provider.state().down = vec!["/token"];
    let token = bench.ciam.token_of_application(&["api://b/.default"]).await;
    token.expect_err("down");
    let cross_site = [("sec-fetch-site", "cross-site")];
    assert!(
        browser
            .visit(&bench, &Method::POST, "/", &cross_site)
            .is_err()
    );

    let mut found = BTreeMap::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let key = key.key();
        let labels: Vec<_> = key
            .labels()
            .map(|l| format!("{}={}", l.key(), l.value()))
            .collect();
        let count = match value {
            DebugValue::Counter(count) => count,
            DebugValue::Histogram(samples) => samples.len() as u64,
            DebugValue::Gauge(_) => 0,
        };
        found.insert(format!("{} {}", key.name(), labels.join(" ")), count);
    }
    let expected = [
        ("ciam_provider_request_seconds request=token outcome=ok", 3),
        ("ciam_tokens_total outcome=granted", 1),
        ("ciam_tokens_total outcome=transport.connect", 1),
        ("ciam_sign_ins_total outcome=completed", 1),
        ("ciam_sign_ins_total outcome=token.audience", 1),
        ("ciam_visits_total visitor=anonymous", 1),
        ("ciam_visits_total visitor=refused", 1),
        ("ciam_visits_total visitor=signed_in", 1),
    ];
    for (key, count) in expected {
        assert_eq!(found.get(key), Some(&count), "{key} in {found:?}");
    }
}
