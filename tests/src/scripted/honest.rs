//! What an honest provider answers, as far as a sign-in needs it.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SystemRandom, fill};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64_simd::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use url::Url;

use super::wire::{Answer, Asked};
use super::{Place, Script, Shared, Signing, changed, lock, members, sign_out};

/// What was given out for one sign-in.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The authorization code.
    pub code: String,
    /// The `state` that came with the request.
    pub state: String,
    /// The `nonce` that came with the request.
    pub nonce: String,
    /// Once the code was redeemed.
    pub code_verifier: Option<String>,
    /// Once the code was redeemed.
    pub id_token: Option<String>,
    /// Once the code was redeemed.
    pub access_token: Option<String>,
    /// The session at the provider, in the ID token where the script says so.
    pub sid: String,
    /// Every ID token of this sign-in, the last one last.
    pub id_tokens: Vec<String>,
    /// Every refresh token of this sign-in; only the last one is good.
    pub refresh_tokens: Vec<String>,
    /// No refresh token of this sign-in is good any longer.
    pub revoked: bool,
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    code_challenge: String,
    scope: String,
}

/// The one signing key.
pub(super) struct Signer(EcdsaKeyPair);

impl Signer {
    pub(super) fn new() -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        Self(key)
    }

    pub(super) fn sign(&self, script: &Script, claims: &Value) -> String {
        let alg = script.signing.as_ref().map_or("ES256", Signing::alg);
        let header = changed(json!({"alg": alg, "kid": "one"}), &script.header);
        self.sign_text(script, &header.to_string(), &claims.to_string())
    }

    /// The same for any two texts.
    pub(super) fn sign_text(&self, script: &Script, header: &str, payload: &str) -> String {
        self.sign_as(script.signing.as_ref(), script.corrupt, header, payload)
    }

    /// Two texts, signed with the one key if no other is named.
    pub(super) fn sign_as(
        &self,
        signing: Option<&Signing>,
        corrupt: bool,
        header: &str,
        payload: &str,
    ) -> String {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode_to_string(text);
        let signed = format!("{}.{}", encode(header), encode(payload));
        let mut signature = match signing {
            Some(signing) => signing.sign(signed.as_bytes()),
            None => {
                let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes());
                signature.expect("a signature").as_ref().to_vec()
            }
        };
        if corrupt {
            let middle = signature.len() / 2;
            signature[middle] ^= 1;
        }
        let signature = URL_SAFE_NO_PAD.encode_to_string(signature);
        format!("{signed}.{signature}")
    }

    /// The public key, without anything that is optional but the `kid`.
    pub(super) fn jwk(&self) -> Value {
        let point = self.0.public_key().as_ref();
        json!({
            "kty": "EC",
            "crv": "P-256",
            "kid": "one",
            "x": URL_SAFE_NO_PAD.encode_to_string(&point[1..33]),
            "y": URL_SAFE_NO_PAD.encode_to_string(&point[33..]),
        })
    }
}

impl Script {
    /// What the provider's clock shows.
    pub(super) fn now(&self) -> u64 {
        let machine = || SystemTime::now().duration_since(UNIX_EPOCH);
        self.now
            .unwrap_or_else(|| machine().expect("after 1970").as_secs())
    }
}

impl Shared {
    pub(super) fn honestly(&self, place: Place, asked: &Asked) -> Answer {
        let script = lock(&self.script);
        match place {
            Place::Authorization => self.authorize(asked, &script),
            Place::Keys => {
                let keys = script.key_set.clone();
                let keys = keys.unwrap_or_else(|| vec![changed(self.signer.jwk(), &script.key)]);
                Answer::json(200, json!({ "keys": keys }))
            }
            Place::Metadata => {
                let mut metadata = self.metadata();
                if script.sessions {
                    metadata = changed(metadata, members(&sign_out::announced()));
                }
                Answer::json(200, changed(metadata, &script.metadata))
            }
            Place::Refresh => {
                drop(script);
                self.refresh(asked)
            }
            Place::Revocation => {
                drop(script);
                self.revoke(asked)
            }
            Place::Token => {
                drop(script);
                self.redeem(asked)
            }
            Place::Userinfo => self.userinfo(asked, &script),
            Place::EndSession => unreachable!("it takes its time"),
        }
    }

    /// Signs everybody in at once.
    fn authorize(&self, asked: &Asked, script: &Script) -> Answer {
        let parameter = |name: &str| asked.query(name).unwrap_or_default();
        let issued = Issued {
            code: format!("{}~+/=", random()),
            state: parameter("state"),
            nonce: parameter("nonce"),
            code_verifier: None,
            id_token: None,
            access_token: None,
            sid: format!("{}{ODD}", random()),
            id_tokens: Vec::new(),
            refresh_tokens: Vec::new(),
            revoked: false,
            client_id: parameter("client_id"),
            code_challenge: parameter("code_challenge"),
            redirect_uri: parameter("redirect_uri"),
            scope: parameter("scope"),
        };
        let code = || vec![("code", issued.code.clone())];
        let sent = |state: &str| Some(state.to_owned());
        let state = script.state.unwrap_or(sent)(&issued.state);
        let mut answer = script.authorization.clone().unwrap_or_else(code);
        answer.extend(state.map(|state| ("state", state)));
        answer.extend(script.response_iss.clone().map(|iss| ("iss", iss)));
        lock(&self.issued).push(issued);
        let mut url = Url::parse(&parameter("redirect_uri")).expect("a redirect URI");
        if parameter("response_mode") == "form_post" {
            return posted(&url, &answer);
        }
        url.query_pairs_mut().extend_pairs(answer);
        Answer {
            status: 303,
            headers: vec![("location", url.into())],
            body: String::new(),
        }
    }

    fn redeem(&self, asked: &Asked) -> Answer {
        let script = lock(&self.script);
        let mut issued = lock(&self.issued);
        let code = asked.field("code").unwrap_or_default();
        let verifier = asked.field("code_verifier").unwrap_or_default();
        let challenge = URL_SAFE_NO_PAD.encode_to_string(digest(&SHA256, verifier.as_bytes()));
        let redirect_uri = asked.field("redirect_uri").unwrap_or_default();
        let fits = |issued: &&mut Issued| {
            issued.code == code
                && issued.code_challenge == challenge
                && issued.redirect_uri == redirect_uri
                && issued.id_token.is_none()
        };
        let Some(issued) = issued.iter_mut().find(fits) else {
            return Answer::json(400, json!({"error": "invalid_grant"}));
        };
        let now = script.now();
        let mut claims = json!({
            "iss": self.origin(Place::Metadata),
            "aud": issued.client_id,
            "sub": "alice",
            "name": "Alice",
            "nonce": issued.nonce,
            "iat": now,
            "exp": now + 3600,
        });
        if script.sessions {
            claims["sid"] = json!(issued.sid);
        }
        let mut claims = changed(claims, &script.claims);
        for name in &script.append {
            let honest = claims[name].as_str().expect("a text");
            claims[name] = format!("{honest}1").into();
        }
        let id_token = self.signer.sign(&script, &claims);
        let access_token = random();
        let mut answer = json!({
            "id_token": id_token,
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": 3600,
        });
        if issued
            .scope
            .split(' ')
            .any(|scope| scope == "offline_access")
        {
            let refresh_token = random();
            answer["refresh_token"] = json!(refresh_token);
            issued.refresh_tokens.push(refresh_token);
        }
        issued.code_verifier = Some(verifier);
        issued.id_tokens.push(id_token.clone());
        issued.id_token = Some(id_token);
        issued.access_token = Some(access_token);
        Answer::json(200, changed(answer, &script.token))
    }

    /// OpenID Connect Core, sections 5.3 and 5.4: for a token it gave out, in the header,
    /// what the scopes of that sign-in are for.
    fn userinfo(&self, asked: &Asked, script: &Script) -> Answer {
        let issued = lock(&self.issued);
        let sent = asked.header("authorization").unwrap_or_default();
        let is_it = |issued: &&Issued| {
            let token = issued.access_token.as_deref();
            token.is_some_and(|token| sent == format!("Bearer {token}"))
        };
        let Some(issued) = issued.iter().find(is_it) else {
            return Answer::json(401, json!({"error": "invalid_token"}));
        };
        let mut userinfo = json!({"sub": "alice"});
        if issued.scope.split(' ').any(|scope| scope == "email") {
            userinfo["email"] = json!("alice@example.com");
        }
        Answer::json(200, changed(userinfo, &script.userinfo))
    }
}

/// OAuth 2.0 Form Post Response Mode, section 2.
fn posted(to: &Url, answer: &[(&'static str, String)]) -> Answer {
    // Nothing of it has a character that HTML would need escaped.
    let field = |(name, value): &(&str, String)| {
        format!(r#"<input type="hidden" name="{name}" value="{value}">"#)
    };
    let fields: String = answer.iter().map(field).collect();
    Answer {
        status: 200,
        headers: vec![("content-type", "text/html".to_owned())],
        body: format!(
            r#"<!DOCTYPE html><title>Back</title><body onload="document.forms[0].submit()">
            <form method="post" action="{to}">{fields}</form>"#
        ),
    }
}

pub(super) fn random() -> String {
    let mut bytes = [0; 24];
    fill(&mut bytes).expect("the system has randomness");
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

/// OpenID Connect: a `sid` may have any printable character.
const ODD: &str = " !\"#$%&'()*+,/:;<=>?@[\\]^`{|}~";
