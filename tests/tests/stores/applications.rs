//! An application with one line for PostgreSQL, from sign-in to the end of the server.

use ciam_core::Config;
use ciam_postgres::WithPostgres;
use ciam_tests::honest::{CLIENT_ID, CLIENT_SECRET, Honest};
use ciam_tests::{Framework, Logs, Postgres, ProviderKind, Site, Visitor};
use http::StatusCode;

#[tokio::test]
async fn an_application_on_axum_keeps_sessions_in_postgres_by_one_line() {
    one_line(Framework::Axum).await;
}

#[tokio::test]
async fn an_application_on_actix_keeps_sessions_in_postgres_by_one_line() {
    one_line(Framework::Actix).await;
}

async fn one_line(framework: Framework) {
    let logs = Logs::capture();
    let mut postgres = Postgres::start_with_tls().await;
    let folder = tempfile::tempdir().expect("a folder");
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, postgres.ca_pem()).expect("a file");
    let store = format!("{}?sslmode=verify-full", postgres.address());
    let mut provider = None;
    let site = Site::start(framework, async |base_url| {
        let (honest, _) = Honest::start(ProviderKind::LocalTenant, base_url).await;
        let settings = format!(
            "authority = {:?}\nclient_id = {CLIENT_ID:?}\nclient_secret = {CLIENT_SECRET:?}\n\
             base_url = {base_url:?}\nsession_store = {store:?}\nca_file = {ca_file:?}\n",
            honest.authority()
        );
        provider = Some(honest);
        Config::from_toml(&settings).with_postgres()
    })
    .await;
    let provider = provider.expect("it was started");

    let mut visitor = Visitor::new();
    let page = visitor.go(site.url("/account")).await;
    let page = provider.sign_in(&mut visitor, page).await;
    assert_eq!(page.status, StatusCode::OK, "{page}");
    assert_eq!(postgres.sql("SELECT count(*) FROM ciam_sessions"), "1");

    postgres.logged("DELETE FROM ciam_marks").await;
    let statements = postgres.statements(async {
        for _ in 0..10 {
            let page = visitor.go(site.url("/account")).await;
            assert_eq!(page.status, StatusCode::OK, "{page}");
        }
    });
    let statements = statements.await;
    assert_eq!(statements.len(), 10, "{statements:#?}");

    let before = logs.count();
    postgres.kill();
    let page = visitor.go(site.url("/account")).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{page}");
    assert!(!logs.own_after(before, "session.store").is_empty());
    let page = Visitor::new().go(site.url("/")).await;
    assert_eq!(page.status, StatusCode::OK, "{page}");

    // What was kept is there again, and so is who was signed in.
    postgres.restart().await;
    let page = visitor.go(site.url("/account")).await;
    assert_eq!(page.status, StatusCode::OK, "{page}");

    // Nor did any crate log what opens the database, or the session.
    let session = visitor
        .cookie("ciam-session")
        .expect("signed in")
        .cookie
        .value();
    for line in logs.lines() {
        for secret in [postgres.password(), &session[1..]] {
            assert!(!line.text.contains(secret), "{line:?}");
        }
    }
}
