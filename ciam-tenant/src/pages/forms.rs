//! The pages with a form: sign-in, sign-up, and the answer by `form_post`.

use axum::http::StatusCode;
use axum::response::Response;

use super::escape;
use super::layout::{page, submitting_page};

/// What the sign-in page shows.
#[derive(Default)]
pub(crate) struct SignIn<'a> {
    pub(crate) flow: &'a str,
    pub(crate) tenant: &'a str,
    pub(crate) application: &'a str,
    pub(crate) email: &'a str,
    /// The text, and its AADSTS number.
    pub(crate) error: Option<(&'a str, u32)>,
}

/// What the sign-up page shows.
#[derive(Default)]
pub(crate) struct SignUp<'a> {
    pub(crate) flow: &'a str,
    pub(crate) tenant: &'a str,
    pub(crate) application: &'a str,
    pub(crate) email: &'a str,
    pub(crate) display_name: &'a str,
    pub(crate) error: Option<&'a str>,
}

/// The page for those who have an account.
pub(crate) fn sign_in(shown: &SignIn<'_>) -> Response {
    let (flow, tenant) = (escape(shown.flow), escape(shown.tenant));
    let (email, application) = (escape(shown.email), escape(shown.application));
    let error = shown.error.map_or_else(String::new, |(text, number)| {
        let text = escape(text);
        format!(r#"<p id="error" role="alert" data-code="{number}">{text}</p>"#)
    });
    // The cursor goes where something is missing.
    let (email_focus, password_focus) = focus(shown.email.is_empty());
    let main = format!(
        r#"<p class="quiet">to continue to {application}</p>
{error}
<form method="post" action="/{tenant}/login">
<input type="hidden" name="flow" value="{flow}">
<label for="email">E-mail</label>
<input id="email" name="email" type="email" autocomplete="username" value="{email}" maxlength="254" required{email_focus}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="256" required{password_focus}>
<div class="buttons">
<button id="submit" class="main">Sign in</button>
<button id="cancel" name="cancel" value="1" formnovalidate>Cancel</button>
</div>
</form>
<p>No account? <a id="create-account" href="/{tenant}/signup?flow={flow}">Create one</a></p>"#
    );
    page(status(shown.error.is_some()), "Sign in", &main)
}

/// The page for those who have none.
pub(crate) fn sign_up(shown: &SignUp<'_>) -> Response {
    let (flow, tenant) = (escape(shown.flow), escape(shown.tenant));
    let (email, application) = (escape(shown.email), escape(shown.application));
    let display_name = escape(shown.display_name);
    let error = shown.error.map_or_else(String::new, |text| {
        format!(r#"<p id="error" role="alert">{}</p>"#, escape(text))
    });
    let (email_focus, password_focus) = focus(shown.email.is_empty());
    let main = format!(
        r#"<p class="quiet">to continue to {application}</p>
{error}
<form method="post" action="/{tenant}/signup">
<input type="hidden" name="flow" value="{flow}">
<label for="email">E-mail</label>
<input id="email" name="email" type="email" autocomplete="email" value="{email}" maxlength="254" required{email_focus}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="new-password" aria-describedby="rule" maxlength="256" required{password_focus}>
<p id="rule" class="quiet">8 characters or more; 3 of these: lower case, upper case, digits, symbols.</p>
<label for="display_name">Display name (optional)</label>
<input id="display_name" name="display_name" type="text" autocomplete="name" value="{display_name}" maxlength="256">
<div class="buttons">
<button id="submit" class="main">Create account</button>
<button id="cancel" name="cancel" value="1" formnovalidate>Cancel</button>
</div>
</form>
<p>Already have an account? <a id="sign-in" href="/{tenant}/login?flow={flow}">Sign in</a></p>"#
    );
    page(status(shown.error.is_some()), "Create account", &main)
}

/// The answer to an application by `form_post`: sent by itself, or by a button.
pub(crate) fn form_post(action: &str, answer: &[(&'static str, String)]) -> Response {
    let inputs: String = answer
        .iter()
        .map(|(name, value)| {
            let value = escape(value);
            format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">\n")
        })
        .collect();
    let action = escape(action);
    // No element may be called `submit` here: it would hide the method the script calls.
    let main = format!(
        r#"<p class="quiet">You are being taken back to the application.</p>
<form method="post" action="{action}">
{inputs}<div class="buttons"><button id="continue" class="main">Continue</button></div>
</form>"#
    );
    submitting_page("One moment", &main)
}

fn focus(email_missing: bool) -> (&'static str, &'static str) {
    if email_missing {
        (" autofocus", "")
    } else {
        ("", " autofocus")
    }
}

fn status(refused: bool) -> StatusCode {
    if refused {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    }
}
