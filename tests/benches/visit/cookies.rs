//! Which cookies a request has.

use crate::apps::by_id::ById;
use crate::apps::limit::Limit;
use crate::apps::session::Session;

#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Cookie {
    /// The id that the limit of a session in memory knows.
    ById,
    /// Five that belong to somebody else.
    Foreign,
    /// The session as the limit seals it.
    Limit,
    None,
    /// The session as the library seals it.
    Session,
    /// The id of the session in a store.
    Stored,
}

pub(crate) struct Cookies {
    session: String,
    stored: String,
    limit: String,
    by_id: String,
}

impl Cookies {
    pub(crate) fn new(session: &Session, stored: &Session, limit: &Limit) -> Self {
        Self {
            session: session.cookie.clone(),
            stored: stored.cookie.clone(),
            limit: session.limit_cookie(limit),
            by_id: ById::cookie(),
        }
    }

    /// The value of the `Cookie` header.
    pub(crate) fn header(&self, cookie: Cookie) -> Option<&str> {
        match cookie {
            Cookie::ById => Some(&self.by_id),
            Cookie::Foreign => Some(FOREIGN),
            Cookie::Limit => Some(&self.limit),
            Cookie::None => None,
            Cookie::Session => Some(&self.session),
            Cookie::Stored => Some(&self.stored),
        }
    }
}

const FOREIGN: &str = "_ga=GA1.1.1043270182.1763000000; theme=dark; \
    cart=8f14e45f-ceea-467f-a9d2-3c1c7a5b2f10; consent=necessary%2Cstatistics; lang=en-GB";
