//! A server on one thread: `--listen ADDRESS --serve jwt-authorizer --provider ORIGIN`. The
//! first line it prints is its address. `GET /me` answers the application whose token is
//! in the request, verified with the keys of the provider.

use std::env;

use axum::Router;
use axum::routing::get;
use jwt_authorizer::{Authorizer, IntoLayer, JwtAuthorizer, JwtClaims, Validation};
use tokio::net::TcpListener;

#[path = "../../../benches/api/access.rs"]
mod access;

use access::{AUDIENCE, Access, ISSUER};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let variant = argument("--serve");
    assert_eq!(variant, "jwt-authorizer", "no variant {variant}");
    let keys = format!("{}/keys", argument("--provider"));
    let validation = Validation::new().iss(&[ISSUER]).aud(&[AUDIENCE]);
    let authorizer: Authorizer<Access> = JwtAuthorizer::from_jwks_url(&keys)
        .validation(validation)
        .build()
        .await
        .expect("a valid configuration");
    let router = Router::new()
        .route("/me", get(me))
        .layer(authorizer.into_layer());
    let listener = TcpListener::bind(argument("--listen")).await;
    let listener = listener.expect("the address is free");
    println!("{}", listener.local_addr().expect("it is bound"));
    axum::serve(listener, router).await.expect("it serves");
}

async fn me(JwtClaims(access): JwtClaims<Access>) -> String {
    access.azp
}

fn argument(name: &str) -> String {
    let mut arguments = env::args().skip_while(|argument| argument != name);
    let value = arguments.nth(1);
    value.unwrap_or_else(|| panic!("{name} is missing"))
}
