//! What is told where it cannot be known who visits, because the session store fails.

use http::StatusCode;
use http::header::{HeaderValue, RETRY_AFTER};

use super::rejection::{json, page, to_front_page};
use super::{Ciam, Incoming, Rejection, Visit, incoming};
use crate::claims::User;
use crate::error::Error;
use crate::flow::return_to::ReturnTo;
use crate::page::{Action, Page};

/// Who is told.
#[derive(Clone, Debug)]
pub(super) enum Audience {
    /// A visitor, who reads a page and may ask for this one again.
    Reader(ReturnTo),
    /// A script, or another program.
    Program,
}

impl Audience {
    pub(super) fn of(incoming: Incoming<'_>, ciam: &Ciam) -> Self {
        match incoming.is_navigation() {
            true => Self::Reader(incoming.return_to(ciam.config())),
            false => Self::Program,
        }
    }
}

impl Visit {
    /// The user, if somebody is signed in: [`user`](Self::user), where the answer to a
    /// failure may be a page. Costs nothing more where there is none.
    ///
    /// # Errors
    ///
    /// A session that cannot be read is an error, never "nobody".
    pub fn user_for(&self, incoming: Incoming<'_>) -> Result<Option<&User>, Rejection> {
        self.user()
            .map_err(|rejection| self.unavailable(incoming).unwrap_or(rejection))
    }

    /// The answer where it cannot be known who visits: 503, for a navigation as a page.
    /// `None` where it is known. For adapters.
    pub fn unavailable(&self, incoming: Incoming<'_>) -> Option<Rejection> {
        let error = Error::from(self.store_failure()?.clone());
        let audience = Audience::of(incoming, self.ciam());
        let message = "It cannot be told at the moment whether you are signed in. Nothing was \
                       changed, and you are not signed out.";
        Some(Rejection::unavailable_to(
            self.ciam(),
            &audience,
            message,
            &error,
        ))
    }
}

impl Rejection {
    /// Nobody can be let in now, and it is not the caller's fault.
    pub(super) fn unavailable(error: &Error) -> Self {
        let mut response = json(StatusCode::SERVICE_UNAVAILABLE, error.code());
        response.headers_mut().insert(RETRY_AFTER, RETRY);
        Self::from(response)
    }

    /// The same to a visitor, who sees a page.
    pub(super) fn unavailable_to(
        ciam: &Ciam,
        audience: &Audience,
        message: &'static str,
        error: &Error,
    ) -> Self {
        let Audience::Reader(here) = audience else {
            return Self::unavailable(error);
        };
        let config = ciam.config();
        let again = Action::new("Try again", here.as_str());
        let home = (*here != incoming::front_page(config)).then(|| to_front_page(config));
        let shown = Page {
            status: StatusCode::SERVICE_UNAVAILABLE,
            title: "Please try again in a moment",
            message,
            code: Some(error.code()),
            correlation_id: None,
            actions: [again].into_iter().chain(home).collect(),
        };
        let mut response = page(config, &shown);
        response.headers_mut().insert(RETRY_AFTER, RETRY);
        Self::from(response)
    }
}

/// Seconds: a store that restarts is back by then.
const RETRY: HeaderValue = HeaderValue::from_static("10");
