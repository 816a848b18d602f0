//! Sessions in Redis or Valkey, for all instances of an application.
//!
//! ```text
//! ciam:s:KEY   hash: v (the value), r (the revision), g (the groups); expires
//! ciam:g:KEY   sorted set: sessions by when they end; expires with the last of them
//! ciam:m:KEY   string: a mark; expires
//! ```
//!
//! Every script has one key, so that a cluster can run it. What needs two of them is in
//! such an order that a failure in between signs nobody in and loses nothing but a place
//! in a group, which is looked after when the group is read.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ::redis::aio::{ConnectionManager, ConnectionManagerConfig};
use ::redis::{Client, Cmd, RedisError, RedisResult, Script, Value, cmd};
use bytes::Bytes;

use super::{Entry, Loaded, Saved, SessionStore, StoreError, StoreFuture, StoreKey};

/// Sessions in Redis or Valkey, version 6.2 or later.
///
/// One connection for each process, made when it is needed first and again when it was
/// lost. Reading a session is one command.
#[derive(Clone)]
pub struct RedisStore(Arc<Inner>);

struct Inner {
    client: Client,
    connection: OnceLock<ConnectionManager>,
    scripts: Scripts,
}

impl RedisStore {
    /// At an address such as `redis://:password@cache.example:6379/0`, or `rediss://` for
    /// TLS.
    ///
    /// # Errors
    ///
    /// When the address is none. Nothing is sent yet.
    pub fn new(address: &str) -> Result<Self, StoreError> {
        // The error could repeat the password.
        let client = Client::open(address)
            .map_err(|_| StoreError::new("the address of the Redis server cannot be read"))?;
        Ok(Self(Arc::new(Inner {
            client,
            connection: OnceLock::new(),
            scripts: Scripts::new(),
        })))
    }

    /// The connection, which connects by itself.
    fn connection(&self) -> RedisResult<ConnectionManager> {
        if let Some(connection) = self.0.connection.get() {
            return Ok(connection.clone());
        }
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECTION_TIMEOUT))
            .set_response_timeout(Some(RESPONSE_TIMEOUT))
            .set_number_of_retries(RETRIES)
            .set_max_delay(MAX_DELAY);
        let connection = ConnectionManager::new_lazy_with_config(self.0.client.clone(), config)?;
        Ok(self.0.connection.get_or_init(|| connection).clone())
    }

    async fn query<T: ::redis::FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        let mut connection = self.connection().map_err(failed)?;
        command.query_async(&mut connection).await.map_err(failed)
    }

    async fn run<T: ::redis::FromRedisValue>(
        &self,
        script: &Script,
        key: &[u8],
        arguments: &[&[u8]],
    ) -> Result<T, StoreError> {
        let mut connection = self.connection().map_err(failed)?;
        let mut invocation = script.key(key);
        for argument in arguments {
            invocation.arg(*argument);
        }
        invocation
            .invoke_async(&mut connection)
            .await
            .map_err(failed)
    }

    async fn join(&self, groups: &[StoreKey], entry: &Entry<'_>) -> Result<(), StoreError> {
        let life = millis(entry.life);
        for group in groups {
            let (key, member) = (key(GROUP, group), entry.key.as_bytes());
            let () = self
                .run(&self.0.scripts.join, &key, &[member, life.as_bytes()])
                .await?;
        }
        Ok(())
    }

    async fn leave(&self, groups: &[u8], member: &StoreKey) -> Result<(), StoreError> {
        for group in groups.chunks_exact(size_of::<StoreKey>()) {
            let key = [GROUP, group].concat();
            let command = cmd("ZREM").arg(key).arg(member.as_bytes()).to_owned();
            let _: i64 = self.query(&command).await?;
        }
        Ok(())
    }
}

impl SessionStore for RedisStore {
    fn create<'a>(&'a self, entry: Entry<'a>) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            // A group may name a session that is not there; the other way round nobody
            // could end it.
            self.join(entry.groups, &entry).await?;
            let (key, life) = (key(SESSION, entry.key), millis(entry.life));
            let groups = joined(entry.groups);
            self.run(
                &self.0.scripts.create,
                &key,
                &[entry.value, &groups, life.as_bytes()],
            )
            .await
        })
    }

    fn load<'a>(&'a self, session: &'a StoreKey) -> StoreFuture<'a, Option<Loaded>> {
        Box::pin(async move {
            let mut command = cmd("HMGET");
            command.arg(key(SESSION, session)).arg("v").arg("r");
            let (value, revision): (Option<Bytes>, Option<u64>) = self.query(&command).await?;
            Ok(value
                .zip(revision)
                .map(|(value, revision)| Loaded { value, revision }))
        })
    }

    fn save<'a>(&'a self, entry: Entry<'a>, revision: u64) -> StoreFuture<'a, Saved> {
        Box::pin(async move {
            let (key, life) = (key(SESSION, entry.key), millis(entry.life));
            let groups = joined(entry.groups);
            let found = revision.to_string();
            let answer: Value = self
                .run(
                    &self.0.scripts.save,
                    &key,
                    &[entry.value, &groups, life.as_bytes(), found.as_bytes()],
                )
                .await?;
            let before = match answer {
                Value::BulkString(groups) => groups,
                Value::Int(0) => return Ok(Saved::Changed),
                Value::Nil => return Ok(Saved::Gone),
                _ => return Err(StoreError::new("Redis answers what no script of ours does")),
            };
            self.join(entry.groups, &entry).await?;
            let left: Vec<u8> = before
                .chunks_exact(size_of::<StoreKey>())
                .filter(|group| !groups.chunks_exact(group.len()).any(|kept| kept == *group))
                .flatten()
                .copied()
                .collect();
            self.leave(&left, entry.key).await?;
            Ok(Saved::Written)
        })
    }

    fn delete<'a>(&'a self, session: &'a StoreKey) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let key = key(SESSION, session);
            let groups: Option<Vec<u8>> = self.run(&self.0.scripts.delete, &key, &[]).await?;
            self.leave(&groups.unwrap_or_default(), session).await
        })
    }

    fn members<'a>(&'a self, group: &'a StoreKey) -> StoreFuture<'a, Vec<StoreKey>> {
        Box::pin(async move {
            let key = key(GROUP, group);
            let named: Vec<Vec<u8>> = self.run(&self.0.scripts.members, &key, &[]).await?;
            let mut members = Vec::with_capacity(named.len());
            for member in named {
                let Ok(member) = member.try_into().map(StoreKey::from_bytes) else {
                    continue;
                };
                let exists = cmd("EXISTS").arg(self::key(SESSION, &member)).to_owned();
                if self.query(&exists).await? {
                    members.push(member);
                }
            }
            Ok(members)
        })
    }

    fn mark<'a>(&'a self, mark: &'a StoreKey, life: Duration) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let mut command = cmd("SET");
            command.arg(key(MARK, mark)).arg("");
            command.arg("NX").arg("PX").arg(millis(life));
            let made: Option<()> = self.query(&command).await?;
            Ok(made.is_some())
        })
    }

    fn unmark<'a>(&'a self, mark: &'a StoreKey) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let command = cmd("DEL").arg(key(MARK, mark)).to_owned();
            let _: i64 = self.query(&command).await?;
            Ok(())
        })
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisStore")
    }
}

/// What has to happen at once, or not at all.
struct Scripts {
    create: Script,
    save: Script,
    delete: Script,
    join: Script,
    members: Script,
}

impl Scripts {
    fn new() -> Self {
        Self {
            create: Script::new(
                "redis.call('HSET', KEYS[1], 'v', ARGV[1], 'g', ARGV[2], 'r', 1) \
                 redis.call('PEXPIRE', KEYS[1], ARGV[3])",
            ),
            save: Script::new(
                "local found = redis.call('HMGET', KEYS[1], 'r', 'g') \
                 if not found[1] then return false end \
                 if found[1] ~= ARGV[4] then return 0 end \
                 redis.call('HSET', KEYS[1], 'v', ARGV[1], 'g', ARGV[2]) \
                 redis.call('HINCRBY', KEYS[1], 'r', 1) \
                 redis.call('PEXPIRE', KEYS[1], ARGV[3]) \
                 return found[2]",
            ),
            delete: Script::new(
                "local groups = redis.call('HGET', KEYS[1], 'g') \
                 redis.call('DEL', KEYS[1]) \
                 return groups",
            ),
            join: Script::new(
                "local time = redis.call('TIME') \
                 local now = time[1] * 1000 + math.floor(time[2] / 1000) \
                 redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now) \
                 redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1]) \
                 local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES') \
                 redis.call('PEXPIREAT', KEYS[1], last[2])",
            ),
            members: Script::new(
                "local time = redis.call('TIME') \
                 local now = time[1] * 1000 + math.floor(time[2] / 1000) \
                 return redis.call('ZRANGEBYSCORE', KEYS[1], now, '+inf')",
            ),
        }
    }
}

fn key(kind: &[u8], key: &StoreKey) -> Vec<u8> {
    [kind, key.as_bytes()].concat()
}

fn joined(groups: &[StoreKey]) -> Vec<u8> {
    groups
        .iter()
        .flat_map(StoreKey::as_bytes)
        .copied()
        .collect()
}

/// At least one: Redis takes zero for a mistake.
fn millis(life: Duration) -> String {
    life.as_millis().max(1).to_string()
}

/// What the server says may be logged; it never repeats a value.
fn failed(error: RedisError) -> StoreError {
    StoreError::new(error)
}

const SESSION: &[u8] = b"ciam:s:";
const GROUP: &[u8] = b"ciam:g:";
const MARK: &[u8] = b"ciam:m:";

const CONNECTION_TIMEOUT: Duration = Duration::from_secs(2);
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);

/// A request waits for one attempt more; the next one begins anew.
const RETRIES: usize = 1;
const MAX_DELAY: Duration = Duration::from_millis(200);
