//! What is measured on axum.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{MethodRouter, Route, get};
use ciam_axum::{CiamExt as _, role};
use tower::{Layer, Service};

use crate::apps::NOBODY;
use crate::apps::by_id::ById;
use crate::apps::limit::Limit;
use crate::apps::on_axum::{ByHand, claims, fixed, limited, limited_by_id, maybe_user, user};
use crate::apps::session::Session;
use crate::cookies::Cookie::{self, Foreign, None};
use crate::empty::{Empty, Given};
use crate::support::subject::{OnAxum, Subject};
use crate::variant::{Kind, Variant};

/// Where a layer is.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Place {
    /// Around the whole router, as a tower service.
    Around,
    /// Where axum puts it: `Router::layer`.
    Route,
}

/// Everything, with the layers at one place.
pub(crate) fn variants(
    place: Place,
    session: &Session,
    stored: &Session,
    limit: &Limit,
) -> Vec<Variant> {
    let ciam = &session.ciam;
    let bare = |name, cookie| {
        let subject = Box::new(OnAxum(router(get(fixed))));
        Variant::new(name, cookie, subject).of_kind(Kind::Bare)
    };
    let empty = |name, cookie, given| {
        let router = router(get(fixed));
        Variant::new(name, cookie, place.layered(Empty::new(given), router))
    };
    let ours = |name, cookie, route| {
        let router = router(route);
        Variant::new(name, cookie, place.layered(ciam.layer(), router))
    };
    let stored = |name, route| {
        let router = router(route);
        Variant::new(
            name,
            Cookie::Stored,
            place.layered(stored.ciam.layer(), router),
        )
    };
    let from_fn = from_fn(pass as fn(_, _) -> _);
    let from_fn = place.layered(from_fn, router(get(fixed)));
    let limit = place.layered(ByHand(limit.clone()), router(get(limited)));
    let by_id = ByHand(ById::new(&session.claims));
    let by_id = place.layered(by_id, router(get(limited_by_id)));
    let admin = get(fixed).route_layer(ciam.require(role("Admin")));
    vec![
        bare("bare, no cookie", None),
        bare("bare, 5 foreign cookies", Foreign),
        bare("bare, session cookie", Cookie::Session),
        empty("empty layer, no cookie", None, Given::Nothing).of_kind(Kind::Empty),
        empty("empty layer, 5 foreign cookies", Foreign, Given::Nothing).of_kind(Kind::Empty),
        empty(
            "empty layer, session cookie",
            Cookie::Session,
            Given::Nothing,
        )
        .of_kind(Kind::Empty),
        empty(
            "empty layer that hands on a number, no cookie",
            None,
            Given::Number,
        ),
        Variant::new("empty `from_fn`, session cookie", Cookie::Session, from_fn),
        Variant::new("limit", Cookie::Limit, limit)
            .of_kind(Kind::Limit)
            .protected(),
        ours("anonymous, no cookie", None, get(fixed)),
        ours("anonymous, 5 foreign cookies", Foreign, get(fixed)),
        ours(
            "anonymous, 5 foreign cookies, `MaybeUser`",
            Foreign,
            get(maybe_user),
        )
        .saying(NOBODY),
        ours("signed in, not asked for", Cookie::Session, get(fixed)),
        ours("signed in, `User`", Cookie::Session, get(user)).protected(),
        ours("signed in, `MaybeUser`", Cookie::Session, get(maybe_user)),
        ours("signed in, `Claims<T>`", Cookie::Session, get(claims)).protected(),
        ours("signed in, `role(\"Admin\")`", Cookie::Session, admin).protected(),
        bare("bare, session id", Cookie::Stored),
        Variant::new("limit: session by id", Cookie::ById, by_id).protected(),
        stored("memory store, not asked for", get(fixed)),
        stored("memory store, `User`", get(user)).protected(),
        stored("memory store, `Claims<T>`", get(claims)).protected(),
    ]
}

impl Place {
    fn layered<L>(self, layer: L, router: Router) -> Box<dyn Subject>
    where
        L: Layer<Route> + Layer<Router> + Clone + Send + Sync + 'static,
        OnAxum<<L as Layer<Router>>::Service>: Subject + 'static,
        <L as Layer<Route>>::Service: Service<Request<Body>, Response = Response, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        <<L as Layer<Route>>::Service as Service<Request<Body>>>::Future: Send,
    {
        match self {
            Self::Around => Box::new(OnAxum(layer.layer(router))),
            Self::Route => Box::new(OnAxum(router.layer(layer))),
        }
    }
}

fn router(route: MethodRouter) -> Router {
    Router::new().route("/", route)
}

async fn pass(request: Request, next: Next) -> Response {
    next.run(request).await
}
