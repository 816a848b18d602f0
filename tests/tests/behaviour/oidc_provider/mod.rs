//! The shop as a program, set up with variables alone, against `oidc-provider`:
//! a certified provider that nobody here wrote.
//!
//! Lifetimes of sessions are not here: the clock of a program cannot be moved,
//! and the core's own tests move theirs.

pub(crate) mod addresses;
pub(crate) mod callback;
pub(crate) mod hints;
pub(crate) mod keys;
pub(crate) mod large_sessions;
pub(crate) mod matrix;
pub(crate) mod outage;
pub(crate) mod userinfo;

use ciam_tests::Visitor;
use ciam_tests::visitor::Page;
use url::Url;

/// Starts a sign-in and is stopped where the provider sends the browser back: the
/// address of the callback, with everything in it.
async fn callback_url(visitor: &mut Visitor, login: &str, name: &str) -> Url {
    let page = visitor.go(login).await;
    let page = ciam_tests::finish_sign_in(visitor, page, name).await;
    let location = page
        .location()
        .unwrap_or_else(|| panic!("no redirect: {page}"));
    assert!(location.path().ends_with("/callback"), "{location}");
    location
}

/// The names of the cookies kept now that begin with this.
fn cookie_names(visitor: &Visitor, prefix: &str) -> Vec<String> {
    let names = visitor.cookies().into_iter().map(|kept| kept.cookie.name());
    let mut names: Vec<String> = names
        .filter(|name| name.starts_with(prefix))
        .map(str::to_owned)
        .collect();
    names.sort_unstable();
    names
}

/// Waits at the provider for somebody to sign in.
fn asks_who(page: &Page) -> bool {
    page.forms()
        .iter()
        .any(|form| form.value("prompt") == Some("login"))
}

const TRANSACTION: &str = "ciam-transaction-";
const SESSION: &str = "ciam-session";
const ID_TOKEN: &str = "ciam-id-token";
