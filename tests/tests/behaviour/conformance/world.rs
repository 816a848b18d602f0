//! The provider and the application that rows meet at, and what is seen from outside.

use std::sync::Arc;
use std::time::Duration;

use base64_simd::{STANDARD, URL_SAFE_NO_PAD};
use ciam_core::{Clock as _, Config, ConfigBuilder, ManualClock, ResponseMode};
use ciam_tests::scripted::{Asked, Place, Script, Scripted, Signing};
use ciam_tests::visitor::Page;
use ciam_tests::{Framework, Logs, Site, Visitor, clock, told};
use http::Method;
use serde_json::{Value, json};

use super::key_sets::{key_set, quirks};
use super::{CALLED, Expect, Outcome, Plan, set};

/// One provider under one issuer, and one application.
pub(super) struct World {
    pub(super) provider: Scripted,
    pub(super) site: Site,
    pub(super) visitor: Visitor,
    /// Where a login begins.
    pub(super) login: &'static str,
    plan: Plan,
    clock: Arc<ManualClock>,
    generation: usize,
}

/// What a row may want to know when it begins.
pub(super) struct Scene {
    pub(super) issuer: String,
    /// What both clocks show.
    pub(super) now: u64,
    /// The RSA key that signs …
    pub(super) rsa: &'static str,
    /// … and the one that did before.
    pub(super) other_rsa: &'static str,
    generation: usize,
}

/// What the provider said last.
pub(super) struct Said {
    pub(super) metadata: Value,
    pub(super) keys: Value,
    pub(super) header: Value,
    pub(super) claims: Value,
    pub(super) token: Value,
    pub(super) userinfo: Value,
    /// Where it sent the browser, or the form.
    pub(super) answer: String,
    pub(super) scene: Scene,
}

impl World {
    pub(super) async fn new(on: Framework, plan: Plan) -> Self {
        Self::with(on, plan, |config| config).await
    }

    pub(super) async fn with(
        on: Framework,
        plan: Plan,
        configure: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
    ) -> Self {
        Logs::capture();
        let provider = Scripted::start().await;
        let clock = clock();
        let authority = format!("{}/", provider.issuer());
        let site = Site::start(on, async |base_url| {
            let config = Config::web(authority, CLIENT_ID, base_url, "")
                .with_client_secret(CLIENT_SECRET)
                .with_scopes("openid profile email")
                .with_response_mode(plan.mode)
                .with_userinfo()
                .with_clock(clock.clone());
            configure(config)
        })
        .await;
        Self {
            provider,
            site,
            visitor: Visitor::new(),
            login: "/auth/login?return_to=%2Faccount",
            plan,
            clock,
            generation: 0,
        }
    }

    /// A login from its beginning to its end, and what came of it.
    pub(super) async fn login(
        &mut self,
        context: &str,
        change: impl FnOnce(&mut Script, &Scene),
        expect: Expect,
    ) {
        self.begin().await;
        self.rotate();
        self.change(change);
        let before = self.calls();
        let login = self.site.url(self.login);
        let page = self.visitor.go(login).await;
        self.expect(context, &page, before, expect).await;
    }

    /// A login during which the keys are replaced: the application has them, the browser
    /// has the code, and no time has passed.
    pub(super) async fn login_across_a_rotation(
        &mut self,
        context: &str,
        change: impl Fn(&mut Script, &Scene),
        expect: Expect,
    ) {
        self.begin().await;
        self.compose();
        self.change(&change);
        self.site.ciam.ready().await.expect("metadata and keys");
        let before = self.calls();
        let callback = self.site.url("/auth/callback");
        self.visitor = Visitor::new().stopping_before(&callback);
        let stopped = self.visitor.go(self.site.url(self.login)).await;
        let answer = stopped.location().expect("a redirect to the callback");
        assert!(
            answer.as_str().starts_with(&callback),
            "{context}: {answer}"
        );
        assert_eq!(self.calls()[3], before[3], "{context}: no keys so far");
        self.rotate();
        self.change(&change);
        let page = self.visitor.go_from(&stopped, answer.as_str()).await;
        self.expect(context, &page, before, expect).await;
    }

    /// Key fetches.
    pub(super) fn key_fetches(&self) -> usize {
        self.calls()[3]
    }

    /// The last request at this place.
    pub(super) fn asked(&self, place: Place) -> Asked {
        let mut asked = self.provider.asked(place);
        asked.pop().expect("it was asked")
    }

    /// Somebody else at the browser, and time for one more key fetch.
    async fn begin(&mut self) {
        self.clock.advance(REFILL);
        self.visitor = Visitor::new();
        self.provider.recover().await;
    }

    /// Replaces all keys under the same issuer, and signs with a new one.
    fn rotate(&mut self) {
        self.generation += 1;
        self.compose();
    }

    /// What the provider says with the keys of this time.
    fn compose(&self) {
        // A random suffix, as the suite has it.
        let jwks_uri = format!("{}/qmvbtxkzrw", self.provider.url(Place::Keys));
        self.change(|script, scene| {
            set(&mut script.metadata, quirks(&scene.issuer, &jwks_uri));
            set(&mut script.claims, json!({"iss": scene.issuer}));
            set(&mut script.header, json!({"kid": scene.kid("rsa")}));
            set(&mut script.userinfo, json!({"name": "Alice"}));
            script.signing = Some(Signing::Key(scene.rsa, "RS256"));
            script.key_set = Some(key_set(scene));
            script.now = Some(scene.now);
        });
        self.change(self.plan.base);
    }

    fn change(&self, change: impl FnOnce(&mut Script, &Scene)) {
        let scene = self.scene();
        self.provider.script(|script| change(script, &scene));
    }

    fn scene(&self) -> Scene {
        let names = ["rsa", "rsa-other"];
        Scene {
            issuer: format!("{}/", self.provider.issuer()),
            now: self.clock.now().unix(),
            rsa: names[self.generation % 2],
            other_rsa: names[(self.generation + 1) % 2],
            generation: self.generation,
        }
    }

    fn calls(&self) -> [usize; 4] {
        CALLED.map(|place| self.provider.asked(place).len())
    }

    async fn expect(&mut self, context: &str, page: &Page, before: [usize; 4], expect: Expect) {
        match expect.outcome {
            Outcome::SignedIn(sign) => {
                assert_eq!(page.status, 200, "{context}: {page}");
                assert_eq!(page.url.path(), "/account", "{context}: {page}");
                let somebody = format!("{}/#alice", self.provider.issuer());
                assert_eq!(self.who().await, somebody, "{context}");
                assert!(
                    sign(&self.said()),
                    "{context}: the provider said nothing odd"
                );
            }
            Outcome::Refused(status, code) => {
                assert_eq!(page.status.as_u16(), status, "{context}: {page}");
                let (found, reference) = told(page);
                assert_eq!(found, code, "{context}: {page}");
                let lines = Logs::capture().own(&reference);
                assert_eq!(lines.len(), 1, "{context}: {lines:?}");
                let line = lines[0].to_string();
                assert!(line.contains(&format!("code={code} ")), "{context}: {line}");
                assert_eq!(self.who().await, "nobody", "{context}");
            }
        }
        let after = self.calls();
        let calls = [0, 1, 2, 3].map(|place| after[place] - before[place]);
        assert_eq!(calls, expect.calls, "{context}: requests at {CALLED:?}");
        if calls[0] > 0 {
            self.expect_proper_authorization(context);
        }
        if calls[1] > 0 {
            self.expect_proper_exchange(context);
        }
        if calls[2] > 0 {
            self.expect_proper_userinfo(context);
        }
    }

    /// The request, and the way its answer took.
    fn expect_proper_authorization(&self, context: &str) {
        let asked = self.asked(Place::Authorization);
        let callback = self.site.url("/auth/callback");
        let (response_mode, method) = match self.plan.mode {
            ResponseMode::FormPost => (Some("form_post"), Method::POST),
            _ => (None, Method::GET),
        };
        for (name, expected) in [
            ("response_type", Some("code")),
            ("response_mode", response_mode),
            ("client_id", Some(CLIENT_ID)),
            ("redirect_uri", Some(callback.as_str())),
            ("code_challenge_method", Some("S256")),
            ("client_secret", None),
        ] {
            let found = asked.query(name);
            assert_eq!(found.as_deref(), expected, "{context}: {name}");
        }
        let back = self.visitor.history().iter();
        let mut back = back.filter(|e| e.url.as_str().starts_with(&callback));
        let exchange = back.next().expect("the browser came back");
        assert_eq!(exchange.method, method, "{context}: the way of the answer");
        let in_the_address = exchange.url.query().is_some();
        assert_eq!(in_the_address, method == Method::GET, "{context}");
        assert!(back.next().is_none(), "{context}: it came back once");
    }

    /// client-secret-basic holds for every request.
    fn expect_proper_exchange(&self, context: &str) {
        let asked = self.asked(Place::Token);
        let basic = STANDARD.encode_to_string(format!("{CLIENT_ID}:{ENCODED_SECRET}"));
        let sent = asked.header("authorization");
        assert_eq!(sent, Some(format!("Basic {basic}").as_str()), "{context}");
        assert_eq!(asked.method, "POST", "{context}");
        let callback = self.site.url("/auth/callback");
        for (name, expected) in [
            ("client_secret", None),
            ("grant_type", Some("authorization_code")),
            ("redirect_uri", Some(callback.as_str())),
        ] {
            let found = asked.field(name);
            assert_eq!(found.as_deref(), expected, "{context}: {name}");
        }
    }

    /// userinfo-bearer-header holds for every request.
    fn expect_proper_userinfo(&self, context: &str) {
        let asked = self.asked(Place::Userinfo);
        let issued = self.provider.issued();
        let token = issued.last().and_then(|issued| issued.access_token.clone());
        let bearer = format!("Bearer {}", token.expect("a token"));
        assert_eq!(asked.header("authorization"), Some(&*bearer), "{context}");
        assert_eq!(asked.query("access_token"), None, "{context}");
        assert_eq!(asked.body, "", "{context}");
    }

    async fn who(&mut self) -> String {
        self.visitor.go(self.site.url("/")).await.body
    }

    /// What the provider said at the last login.
    pub(super) fn said(&self) -> Said {
        let last = |place| self.provider.answered(place).pop().unwrap_or_default();
        let json = |place| serde_json::from_str(&last(place)).unwrap_or_default();
        let issued = self.provider.issued();
        let id_token = issued.last().and_then(|issued| issued.id_token.clone());
        let id_token = id_token.expect("a token");
        let part = |n| {
            let part = id_token.split('.').nth(n).expect("three parts");
            let part = URL_SAFE_NO_PAD.decode_to_vec(part).expect("base64url");
            serde_json::from_slice(&part).expect("an object")
        };
        Said {
            metadata: json(Place::Metadata),
            keys: json(Place::Keys),
            header: part(0),
            claims: part(1),
            token: json(Place::Token),
            userinfo: json(Place::Userinfo),
            answer: self
                .visitor
                .history()
                .iter()
                .map(|exchange| exchange.url.to_string())
                .find(|url| url.contains("/auth/callback"))
                .unwrap_or_default(),
            scene: self.scene(),
        }
    }
}

impl Scene {
    /// The id of a key of this time.
    pub(super) fn kid(&self, name: &str) -> String {
        format!("{}-{name}", self.generation)
    }
}

impl Said {
    /// What the metadata lists under this name.
    pub(super) fn lists(&self, name: &str) -> Option<&Vec<Value>> {
        self.metadata[name].as_array()
    }
}

/// The keys' budget gets one more request in this time.
const REFILL: Duration = Duration::from_secs(30);

pub(super) const CLIENT_ID: &str = "shop";
pub(super) const CLIENT_SECRET: &str = "the client's secret";
/// RFC 6749, section 2.3.1: form-encoded before it is joined.
const ENCODED_SECRET: &str = "the+client%27s+secret";
