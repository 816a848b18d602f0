//! Redis, however it is run: what every store does, and what happens when the server does
//! not.

use std::time::Instant;

use ciam_core::store::{RedisOptions, RedisStore, SessionStore, accept};
use ciam_tests::{Echo, Port, Redis, Sentinel};
use futures_util::future::join_all;
use tokio_rustls::rustls::crypto::CryptoProvider;

use crate::{LIFE, LIMIT, POLL, create, is_there, key};

fn store(redis: &Redis) -> RedisStore {
    RedisStore::new(&redis.address()).expect("an address")
}

#[tokio::test]
async fn redis_is_a_store() {
    let redis = Redis::start().await;
    accept(&store(&redis)).await;
}

#[tokio::test]
async fn redis_with_tls_is_a_store() {
    let redis = Redis::start_with_tls().await;
    let options = RedisOptions::new().with_ca_pem(redis.ca_pem().as_bytes());
    let trusting = RedisStore::with_options(&redis.address(), options.clone());
    accept(&trusting.expect("an address")).await;

    // "localhost" is in the certificate as well, and another name of this machine is not.
    let other = redis.address().replace("127.0.0.1", "127.0.0.2");
    let other = RedisStore::with_options(&other, options).expect("an address");
    let nobody = is_there(&other, 1).await.expect_err("nobody listens there");
    assert!(nobody.to_string().contains("cannot be reached"), "{nobody}");

    let error = is_there(&store(&redis), 1).await;
    let error = error.expect_err("nobody knows the authority").to_string();
    assert!(error.contains("UnknownIssuer"), "{error}");
    assert!(error.contains("CIAM_CA_FILE"), "{error}");

    // What the process has chosen for others was neither used nor changed.
    assert!(CryptoProvider::get_default().is_none());
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let redis = Redis::start_with_tls().await;
    let options = RedisOptions::new().with_ca_pem(redis.ca_pem().as_bytes());
    // The same machine under an address that the certificate does not have.
    let other = redis.address().replace("127.0.0.1", "[::ffff:127.0.0.1]");
    let other = RedisStore::with_options(&other, options).expect("an address");
    let error = is_there(&other, 1).await.expect_err("another name");
    assert!(error.to_string().contains("not valid for name"), "{error}");
}

#[tokio::test]
async fn a_user_needs_the_commands_that_an_error_names_and_no_more() {
    let allowed = "~ciam:* +hmget +exists +set +del +zrem +eval +evalsha +hset +hget +hincrby \
                   +pexpire +pexpireat +time +zadd +zrange +zrangebyscore +zremrangebyscore";
    let redis = Redis::start_with_user(allowed).await;
    accept(&store(&redis)).await;

    let redis = Redis::start_with_user("~ciam:* +hmget").await;
    let store = store(&redis);
    assert!(!is_there(&store, 1).await.expect("it may"));
    let error = create(&store, 1, LIFE).await.expect_err("it may not");
    let error = error.to_string();
    assert!(
        error.contains(allowed.split_once(" +").expect("commands").0),
        "{error}"
    );
    for command in allowed.split(' ') {
        assert!(error.contains(command), "{command} is not in {error}");
    }
}

#[tokio::test]
async fn a_load_is_one_command() {
    let redis = Redis::start().await;
    let address = format!("{}/3", redis.address());
    let store = RedisStore::new(&address).expect("an address");
    create(&store, 1, LIFE).await.expect("a session");
    let before = redis.calls();
    for _ in 0..100 {
        assert!(is_there(&store, 1).await.expect("it answers"));
    }
    let calls = redis.calls().into_iter().filter_map(|(name, count)| {
        let count = count - before.get(&name).copied().unwrap_or(0);
        // Asked by this test.
        (count > 0 && name != "info").then_some((name, count))
    });
    let calls: Vec<_> = calls.collect();
    assert_eq!(calls, [("hmget".to_owned(), 100)]);
}

#[tokio::test]
async fn a_server_that_was_restarted_is_asked_again_on_one_connection() {
    let mut redis = Redis::start().await;
    let store = store(&redis);
    create(&store, 1, LIFE).await.expect("a session");
    redis.kill();
    let error = is_there(&store, 1).await.expect_err("it is down");
    assert!(error.to_string().contains("cannot be reached"), "{error}");
    redis.restart().await;
    let all = join_all((0..50).map(|_| is_there(&store, 1))).await;
    assert!(
        all.iter().all(|found| matches!(found, Ok(false))),
        "{all:?}"
    );
    create(&store, 1, LIFE)
        .await
        .expect("the scripts are sent again");
    assert!(is_there(&store, 1).await.expect("it is back"));
    let clients = redis.cli(&["CLIENT", "LIST", "TYPE", "normal"]);
    assert_eq!(
        clients.lines().count(),
        2,
        "this one and the store's: {clients}"
    );
    // Nobody asked while it was away: even what is not repeated works at once.
    redis.restart().await;
    let start = Instant::now();
    while store.mark(&key(9), LIFE).await.is_err() {
        assert!(start.elapsed() < LIMIT, "it does not come back");
        tokio::time::sleep(POLL).await;
    }
}

#[tokio::test]
async fn a_connection_the_server_has_ended_is_not_used() {
    let redis = Redis::start().await;
    let store = store(&redis);
    create(&store, 1, LIFE).await.expect("a session");
    for n in 10..30 {
        redis.cli(&["CLIENT", "KILL", "TYPE", "normal"]);
        // At once it is found out by whoever asks, and what can be repeated is.
        assert!(is_there(&store, 1).await.expect("it is repeated"));
        redis.cli(&["CLIENT", "KILL", "TYPE", "normal"]);
        // The runtime reads the end, which is there already, when it has nothing to do.
        tokio::time::sleep(POLL).await;
        assert!(store.mark(&key(n), LIFE).await.expect("on a new one"));
    }
}

#[tokio::test]
async fn a_server_that_hangs_is_waited_for_a_bounded_time() {
    let redis = Redis::start().await;
    let store = store(&redis);
    create(&store, 1, LIFE).await.expect("a session");
    redis.pause();
    for _ in 0..2 {
        let start = Instant::now();
        let error = is_there(&store, 1).await.expect_err("it hangs");
        assert!(error.to_string().contains("no answer within 2s"), "{error}");
        assert!(start.elapsed() < LIMIT, "{:?}", start.elapsed());
    }
    redis.resume();
    assert!(is_there(&store, 1).await.expect("it goes on"));
}

#[tokio::test]
async fn a_server_that_takes_no_writes_says_so_and_can_be_read() {
    let redis = Redis::start().await;
    let store = store(&redis);
    create(&store, 1, LIFE).await.expect("a session");
    redis.refuse_writes();
    let error = create(&store, 2, LIFE).await.expect_err("no writes");
    assert!(error.to_string().contains("NOREPLICAS"), "{error}");
    assert!(is_there(&store, 1).await.expect("it can be read"));
    redis.accept_writes();
    redis.fill();
    let error = create(&store, 2, LIFE).await.expect_err("no room");
    assert!(error.to_string().contains("OOM"), "{error}");
    assert!(is_there(&store, 1).await.expect("it can be read"));
    redis.empty();
    create(&store, 2, LIFE).await.expect("room");

    let replica = Redis::start_replica_of(&redis).await;
    let store = self::store(&replica);
    let error = create(&store, 3, LIFE).await.expect_err("a replica");
    assert!(
        error.to_string().contains("connect to the primary"),
        "{error}"
    );
}

#[tokio::test]
async fn after_a_failover_sessions_are_at_the_new_primary() {
    let mut primary = Redis::start().await;
    let replica = Redis::start_replica_of(&primary).await;
    let sentinel = Sentinel::start(&primary).await;
    // One that is gone is no obstacle.
    let nobody = format!("127.0.0.1:{}", Port::reserve().number());
    let nodes = [nobody, sentinel.node()];
    let store = RedisStore::sentinel(&nodes, "shop", RedisOptions::new()).expect("a list");
    accept(&store).await;
    create(&store, 1, LIFE).await.expect("a session");
    primary.cli(&["WAIT", "1", "5000"]);

    primary.kill();
    let start = Instant::now();
    let mut failures = Vec::new();
    loop {
        match is_there(&store, 1).await {
            Ok(found) => break assert!(found, "the session is gone"),
            Err(error) => failures.push(error.to_string()),
        }
        assert!(start.elapsed() < LIMIT * 3, "no failover: {failures:?}");
        tokio::time::sleep(POLL).await;
    }
    assert!(!failures.is_empty(), "the primary was not down at all");
    create(&store, 2, LIFE)
        .await
        .expect("the new one takes writes");
    assert!(replica.calls().contains_key("hmget"));

    let unknown = RedisStore::sentinel([sentinel.node()], "hunter2", RedisOptions::new());
    let error = is_there(&unknown.expect("a list"), 1)
        .await
        .expect_err("no such service");
    assert!(error.to_string().contains("watches no service"), "{error}");
}

#[tokio::test]
async fn a_cluster_is_a_store() {
    let nodes = Redis::start_cluster().await;
    let store = RedisStore::cluster([nodes[1].node()], RedisOptions::new()).expect("a list");
    accept(&store).await;
    for n in 0..100 {
        create(&store, n, LIFE).await.expect("a session");
        assert!(is_there(&store, n).await.expect("it answers"), "{n}");
    }
    for node in &nodes {
        let errors = node.cli(&["INFO", "errorstats"]);
        assert!(
            !errors.contains("MOVED"),
            "a slot was not computed as the server does: {errors}"
        );
        assert!(node.calls().contains_key("hmget"), "{node:?} has nothing");
    }
}

#[tokio::test]
async fn slots_of_a_cluster_may_move() {
    let nodes = Redis::start_cluster().await;
    let list = nodes.iter().map(Redis::node);
    let store = RedisStore::cluster(list, RedisOptions::new()).expect("a list");
    create(&store, 1, LIFE).await.expect("a session");
    let ids = nodes.each_ref().map(|node| node.cli(&["CLUSTER", "MYID"]));
    // The one key of a session that redis-cli can name: this byte is a letter.
    let (session, name) = (b'a', format!("ciam:s:{}", "a".repeat(32)));
    let slot = nodes[0].cli(&["CLUSTER", "KEYSLOT", &name]);
    let from = usize::from(slot.parse::<u16>().expect("a slot") / 5461).min(2);
    let to = (from + 1) % 3;

    // On its way: what is not there yet is asked for at the other node.
    nodes[to].cli(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &ids[from]]);
    nodes[from].cli(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &ids[to]]);
    create(&store, session, LIFE).await.expect("a session");
    assert!(is_there(&store, session).await.expect("it answers"));
    assert_eq!(nodes[from].cli(&["CLUSTER", "COUNTKEYSINSLOT", &slot]), "0");
    assert_eq!(nodes[to].cli(&["CLUSTER", "COUNTKEYSINSLOT", &slot]), "1");

    // Arrived: the first one is sent on, and the others know.
    for node in &nodes {
        node.cli(&["CLUSTER", "SETSLOT", &slot, "NODE", &ids[to]]);
    }
    let moved = |node: &Redis| {
        let errors = node.cli(&["INFO", "errorstats"]);
        let count = errors.split("errorstat_MOVED:count=").nth(1)?;
        count.lines().next()?.trim().parse::<u64>().ok()
    };
    for _ in 0..20 {
        assert!(is_there(&store, session).await.expect("it answers"));
    }
    assert_eq!(moved(&nodes[from]), Some(1));
}

#[tokio::test]
async fn a_node_of_a_cluster_that_is_down_is_asked_again_when_it_is_back() {
    let mut nodes = Redis::start_cluster().await;
    let list = nodes.each_ref().map(Redis::node);
    let store = RedisStore::cluster(list, RedisOptions::new()).expect("a list");
    for n in 0..50 {
        assert!(!is_there(&store, n).await.expect("it answers"), "{n}");
    }
    nodes[1].kill();
    let found = join_all((0..50).map(|n| is_there(&store, n))).await;
    let is_down = |found: &Result<bool, _>| found.is_err();
    assert!(found.iter().any(is_down), "nothing was at that node");
    nodes[1].restart().await;
    let start = Instant::now();
    loop {
        let found = join_all((0..50).map(|n| is_there(&store, n))).await;
        if !found.iter().any(is_down) {
            break;
        }
        assert!(start.elapsed() < LIMIT, "{found:?}");
        tokio::time::sleep(POLL).await;
    }
}

#[tokio::test]
async fn a_wrong_address_says_what_to_do_and_not_the_password() {
    let redis = Redis::start_with_user("~* +@all").await;
    let (nobody, echo) = (Port::reserve(), Echo::start().await);
    let echo = url::Url::parse(&echo.url("127.0.0.1", "/")).expect("an address");
    let at = |port: u16| format!("redis://shop:hunter2@127.0.0.1:{port}");
    let echo = echo.port().expect("a port");
    for (address, hint) in [
        (at(redis.port()), "refuses the user or the password"),
        (
            format!("redis://127.0.0.1:{}", redis.port()),
            "refuses the user or the password",
        ),
        (at(nobody.number()), "cannot be reached"),
        (format!("redis://127.0.0.1:{echo}"), "is not Redis"),
        (
            redis.address().replace("redis:", "rediss:"),
            "TLS with Redis",
        ),
        (format!("{}/99", redis.address()), "out of range"),
    ] {
        let store = RedisStore::new(&address).expect("an address");
        let error = is_there(&store, 1).await.expect_err(hint);
        assert!(error.to_string().contains(hint), "{address}: {error}");
        let shown = format!("{error} {error:?} {store:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(!shown.contains(redis.password()), "{shown}");
    }
}

#[test]
fn a_list_of_servers_is_not_empty_and_a_cluster_has_one_database() {
    let none: [&str; 0] = [];
    let options = RedisOptions::new().with_password("hunter2");
    assert!(!format!("{options:?}").contains("hunter2"));
    let refused = [
        RedisStore::cluster(none, options.clone()),
        RedisStore::sentinel(none, "shop", options.clone()),
        RedisStore::cluster(["cache"], options.clone()),
        RedisStore::cluster(["u:hunter2@cache:1"], options.clone()),
        RedisStore::cluster(["cache:1"], options.with_database(1)),
    ];
    for refused in refused {
        let error = refused.expect_err("it is refused").to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
