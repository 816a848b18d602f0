//! What went wrong, in words that say what to do, and without anything secret.

use std::time::Duration;

/// A statement that was not answered. Errors of sqlx stay here: they may repeat settings,
/// and PostgreSQL's details repeat values.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("PostgreSQL at {server} cannot be reached: {detail}; start it, or correct the address")]
    Unreachable { server: String, detail: String },
    #[error("PostgreSQL at {server} ended the connection: {detail}")]
    Interrupted { server: String, detail: String },
    #[error(
        "TLS with PostgreSQL at {server} failed: {detail}; name its CA certificate in \
         CIAM_CA_FILE, or add ?sslmode=disable to the address where nobody else listens"
    )]
    Tls { server: String, detail: String },
    #[error(
        "PostgreSQL at {server} refuses the user or the password ({code}); correct the address"
    )]
    Refused { server: String, code: String },
    #[error(
        "PostgreSQL at {server} has no such database ({code}); create it, or correct the address"
    )]
    NoDatabase { server: String, code: String },
    #[error(
        "the tables of sessions are not there and cannot be made by this user ({code}); let an \
         administrator run the SQL text ciam_postgres::SCHEMA"
    )]
    NoTables { code: String },
    #[error(
        "the user may not use the tables of sessions ({code}); grant SELECT, INSERT, UPDATE and \
         DELETE on ciam_sessions, ciam_session_groups and ciam_marks"
    )]
    Forbidden { code: String },
    #[error("PostgreSQL at {server} takes no writes ({code}); connect to the primary")]
    ReadOnly { server: String, code: String },
    #[error("PostgreSQL at {server} fails with {code}: {message}")]
    Server {
        server: String,
        code: String,
        message: String,
    },
    #[error("what answers at {server} is not PostgreSQL; correct the address")]
    NotPostgres { server: String },
    #[error("PostgreSQL at {server} gave no answer within {limit:?}")]
    Late { server: String, limit: Duration },
    #[error("all {connections} connections to PostgreSQL at {server} were busy for {limit:?}")]
    Busy {
        server: String,
        connections: usize,
        limit: Duration,
    },
    #[error("PostgreSQL at {server} answers what no statement of ours asks for")]
    Odd { server: String },
}

impl Failure {
    /// Of a connection that was being made.
    pub(crate) fn connecting(error: &sqlx::Error, server: &str) -> Self {
        let server = server.to_owned();
        match error {
            sqlx::Error::Io(error) if is_of_tls(error) => Self::Tls {
                server,
                detail: error.to_string(),
            },
            sqlx::Error::Io(error) => Self::Unreachable {
                server,
                detail: error.to_string(),
            },
            sqlx::Error::Tls(error) => Self::Tls {
                server,
                detail: error.to_string(),
            },
            sqlx::Error::Protocol(_) => Self::NotPostgres { server },
            _ => Self::statement(error, &server),
        }
    }

    /// Of a statement.
    pub(crate) fn statement(error: &sqlx::Error, server: &str) -> Self {
        let server = server.to_owned();
        let Some(error) = error.as_database_error() else {
            return match error {
                sqlx::Error::Io(error) => Self::Interrupted {
                    server,
                    detail: error.to_string(),
                },
                _ => Self::Odd { server },
            };
        };
        // https://www.postgresql.org/docs/current/errcodes-appendix.html
        let code = error.code().unwrap_or_default().into_owned();
        match &*code {
            "28000" | "28P01" => Self::Refused { server, code },
            "3D000" => Self::NoDatabase { server, code },
            UNDEFINED_TABLE => Self::NoTables { code },
            "42501" => Self::Forbidden { code },
            READ_ONLY => Self::ReadOnly { server, code },
            _ => Self::Server {
                server,
                code,
                // The message alone; detail and hint may repeat values.
                message: error.message().to_owned(),
            },
        }
    }

    /// Whether the tables are missed.
    pub(crate) const fn is_no_tables(&self) -> bool {
        matches!(self, Self::NoTables { .. })
    }

    /// What another connection may do better: this one goes to a server that has ended, or
    /// that is the primary no more; or it knows the tables as they were.
    pub(crate) fn is_of_connection(&self) -> bool {
        match self {
            Self::Interrupted { .. } | Self::Odd { .. } | Self::ReadOnly { .. } => true,
            Self::Server { code, .. } => ENDING.contains(&&**code) || code == OLD_PLAN,
            _ => false,
        }
    }

    /// Whether it is certain that nothing was done.
    pub(crate) const fn is_before_the_statement(&self) -> bool {
        matches!(self, Self::ReadOnly { .. } | Self::Server { .. })
    }
}

/// rustls hands its errors through as those of the stream.
fn is_of_tls(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::InvalidData
}

const UNDEFINED_TABLE: &str = "42P01";
const READ_ONLY: &str = "25006";

/// Shut down by an administrator, after a crash, or not yet started.
const ENDING: [&str; 3] = ["57P01", "57P02", "57P03"];

/// The columns have another type than when the statement was prepared.
const OLD_PLAN: &str = "0A000";
