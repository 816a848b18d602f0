//! A server with one worker: `--listen ADDRESS --serve actix-4-jwt-auth --provider ORIGIN`.
//! The first line it prints is its address. `GET /me` answers the application whose token
//! is in the request, verified with the keys of the provider.

use std::io;

use actix_4_jwt_auth::biscuit::{Validation, ValidationOptions};
use actix_4_jwt_auth::{AuthenticatedUser, Oidc, OidcBiscuitValidator, OidcConfig};
use actix_web::{App, HttpServer, web};

#[path = "../../../benches/api/access.rs"]
#[allow(dead_code)] // what other peers answer with
mod access;
#[path = "../../arguments.rs"]
mod arguments;

use access::{AUDIENCE, Access, ISSUER};
use arguments::argument;

#[actix_web::main]
async fn main() -> io::Result<()> {
    let variant = argument("--serve");
    assert_eq!(variant, "actix-4-jwt-auth", "no variant {variant}");
    let keys = format!("{}/keys", argument("--provider"));
    let oidc = Oidc::new(OidcConfig::KeyUrl(keys.into())).await;
    let oidc = oidc.expect("the provider has keys");
    let validator = OidcBiscuitValidator {
        options: ValidationOptions {
            issuer: Validation::Validate(ISSUER.to_owned()),
            audience: Validation::Validate(AUDIENCE.to_owned()),
            ..ValidationOptions::default()
        },
    };
    let server = HttpServer::new(move || {
        App::new()
            .app_data(oidc.clone())
            .route("/me", web::get().to(me))
            .wrap(validator.clone())
    });
    let server = server.workers(1).bind(argument("--listen"))?;
    println!("{}", server.addrs()[0]);
    server.run().await
}

async fn me(user: AuthenticatedUser<Access>) -> String {
    user.claims.azp
}
