//! What is measured on actix.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::get;
use actix_web::{App, Error, HttpMessage as _, Route};
use ciam_actix::{Ciam, CiamExt as _, role};
use tokio::runtime::Runtime;

use crate::apps::NOBODY;
use crate::apps::limit::Limit;
use crate::apps::on_actix::{Before, claims, fixed, limit, limited, maybe_user, user};
use crate::cookies::Cookie::{self, Foreign, None, Session};
use crate::support::subject::on_actix;
use crate::variant::{Kind, Variant};

/// Everything, with the middleware around the application.
pub(crate) fn variants(
    runtime: &Runtime,
    ciam: &Ciam,
    stored: &Ciam,
    hand: &Limit,
) -> Vec<Variant> {
    let bare = |name, cookie| {
        let app = App::new().route("/", get().to(fixed));
        Variant::new(name, cookie, on_actix(runtime, app)).of_kind(Kind::Bare)
    };
    let empty = |name, cookie| {
        let app = App::new()
            .route("/", get().to(fixed))
            .wrap(Before::new(|_| ()));
        Variant::new(name, cookie, on_actix(runtime, app)).of_kind(Kind::Empty)
    };
    let ours = |name, cookie, route: Route| {
        let app = App::new().route("/", route).wrap(ciam.layer());
        Variant::new(name, cookie, on_actix(runtime, app))
    };
    let stored = |name, route: Route| {
        let app = App::new().route("/", route).wrap(stored.layer());
        Variant::new(name, Cookie::Stored, on_actix(runtime, app))
    };
    let fixed_route = || App::new().route("/", get().to(fixed));
    let number = fixed_route().wrap(Before::new(|request| {
        request.extensions_mut().insert(7_u32);
    }));
    let from_fn = fixed_route().wrap(from_fn(pass));
    let hand = App::new()
        .route("/", get().to(limited))
        .wrap(limit(hand.clone()));
    let admin = get().to(fixed).wrap(ciam.require(role("Admin")));
    vec![
        bare("bare, no cookie", None),
        bare("bare, 5 foreign cookies", Foreign),
        bare("bare, session cookie", Session),
        empty("empty layer, no cookie", None),
        empty("empty layer, 5 foreign cookies", Foreign),
        empty("empty layer, session cookie", Session),
        Variant::new(
            "empty layer that hands on a number, no cookie",
            None,
            on_actix(runtime, number),
        ),
        Variant::new(
            "empty `from_fn`, session cookie",
            Session,
            on_actix(runtime, from_fn),
        ),
        Variant::new("limit", Cookie::Limit, on_actix(runtime, hand))
            .of_kind(Kind::Limit)
            .protected(),
        ours("anonymous, no cookie", None, get().to(fixed)),
        ours("anonymous, 5 foreign cookies", Foreign, get().to(fixed)),
        ours(
            "anonymous, 5 foreign cookies, `MaybeUser`",
            Foreign,
            get().to(maybe_user),
        )
        .saying(NOBODY),
        ours("signed in, not asked for", Session, get().to(fixed)),
        ours("signed in, `User`", Session, get().to(user)).protected(),
        ours("signed in, `MaybeUser`", Session, get().to(maybe_user)),
        ours("signed in, `Claims<T>`", Session, get().to(claims)).protected(),
        ours("signed in, `role(\"Admin\")`", Session, admin).protected(),
        bare("bare, session id", Cookie::Stored),
        stored("memory store, not asked for", get().to(fixed)),
        stored("memory store, `User`", get().to(user)).protected(),
        stored("memory store, `Claims<T>`", get().to(claims)).protected(),
    ]
}

async fn pass(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    next.call(request).await
}
