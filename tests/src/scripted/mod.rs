//! A provider that is honest until it is told otherwise.
//!
//! It signs everybody in as `alice` without asking. Each of its addresses is on
//! a port of its own, so that one of them can be down while the others are up.

mod fault;
mod gate;
mod honest;
mod keys;
mod logout_token;
mod mint;
mod refresh;
mod sign_out;
mod wire;

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use self::fault::Fault;
pub use self::gate::Held;
pub use self::honest::Issued;
pub use self::keys::{Signing, public_jwk};
pub use self::logout_token::{LOGOUT_ROWS, LogoutRow, LogoutToken, RSA_KID};
pub use self::refresh::{REFRESH_ROWS, RefreshOutcome, RefreshRow};
pub use self::sign_out::Notified;
pub use self::wire::Asked;

use self::gate::Gate;
use self::honest::Signer;
use crate::port::Port;

/// A running provider, as long as this value.
pub struct Scripted {
    shared: Arc<Shared>,
    listening: Mutex<BTreeMap<Place, JoinHandle<()>>>,
}

/// What the provider is asked at.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[allow(clippy::exhaustive_enums)] // tests name them all
pub enum Place {
    /// The authorization endpoint, on the issuer's port.
    Authorization,
    /// The end-session endpoint, on the issuer's port.
    EndSession,
    /// The key set.
    Keys,
    /// The metadata; its origin is the issuer.
    Metadata,
    /// The token endpoint, asked with a refresh token.
    Refresh,
    /// The revocation endpoint.
    Revocation,
    /// The token endpoint, asked with a code.
    Token,
    /// Userinfo.
    Userinfo,
}

/// What is answered; `json!` values replace or add members, and `null` removes.
#[derive(Debug, Default)]
pub struct Script {
    /// What goes wrong, and where.
    pub faults: BTreeMap<Place, Fault>,
    /// Other members of the metadata.
    pub metadata: Map<String, Value>,
    /// Other members of the one key.
    pub key: Map<String, Value>,
    /// Other members of the ID token's header.
    pub header: Map<String, Value>,
    /// Other claims of the ID token.
    pub claims: Map<String, Value>,
    /// Claims of the ID token that end in a `1` too many.
    pub append: Vec<&'static str>,
    /// Other members of the token answer.
    pub token: Map<String, Value>,
    /// Other members of the answer to a refresh; without a refresh token, the old one stays
    /// good.
    pub refresh: Map<String, Value>,
    /// Other claims of the ID token of a refresh, on top of the others.
    pub refresh_claims: Map<String, Value>,
    /// Other members of userinfo.
    pub userinfo: Map<String, Value>,
    /// What the authorization response has in place of the code.
    pub authorization: Option<Vec<(&'static str, String)>>,
    /// What becomes of the `state` that was sent: another one, or none.
    pub state: Option<fn(&str) -> Option<String>>,
    /// The `iss` of the authorization response.
    pub response_iss: Option<String>,
    /// The whole key set, in place of the one key.
    pub key_set: Option<Vec<Value>>,
    /// How the ID token is signed, in place of the one key.
    pub signing: Option<Signing>,
    /// The ID token's signature has a wrong bit.
    pub corrupt: bool,
    /// ID tokens have a `sid`, another one at each sign-in, and the metadata announces
    /// sign-out over both channels.
    pub sessions: bool,
    /// Where a sign-out may lead; by default, to `signed-out` beside the redirect URI.
    pub post_logout_redirect_uris: Option<Vec<String>>,
    /// What becomes of the `state` of a sign-out: another one, or none.
    pub logout_state: Option<fn(&str) -> Option<String>>,
    /// Whom a logout token is sent to while somebody signs out.
    pub backchannel_logout_uri: Option<String>,
    /// What is wrong with that token.
    pub logout_fault: Option<fn(&mut LogoutToken)>,
    /// What a hidden frame loads while somebody signs out …
    pub frontchannel_logout_uri: Option<String>,
    /// … and its parameters, from `iss` and `sid`; by default both.
    pub frontchannel_parameters: Option<Parameters>,
    /// What its clock shows, in seconds since 1970, in place of the machine's time.
    pub now: Option<u64>,
}

/// Parameters of an address, made of an `iss` and a `sid`.
pub type Parameters = fn(&str, &str) -> Vec<(&'static str, String)>;

struct Shared {
    ports: BTreeMap<Place, Port>,
    signer: Signer,
    script: Mutex<Script>,
    asked: Mutex<Vec<(Place, Asked)>>,
    answered: Mutex<Vec<(Place, String)>>,
    issued: Mutex<Vec<Issued>>,
    notified: Mutex<Vec<Notified>>,
    gates: Mutex<BTreeMap<Place, Arc<Gate>>>,
}

impl Scripted {
    /// Starts one, all addresses up.
    pub async fn start() -> Self {
        let provider = Self {
            shared: Arc::new(Shared {
                ports: LISTENING.map(|place| (place, Port::reserve())).into(),
                signer: Signer::new(),
                script: Mutex::default(),
                asked: Mutex::default(),
                answered: Mutex::default(),
                issued: Mutex::default(),
                notified: Mutex::default(),
                gates: Mutex::default(),
            }),
            listening: Mutex::default(),
        };
        for place in LISTENING {
            provider.open(place).await;
        }
        provider
    }

    /// Its issuer and authority.
    pub fn issuer(&self) -> String {
        self.shared.origin(Place::Metadata)
    }

    /// Where it answers what is asked at this place.
    pub fn url(&self, place: Place) -> String {
        self.shared.url(place)
    }

    /// Changes what is answered from now on.
    pub fn script(&self, change: impl FnOnce(&mut Script)) {
        change(&mut lock(&self.shared.script));
    }

    /// Something goes wrong at this place from now on.
    pub fn fail(&self, place: Place, fault: Fault) {
        self.script(|script| {
            script.faults.insert(place, fault);
        });
    }

    /// Publishes an RSA key, [`RSA_KID`], beside the one that signs.
    pub fn publish_rsa(&self) {
        let one = self.shared.signer.jwk();
        let mut rsa = public_jwk(logout_token::RSA);
        rsa["kid"] = RSA_KID.into();
        self.script(|script| script.key_set = Some(vec![one, rsa]));
    }

    /// All is well again, everywhere.
    pub async fn recover(&self) {
        self.script(|script| *script = Script::default());
        for place in LISTENING {
            self.open(place).await;
        }
    }

    /// Nobody listens at this place from now on.
    pub async fn close(&self, place: Place) {
        let closed = lock(&self.listening).remove(&place);
        if let Some(accepting) = closed {
            accepting.abort();
            // The socket is closed when the task is gone.
            let _ = accepting.await;
        }
    }

    /// Requests that arrived at this place.
    pub fn asked(&self, place: Place) -> Vec<Asked> {
        let asked = lock(&self.shared.asked);
        let here = asked.iter().filter(|(at, _)| *at == place);
        here.map(|(_, asked)| asked.clone()).collect()
    }

    /// Bodies that it answered at this place, without those of faults.
    pub fn answered(&self, place: Place) -> Vec<String> {
        let answered = lock(&self.shared.answered);
        let here = answered.iter().filter(|(at, _)| *at == place);
        here.map(|(_, body)| body.clone()).collect()
    }

    /// What it gave out, each time somebody signed in.
    pub fn issued(&self) -> Vec<Issued> {
        lock(&self.shared.issued).clone()
    }

    async fn open(&self, place: Place) {
        if lock(&self.listening).contains_key(&place) {
            return;
        }
        let listener = TcpListener::bind(self.shared.address(place))
            .await
            .expect("the port is reserved");
        let accepting = tokio::spawn(accept(listener, place, Arc::clone(&self.shared)));
        lock(&self.listening).insert(place, accepting);
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scripted({})", self.issuer())
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        for accepting in lock(&self.listening).values() {
            accepting.abort();
        }
    }
}

impl Shared {
    fn address(&self, place: Place) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports[&place].number()).into()
    }

    fn origin(&self, place: Place) -> String {
        format!("http://{}", self.address(place))
    }

    fn url(&self, place: Place) -> String {
        match place {
            Place::Authorization => format!("{}/authorize", self.origin(Place::Metadata)),
            Place::EndSession => format!("{}/logout", self.origin(Place::Metadata)),
            Place::Keys => format!("{}/keys", self.origin(place)),
            Place::Metadata => {
                format!("{}/.well-known/openid-configuration", self.origin(place))
            }
            Place::Revocation => format!("{}/revoke", self.origin(place)),
            Place::Refresh | Place::Token => format!("{}/token", self.origin(Place::Token)),
            Place::Userinfo => format!("{}/userinfo", self.origin(place)),
        }
    }

    fn metadata(&self) -> Value {
        json!({
            "issuer": self.origin(Place::Metadata),
            "authorization_endpoint": self.url(Place::Authorization),
            "token_endpoint": self.url(Place::Token),
            "jwks_uri": self.url(Place::Keys),
            "userinfo_endpoint": self.url(Place::Userinfo),
            "end_session_endpoint": self.url(Place::EndSession),
            "revocation_endpoint": self.url(Place::Revocation),
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported":
                ["client_secret_basic", "client_secret_post"],
        })
    }
}

async fn accept(listener: TcpListener, place: Place, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        // An exchange outlives the listener: closing ends no answer under way.
        tokio::spawn(async move {
            // A client that hangs up is its own business.
            let _ = serve(stream, place, &shared).await;
        });
    }
}

async fn serve(
    mut stream: tokio::net::TcpStream,
    place: Place,
    shared: &Shared,
) -> std::io::Result<()> {
    let Some(asked) = wire::read(&mut stream).await? else {
        return Ok(());
    };
    let place = match asked.path() {
        "/authorize" => Place::Authorization,
        "/logout" => Place::EndSession,
        "/token" if asked.field("grant_type").as_deref() == Some("refresh_token") => Place::Refresh,
        _ => place,
    };
    lock(&shared.asked).push((place, asked.clone()));
    let fault = lock(&shared.script).faults.get(&place).cloned();
    let gate = lock(&shared.gates).get(&place).cloned();
    match fault {
        Some(fault) => {
            if let Some(gate) = gate {
                gate.pass().await;
            }
            fault.write(&mut stream, &asked).await
        }
        None => {
            let answer = match place {
                Place::EndSession => shared.end_session(&asked).await,
                _ => shared.honestly(place, &asked),
            };
            lock(&shared.answered).push((place, answer.body.clone()));
            if let Some(gate) = gate {
                gate.pass().await;
            }
            wire::write(&mut stream, &answer).await
        }
    }
}

/// Replaces, adds and removes members.
fn changed(mut value: Value, by: &Map<String, Value>) -> Value {
    let members = value.as_object_mut().expect("an object");
    for (name, value) in by {
        match value {
            Value::Null => members.remove(name),
            value => members.insert(name.clone(), value.clone()),
        };
    }
    value
}

fn members(value: &Value) -> &Map<String, Value> {
    value.as_object().expect("an object")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const LISTENING: [Place; 5] = [
    Place::Keys,
    Place::Metadata,
    Place::Revocation,
    Place::Token,
    Place::Userinfo,
];
