//! What went wrong, in words that say what to do, and without anything secret.

use std::time::Duration;

use ::redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::text::shortened_to;

/// A command that was not done. Errors of the client stay here: the server's may repeat
/// arguments.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("Redis at {server} cannot be reached: {detail}; start it, or correct the address")]
    Unreachable { server: String, detail: String },
    #[error("Redis at {server} ended the connection: {detail}")]
    Interrupted { server: String, detail: String },
    #[error(
        "TLS with Redis at {server} failed: {detail}; name its CA certificate in CIAM_CA_FILE, or \
         correct the address (redis:// is without TLS)"
    )]
    Tls { server: String, detail: String },
    #[error("Redis at {server} refuses the user or the password; correct the address")]
    Refused { server: String },
    #[error(
        "Redis at {server} does not let this user do what is needed: {detail}; allow it \
         ~ciam:* +hmget +exists +set +del +zrem +eval +evalsha and what the scripts call: +hset \
         +hget +hincrby +pexpire +pexpireat +time +zadd +zrange +zrangebyscore +zremrangebyscore"
    )]
    Forbidden { server: String, detail: String },
    #[error("Redis at {server} takes no writes: it is a replica; connect to the primary")]
    ReadOnly { server: String },
    #[error(
        "what answers at {server} is not Redis, or speaks TLS (rediss://); correct the address"
    )]
    NotRedis { server: String },
    #[error("Redis at {server} gave no answer within {limit:?}")]
    Late { server: String, limit: Duration },
    #[error("Redis at {server} fails: {detail}")]
    Server { server: String, detail: String },
    #[error("Redis at {server} does not know the script")]
    NoScript { server: String },
    #[error("Redis at {server} says that {to} has the key")]
    Moved { server: String, to: String },
    #[error("Redis at {server} is moving the key to {to}")]
    Moving { server: String, to: String },
    #[error("the sentinels know no primary that can be used ({detail})")]
    NoPrimary { detail: String },
    #[error("no node of the cluster says who has the key ({detail})")]
    NoNode { detail: String },
    #[error("Redis at {server} answers what no command of ours asks for")]
    Odd { server: String },
}

impl Failure {
    pub(super) fn of(error: &RedisError, server: &str, limit: Duration) -> Self {
        let server = server.to_owned();
        let detail = || shown(&error.to_string());
        let to = || error.redirect_node().map(|(to, _)| to.to_owned());
        match error.kind() {
            ErrorKind::AuthenticationFailed => Self::Refused { server },
            ErrorKind::Parse => Self::NotRedis { server },
            ErrorKind::Io if error.is_timeout() => Self::Late { server, limit },
            ErrorKind::Io => Self::Interrupted {
                server,
                detail: detail(),
            },
            ErrorKind::UnexpectedReturnType => Self::Odd { server },
            ErrorKind::Server(ServerErrorKind::ReadOnly) => Self::ReadOnly { server },
            ErrorKind::Server(ServerErrorKind::NoScript) => Self::NoScript { server },
            ErrorKind::Server(ServerErrorKind::Moved) => match to() {
                Some(to) => Self::Moved { server, to },
                None => Self::Odd { server },
            },
            ErrorKind::Server(ServerErrorKind::Ask) => match to() {
                Some(to) => Self::Moving { server, to },
                None => Self::Odd { server },
            },
            _ => match error.code() {
                Some("NOAUTH" | "WRONGPASS") => Self::Refused { server },
                Some("NOPERM") => Self::Forbidden {
                    server,
                    detail: detail(),
                },
                _ => Self::Server {
                    server,
                    detail: detail(),
                },
            },
        }
    }

    /// What another connection may do better: this one has ended, or goes to a server that
    /// is the primary no more.
    pub(super) const fn is_of_connection(&self) -> bool {
        matches!(
            self,
            Self::Interrupted { .. }
                | Self::Late { .. }
                | Self::NotRedis { .. }
                | Self::Odd { .. }
                | Self::ReadOnly { .. }
        )
    }

    /// Whether it is certain that nothing was done.
    pub(super) const fn is_before_the_command(&self) -> bool {
        matches!(self, Self::ReadOnly { .. })
    }
}

/// A server that does not know a command repeats the beginning of its arguments.
fn shown(text: &str) -> String {
    let start = text.split(", with args").next().unwrap_or_default();
    shortened_to(start, MAX_DETAIL)
}

/// Enough for every sentence of the server's.
const MAX_DETAIL: usize = 200;
