//! The `claims` parameter: authentication contexts, and what the client can handle.

use serde_json::{Map, Value};

use crate::error::Aadsts;

/// What a request asks for by the parameter `claims`, as far as this tenant knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClaimsRequest {
    /// Authentication contexts (`acrs`) for the access token.
    pub(crate) contexts: Vec<String>,
    /// Authentication contexts for the ID token.
    pub(crate) id_token_contexts: Vec<String>,
    /// Whether the client handles claims challenges (`xms_cc` with `cp1`).
    pub(crate) handles_challenges: bool,
}

impl ClaimsRequest {
    pub(crate) fn parse(parameter: Option<&str>) -> Result<Self, Aadsts> {
        let Some(text) = parameter else {
            return Ok(Self::default());
        };
        let request: Map<String, Value> = serde_json::from_str(text)
            .map_err(|_| malformed("it is not a JSON object".to_owned()))?;
        let access_token = |claim| values(&request, "access_token", claim);
        Ok(Self {
            contexts: contexts(access_token("acrs")?)?,
            id_token_contexts: contexts(values(&request, "id_token", "acrs")?)?,
            handles_challenges: access_token("xms_cc")?.iter().any(|value| value == "cp1"),
        })
    }

    /// Whether the user has to do something before this is answered.
    pub(crate) fn has_contexts(&self) -> bool {
        !self.contexts.is_empty() || !self.id_token_contexts.is_empty()
    }

    /// What a session that is there already satisfies: no authentication context.
    pub(crate) fn without_contexts(&self) -> Self {
        Self {
            handles_challenges: self.handles_challenges,
            ..Self::default()
        }
    }

    /// Whether these, satisfied, satisfy what `asked` asks for.
    pub(crate) fn satisfies(&self, asked: &Self) -> bool {
        let all = |asked: &[String], had: &[String]| asked.iter().all(|id| had.contains(id));
        all(&asked.contexts, &self.contexts)
            && all(&asked.id_token_contexts, &self.id_token_contexts)
    }
}

/// The refusal of a request that only the user's presence can satisfy; it hands the claims back,
/// to be sent to the authorization endpoint.
pub(crate) fn interaction_required(claims: Option<String>) -> Aadsts {
    let error = Aadsts::new(
        "interaction_required",
        50076,
        "Due to a configuration change made by your administrator, or because you moved to a new \
         location, you must use multi-factor authentication: the authentication context asked for \
         is not satisfied.",
    );
    error.with_suberror("basic_action").with_claims(claims)
}

/// OpenID Connect Core section 5.5.1: a member is `null`, or an object with `value` or `values`.
fn values(request: &Map<String, Value>, token: &str, claim: &str) -> Result<Vec<String>, Aadsts> {
    let wrong = || malformed(format!("'{token}' or its '{claim}' has another form"));
    let asked = match request.get(token) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(asked) => asked.as_object().ok_or_else(wrong)?,
    };
    let member = match asked.get(claim) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(member) => member.as_object().ok_or_else(wrong)?,
    };
    let one = member.get("value").into_iter();
    let many = match member.get("values") {
        None => &[][..],
        Some(values) => values.as_array().ok_or_else(wrong)?,
    };
    one.chain(many)
        .map(|value| value.as_str().map(str::to_owned).ok_or_else(wrong))
        .collect()
}

/// Microsoft: `c1` to `c99`.
fn contexts(ids: Vec<String>) -> Result<Vec<String>, Aadsts> {
    let mut contexts = Vec::new();
    for id in ids {
        let number = id
            .strip_prefix('c')
            .filter(|number| !number.starts_with(['0', '+']));
        let number = number.and_then(|number| number.parse::<u8>().ok());
        if number.is_none_or(|number| number > MAX_CONTEXT) {
            return Err(malformed(format!(
                "'{id}' is no authentication context, which are c1 to c99"
            )));
        }
        if !contexts.contains(&id) {
            contexts.push(id);
        }
    }
    Ok(contexts)
}

fn malformed(why: String) -> Aadsts {
    Aadsts::malformed(format!("The parameter 'claims' cannot be read: {why}."))
}

const MAX_CONTEXT: u8 = 99;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ClaimsRequest, u32> {
        ClaimsRequest::parse(Some(text)).map_err(|error| error.number)
    }

    #[test]
    fn reads_contexts_and_capabilities() {
        assert_eq!(
            ClaimsRequest::parse(None).unwrap(),
            ClaimsRequest::default()
        );
        let step_up = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;
        assert_eq!(parse(step_up).unwrap().contexts, ["c1"]);
        let both = r#"{"access_token":{"acrs":{"values":["c2","c99","c2"]},
            "xms_cc":{"values":["cp1"]}},"id_token":{"acrs":{"value":"c3"},"email":null}}"#;
        let both = parse(both).unwrap();
        assert_eq!(both.contexts, ["c2", "c99"]);
        assert_eq!(both.id_token_contexts, ["c3"]);
        assert!(both.handles_challenges);
        for nothing in [
            "{}",
            r#"{"access_token":null}"#,
            r#"{"access_token":{"acrs":null,"xms_cc":{"values":["cp2"]}}}"#,
            r#"{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}"#,
        ] {
            assert_eq!(
                parse(nothing).unwrap(),
                ClaimsRequest::default(),
                "{nothing}"
            );
        }
    }

    #[test]
    fn refuses_other_forms() {
        for text in [
            "",
            "c1",
            "[]",
            r#"{"access_token":"acrs"}"#,
            r#"{"access_token":{"acrs":"c1"}}"#,
            r#"{"access_token":{"acrs":{"value":1}}}"#,
            r#"{"access_token":{"acrs":{"values":"c1"}}}"#,
            r#"{"access_token":{"acrs":{"value":"C1"}}}"#,
            r#"{"access_token":{"acrs":{"value":"c0"}}}"#,
            r#"{"access_token":{"acrs":{"value":"c01"}}}"#,
            r#"{"access_token":{"acrs":{"value":"c+1"}}}"#,
            r#"{"access_token":{"acrs":{"value":"c100"}}}"#,
        ] {
            assert_eq!(parse(text), Err(9002313), "{text}");
        }
    }

    #[test]
    fn contexts_satisfy_those_of_the_same_token() {
        let had = parse(r#"{"access_token":{"acrs":{"values":["c1","c2"]}}}"#).unwrap();
        for (asked, satisfied) in [
            ("{}", true),
            (r#"{"access_token":{"acrs":{"value":"c2"}}}"#, true),
            (r#"{"access_token":{"acrs":{"value":"c3"}}}"#, false),
            (r#"{"id_token":{"acrs":{"value":"c1"}}}"#, false),
        ] {
            assert_eq!(had.satisfies(&parse(asked).unwrap()), satisfied, "{asked}");
        }
        assert!(!had.without_contexts().has_contexts());
    }
}
