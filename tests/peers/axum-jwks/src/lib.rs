//! `GET /me` answers the application whose token is in the request, verified with the keys
//! of the provider at this origin.

use axum::extract::FromRef;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use axum_jwks::{Claims, Jwks, ParseTokenClaims, TokenError};
use tower_oauth2_resource_server::server::OAuth2ResourceServer;
use tower_oauth2_resource_server::tenant::TenantConfiguration;
use tower_oauth2_resource_server::validation::ClaimsValidationSpec;

#[path = "../../../benches/api/access.rs"]
mod access;

use access::{APPLICATION, AUDIENCE, Access, ISSUER};

/// In a runtime, which goes on to run what the libraries start.
pub async fn router(variant: &str, provider: &str) -> Router {
    match variant {
        "bare" => Router::new().route("/me", get(fixed)),
        "axum-jwks" => axum_jwks_router(provider).await,
        "tower-oauth2" => tower_oauth2_router(provider).await,
        unknown => panic!("no variant {unknown}"),
    }
}

async fn fixed() -> String {
    APPLICATION.to_owned()
}

async fn axum_jwks_router(provider: &str) -> Router {
    let metadata = format!("{provider}/.well-known/openid-configuration");
    let jwks = Jwks::from_oidc_url(&metadata, Some(AUDIENCE)).await;
    let jwks = jwks.expect("the provider has keys");
    Router::new()
        .route("/me", get(claims))
        .with_state(Keys(jwks))
}

async fn claims(Claims(access): Claims<Access>) -> String {
    access.azp
}

#[derive(Clone)]
struct Keys(Jwks);

impl FromRef<Keys> for Jwks {
    fn from_ref(keys: &Keys) -> Self {
        keys.0.clone()
    }
}

impl ParseTokenClaims for Access {
    type Rejection = Refused;
}

struct Refused;

impl From<TokenError> for Refused {
    fn from(_: TokenError) -> Self {
        Self
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        StatusCode::UNAUTHORIZED.into_response()
    }
}

async fn tower_oauth2_router(provider: &str) -> Router {
    // Fetched here: the library would fetch them later, and refuse everybody until then.
    let keys = reqwest::get(format!("{provider}/keys")).await;
    let keys = keys.expect("the provider answers").text().await;
    let audiences = vec![AUDIENCE.to_owned()];
    let tenant = TenantConfiguration::static_builder(keys.expect("the provider has keys"))
        .claims_validation(ClaimsValidationSpec::recommended(ISSUER, &audiences))
        .build()
        .expect("a valid configuration");
    let server = OAuth2ResourceServer::<Access>::builder()
        .add_tenant(tenant)
        .build()
        .await
        .expect("a valid configuration");
    Router::new()
        .route("/me", get(extension))
        .layer(server.into_layer())
}

async fn extension(Extension(access): Extension<Access>) -> String {
    access.azp
}
