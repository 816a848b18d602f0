//! The page that says where a customer is signed in.

use ciam_core::{Clock, Ended, SessionId, SessionInfo, SystemClock, Timestamp, User};
use serde::Deserialize;

use crate::pages::{Pages, escape};

/// What the forms of the page send.
#[derive(Debug, Deserialize)]
#[allow(clippy::exhaustive_structs)] // it is read from a request
pub struct EndSession {
    /// Which session is to end.
    pub session: SessionId,
}

impl Pages {
    /// Where the customer is signed in.
    pub fn sessions(&self, user: &User, sessions: &[SessionInfo]) -> String {
        let (base, now) = (self.base(), SystemClock.now());
        let list: String = sessions
            .iter()
            .map(|session| row(base, session, now))
            .collect();
        let others = if sessions.len() > 1 {
            format!(
                "<form method=\"post\" action=\"{base}/account/sessions/end-others\">\
                 <button id=\"end-others\">End all other sessions</button></form>"
            )
        } else {
            String::new()
        };
        let body = format!(
            "<h1>Where you are signed in</h1>\
             <p class=\"lead\">Is there one that you do not know? End it, and change your password.</p>\
             <ul class=\"sessions\">{list}</ul>{others}"
        );
        self.document("Where you are signed in", Some(user), &body)
    }

    /// The same where nobody has a list.
    pub fn no_sessions(&self, user: &User) -> String {
        let body = "<h1>Where you are signed in</h1>\
            <p class=\"lead\">This shop keeps each session in its browser alone, so nobody has a \
            list of them. With <code>CIAM_SESSION_STORE</code> set, to <code>memory</code> say, \
            they are listed here.</p>";
        self.document("Where you are signed in", Some(user), body)
    }

    /// Where the browser goes on.
    pub fn after_ending(&self, ended: Ended) -> String {
        match ended {
            Ended::Current => format!("{}/", self.base()),
            _ => self.sessions_path(),
        }
    }

    /// Where the sessions are listed.
    pub fn sessions_path(&self) -> String {
        format!("{}/account/sessions", self.base())
    }
}

fn row(base: &str, session: &SessionInfo, now: Timestamp) -> String {
    let browser = session.browser();
    let browser = escape(browser.as_deref().unwrap_or("Unknown browser"));
    let id = session.id();
    let (mark, seen) = if session.is_current() {
        (" <em>This one</em>", ", in use now".to_owned())
    } else {
        ("", seen(session, now))
    };
    let since = ago(session.signed_in_at(), now);
    format!(
        "<li><div><strong>{browser}</strong>{mark}<span>Signed in {since}{seen}</span></div>\
         <form method=\"post\" action=\"{base}/account/sessions/end\">\
         <button name=\"session\" value=\"{id}\" aria-label=\"End the session of {browser}, \
         signed in {since}\">End</button></form></li>"
    )
}

/// A use is written down when a tenth of the idle time has passed, 2.4 hours here: what is
/// closer than that is not known.
fn seen(session: &SessionInfo, now: Timestamp) -> String {
    let is_recent = |at| now.since(at).as_secs() < 3 * HOUR;
    if is_recent(session.signed_in_at()) {
        String::new()
    } else if is_recent(session.last_seen_at()) {
        ", seen in the last three hours".to_owned()
    } else {
        format!(", last seen {}", ago(session.last_seen_at(), now))
    }
}

fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.since(at).as_secs();
    let (count, unit) = match seconds {
        DAY.. => (seconds / DAY, "day"),
        HOUR.. => (seconds / HOUR, "hour"),
        MINUTE.. => (seconds / MINUTE, "minute"),
        _ => return "a moment ago".to_owned(),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
