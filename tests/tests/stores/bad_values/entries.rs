//! What is kept beside the value is missing, or something else.

use ciam_tests::{Framework, Logs};
use http::Method;

use super::server::{Server, redis_key};
use super::{Person, World, on_each};

on_each! {
    an_entry_of_redis_that_is_none_is_no_answer, in_redis: redis;
    a_group_of_redis_that_is_none_lets_nobody_in, groups_in_redis: redis;
    a_row_of_postgres_that_is_none_is_no_answer, in_postgres: postgres;
    tables_of_postgres_that_were_changed_are_no_answer, tables_in_postgres: postgres;
}

async fn in_redis(on: Framework, server: Server) {
    let world = World::new(on, server).await;
    let (mut alice, mut bob) = (world.sign_in("alice").await, world.sign_in("bob").await);
    let kept = world.server.copy(&alice.key).await;
    let key = redis_key(&alice.key);
    let odd = "Redis answers what no command of ours asks for";
    let cases: &[(&str, &str, &[Words<'_>])] = &[
        ("no value", odd, &[&[b"HDEL", &key, b"v"]]),
        ("no revision", odd, &[&[b"HDEL", &key, b"r"]]),
        (
            "a text for a revision",
            odd,
            &[&[b"HSET", &key, b"r", SECRET.as_bytes()]],
        ),
        (
            "a revision below zero",
            odd,
            &[&[b"HSET", &key, b"r", b"-1"]],
        ),
        (
            "an enormous revision",
            odd,
            &[&[b"HSET", &key, b"r", b"99999999999999999999"]],
        ),
        (
            "no text for a revision",
            odd,
            &[&[b"HSET", &key, b"r", b"\xff\xfe"]],
        ),
        (
            "a string",
            "WRONGTYPE",
            &[&[b"DEL", &key], &[b"SET", &key, SECRET.as_bytes()]],
        ),
        (
            "a list",
            "WRONGTYPE",
            &[&[b"DEL", &key], &[b"RPUSH", &key, SECRET.as_bytes()]],
        ),
    ];
    for (what, why, commands) in cases {
        for command in *commands {
            let () = world.server.ask(&["EVAL", CALL, "0"], command).await;
        }
        world.cannot_tell(&mut alice, why, what).await;
        world.knows(&mut bob, what).await;
        signs_in_anew(&world, &alice, what).await;
        world.server.restore(&alice.key, &kept).await;
        world.knows(&mut alice, what).await;
    }
    stays_secret();
    // Neither is as if nothing was there.
    let neither: [&[u8]; 4] = [b"HDEL", &key, b"v", b"r"];
    let () = world.server.ask(&["EVAL", CALL, "0"], &neither).await;
    assert_eq!(world.home(&mut alice.visitor).await.body, "nobody");
    world.knows(&mut bob, "neither").await;
    world.server.restore(&alice.key, &kept).await;

    // Without groups nobody but its owner finds it, and writing it back helps.
    let () = world
        .server
        .ask(&["EVAL", CALL, "0"], &[b"HDEL", &key, b"g"])
        .await;
    world.knows(&mut alice, "no groups").await;
    world.clock.advance(3 * super::HOUR);
    world.knows(&mut alice, "no groups, renewed").await;
    world.knows(&mut alice, "no groups, afterwards").await;
    world.knows(&mut bob, "no groups").await;
    signs_out(&world, &mut alice).await;
}

async fn groups_in_redis(on: Framework, server: Server) {
    let world = World::new(on, server).await;
    let mut alice = world.sign_in("alice").await;
    let groups: Vec<Vec<u8>> = world.server.ask(&["KEYS", "ciam:g:*"], &[]).await;
    let [group] = &groups[..] else {
        panic!("one group: {groups:?}");
    };
    for kind in [
        [b"SET".as_slice(), group, SECRET.as_bytes()],
        [b"RPUSH", group, b"1"],
    ] {
        let () = world.server.ask(&["DEL"], &[group]).await;
        let () = world.server.ask(&["EVAL", CALL, "0"], &kind).await;
        world.knows(&mut alice, "its own session").await;
        // Somebody else has another group.
        let mut bob = world.sign_in("bob").await;
        world.knows(&mut bob, "another group").await;
        world.set_subject("alice");
        let before = Logs::capture().count();
        let mut anew = ciam_tests::Visitor::new();
        let page = anew.go(world.site.url("/account")).await;
        assert_eq!(page.status, 503, "{page}");
        assert!(page.text().contains(" Code session.store"), "{page}");
        let lines = Logs::capture().own_after(before, "code=session.store");
        assert!(
            lines.iter().any(|line| line.text.contains("WRONGTYPE")),
            "{lines:?}"
        );
        assert_eq!(world.home(&mut anew).await.body, "nobody");
    }
    stays_secret();
    let () = world.server.ask(&["DEL"], &[group]).await;
    let mut anew = world.sign_in("alice").await;
    world.knows(&mut anew, "without it").await;
}

async fn in_postgres(on: Framework, server: Server) {
    let world = World::new(on, server).await;
    let (mut alice, mut bob) = (world.sign_in("alice").await, world.sign_in("bob").await);
    let kept = world.server.copy(&alice.key).await;
    world.server.sql(
        "ALTER TABLE ciam_sessions ALTER value DROP NOT NULL, ALTER revision DROP NOT NULL, \
         ALTER expires DROP NOT NULL",
    );
    let odd = "PostgreSQL at 127.0.0.1:";
    for set in [
        "value = NULL",
        "revision = NULL",
        "value = NULL, revision = NULL",
    ] {
        world.server.update(&alice.key, set);
        world.cannot_tell(&mut alice, odd, set).await;
        world.knows(&mut bob, set).await;
        signs_in_anew(&world, &alice, set).await;
        world.server.restore(&alice.key, &kept).await;
        world.knows(&mut alice, set).await;
    }
    // What has ended, or nobody knows when it does, is not there.
    for set in ["expires = now()", "expires = '-infinity'", "expires = NULL"] {
        world.server.update(&alice.key, set);
        let home = world.home(&mut alice.visitor).await;
        assert_eq!(
            (home.status.as_u16(), &*home.body),
            (200, "nobody"),
            "{set}"
        );
        world.knows(&mut bob, set).await;
        world.server.restore(&alice.key, &kept).await;
        world.knows(&mut alice, set).await;
    }
    // A revision that cannot be is somebody else's write: the session goes on as it is.
    for set in [
        "revision = -1",
        "revision = 0",
        "revision = 9223372036854775807",
    ] {
        world.server.update(&alice.key, set);
        world.knows(&mut alice, set).await;
        world.clock.advance(3 * super::HOUR);
        world.knows(&mut alice, set).await;
        world.knows(&mut bob, set).await;
        world.server.restore(&alice.key, &kept).await;
        world.knows(&mut alice, set).await;
    }
    signs_out(&world, &mut alice).await;
}

/// An administrator changes what all of them are in: nobody is signed out by it, and
/// nothing has to be restarted.
async fn tables_in_postgres(on: Framework, server: Server) {
    let world = World::new(on, server).await;
    let (mut alice, mut bob) = (world.sign_in("alice").await, world.sign_in("bob").await);
    for (change, back) in [
        ("RENAME value TO was", "RENAME was TO value"),
        ("RENAME revision TO was", "RENAME was TO revision"),
        (
            "ALTER revision TYPE text",
            "ALTER revision TYPE bigint USING revision::bigint",
        ),
        (
            "ALTER value TYPE text USING encode(value, 'hex')",
            "ALTER value TYPE bytea USING decode(value, 'hex')",
        ),
    ] {
        world
            .server
            .sql(&format!("ALTER TABLE ciam_sessions {change}"));
        // Whatever connects now has never seen them otherwise.
        world.server.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
        );
        for person in [&mut alice, &mut bob] {
            world.cannot_tell(person, "PostgreSQL at ", change).await;
        }
        world
            .server
            .sql(&format!("ALTER TABLE ciam_sessions {back}"));
        for person in [&mut alice, &mut bob] {
            world.knows(person, back).await;
        }
    }
    signs_out(&world, &mut alice).await;
    world.knows(&mut bob, "still").await;
}

/// Who cannot be known by what is there goes to sign in, and is.
async fn signs_in_anew(world: &World, person: &Person, context: &str) {
    let (_, sub) = person.id.rsplit_once('#').expect("a subject");
    world.set_subject(sub);
    let mut visitor = person.visitor.clone();
    let login = world.site.url("/auth/login?return_to=%2F");
    let page = visitor.go(login).await;
    assert_eq!(
        (page.status.as_u16(), &page.body),
        (200, &person.id),
        "{context}"
    );
    // And out again; the copy of the cookie of before is somebody's as it was.
    let answer = visitor.fetch(&page, Method::POST, "/auth/logout").await;
    assert_eq!(answer.status, 303, "{context}: {answer}");
}

async fn signs_out(world: &World, person: &mut Person) {
    let copied = person.visitor.clone();
    let home = world.home(&mut person.visitor).await;
    let answer = person
        .visitor
        .fetch(&home, Method::POST, "/auth/logout")
        .await;
    assert_eq!(answer.status, 303, "{answer}");
    person.visitor = copied;
    let home = world.home(&mut person.visitor).await;
    assert_eq!(home.body, "nobody");
    let page = person.visitor.fetch(&home, Method::GET, "/account").await;
    assert_eq!(page.status, 401, "{page}");
}

/// What stands there is not repeated in any line.
fn stays_secret() {
    for line in Logs::capture().lines() {
        assert!(!line.text.contains(SECRET), "{line}");
    }
}

/// A command and its arguments.
type Words<'a> = &'a [&'a [u8]];

/// Whatever the command is.
const CALL: &str = "redis.call(unpack(ARGV))";
const SECRET: &str = "hunter2-was-here";
