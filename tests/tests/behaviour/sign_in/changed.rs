//! What comes back from the provider, changed on the way.

use ciam_core::ResponseMode;
use ciam_tests::visitor::{Page, query};
use ciam_tests::{Backend, ProviderKind, cases};
use http::StatusCode;
use url::Url;

use super::{BAD_GATEWAY, BAD_REQUEST, TRANSACTION, World, cookie_names};

cases! {
    at LocalTenant and OidcProvider:
        an_answer_that_was_changed_on_the_way_signs_nobody_in,
        a_posted_answer_that_was_changed_on_the_way_signs_nobody_in,
        an_answer_that_was_not_changed_signs_in_after_one_that_was;
}

/// One change, and how it is answered.
struct Edit {
    what: &'static str,
    /// The change means something there only.
    only: Option<ProviderKind>,
    status: StatusCode,
    code: &'static str,
    /// Whether the attempt was known, and is over: otherwise it waits on.
    over: bool,
    /// From the answer and the provider's issuer.
    edit: fn(&Url, &str) -> Url,
}

/// It announces `iss` (RFC 9207); of the tenant's answer, which has none, an
/// absent one is no change.
const ANNOUNCES: Option<ProviderKind> = Some(ProviderKind::OidcProvider);

const EDITS: [Edit; 12] = [
    Edit {
        what: "no iss",
        only: ANNOUNCES,
        status: BAD_GATEWAY,
        code: "callback.issuer_missing",
        over: true,
        edit: |url, _| without(url, "iss"),
    },
    Edit {
        what: "empty iss",
        only: ANNOUNCES,
        status: BAD_GATEWAY,
        code: "callback.issuer_missing",
        over: true,
        edit: |url, _| with(url, "iss", ""),
    },
    Edit {
        what: "another iss",
        only: None,
        status: BAD_GATEWAY,
        code: "callback.issuer",
        over: true,
        edit: |url, _| with(url, "iss", "https://evil.example"),
    },
    Edit {
        what: "the same iss with a slash",
        only: None,
        status: BAD_GATEWAY,
        code: "callback.issuer",
        over: true,
        edit: |url, issuer| with(url, "iss", &format!("{issuer}/")),
    },
    Edit {
        what: "an error of another iss",
        only: None,
        status: BAD_GATEWAY,
        code: "callback.issuer",
        over: true,
        edit: |url, _| {
            let url = with(url, "iss", "https://evil.example");
            with(&url, "error", "access_denied")
        },
    },
    Edit {
        what: "an error beside the code",
        only: None,
        status: BAD_REQUEST,
        code: "callback.provider",
        over: true,
        edit: |url, _| with(url, "error", "access_denied"),
    },
    Edit {
        what: "the end of the state changed",
        only: None,
        status: BAD_REQUEST,
        code: "callback.state",
        over: true,
        edit: |url, _| {
            let mut state = value(url, "state");
            let last = if state.pop() == Some('A') { 'B' } else { 'A' };
            state.push(last);
            with(url, "state", &state)
        },
    },
    Edit {
        what: "the state cut short",
        only: None,
        status: BAD_REQUEST,
        code: "callback.state",
        over: true,
        edit: |url, _| {
            let state = value(url, "state");
            with(url, "state", &state[..12])
        },
    },
    Edit {
        what: "another state",
        only: None,
        status: BAD_REQUEST,
        code: "callback.transaction",
        over: false,
        edit: |url, _| with(url, "state", "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"),
    },
    Edit {
        what: "no state",
        only: None,
        status: BAD_REQUEST,
        code: "callback.state_missing",
        over: false,
        edit: |url, _| without(url, "state"),
    },
    Edit {
        what: "two codes",
        only: None,
        status: BAD_REQUEST,
        code: "request.duplicate_parameter",
        over: false,
        edit: |url, _| {
            let mut url = url.clone();
            url.query_pairs_mut().append_pair("code", "another");
            url
        },
    },
    Edit {
        what: "no code",
        only: None,
        status: BAD_GATEWAY,
        code: "callback.code_missing",
        over: true,
        edit: |url, _| without(url, "code"),
    },
];

async fn an_answer_that_was_changed_on_the_way_signs_nobody_in(on: Backend) {
    changed(on, ResponseMode::Query).await;
}

async fn a_posted_answer_that_was_changed_on_the_way_signs_nobody_in(on: Backend) {
    changed(on, ResponseMode::FormPost).await;
}

async fn changed(on: Backend, mode: ResponseMode) {
    let mut world = World::with(on, |config| config.with_response_mode(mode)).await;
    let issuer = world.provider.issuer();
    let mut tried = 0;
    for edit in EDITS {
        let what = edit.what;
        if edit.only.is_some_and(|only| only != on.provider) {
            continue;
        }
        println!("{what}");
        let mut visitor = world.stopping();
        let page = world.answer("ada", &mut visitor).await;
        let url = page.location().unwrap_or_else(|| in_address(&page));
        let announced = on.provider == ProviderKind::OidcProvider;
        let iss = query(&url, "iss");
        assert_eq!(iss, announced.then(|| issuer.clone()), "{url}");
        assert_eq!(cookie_names(&visitor, TRANSACTION).len(), 1);

        let changed = (edit.edit)(&url, &issuer);
        assert_ne!(changed, url, "{what}");
        let page = match mode {
            ResponseMode::FormPost => {
                let mut form = page.form_to("/auth/callback");
                form.fields = changed.query_pairs().into_owned().collect();
                visitor.submit(&form).await
            }
            _ => visitor.go(changed).await,
        };
        let last = visitor.history().last().expect("the callback");
        assert_eq!(last.url.query().is_none(), mode == ResponseMode::FormPost);
        world.refused(&page, edit.status, edit.code);
        assert_eq!(world.me(&mut visitor).await, None, "{what}");
        let waiting = cookie_names(&visitor, TRANSACTION).len();
        assert_eq!(waiting, usize::from(!edit.over), "{what}");
        assert!(!page.body.contains("evil"), "{what}: {page}");
        let exchanged = world.provider.token_requests().await;
        assert_eq!(exchanged, 0, "{what}: no code went out");
        tried += 1;
    }
    let everywhere = EDITS.iter().filter(|edit| edit.only.is_none()).count();
    assert!(tried >= everywhere && everywhere == 10, "{tried}");
}

async fn an_answer_that_was_not_changed_signs_in_after_one_that_was(on: Backend) {
    let mut world = World::new(on).await;
    let mut visitor = world.stopping();
    let url = world.callback_url("ada", &mut visitor).await;
    let page = visitor.go(without(&url, "state")).await;
    world.refused(&page, BAD_REQUEST, "callback.state_missing");
    let page = visitor.go(&url).await;
    assert_eq!(page.url.as_str(), world.site.url("/account"), "{page}");
    assert_eq!(world.name(&mut visitor).await.as_deref(), Some("Ada"));
    assert_eq!(world.provider.token_requests().await, 1);
}

/// The fields of an answer by `form_post`, as if they were in the address.
fn in_address(page: &Page) -> Url {
    let form = page.form_to("/auth/callback");
    let mut url = form.action.clone();
    url.query_pairs_mut().extend_pairs(&form.fields);
    url
}

pub(super) fn value(url: &Url, name: &str) -> String {
    query(url, name).unwrap_or_else(|| panic!("no {name} in {url}"))
}

pub(super) fn without(url: &Url, name: &str) -> Url {
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .into_owned()
        .filter(|(known, _)| known != name)
        .collect();
    let mut url = url.clone();
    url.query_pairs_mut().clear().extend_pairs(kept);
    url
}

pub(super) fn with(url: &Url, name: &str, value: &str) -> Url {
    let mut url = without(url, name);
    url.query_pairs_mut().append_pair(name, value);
    url
}
