//! What the relying-party modules of OpenID's conformance suite ask, module by module
//! and by their names. That these rows pass is no result of that suite.

pub(crate) mod basic;
pub(crate) mod comprehensive;
pub(crate) mod config;
pub(crate) mod form_post;
mod key_sets;
pub(crate) mod names;
pub(crate) mod plain_oauth;
pub(crate) mod sign_out;
mod world;

use std::pin::Pin;

use ciam_core::ResponseMode;
use ciam_tests::Framework;
use ciam_tests::scripted::{Place, Script};
use serde_json::{Map, Value};

use self::world::{Said, Scene, World};

/// Modules that one application meets one after the other, under one issuer.
#[derive(Clone, Copy)]
struct Plan {
    mode: ResponseMode,
    /// What the provider does in every row.
    base: Change,
    rows: &'static [Row],
}

/// A module: what the provider does, and what must happen.
#[derive(Clone, Copy)]
struct Row {
    /// Its name, without the prefix that all names of the plan have. Several rows of one
    /// name are its variants, and controls without what must be refused.
    module: &'static str,
    /// What the provider does, and what we choose where there is a choice.
    about: &'static str,
    run: Run,
}

#[derive(Clone, Copy)]
enum Run {
    /// More than one login, or a configuration of its own.
    Case(Case),
    /// One login.
    Login(Change, Expect),
    /// One login at an application of its own, for other metadata: what was fetched
    /// before is used for as long as it is fresh.
    Own(Change, Expect),
}

type Case = fn(Framework, Plan) -> Pin<Box<dyn Future<Output = ()>>>;
type Change = fn(&mut Script, &Scene);
/// By which a row knows that the provider did what the row says: one that ends well would
/// also pass if nothing were odd.
type Sign = fn(&Said) -> bool;

/// What must happen.
#[derive(Clone, Copy)]
struct Expect {
    outcome: Outcome,
    /// How many requests arrive at each of [`CALLED`].
    calls: [usize; 4],
}

#[derive(Clone, Copy)]
enum Outcome {
    /// Refused with this status and code.
    Refused(u16, &'static str),
    /// Somebody is signed in, although the provider said this.
    SignedIn(Sign),
}

impl Plan {
    /// Runs all rows.
    async fn run(self, on: Framework) {
        let mut world = World::new(on, self).await;
        let mut key_fetches = 0;
        for row in self.rows {
            let context = format!("{} ({})", row.module, row.about);
            match row.run {
                Run::Case(case) => case(on, self).await,
                Run::Login(change, expect) => {
                    world.login(&context, change, expect).await;
                    key_fetches += expect.calls[3];
                }
                Run::Own(change, expect) => {
                    let mut own = World::new(on, self).await;
                    own.login(&context, change, expect).await;
                    assert_eq!(own.provider.asked(Place::Metadata).len(), 1, "{context}");
                }
            }
        }
        // One issuer, and other keys at each fetch.
        let metadata = world.provider.answered(Place::Metadata).len();
        assert_eq!(metadata, usize::from(key_fetches > 0));
        let key_sets = world.provider.answered(Place::Keys);
        assert_eq!(key_sets.len(), key_fetches);
        for pair in key_sets.windows(2) {
            assert_ne!(pair[0], pair[1], "each key set is a new one");
        }
    }
}

impl Row {
    const fn case(module: &'static str, about: &'static str, case: Case) -> Self {
        Self {
            module,
            about,
            run: Run::Case(case),
        }
    }

    const fn login(
        module: &'static str,
        about: &'static str,
        change: Change,
        expect: Expect,
    ) -> Self {
        Self {
            module,
            about,
            run: Run::Login(change, expect),
        }
    }

    const fn own(
        module: &'static str,
        about: &'static str,
        change: Change,
        expect: Expect,
    ) -> Self {
        Self {
            module,
            about,
            run: Run::Own(change, expect),
        }
    }
}

/// After one request of each kind.
const fn signed_in(sign: Sign) -> Expect {
    Expect {
        outcome: Outcome::SignedIn(sign),
        calls: [1, 1, 1, 1],
    }
}

const fn refused(status: u16, code: &'static str, calls: [usize; 4]) -> Expect {
    Expect {
        outcome: Outcome::Refused(status, code),
        calls,
    }
}

/// For the answer that the browser brings: nothing is asked for.
const fn answer(status: u16, code: &'static str) -> Expect {
    refused(status, code, [1, 0, 0, 0])
}

/// For the ID token's header: no keys are asked for, and no userinfo.
const fn header(code: &'static str) -> Expect {
    refused(502, code, [1, 1, 0, 0])
}

/// For the ID token's signature or claims: after the keys, and no userinfo.
const fn token(code: &'static str) -> Expect {
    refused(502, code, [1, 1, 0, 1])
}

fn set(members: &mut Map<String, Value>, changes: Value) {
    let Value::Object(changes) = changes else {
        panic!("{changes} is no object");
    };
    members.extend(changes);
}

/// What [`Expect::calls`] counts.
const CALLED: [Place; 4] = [
    Place::Authorization,
    Place::Token,
    Place::Userinfo,
    Place::Keys,
];
