//! The same routers without a server: `--provider ORIGIN`.

use peer_jwt_authorizer::router;
use tokio::runtime::Builder;

#[path = "../../../arguments.rs"]
mod arguments;
#[path = "../../../in_process.rs"]
mod in_process;

use arguments::argument;

fn main() {
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_all().build().expect("a runtime");
    let provider = argument("--provider");
    let variants = ["bare", "jwt-authorizer"].map(|name| {
        let router = runtime.block_on(router(name, &provider));
        (name, router)
    });
    in_process::serve(&runtime, variants.into());
}
