//! A store that refuses and fails: what opens it, and what is in it, is in no line.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64_simd::URL_SAFE_NO_PAD;
use ciam_core::store::{RedisStore, SessionStore, StoreKey};
use ciam_postgres::PostgresStore;
use ciam_tests::visitor::Page;
use ciam_tests::{Framework, KnownKeys, Logs, Postgres, Redis, cases, told_to_script};
use http::Method;
use tokio::task::JoinHandle;
use url::form_urlencoded;

use super::{HOUR, World, stay_secret_since};

cases! {
    at Misbehaving:
        a_redis_that_refuses_and_fails_is_logged_without_secrets,
        a_postgres_that_refuses_and_fails_is_logged_without_secrets;
}

async fn a_redis_that_refuses_and_fails_is_logged_without_secrets(on: Framework) {
    let mut redis = Redis::start_with_user("~* +@all").await;
    let set = |redis: &Redis, rules: &[&str]| {
        let rules = [&["ACL", "SETUSER", "store"], rules].concat();
        assert_eq!(redis.cli(&rules), "OK");
        redis.cli(&["CLIENT", "KILL", "USER", "store"]);
    };
    let [good, other] = [PASSWORD, OTHER_PASSWORD].map(|password| format!(">{password}"));
    let allowed = ["on", &good, "~ciam:*", "+@all"];
    assert_eq!(
        redis.cli(&[&["ACL", "SETUSER", "store"], &allowed[..]].concat()),
        "OK"
    );
    let address = format!("redis://store:{}@{}", encoded(PASSWORD), redis.node());
    let store = RedisStore::new(&address).expect("an address");
    let mut kept = Kept::new(on, Arc::new(store)).await;

    set(&redis, &["resetpass", &other]);
    kept.fails("refuses the user or the password").await;
    set(&redis, &["resetpass", &good]);
    kept.goes_on().await;
    set(&redis, &["-@all", "+hello", "+auth"]);
    kept.fails("does not let this user do what is needed").await;
    set(&redis, &["+@all"]);
    kept.goes_on().await;
    redis.kill();
    kept.fails("cannot be reached").await;
    redis.restart().await;
    kept.fails("refuses the user or the password").await;
    kept.ends();
}

async fn a_postgres_that_refuses_and_fails_is_logged_without_secrets(on: Framework) {
    let mut postgres = Postgres::start().await;
    let change = |postgres: &Postgres, statement: &str| {
        postgres.sql(statement);
        postgres
            .sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'store'");
    };
    postgres.sql(&format!("CREATE USER store PASSWORD '{PASSWORD}'"));
    postgres.sql("GRANT CREATE ON SCHEMA public TO store");
    let address = postgres.address_of("store", &encoded(PASSWORD));
    let store = PostgresStore::new(&address).expect("an address");
    let mut kept = Kept::new(on, Arc::new(store)).await;

    change(
        &postgres,
        &format!("ALTER USER store PASSWORD '{OTHER_PASSWORD}'"),
    );
    kept.fails("refuses the user or the password").await;
    change(
        &postgres,
        &format!("ALTER USER store PASSWORD '{PASSWORD}'"),
    );
    kept.goes_on().await;
    change(
        &postgres,
        "ALTER TABLE ciam_sessions OWNER TO shop; ALTER TABLE ciam_marks OWNER TO shop",
    );
    kept.fails("the user may not use the tables of sessions")
        .await;
    change(
        &postgres,
        "GRANT ALL ON ciam_sessions, ciam_session_groups, ciam_marks TO store",
    );
    kept.goes_on().await;
    // The server's own words, of a statement with values in it.
    postgres.sql("ALTER TABLE ciam_sessions ADD CHECK (octet_length(value) < 10) NOT VALID");
    let asking = kept.begins_to_write("PostgreSQL at 127.0.0.1:").await;
    postgres.sql("ALTER TABLE ciam_sessions DROP CONSTRAINT ciam_sessions_value_check");
    let answer = asking.await.expect("it does not panic");
    assert_eq!(
        answer.status, 200,
        "it was tried until it was written: {answer}"
    );
    kept.goes_on().await;
    postgres.kill();
    kept.fails("cannot be reached").await;
    postgres.restart().await;
    kept.goes_on().await;
    kept.ends();
}

/// An application on such a store, and somebody who is signed in.
struct Kept {
    world: World,
    keys: Arc<KnownKeys>,
}

impl Kept {
    async fn new(on: Framework, store: Arc<dyn SessionStore>) -> Self {
        let keys = Arc::new(KnownKeys::of(store));
        let store = Arc::clone(&keys) as Arc<dyn SessionStore>;
        let mut world = World::calling(on, |config| config.with_session_store(store)).await;
        world.sign_in().await;
        assert_eq!(world.asked("/token").await.status, 200);
        Self { world, keys }
    }

    /// Whatever is done meanwhile: pages, tokens, sign-outs of both sides, a sign-in.
    async fn fails(&mut self, why: &str) {
        self.come_back();
        let before = Logs::capture().count();
        let unavailable = (503, "session.store".to_owned());
        let home = self.world.visitor.go(self.world.site.url("/")).await;
        assert_eq!(home.status, 503, "{why}: {home}");
        for (method, path) in [
            (Method::GET, "/account"),
            (Method::GET, "/token"),
            (Method::POST, "/auth/logout"),
        ] {
            let answer = self.world.visitor.fetch(&home, method, path).await;
            assert_eq!(answer.status, 503, "{why}: {path}: {answer}");
        }
        let answer = self.world.visitor.fetch(&home, Method::GET, "/token").await;
        assert_eq!(told_to_script(&answer), unavailable, "{why}");
        let token = self.world.provider.logout_token();
        let token = self.world.provider.sign_logout(&token);
        let uri = self.world.site.url("/auth/backchannel-logout");
        let answer = self.world.provider.notify(&uri, &token).await;
        assert_eq!(answer.status, 503, "{why}: {answer:?}");
        self.nobody_signs_in(why).await;
        let lines = Logs::capture().own_after(before, "code=session.store");
        let said = lines.iter().filter(|line| line.text.contains(why));
        assert!(said.count() >= 6, "{why}: {lines:#?}");
    }

    /// It can be read, and not written: newer tokens wait for that.
    async fn begins_to_write(&mut self, why: &str) -> JoinHandle<Page> {
        let before = Logs::capture().count();
        self.world.advance(HOUR);
        let mut ada = self.world.visitor.clone().on_a_new_connection();
        let home = ada.go(self.world.site.url("/")).await;
        let asking = tokio::spawn(async move { ada.fetch(&home, Method::GET, "/token").await });
        let start = Instant::now();
        let waits = || Logs::capture().own_after(before, "newer tokens are not stored yet");
        while !waits().iter().any(|line| line.text.contains(why)) {
            assert!(start.elapsed() < LIMIT, "{:#?}", waits());
            tokio::time::sleep(POLL).await;
        }
        self.nobody_signs_in(why).await;
        asking
    }

    async fn nobody_signs_in(&mut self, why: &str) {
        let own = std::mem::take(&mut self.world.visitor);
        let page = self.world.sign_in().await;
        assert_eq!(page.status, 503, "{why}: {page}");
        self.world.visitor = own;
    }

    /// While something was changed, the server may have closed the connection.
    fn come_back(&mut self) {
        let visitor = std::mem::take(&mut self.world.visitor);
        self.world.visitor = visitor.on_a_new_connection();
    }

    async fn goes_on(&mut self) {
        self.come_back();
        let home = self.world.visitor.go(self.world.site.url("/")).await;
        assert_ne!(home.body, "nobody", "{home}");
        let answer = self.world.asked("/token").await;
        assert_eq!(answer.status, 200, "{answer}");
    }

    fn ends(self) {
        let mut secrets = self.world.secrets();
        for password in [PASSWORD, OTHER_PASSWORD] {
            secrets.add("password of the store", password);
            secrets.add("password of the store", &encoded(password));
        }
        for key in self.keys.keys() {
            add_key(&mut secrets, &key);
        }
        let line = "the password is st0re/pass+word=odd~chars&%, they say";
        assert!(!secrets.found_in(line).is_empty(), "it would be found");
        for kind in ["key of a session", "refresh token", "session cookie"] {
            assert!(secrets.kinds().contains(kind), "{kind}");
        }
        stay_secret_since(self.world.logged, &secrets);
    }
}

/// As text: its first bytes alone may be shown.
fn add_key(secrets: &mut ciam_tests::Secrets, key: &StoreKey) {
    let hex: String = key
        .as_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    secrets.add("key of a session", &hex);
    let text = URL_SAFE_NO_PAD.encode_to_string(key.as_bytes());
    secrets.add("key of a session", &text);
}

fn encoded(password: &str) -> String {
    // A space would be a plus; there is none.
    form_urlencoded::byte_serialize(password.as_bytes()).collect()
}

/// In an address it is written otherwise.
const PASSWORD: &str = "st0re/pass+word=odd~chars&%";
const OTHER_PASSWORD: &str = "an0ther/pass+word=odd~chars&%";
const LIMIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(10);
