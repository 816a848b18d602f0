//! The one body that an application reads for the library.

use ciam_tests::{Framework, cases};

use super::World;

cases! {
    at Misbehaving:
        a_callback_body_is_read_to_64_kib_and_no_further;
}

async fn a_callback_body_is_read_to_64_kib_and_no_further(on: Framework) {
    let world = World::new(on).await;
    let callback = format!("http://127.0.0.1:{}/auth/callback", world.site.port());
    let limit = 64 * 1024;
    for (length, status, code) in [
        (limit, 400, "callback.state_missing"),
        (limit + 1, 413, "request.too_long"),
    ] {
        let answer = reqwest::Client::new()
            .post(&callback)
            .header("content-type", "application/x-www-form-urlencoded")
            .body("a".repeat(length))
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), status, "{length} bytes");
        let told = answer.text().await.expect("a body");
        assert!(told.contains(code), "{length} bytes: {told}");
    }
}
