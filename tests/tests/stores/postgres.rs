//! PostgreSQL: what every store does, and what happens when the server does not.

use std::sync::Arc;
use std::time::Instant;

use ciam_core::store::{SessionStore, StoreKey, accept};
use ciam_core::{Ciam, Config};
use ciam_postgres::{PostgresOptions, PostgresStore, SCHEMA, WithPostgres};
use ciam_tests::{Echo, Port, Postgres};
use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio_rustls::rustls::crypto::CryptoProvider;

use crate::{LIFE, LIMIT, POLL, create, is_there, key};

fn store(postgres: &Postgres) -> PostgresStore {
    patient(&postgres.address())
}

/// One that waits longer than a visitor would: other tests take the machine's time.
fn patient(address: &str) -> PostgresStore {
    let options = PostgresOptions::new().with_time_limit(LIMIT * 3);
    PostgresStore::with_options(address, options).expect("an address")
}

#[tokio::test]
async fn postgres_is_a_store_that_makes_its_tables() {
    let postgres = Postgres::start().await;
    accept(&store(&postgres)).await;
}

#[tokio::test]
async fn making_the_tables_again_and_at_once_changes_nothing() {
    let postgres = Postgres::start().await;
    let stores: Vec<_> = (0..4).map(|_| store(&postgres)).collect();
    let made = join_all(stores.iter().map(PostgresStore::migrate)).await;
    assert!(made.iter().all(Result::is_ok), "{made:?}");
    create(&stores[0], 1, LIFE).await.expect("tables");
    postgres.sql(SCHEMA);
    stores[1].migrate().await.expect("they are there");
    assert!(is_there(&stores[2], 1).await.expect("it answers"));
}

#[tokio::test]
async fn a_user_who_may_not_make_tables_uses_those_of_the_administrator() {
    let postgres = Postgres::start().await;
    postgres.sql("CREATE ROLE clerk LOGIN PASSWORD 'hunter2'");
    let address = postgres.address_of("clerk", "hunter2");
    let store = patient(&address);
    let error = is_there(&store, 1).await.expect_err("no tables");
    let text = error.to_string();
    assert!(text.contains("ciam_postgres::SCHEMA"), "{text}");

    postgres.sql(SCHEMA);
    let error = is_there(&store, 1)
        .await
        .expect_err("no right to read them");
    let text = error.to_string();
    assert!(text.contains("grant SELECT"), "{text}");

    postgres.sql(
        "GRANT SELECT, INSERT, UPDATE, DELETE \
         ON ciam_sessions, ciam_session_groups, ciam_marks TO clerk",
    );
    store.migrate().await.expect("nothing to make");
    accept(&store).await;
    store.clear().await.expect("what has ended");
}

#[tokio::test]
async fn a_load_is_one_statement() {
    let mut postgres = Postgres::start().await;
    let store = store(&postgres);
    create(&store, 1, LIFE).await.expect("a session");
    postgres.logged("DELETE FROM ciam_marks").await;
    let statements = postgres.statements(async {
        for _ in 0..100 {
            assert!(is_there(&store, 1).await.expect("it answers"));
        }
    });
    let statements = statements.await;
    assert_eq!(statements.len(), 100, "{statements:#?}");
    let is_load = |line: &String| line.contains("SELECT value, revision FROM ciam_sessions");
    assert!(statements.iter().all(is_load), "{statements:#?}");
    let count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ciam'";
    // The second one is of the task that clears.
    let connections: usize = postgres.sql(count).parse().expect("a number");
    assert!(connections <= 2, "{connections} for one after another");
}

#[tokio::test]
async fn a_server_that_was_restarted_is_asked_again_at_once() {
    let mut postgres = Postgres::start().await;
    let store = store(&postgres);
    create(&store, 1, LIFE).await.expect("a session");
    // Several connections, all of which will be gone.
    let many = (0..8).map(|_| is_there(&store, 1));
    let many = join_all(many).await;
    assert!(
        many.iter().all(|found| matches!(found, Ok(true))),
        "{many:?}"
    );

    postgres.stop().await;
    let error = is_there(&store, 1).await.expect_err("it is down");
    assert!(error.to_string().contains("cannot be reached"), "{error}");
    postgres.restart().await;
    assert!(is_there(&store, 1).await.expect("it is back"));

    let many = (0..8).map(|_| is_there(&store, 1));
    join_all(many).await;
    // Nobody asks while it is down: the connections look alive.
    postgres.kill();
    postgres.restart().await;
    assert!(is_there(&store, 1).await.expect("it is back"));
    let many = (0..8).map(|_| is_there(&store, 1));
    let many = join_all(many).await;
    assert!(
        many.iter().all(|found| matches!(found, Ok(true))),
        "{many:?}"
    );

    // A mark that may have been made is not made again; one that was not, is.
    postgres.stop().await;
    postgres.restart().await;
    assert!(
        store
            .mark(&key(9), LIFE)
            .await
            .expect("it was told of the end")
    );
}

#[tokio::test]
async fn a_server_that_hangs_is_waited_for_a_bounded_time() {
    let postgres = Postgres::start().await;
    create(&store(&postgres), 1, LIFE).await.expect("a session");
    let store = PostgresStore::new(&postgres.address()).expect("an address");
    assert!(is_there(&store, 1).await.expect("it answers"));
    postgres.pause();
    let start = Instant::now();
    let error = is_there(&store, 1).await.expect_err("it hangs");
    assert!(error.to_string().contains("no answer within 2s"), "{error}");
    // Another connection is not made either.
    let error = is_there(&store, 1).await.expect_err("it hangs");
    assert!(error.to_string().contains("no answer within 2s"), "{error}");
    assert!(start.elapsed() < LIMIT, "{:?}", start.elapsed());
    postgres.resume();
    assert!(is_there(&store, 1).await.expect("it goes on"));
}

#[tokio::test]
async fn a_server_that_takes_no_writes_says_so_and_can_be_read() {
    let postgres = Postgres::start().await;
    let store = store(&postgres);
    create(&store, 1, LIFE).await.expect("a session");
    postgres.refuse_writes();
    let error = create(&store, 2, LIFE).await.expect_err("no writes");
    assert!(
        error.to_string().contains("connect to the primary"),
        "{error}"
    );
    assert!(is_there(&store, 1).await.expect("it can be read"));
    postgres.accept_writes();
    create(&store, 2, LIFE).await.expect("writes");

    postgres.fill();
    let error = create(&store, 3, LIFE).await.expect_err("no room");
    assert!(error.to_string().contains("53100"), "{error}");
    assert!(store.mark(&key(9), LIFE).await.is_err());
    assert!(is_there(&store, 1).await.expect("it can be read"));
    postgres.empty();
    create(&store, 3, LIFE).await.expect("room");
}

#[tokio::test]
async fn what_has_ended_is_deleted_by_one_instance_at_a_time() {
    let postgres = Postgres::start().await;
    let store = store(&postgres);
    store.migrate().await.expect("tables");
    postgres.sql(
        "INSERT INTO ciam_sessions SELECT sha256(n::text::bytea), '', 1, \
         now() + (CASE WHEN n <= 1200 THEN -1 ELSE 1 END) * interval '1 hour' \
         FROM generate_series(1, 1300) AS n; \
         INSERT INTO ciam_session_groups SELECT sha256('g'), key FROM ciam_sessions; \
         INSERT INTO ciam_marks SELECT key, expires FROM ciam_sessions",
    );
    let group: [u8; 32] = hex(&postgres.sql("SELECT encode(sha256('g'), 'hex')"));
    let members = store.members(&StoreKey::from_bytes(group)).await;
    assert_eq!(
        members.expect("a group").len(),
        100,
        "what has ended is no member"
    );

    // Somebody else is at it.
    let lock = 0x6369_616d_2063_6c72_i64;
    let held = format!("SELECT pg_advisory_lock({lock}); SELECT pg_sleep(600)");
    let (postgres, held) = (Arc::new(postgres), Arc::<str>::from(held));
    let other = std::thread::spawn({
        let (postgres, held) = (Arc::clone(&postgres), Arc::clone(&held));
        move || std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| postgres.sql(&held)))
    });
    let start = Instant::now();
    let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted";
    while postgres.sql(locks) != "1" {
        assert!(start.elapsed() < LIMIT, "nobody holds the lock");
        tokio::time::sleep(POLL).await;
    }
    assert_eq!(store.clear().await.expect("it answers"), 0);
    postgres.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)' \
         AND pid <> pg_backend_pid()",
    );
    assert!(other.join().expect("a thread").is_err(), "it was ended");

    assert_eq!(store.clear().await.expect("it answers"), 2400);
    for table in ["ciam_sessions", "ciam_session_groups", "ciam_marks"] {
        assert_eq!(
            postgres.sql(&format!("SELECT count(*) FROM {table}")),
            "100",
            "{table}"
        );
    }
}

#[tokio::test]
async fn a_sign_in_clears_what_has_ended() {
    let postgres = Postgres::start().await;
    let store = store(&postgres);
    store.migrate().await.expect("tables");
    postgres
        .sql("INSERT INTO ciam_sessions VALUES (sha256('a'), '', 1, now() - interval '1 hour')");
    create(&store, 1, LIFE).await.expect("a session");
    let start = Instant::now();
    while postgres.sql("SELECT count(*) FROM ciam_sessions") != "1" {
        assert!(start.elapsed() < LIMIT, "it is still there");
        tokio::time::sleep(POLL).await;
    }
}

#[tokio::test]
async fn a_visitor_who_leaves_early_costs_no_connection_and_no_wrong_answer() {
    let postgres = Postgres::start().await;
    let store = store(&postgres);
    for n in [1, 2] {
        create(&store, n, LIFE).await.expect("a session");
    }
    let made = || postgres.log().matches("connection authorized").count();
    let before = made();
    let mut left = 0;
    for _ in 0..1000 {
        // Begun, and left before there is an answer; some are there at once.
        let found = is_there(&store, 1).now_or_never();
        assert!(matches!(found, None | Some(Ok(true))), "{found:?}");
        left += usize::from(found.is_none());
        let wrong = is_there(&store, 3).await.expect("it answers");
        assert!(!wrong, "that was the answer to somebody else");
        assert!(is_there(&store, 2).await.expect("it answers"));
    }
    assert!(left > 50, "{left} left early");
    let made = made() - before;
    assert!(made < 10, "{made} connections for {left} visitors");
}

#[tokio::test]
async fn tls_is_checked_against_the_certificates_it_was_given() {
    let postgres = Postgres::start_with_tls().await;
    let address = format!("{}?sslmode=verify-full", postgres.address());
    let options = PostgresOptions::new().with_time_limit(LIMIT * 3);
    let options = options.with_ca_pem(postgres.ca_pem().as_bytes());
    let trusting = PostgresStore::with_options(&address, options).expect("an address");
    accept(&trusting).await;

    let error = is_there(&PostgresStore::new(&address).expect("an address"), 1).await;
    let text = error.expect_err("nobody knows the authority").to_string();
    assert!(text.contains("CIAM_CA_FILE"), "{text}");
    assert!(!text.contains(postgres.password()), "{text}");

    // What the process has chosen for others was neither used nor changed.
    assert!(CryptoProvider::get_default().is_none());
}

#[tokio::test]
async fn a_wrong_address_says_what_to_do_and_not_the_password() {
    let postgres = Postgres::start().await;
    let (nobody, echo) = (Port::reserve(), Echo::start().await);
    let elsewhere = |port: u16| format!("postgres://shop:hunter2@127.0.0.1:{port}/postgres");
    let echo = url::Url::parse(&echo.url("127.0.0.1", "/")).expect("an address");
    let echo = echo.port();
    for (address, hint) in [
        (
            postgres.address_of("shop", "hunter2"),
            "refuses the user or the password",
        ),
        (
            postgres.address_of("nobody", "hunter2"),
            "refuses the user or the password",
        ),
        (
            postgres.address().replace("/postgres", "/hunter2"),
            "no such database",
        ),
        (elsewhere(nobody.number()), "cannot be reached"),
        (elsewhere(echo.expect("a port")), "is not PostgreSQL"),
    ] {
        let store = patient(&address);
        let error = is_there(&store, 1).await.expect_err(hint);
        assert!(error.to_string().contains(hint), "{error}");
        let shown = format!("{error} {error:?} {store:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(!shown.contains(postgres.password()), "{shown}");
    }
}

#[tokio::test]
async fn the_setting_and_one_line_keep_sessions_in_postgres() {
    let settings = |store: &str| {
        format!(
            "authority = \"https://id.example\"\nclient_id = \"shop\"\n\
             base_url = \"http://localhost\"\nsession_store = \"{store}\"\n"
        )
    };
    // Nobody listens there: nothing is sent before somebody has a session.
    let port = Port::reserve();
    let address = format!("postgres://shop:hunter2@127.0.0.1:{}/shop", port.number());
    let config = Config::from_toml(&settings(&address))
        .with_postgres()
        .build();
    let ciam = Ciam::new(config.expect("a store"));
    assert!(!format!("{ciam:?}").contains("hunter2"));

    let error = Config::from_toml(&settings(&address))
        .build()
        .expect_err("no line");
    let problem = &error.problems()[0];
    assert_eq!(problem.code(), "config.session_store_unsupported");
    assert!(problem.fix().contains("ciam-postgres"), "{problem}");
    assert!(problem.fix().contains(".with_postgres()"), "{problem}");

    let wrong = address.replace("/shop", "/shop?sslmod=disable");
    let error = Config::from_toml(&settings(&wrong)).with_postgres().build();
    let error = error.expect_err("a misspelt parameter");
    assert_eq!(error.problems()[0].code(), "config.session_store_invalid");
    assert!(error.to_string().contains("sslmode"), "{error}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

fn hex(text: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (n, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * n..2 * n + 2], 16).expect("hexadecimal digits");
    }
    bytes
}
