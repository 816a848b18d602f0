//! Sentinels say which server is the primary.
//!
//! <https://redis.io/docs/latest/develop/reference/sentinel-clients/>

use std::pin::pin;
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{Cmd, FromRedisValue, cmd};
use futures_util::future::{Either, select};

use super::endpoint::{Driver, Endpoint, RESPONSE_LIMIT};
use super::failure::Failure;

/// Who is asked, and what for.
pub(super) struct Sentinels {
    nodes: Vec<Endpoint>,
    service: String,
    primary: Endpoint,
}

impl Sentinels {
    /// `primary` is how the primary is reached, wherever it is.
    pub(super) const fn new(nodes: Vec<Endpoint>, service: String, primary: Endpoint) -> Self {
        Self {
            nodes,
            service,
            primary,
        }
    }

    /// Connects to the primary that the first sentinel knows who knows one.
    pub(super) async fn connect(&self) -> Result<(MultiplexedConnection, Driver, String), Failure> {
        let mut failures = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            match self.connect_by(node).await {
                Ok(connected) => return Ok(connected),
                Err(failure) => failures.push(failure.to_string()),
            }
        }
        let detail = failures.join("; ");
        Err(Failure::NoPrimary { detail })
    }

    async fn connect_by(
        &self,
        node: &Endpoint,
    ) -> Result<(MultiplexedConnection, Driver, String), Failure> {
        let (host, port) = self.address_by(node).await?;
        let primary = self.primary.at(&host, port);
        let (mut connection, mut driver) = primary.connect(STEP_LIMIT).await?;
        let name = primary.name();
        // A sentinel may not know yet that this one is the primary no more.
        let role: Vec<::redis::Value> =
            ask(&mut connection, &mut driver, &cmd("ROLE"), &name).await?;
        let role = role.into_iter().next().map(String::from_redis_value);
        match role {
            Some(Ok(role)) if role == "master" => Ok((connection, driver, name)),
            _ => Err(Failure::ReadOnly { server: name }),
        }
    }

    async fn address_by(&self, node: &Endpoint) -> Result<(String, u16), Failure> {
        let (mut connection, mut driver) = node.connect(STEP_LIMIT).await?;
        let mut command = cmd("SENTINEL");
        command.arg("GET-MASTER-ADDR-BY-NAME").arg(&self.service);
        let address: Option<(String, u16)> =
            ask(&mut connection, &mut driver, &command, &node.name()).await?;
        address.ok_or_else(|| Failure::Server {
            server: node.name(),
            detail: "it watches no service of this name".to_owned(),
        })
    }
}

/// Asks on a connection that nobody reads yet.
async fn ask<T: FromRedisValue>(
    connection: &mut MultiplexedConnection,
    driver: &mut Driver,
    command: &Cmd,
    server: &str,
) -> Result<T, Failure> {
    let ended = || Failure::Interrupted {
        server: server.to_owned(),
        detail: "it was closed".to_owned(),
    };
    match select(pin!(command.query_async(connection)), driver).await {
        Either::Left((answer, _)) => {
            answer.map_err(|error| Failure::of(&error, server, RESPONSE_LIMIT))
        }
        Either::Right(_) => Err(ended()),
    }
}

/// For one of three sentinels, or the primary: a machine that is gone must not use up the
/// time for the others.
const STEP_LIMIT: Duration = Duration::from_millis(800);
