//! What the relying-party modules of OpenID's conformance suite ask, module by module
//! and by their names. That these rows pass is no result of that suite.

pub(crate) mod basic;
pub(crate) mod config;
pub(crate) mod form_post;
pub(crate) mod names;
pub(crate) mod plain_oauth;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64_simd::STANDARD;
use ciam_core::{Config, ConfigBuilder, ManualClock, ResponseMode, Timestamp};
use ciam_tests::scripted::{Issued, Place, Script, Scripted, Signing, public_jwk};
use ciam_tests::visitor::Page;
use ciam_tests::{Framework, Logs, Site, Visitor, told};
use serde_json::{Map, Value, json};

/// A module: what the provider does, and what must happen.
#[derive(Clone, Copy)]
struct Row {
    /// Its name, without the prefix that all names of the plan have.
    module: &'static str,
    /// What the provider does, and what we choose where there is a choice.
    about: &'static str,
    change: fn(&mut Script),
    expect: Expect,
}

/// What must happen.
#[derive(Clone, Copy)]
enum Expect {
    /// Somebody is signed in, after one call of each kind.
    SignedIn,
    /// Refused with this status and code, after so many calls of the token endpoint
    /// and of userinfo.
    Refused(u16, &'static str, usize, usize),
}

/// Status 502 and this code for what is wrong with the ID token: no userinfo call.
const fn token(code: &'static str) -> Expect {
    Expect::Refused(502, code, 1, 0)
}

/// One provider under one issuer, and one application, for a whole table.
struct World {
    provider: Scripted,
    site: Site,
    visitor: Visitor,
    clock: Arc<ManualClock>,
    ahead: u64,
    generation: u32,
}

impl World {
    async fn new(on: Framework, mode: ResponseMode) -> Self {
        Self::with(on, |config| config.with_response_mode(mode)).await
    }

    async fn with(on: Framework, configure: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> Self {
        Logs::capture();
        let provider = Scripted::start().await;
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.expect("after 1970").as_secs();
        let clock = Arc::new(ManualClock::new(Timestamp::from_unix(now)));
        let authority = format!("{}/", provider.issuer());
        let site = Site::start(on, async |base_url| {
            let config = Config::web(authority, CLIENT_ID, base_url, "")
                .with_client_secret(CLIENT_SECRET)
                .with_scopes("openid profile email")
                .with_userinfo()
                .with_clock(clock.clone());
            configure(config)
        })
        .await;
        Self {
            provider,
            site,
            visitor: Visitor::new(),
            clock,
            ahead: 0,
            generation: 0,
        }
    }

    /// Another key set under the same issuer, somebody else at the browser, and time
    /// for one more key fetch.
    async fn begin(&mut self) {
        self.clock.advance(REFILL);
        self.ahead += REFILL.as_secs();
        self.visitor = Visitor::new();
        self.provider.recover().await;
        self.rotate();
    }

    /// Replaces all keys, and signs with a new one.
    fn rotate(&mut self) {
        self.generation += 1;
        let (generation, ahead) = (self.generation, self.ahead);
        let issuer = format!("{}/", self.provider.issuer());
        let keys = self.provider.url(Place::Keys);
        self.provider.script(|script| {
            set(&mut script.metadata, quirks(&issuer));
            // A random suffix, as the suite has it.
            set(
                &mut script.metadata,
                json!({"jwks_uri": format!("{keys}/qmvbtxkzrw")}),
            );
            set(&mut script.claims, json!({"iss": issuer}));
            set(
                &mut script.header,
                json!({"kid": format!("{generation}-rsa")}),
            );
            set(&mut script.userinfo, json!({"name": "Alice"}));
            let name = ["rsa", "rsa-other"][generation as usize % 2];
            script.signing = Some(Signing::Key(name, "RS256"));
            script.key_set = Some(key_set(generation));
            script.ahead = ahead;
        });
    }

    /// Runs a row from a login to its end.
    async fn run(&mut self, row: &Row) {
        self.begin().await;
        self.provider.script(row.change);
        let before = self.counts();
        let login = self.site.url("/auth/login?return_to=%2Faccount");
        let page = self.visitor.go(login).await;
        self.expect(row, &page, before).await;
    }

    async fn expect(&mut self, row: &Row, page: &Page, before: [usize; 2]) {
        let context = format!("{} ({})", row.module, row.about);
        let after = self.counts();
        let calls = [after[0] - before[0], after[1] - before[1]];
        match row.expect {
            Expect::SignedIn => {
                assert_eq!(page.status, 200, "{context}: {page}");
                assert_eq!(page.url.path(), "/account", "{context}: {page}");
                assert_eq!(calls, [1, 1], "{context}: token and userinfo");
                let somebody = format!("{}/#alice", self.provider.issuer());
                assert_eq!(self.who().await, somebody, "{context}");
                assert!(page.body.contains("alice@example.com"), "{context}: {page}");
            }
            Expect::Refused(status, code, tokens, userinfos) => {
                assert_eq!(page.status.as_u16(), status, "{context}: {page}");
                let (found, reference) = told(page);
                assert_eq!(found, code, "{context}: {page}");
                let lines = Logs::capture().own(&reference);
                assert_eq!(lines.len(), 1, "{context}: {lines:?}");
                let line = lines[0].to_string();
                assert!(line.contains(&format!("code={code} ")), "{context}: {line}");
                assert_eq!(calls, [tokens, userinfos], "{context}: token and userinfo");
                assert_eq!(self.who().await, "nobody", "{context}");
            }
        }
        self.expect_proper_requests(&context);
    }

    /// client-secret-basic and userinfo-bearer-header hold for every request of a table.
    fn expect_proper_requests(&self, context: &str) {
        let basic = STANDARD.encode_to_string(format!("{CLIENT_ID}:{ENCODED_SECRET}"));
        for asked in self.provider.asked(Place::Token) {
            let sent = asked.header("authorization");
            assert_eq!(sent, Some(format!("Basic {basic}").as_str()), "{context}");
            assert_eq!(asked.field("client_secret"), None, "{context}");
        }
        let issued = self.provider.issued();
        for asked in self.provider.asked(Place::Userinfo) {
            let sent = asked.header("authorization").unwrap_or_default();
            let is_it = |issued: &Issued| {
                let token = issued.access_token.as_deref();
                token.is_some_and(|token| sent == format!("Bearer {token}"))
            };
            assert!(issued.iter().any(is_it), "{context}: {sent}");
            assert_eq!(asked.query("access_token"), None, "{context}");
            assert_eq!(asked.body, "", "{context}");
        }
    }

    fn counts(&self) -> [usize; 2] {
        [Place::Token, Place::Userinfo].map(|place| self.provider.asked(place).len())
    }

    /// Key fetches.
    fn key_fetches(&self) -> usize {
        self.provider.asked(Place::Keys).len()
    }

    async fn who(&mut self) -> String {
        self.visitor.go(self.site.url("/")).await.body
    }
}

/// Runs a table; rows named in `alone` get an application of their own.
async fn table(on: Framework, mode: ResponseMode, rows: &[Row], alone: &[&str]) {
    let mut world = World::new(on, mode).await;
    for row in rows {
        if alone.contains(&row.module) {
            World::new(on, mode).await.run(row).await;
        } else {
            world.run(row).await;
        }
    }
    let together = rows.len() - alone.len();
    // Each row had keys of its own; those that end before a key is looked for ask for none.
    assert!(
        (2..=together).contains(&world.key_fetches()),
        "{}",
        world.key_fetches()
    );
    assert_eq!(world.provider.asked(Place::Metadata).len(), 1);
}

fn set(members: &mut Map<String, Value>, changes: Value) {
    members.extend(changes.as_object().expect("an object").clone());
}

/// An issuer that ends in a slash, and lists of everything.
fn quirks(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "response_types_supported": ["id_token code", "token code id_token", "code", "token id_token"],
        "response_modes_supported": ["form_post", "fragment", "query"],
        "id_token_signing_alg_values_supported":
            ["none", "ES256K", "HS256", "HS512", "ES512", "PS512", "EdDSA", "ES256", "PS256", "RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "claims_parameter_supported": true,
    })
}

/// As the suite publishes them: no `alg` for what signs, and keys that sign nothing.
fn key_set(generation: u32) -> Vec<Value> {
    let names = ["rsa", "rsa-other"];
    let (first, second) = (
        names[generation as usize % 2],
        names[(generation as usize + 1) % 2],
    );
    let key = |name: &str, kid: &str, more: Value| {
        let mut jwk = public_jwk(name);
        let members = jwk.as_object_mut().expect("an object");
        set(members, json!({"kid": format!("{generation}-{kid}")}));
        set(members, more);
        jwk
    };
    let sig = || json!({"use": "sig"});
    let mut secp256k1 = json!({
        "kty": "EC", "crv": "secp256k1", "use": "sig",
        "x": "88CPigN45v8IhxyjHOMW8nxrekAWKsgmAq7cygAGtF0",
        "y": "2-ux4hlSsITbihFzHu25r5SqMYZIRIUF-vapOWg3_gE",
    });
    secp256k1["kid"] = json!(format!("{generation}-secp256k1"));
    vec![
        key(first, "rsa-enc", json!({"use": "enc", "alg": "RSA-OAEP"})),
        key("p256", "ec-enc", json!({"use": "enc", "alg": "ECDH-ES"})),
        secp256k1,
        key(second, "rsa-spare", sig()),
        key(first, "rsa", sig()),
        key("p256", "ec", sig()),
        key("p256-other", "ec-spare", sig()),
        key("ed25519", "ed", sig()),
    ]
}

/// The keys' budget gets one more request in this time.
const REFILL: Duration = Duration::from_secs(30);

const CLIENT_ID: &str = "shop";
const CLIENT_SECRET: &str = "the client's secret";
/// RFC 6749, section 2.3.1: form-encoded before it is joined.
const ENCODED_SECRET: &str = "the+client%27s+secret";
