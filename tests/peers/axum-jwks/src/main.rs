//! A server of one variant, on one thread: `--listen ADDRESS --serve VARIANT --provider
//! ORIGIN`. The first line it prints is its address. `GET /me` answers the application
//! whose token is in the request, verified with the keys of the provider.

use std::env;

use axum::extract::FromRef;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use axum_jwks::{Claims, Jwks, ParseTokenClaims, TokenError};
use tokio::net::TcpListener;
use tower_oauth2_resource_server::server::OAuth2ResourceServer;
use tower_oauth2_resource_server::tenant::TenantConfiguration;

#[path = "../../../benches/api/access.rs"]
mod access;

use access::{AUDIENCE, Access, ISSUER};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let provider = argument("--provider");
    let router = match argument("--serve").as_str() {
        "axum-jwks" => axum_jwks_router(&provider).await,
        "tower-oauth2" => tower_oauth2_router(&provider).await,
        unknown => panic!("no variant {unknown}"),
    };
    let listener = TcpListener::bind(argument("--listen")).await;
    let listener = listener.expect("the address is free");
    println!("{}", listener.local_addr().expect("it is bound"));
    axum::serve(listener, router).await.expect("it serves");
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
    let tenant = TenantConfiguration::builder(ISSUER)
        .jwks_url(format!("{provider}/keys"))
        .audiences(&[AUDIENCE])
        .build()
        .await
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

fn argument(name: &str) -> String {
    let mut arguments = env::args().skip_while(|argument| argument != name);
    let value = arguments.nth(1);
    value.unwrap_or_else(|| panic!("{name} is missing"))
}
