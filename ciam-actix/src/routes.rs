//! The library's own routes.

use std::sync::Arc;

use actix_web::guard::fn_guard;
use actix_web::web::{Bytes, Payload, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use ciam_core::{CALLBACK_BODY_LIMIT, Ciam};

use crate::Rejection;
use crate::convert::{Head, into_actix};

pub(crate) fn routes(ciam: Ciam) -> impl FnOnce(&mut ServiceConfig) + Clone + Send + use<> {
    move |config| {
        for path in ciam.route_paths() {
            let (ciam, registered) = (ciam.clone(), Arc::<str>::from(path.as_str()));
            let literal = registered.clone();
            let answer =
                move |request, body| respond(ciam.clone(), registered.clone(), request, body);
            // actix-web decodes letters before it matches: `/auth/m%65` is another
            // path than `/auth/me`, and whoever looks at paths has to see the same.
            let literally = fn_guard(move |context| context.head().uri.path().ends_with(&*literal));
            config.service(resource(path).guard(literally).to(answer));
        }
    }
}

async fn respond(
    ciam: Ciam,
    path: Arc<str>,
    request: HttpRequest,
    body: Payload,
) -> Result<HttpResponse, Rejection> {
    let head = Head::read(request.head())?;
    let body = if head.incoming().offers_websocket() {
        Bytes::new()
    } else if let Ok(Ok(body)) = body.to_bytes_limited(CALLBACK_BODY_LIMIT).await {
        body
    } else {
        return Ok(into_actix(ciam.refuse_body()));
    };
    let request = head.into_request(&path, body);
    let request = request.ok_or_else(Rejection::internal)?;
    Ok(into_actix(ciam.respond(request).await))
}
