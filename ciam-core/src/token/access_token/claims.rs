//! The claims of an access token that decide something, and of which type each is.

use std::borrow::Cow;

use crate::clock::Timestamp;
use crate::token::TokenError;
use crate::token::members::{
    Member, Wanted, add_scopes, numeric_date, read_members, text, texts, whichever_texts,
};

/// The claims the checks read, each of its type.
pub(super) struct AccessTokenClaims<'a> {
    pub(super) appid: Option<Cow<'a, str>>,
    pub(super) aud: Vec<String>,
    pub(super) azp: Option<Cow<'a, str>>,
    pub(super) cid: Option<Cow<'a, str>>,
    pub(super) client_id: Option<Cow<'a, str>>,
    pub(super) exp: Option<Timestamp>,
    pub(super) iat: Option<Timestamp>,
    pub(super) idtyp: Option<Cow<'a, str>>,
    pub(super) is_key_bound: bool,
    pub(super) is_version_1: bool,
    pub(super) iss: Option<Cow<'a, str>>,
    pub(super) nbf: Option<Timestamp>,
    pub(super) of_access_token: bool,
    pub(super) of_other_token: bool,
    pub(super) oid: Option<Cow<'a, str>>,
    pub(super) roles: Vec<String>,
    pub(super) scopes: Vec<String>,
    pub(super) sub: Option<Cow<'a, str>>,
    pub(super) tid: Option<Cow<'a, str>>,
    pub(super) understands_challenges: bool,
}

impl<'a> AccessTokenClaims<'a> {
    /// A claim of the wrong type is a failure, never an absent claim.
    pub(super) fn parse(payload: &'a [u8]) -> Result<Self, TokenError> {
        let [
            appid,
            appidacr,
            at_hash,
            aud,
            azp,
            azpacr,
            c_hash,
            cid,
            client_id,
            cnf,
            events,
            exp,
            iat,
            idtyp,
            iss,
            nbf,
            nonce,
            oid,
            roles,
            s_hash,
            scope,
            scp,
            sub,
            tid,
            typ,
            ver,
            xms_cc,
        ] = read_members(payload, &WANTED)?;
        let is_any = |members: &[&Option<Member<'_>>]| members.iter().any(|m| m.is_some());
        let of_access_token = is_any(&[&appidacr, &azpacr, &idtyp, &scope, &scp]);
        text("appidacr", appidacr)?;
        text("azpacr", azpacr)?;
        // `events` is a logout token's, or another security event's (RFC 8417).
        let of_other_token = is_any(&[&at_hash, &c_hash, &events, &nonce, &s_hash]);
        // Keycloak says in a claim what others say in the header.
        let of_other_type = text("typ", typ)?.is_some_and(|typ| OTHER_TYPES.contains(&&*typ));
        let mut scopes = Vec::new();
        add_scopes(&mut scopes, "scope", scope)?;
        add_scopes(&mut scopes, "scp", scp)?;
        Ok(Self {
            appid: text("appid", appid)?,
            aud: texts("aud", aud)?.map(Cow::into_owned).collect(),
            azp: text("azp", azp)?,
            cid: text("cid", cid)?,
            client_id: text("client_id", client_id)?,
            exp: numeric_date("exp", exp)?,
            iat: numeric_date("iat", iat)?,
            idtyp: text("idtyp", idtyp)?,
            is_key_bound: cnf.is_some(),
            // Okta's is a number. Which version it is makes a better error, no decision.
            is_version_1: ver == Some(Member::Text("1.0".into())),
            iss: text("iss", iss)?,
            nbf: numeric_date("nbf", nbf)?,
            of_access_token,
            of_other_token: of_other_token || of_other_type,
            oid: text("oid", oid)?,
            roles: whichever_texts(roles).map(Cow::into_owned).collect(),
            scopes,
            sub: text("sub", sub)?,
            tid: text("tid", tid)?,
            understands_challenges: whichever_texts(xms_cc).any(|one| one == "cp1"),
        })
    }

    pub(super) fn application(&self) -> Option<&str> {
        let names = [&self.azp, &self.appid, &self.client_id, &self.cid];
        names.into_iter().find_map(|name| name.as_deref())
    }

    pub(super) fn directory(&self) -> Option<(String, String)> {
        let (tenant_id, object_id) = (self.tid.as_deref()?, self.oid.as_deref()?);
        Some((tenant_id.to_owned(), object_id.to_owned()))
    }

    pub(super) fn is_application(&self) -> bool {
        if let Some(kind) = self.idtyp.as_deref() {
            return kind == "app";
        }
        let own_object = self.oid.is_some() && self.oid == self.sub;
        let itself = self.sub.is_some() && self.sub.as_deref() == self.application();
        (self.scopes.is_empty() && own_object) || itself
    }
}

/// In the order in which they are read.
static WANTED: Wanted<27> = Wanted::new([
    "appid",
    "appidacr",
    "at_hash",
    "aud",
    "azp",
    "azpacr",
    "c_hash",
    "cid",
    "client_id",
    "cnf",
    "events",
    "exp",
    "iat",
    "idtyp",
    "iss",
    "nbf",
    "nonce",
    "oid",
    "roles",
    "s_hash",
    "scope",
    "scp",
    "sub",
    "tid",
    "typ",
    "ver",
    "xms_cc",
]);

/// What Keycloak calls its other tokens.
const OTHER_TYPES: [&str; 4] = ["ID", "Logout", "Offline", "Refresh"];
