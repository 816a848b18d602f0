//! What the error page says when no registered redirect URI matches.

use super::{Parts, any_port, is_port};

/// One part in which the requested URI is not the registered one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) part: &'static str,
    pub(crate) requested: String,
    pub(crate) registered: String,
}

/// The registered URI that is most like the requested one, and how the two differ.
pub(crate) fn nearest<'a>(
    registered: &'a [String],
    requested: &str,
) -> Option<(&'a str, Vec<Difference>)> {
    registered
        .iter()
        .map(|uri| (uri.as_str(), differences(uri, requested)))
        .min_by_key(|(_, found)| found.iter().map(weight).sum::<usize>())
}

fn differences(registered: &str, requested: &str) -> Vec<Difference> {
    let (Some(ours), Some(theirs)) = (Parts::split(registered), Parts::split(requested)) else {
        return vec![difference("form", requested, registered)];
    };
    let mut found = Vec::new();
    if !ours.scheme.eq_ignore_ascii_case(theirs.scheme) {
        found.push(difference("scheme", theirs.scheme, ours.scheme));
    }
    if !ours.host.eq_ignore_ascii_case(theirs.host) {
        found.push(difference("host", theirs.host, ours.host));
    }
    if ours.port != theirs.port && !(any_port(&ours) && is_port(&theirs)) {
        found.push(difference("port", or_none(theirs.port), or_none(ours.port)));
    }
    if ours.path != theirs.path {
        let part = if ours.path.eq_ignore_ascii_case(theirs.path) {
            "upper and lower case of the path"
        } else if ours.path.trim_end_matches('/') == theirs.path.trim_end_matches('/') {
            "trailing slash"
        } else {
            "path"
        };
        found.push(difference(
            part,
            or_none(Some(theirs.path)),
            or_none(Some(ours.path)),
        ));
    }
    if ours.query != theirs.query {
        found.push(difference(
            "query",
            or_none(theirs.query),
            or_none(ours.query),
        ));
    }
    if theirs.fragment.is_some() {
        found.push(difference("fragment", or_none(theirs.fragment), "none"));
    }
    found
}

/// A wrong host is further away than a wrong path, and that further than a slip of the pen.
fn weight(difference: &Difference) -> usize {
    match difference.part {
        "form" => 1000,
        "host" => 100,
        "path" => 10,
        _ => 1,
    }
}

fn difference(part: &'static str, requested: &str, registered: &str) -> Difference {
    Difference {
        part,
        requested: requested.to_owned(),
        registered: registered.to_owned(),
    }
}

fn or_none(part: Option<&str>) -> &str {
    part.filter(|part| !part.is_empty()).unwrap_or("none")
}
