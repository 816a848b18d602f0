//! One thing to measure, and that it answers as it should.

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::Route;
use http::{Request, StatusCode};
use std::convert::Infallible;
use tokio::runtime::Runtime;
use tower::{Layer, Service};

use crate::cookies::{Cookie, Cookies};
use crate::subject::Subject;
use crate::support::rounds::Run;
use crate::support::sign_in::NAME;

/// Where a layer is.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Place {
    /// Around the whole router, as a tower service.
    Around,
    /// Where axum puts it: `Router::layer`.
    Route,
}

/// What others are compared with.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Kind {
    Bare,
    Empty,
    Limit,
    Other,
}

pub(crate) struct Variant {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) cookie: Cookie,
    /// What a visitor with that cookie reads.
    body: &'static str,
    /// What a visitor without any gets.
    without: StatusCode,
    subject: Box<dyn Subject>,
}

impl Variant {
    pub(crate) fn bare(name: &'static str, cookie: Cookie, router: Router) -> Self {
        Self {
            name,
            kind: Kind::Bare,
            cookie,
            body: NAME,
            without: StatusCode::OK,
            subject: Box::new(router),
        }
    }

    pub(crate) fn layered<L>(
        place: Place,
        name: &'static str,
        cookie: Cookie,
        layer: L,
        router: Router,
    ) -> Self
    where
        L: Layer<Route> + Layer<Router> + Clone + Send + Sync + 'static,
        <L as Layer<Router>>::Service: Subject + 'static,
        <L as Layer<Route>>::Service: Service<Request<Body>, Response = Response, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        <<L as Layer<Route>>::Service as Service<Request<Body>>>::Future: Send,
    {
        let subject: Box<dyn Subject> = match place {
            Place::Around => Box::new(layer.layer(router)),
            Place::Route => Box::new(router.layer(layer)),
        };
        let kind = Kind::Other;
        let bare = Self::bare(name, cookie, Router::new());
        Self {
            kind,
            subject,
            ..bare
        }
    }

    pub(crate) fn of_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    pub(crate) fn saying(self, body: &'static str) -> Self {
        Self { body, ..self }
    }

    pub(crate) fn protected(self) -> Self {
        let without = StatusCode::UNAUTHORIZED;
        Self { without, ..self }
    }

    /// Whether it says who the visitor is, and knows nobody without a session.
    pub(crate) fn check(&self, runtime: &Runtime, cookies: &Cookies) -> Result<(), String> {
        let found = self.subject.answer(runtime, cookies.request(self.cookie));
        let expected = (StatusCode::OK, self.body.to_owned());
        if found != expected {
            return Err(format!("{}: {found:?}, expected {expected:?}", self.name));
        }
        let (found, _) = self.subject.answer(runtime, cookies.request(Cookie::None));
        let expected = self.without;
        if found != expected {
            let name = self.name;
            return Err(format!(
                "{name}, no cookie: {found:?}, expected {expected:?}"
            ));
        }
        Ok(())
    }

    pub(crate) fn run<'a>(&'a self, runtime: &'a Runtime, cookies: &'a Cookies) -> Run<'a> {
        Box::new(move |times| {
            let requests = cookies.requests(self.cookie, times);
            self.subject.answer_all(runtime, requests)
        })
    }

    /// Per request; those of the request itself are not among them.
    pub(crate) fn allocations(&self, runtime: &Runtime, cookies: &Cookies) -> i64 {
        let times = 100;
        let requests = cookies.requests(self.cookie, times);
        let counted = allocation_counter::measure(|| {
            self.subject.answer_all(runtime, requests);
        });
        (counted.count_total as f64 / times as f64).round() as i64
    }
}
