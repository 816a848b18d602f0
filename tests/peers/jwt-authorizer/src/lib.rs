//! `GET /me` answers the application whose token is in the request, verified with the keys
//! of the provider at this origin.

use axum::Router;
use axum::routing::get;
use jwt_authorizer::{Authorizer, IntoLayer, JwtAuthorizer, JwtClaims, Validation};

#[path = "../../../benches/api/access.rs"]
mod access;

use access::{APPLICATION, AUDIENCE, Access, ISSUER};

/// In a runtime, which goes on to run what the library starts.
pub async fn router(variant: &str, provider: &str) -> Router {
    match variant {
        "bare" => Router::new().route("/me", get(fixed)),
        "jwt-authorizer" => jwt_authorizer_router(provider).await,
        unknown => panic!("no variant {unknown}"),
    }
}

async fn fixed() -> String {
    APPLICATION.to_owned()
}

async fn jwt_authorizer_router(provider: &str) -> Router {
    let keys = format!("{provider}/keys");
    let validation = Validation::new().iss(&[ISSUER]).aud(&[AUDIENCE]);
    let authorizer: Authorizer<Access> = JwtAuthorizer::from_jwks_url(&keys)
        .validation(validation)
        .build()
        .await
        .expect("a valid configuration");
    Router::new()
        .route("/me", get(me))
        .layer(authorizer.into_layer())
}

async fn me(JwtClaims(access): JwtClaims<Access>) -> String {
    access.azp
}
