//! Sessions in Redis or Valkey, for all instances of an application.
//!
//! ```text
//! ciam:s:KEY   hash: v (the value), r (the revision), g (the groups); expires
//! ciam:g:KEY   sorted set: sessions by when they end; expires with the last of them
//! ciam:m:KEY   string: a mark; expires
//! ```
//!
//! Every command has one key, so that a cluster can run it. What needs two of them is in
//! such an order that a failure in between signs nobody in and loses nothing but a place
//! in a group, which is looked after when the group is read.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::redis::{Cmd, FromRedisValue, Value, cmd};
use futures_util::future::try_join_all;

use super::{Entry, Loaded, Saved, SessionStore, StoreError, StoreFuture, StoreKey};
use cluster::Cluster;
use endpoint::Endpoint;
use failure::Failure;
use link::{Link, Repeat, Route};
use scripts::{Script, Scripts};
use sentinel::Sentinels;

mod address;
mod cluster;
mod endpoint;
mod failure;
mod link;
mod options;
mod scripts;
mod sentinel;
mod tls;

pub use options::RedisOptions;

/// Sessions in Redis or Valkey, version 6.2 or later.
///
/// One connection for each process and server, made when it is needed first and again when
/// it was lost. Reading a session is one command.
#[derive(Clone)]
pub struct RedisStore(Arc<Inner>);

struct Inner {
    servers: Servers,
    scripts: Scripts,
    /// What the servers are called.
    name: String,
}

enum Servers {
    One(Arc<Link>),
    Cluster(Cluster),
}

impl RedisStore {
    /// At an address such as `redis://:password@cache.example:6379/0`, or `rediss://` for
    /// TLS.
    ///
    /// # Errors
    ///
    /// When the address is none. Nothing is sent yet.
    pub fn new(address: &str) -> Result<Self, StoreError> {
        Self::with_options(address, RedisOptions::new())
    }

    /// As [`new`](Self::new), with options.
    ///
    /// # Errors
    ///
    /// When the address is none.
    pub fn with_options(address: &str, options: RedisOptions) -> Result<Self, StoreError> {
        let endpoint = address::endpoint(address, &options)?;
        let name = endpoint.name();
        let link = Link::new(Route::Direct(endpoint));
        Ok(Self::made(Servers::One(link), name))
    }

    /// At the server that is the primary of a service, as these sentinels say, each written
    /// as `host:port`. After a failover it is another one, by itself.
    ///
    /// User, password and database of the options are the primary's; the sentinels have
    /// their own.
    ///
    /// # Errors
    ///
    /// When a sentinel is not written so, or there is none.
    pub fn sentinel(
        sentinels: impl IntoIterator<Item = impl AsRef<str>>,
        service: impl Into<String>,
        options: RedisOptions,
    ) -> Result<Self, StoreError> {
        let nodes = options.servers(sentinels, &options.sentinel_login())?;
        let (service, tls) = (service.into(), options.tls_of_lists());
        let primary = Endpoint::new(String::new(), 0, tls, options.login());
        let name = format!("sentinel {service}");
        let sentinels = Sentinels::new(nodes, service, primary);
        let link = Link::new(Route::Sentinel(sentinels));
        Ok(Self::made(Servers::One(link), name))
    }

    /// In a cluster, of which these nodes are asked who else there is, each written as
    /// `host:port`.
    ///
    /// # Errors
    ///
    /// When a node is not written so, there is none, or the options name a database.
    pub fn cluster(
        nodes: impl IntoIterator<Item = impl AsRef<str>>,
        options: RedisOptions,
    ) -> Result<Self, StoreError> {
        let nodes = options.servers(nodes, &options.login())?;
        if nodes.iter().any(Endpoint::has_database) {
            return Err(StoreError::new("a cluster has no database but 0"));
        }
        let names: Vec<String> = nodes.iter().map(Endpoint::name).collect();
        let name = format!("cluster {}", names.join(" "));
        Ok(Self::made(Servers::Cluster(Cluster::new(nodes)), name))
    }

    fn made(servers: Servers, name: String) -> Self {
        Self(Arc::new(Inner {
            servers,
            scripts: Scripts::new(),
            name,
        }))
    }

    async fn query<T: FromRedisValue>(
        &self,
        key: &[u8],
        repeat: Repeat,
        command: &Cmd,
    ) -> Result<T, StoreError> {
        let answer = self.send(key, repeat, command).await;
        read(answer.map_err(StoreError::new)?)
    }

    async fn run<T: FromRedisValue>(
        &self,
        script: &Script,
        key: &[u8],
        repeat: Repeat,
        arguments: &[&[u8]],
    ) -> Result<T, StoreError> {
        let known = script.known(key, arguments);
        let answer = match self.send(key, repeat, &known).await {
            Err(Failure::NoScript { .. }) => {
                let unknown = script.unknown(key, arguments);
                self.send(key, repeat, &unknown).await
            }
            answer => answer,
        };
        read(answer.map_err(StoreError::new)?)
    }

    async fn send(&self, key: &[u8], repeat: Repeat, command: &Cmd) -> Result<Value, Failure> {
        match &self.0.servers {
            Servers::One(link) => link.send(repeat, command).await,
            Servers::Cluster(cluster) => cluster.send(key, repeat, command).await,
        }
    }

    async fn join(&self, groups: &[StoreKey], entry: &Entry<'_>) -> Result<(), StoreError> {
        let life = millis(entry.life);
        for group in groups {
            let (key, member) = (key(GROUP, group), entry.key.as_bytes());
            let (script, arguments) = (&self.0.scripts.join, [member, life.as_bytes()]);
            let () = self.run(script, &key, Repeat::Harmless, &arguments).await?;
        }
        Ok(())
    }

    async fn leave(&self, groups: &[u8], member: &StoreKey) -> Result<(), StoreError> {
        for group in groups.chunks_exact(size_of::<StoreKey>()) {
            let key = [GROUP, group].concat();
            let command = cmd("ZREM").arg(&key).arg(member.as_bytes()).to_owned();
            let _: i64 = self.query(&key, Repeat::Harmless, &command).await?;
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
                Repeat::Harmless,
                &[entry.value, &groups, life.as_bytes()],
            )
            .await
        })
    }

    fn load<'a>(&'a self, session: &'a StoreKey) -> StoreFuture<'a, Option<Loaded>> {
        Box::pin(async move {
            let key = key(SESSION, session);
            let command = cmd("HMGET").arg(&key).arg("v").arg("r").to_owned();
            let found = self.query(&key, Repeat::Harmless, &command).await?;
            match found {
                (Some(value), Some(revision)) => Ok(Some(Loaded { value, revision })),
                (None, None) => Ok(None),
                // One of them was taken away: that is no sign-out.
                _ => Err(odd()),
            }
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
                    // Who asks twice would be told that somebody else was faster.
                    Repeat::No,
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
            let script = &self.0.scripts.delete;
            let groups: Option<Vec<u8>> = self.run(script, &key, Repeat::Harmless, &[]).await?;
            self.leave(&groups.unwrap_or_default(), session).await
        })
    }

    fn members<'a>(&'a self, group: &'a StoreKey) -> StoreFuture<'a, Vec<StoreKey>> {
        Box::pin(async move {
            let key = key(GROUP, group);
            let script = &self.0.scripts.members;
            let named: Vec<Vec<u8>> = self.run(script, &key, Repeat::Harmless, &[]).await?;
            let is_there = named.into_iter().map(async |member| {
                let Ok(member) = member.try_into().map(StoreKey::from_bytes) else {
                    return Ok(None);
                };
                let key = self::key(SESSION, &member);
                let exists = cmd("EXISTS").arg(&key).to_owned();
                let exists: bool = self.query(&key, Repeat::Harmless, &exists).await?;
                Ok(exists.then_some(member))
            });
            let members = try_join_all(is_there).await?;
            Ok(members.into_iter().flatten().collect())
        })
    }

    fn mark<'a>(&'a self, mark: &'a StoreKey, life: Duration) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let key = key(MARK, mark);
            let mut command = cmd("SET");
            command.arg(&key).arg("");
            command.arg("NX").arg("PX").arg(millis(life));
            // As above.
            let made: Option<()> = self.query(&key, Repeat::No, &command).await?;
            Ok(made.is_some())
        })
    }

    fn unmark<'a>(&'a self, mark: &'a StoreKey) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let key = key(MARK, mark);
            let command = cmd("DEL").arg(&key).to_owned();
            let _: i64 = self.query(&key, Repeat::Harmless, &command).await?;
            Ok(())
        })
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisStore({})", self.0.name)
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

fn read<T: FromRedisValue>(answer: Value) -> Result<T, StoreError> {
    // The error would repeat the value.
    T::from_redis_value(answer).map_err(|_| odd())
}

fn odd() -> StoreError {
    StoreError::new("Redis answers what no command of ours asks for")
}

const SESSION: &[u8] = b"ciam:s:";
const GROUP: &[u8] = b"ciam:g:";
const MARK: &[u8] = b"ciam:m:";
