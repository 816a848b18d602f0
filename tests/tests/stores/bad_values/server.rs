//! The servers, written to by hand.

use ciam_tests::{Postgres, Redis, Store};
use redis::aio::MultiplexedConnection;
use redis::{Client, cmd};

/// Where a session is: 32 bytes.
pub(super) type Key = [u8; 32];

/// A server that keeps the sessions of one test.
pub(super) enum Server {
    Redis(Redis, MultiplexedConnection),
    Postgres(Postgres),
}

/// All that is kept of one session.
#[derive(Clone, Debug)]
pub(super) enum Kept {
    /// What `DUMP` gives.
    Redis(Vec<u8>),
    /// The row, as text.
    Postgres(String),
}

impl Server {
    pub(super) async fn redis() -> Self {
        let redis = Redis::start().await;
        let client = Client::open(redis.address()).expect("an address");
        let connection = client.get_multiplexed_async_connection().await;
        Self::Redis(redis, connection.expect("it answers"))
    }

    pub(super) async fn postgres() -> Self {
        Self::Postgres(Postgres::start().await)
    }

    pub(super) fn store(&self) -> Store<'_> {
        match self {
            Self::Redis(redis, _) => Store::Redis(redis),
            Self::Postgres(postgres) => Store::Postgres(postgres),
        }
    }

    /// Of all sessions there are.
    pub(super) async fn keys(&self) -> Vec<Key> {
        match self {
            Self::Redis(..) => {
                let keys: Vec<Vec<u8>> = self.ask(&["KEYS", "ciam:s:*"], &[]).await;
                let keys = keys.iter().map(|key| key[SESSION.len()..].try_into());
                keys.map(|key| key.expect("32 bytes")).collect()
            }
            Self::Postgres(postgres) => {
                // The first session makes the tables.
                let table = "SELECT to_regclass('ciam_sessions') IS NULL";
                if postgres.sql(table) == "t" {
                    return Vec::new();
                }
                let keys = postgres.sql("SELECT encode(key, 'hex') FROM ciam_sessions");
                let keys = keys.lines().map(|key| unhex(key).try_into());
                keys.map(|key| key.expect("32 bytes")).collect()
            }
        }
    }

    pub(super) async fn value(&self, key: &Key) -> Vec<u8> {
        match self {
            Self::Redis(..) => self.ask(&["HGET"], &[&redis_key(key), b"v"]).await,
            Self::Postgres(postgres) => {
                let key = hex(key);
                unhex(&postgres.sql(&format!(
                    "SELECT encode(value, 'hex') FROM ciam_sessions WHERE key = '\\x{key}'"
                )))
            }
        }
    }

    /// Another value in the place of the one that is there, and nothing else.
    pub(super) async fn put(&self, key: &Key, value: &[u8]) {
        match self {
            Self::Redis(..) => {
                let added: u64 = self.ask(&["HSET"], &[&redis_key(key), b"v", value]).await;
                assert_eq!(added, 0, "it was there");
            }
            Self::Postgres(_) => self.update(key, &format!("value = {}", literal(value))),
        }
    }

    /// Everything that is there under the key.
    pub(super) async fn copy(&self, key: &Key) -> Kept {
        match self {
            Self::Redis(..) => Kept::Redis(self.ask(&["DUMP"], &[&redis_key(key)]).await),
            Self::Postgres(postgres) => {
                let key = hex(key);
                Kept::Postgres(postgres.sql(&format!(
                    "SELECT session FROM ciam_sessions AS session WHERE key = '\\x{key}'"
                )))
            }
        }
    }

    /// Puts it back in the place of whatever is there, for a day.
    pub(super) async fn restore(&self, key: &Key, kept: &Kept) {
        match (self, kept) {
            (Self::Redis(..), Kept::Redis(dump)) => {
                let key = redis_key(key);
                let () = self
                    .ask(&["RESTORE"], &[&key, b"86400000", dump, b"REPLACE"])
                    .await;
            }
            (Self::Postgres(postgres), Kept::Postgres(row)) => {
                let key = hex(key);
                postgres.sql(&format!(
                    "DELETE FROM ciam_sessions WHERE key = '\\x{key}'; \
                     INSERT INTO ciam_sessions SELECT '\\x{key}'::bytea, (row).value, (row).revision, \
                     now() + interval '1 day' FROM (SELECT '{row}'::ciam_sessions AS row) AS kept"
                ));
            }
            _ => panic!("another server's"),
        }
    }

    /// Sets columns of the row, in PostgreSQL.
    pub(super) fn update(&self, key: &Key, set: &str) {
        let key = hex(key);
        let update = format!("UPDATE ciam_sessions SET {set} WHERE key = '\\x{key}' RETURNING 1");
        assert_eq!(self.sql(&update), "1", "it was there");
    }

    /// What PostgreSQL says to the administrator.
    pub(super) fn sql(&self, statement: &str) -> String {
        match self {
            Self::Redis(..) => panic!("it is no PostgreSQL"),
            Self::Postgres(postgres) => postgres.sql(statement),
        }
    }

    /// What Redis answers.
    pub(super) async fn ask<T: redis::FromRedisValue>(
        &self,
        words: &[&str],
        arguments: &[&[u8]],
    ) -> T {
        let Self::Redis(_, connection) = self else {
            panic!("it is no Redis");
        };
        let mut command = cmd(words[0]);
        command.arg(&words[1..]).arg(arguments);
        let answer = command.query_async(&mut connection.clone()).await;
        answer.unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }
}

/// What a session is called in Redis.
pub(super) fn redis_key(key: &Key) -> Vec<u8> {
    [SESSION, key].concat()
}

/// A long value has to be made by the server: no command line holds it.
fn literal(value: &[u8]) -> String {
    if value.len() < 10_000 {
        return format!("'\\x{}'", hex(value));
    }
    let (start, rest) = value.split_at(5000);
    let byte = rest[0];
    assert!(rest.iter().all(|other| *other == byte), "not that long");
    let (start, count) = (hex(start), rest.len());
    format!("'\\x{start}'::bytea || decode(repeat('{byte:02x}', {count}), 'hex')")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("two digits");
    (0..text.len()).step_by(2).map(digit).collect()
}

const SESSION: &[u8] = b"ciam:s:";
