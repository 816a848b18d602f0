//! The scripts. Each has one key, so that a cluster can run it.

use ::redis::{Cmd, cmd};

/// What has to happen at once, or not at all.
pub(super) struct Scripts {
    pub(super) create: Script,
    pub(super) save: Script,
    pub(super) delete: Script,
    pub(super) join: Script,
    pub(super) members: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
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
                 return found[2] or ''",
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

/// A text that the server keeps and is asked for by its hash.
pub(super) struct Script {
    text: &'static str,
    hash: String,
}

impl Script {
    fn new(text: &'static str) -> Self {
        let hash = ::redis::Script::new(text).get_hash().to_owned();
        Self { text, hash }
    }

    /// By its hash.
    pub(super) fn known(&self, key: &[u8], arguments: &[&[u8]]) -> Cmd {
        command("EVALSHA", &self.hash, key, arguments)
    }

    /// With its text, for a server that has forgotten it.
    pub(super) fn unknown(&self, key: &[u8], arguments: &[&[u8]]) -> Cmd {
        command("EVAL", self.text, key, arguments)
    }
}

fn command(name: &str, script: &str, key: &[u8], arguments: &[&[u8]]) -> Cmd {
    let mut command = cmd(name);
    command.arg(script).arg(1).arg(key);
    for argument in arguments {
        command.arg(*argument);
    }
    command
}
