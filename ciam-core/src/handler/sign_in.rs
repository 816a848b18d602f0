//! The login, signup and callback routes.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{HOST, HeaderValue, SET_COOKIE};
use http::{HeaderMap, Method, Response, StatusCode};
use url::Url;

use super::incoming::{front_page, place};
use super::rejection::{json, redirect};
use super::session_cookies::set_cookie;
use super::{Ciam, Incoming};
use crate::clock::Timestamp;
use crate::error::Error;
use crate::flow::CallbackError;
use crate::flow::callback::{self, SignedIn};
use crate::flow::challenge::CHALLENGE;
use crate::flow::login::{Hints, authorization_url};
use crate::flow::parameters::Parameters;
use crate::flow::step_up::StepUp;
use crate::flow::transaction::{MAX_TRANSACTIONS, TRANSACTION_LIFETIME, Transaction};
use crate::metadata::Metadata;
use crate::session::cookie;
use crate::session::seal::{Purpose, SealContext};
use crate::telemetry;
use crate::transport::media_type;

/// What the visitor wants first: the provider shows one page or the other.
#[derive(Clone, Copy, Debug)]
pub(super) enum Experience {
    SignIn,
    SignUp,
}

impl Ciam {
    /// Sends the visitor to the provider.
    pub(super) async fn login(
        &self,
        incoming: Incoming<'_>,
        experience: Experience,
    ) -> Response<Bytes> {
        // A prefetch or a script that follows a redirect would leave an attempt
        // behind that nobody finishes.
        if incoming.is_prefetch() || !incoming.is_navigation() || *incoming.method == Method::HEAD {
            return json(StatusCode::UNAUTHORIZED, "login.not_a_navigation");
        }
        if let Some(elsewhere) = self.under_own_host(incoming) {
            return redirect(&elsewhere);
        }
        match self.start(incoming, experience).await {
            Ok(response) => response,
            Err(error) => self.fail(&error),
        }
    }

    /// Ends the visit at the provider: signs in, or says why not.
    pub(super) async fn callback(&self, incoming: Incoming<'_>, body: &Bytes) -> Response<Bytes> {
        let now = self.now();
        let parameters = match callback_parameters(incoming, body) {
            Ok(parameters) => parameters,
            Err(error) => return self.fail(&error),
        };
        let state = parameters.value("state");
        let Some(attempt) = state.and_then(Transaction::attempt) else {
            return self
                .without_transaction(incoming, CallbackError::StateMissing)
                .await;
        };
        let Some(transaction) = self.open_transaction(incoming.headers, attempt, now) else {
            return self
                .without_transaction(incoming, CallbackError::Transaction)
                .await;
        };
        let mut response = match self.finish(incoming, &parameters, &transaction, now).await {
            Ok(response) => {
                telemetry::sign_in("completed");
                response
            }
            Err(error) if error.user_is_too_new() && !transaction.is_second => {
                telemetry::sign_in("too_new");
                tracing::info!(code = error.code(), %error, "the sign-in begins once more");
                match self.start_over(incoming.headers, &transaction).await {
                    Ok(response) => response,
                    Err(error) => self.fail_on_the_way_to(&transaction.return_to, &error),
                }
            }
            Err(error) => {
                telemetry::sign_in(error.code());
                self.fail_on_the_way_to(&transaction.return_to, &error)
            }
        };
        // Whatever came of it, the attempt is over.
        let cookies = self.config().cookies();
        if let Ok(cookie) = set_cookie(&cookies.transaction_removal(attempt)) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }

    async fn start(
        &self,
        incoming: Incoming<'_>,
        experience: Experience,
    ) -> Result<Response<Bytes>, Error> {
        let config = self.config();
        let now = self.now();
        let parameters = Parameters::parse(incoming.uri.query().unwrap_or_default().as_bytes())?;
        let hints = Hints::from_parameters(&parameters)?;
        let step_up = StepUp::from_parameters(&parameters)?;
        let hints = match experience {
            Experience::SignIn => hints,
            Experience::SignUp => hints.sign_up(),
        };
        let return_to = parameters
            .value("return_to")
            .and_then(|target| {
                place(target, config)
                    .inspect_err(|error| tracing::info!(code = error.code(), %error))
                    .ok()
            })
            .unwrap_or_else(|| front_page(config));

        let metadata = self.0.provider.metadata.metadata(now).await?;
        let challenge = parameters.value(CHALLENGE);
        let mut transaction = Transaction::start(
            metadata.issuer(),
            return_to,
            step_up,
            now,
            &**config.random(),
        )?;
        transaction.challenge = challenge
            .and_then(|sealed| self.open_challenge(sealed, now))
            .unwrap_or_default();
        self.send_away(incoming.headers, &transaction, &hints, &metadata)
    }

    /// The same sign-in once more. The provider knows the visitor by now, who sees nothing
    /// of it.
    async fn start_over(
        &self,
        headers: &HeaderMap,
        before: &Transaction,
    ) -> Result<Response<Bytes>, Error> {
        let now = self.now();
        let metadata = self.0.provider.metadata.metadata(now).await?;
        let mut transaction = Transaction::start(
            metadata.issuer(),
            before.return_to.clone(),
            before.step_up.clone(),
            now,
            &**self.config().random(),
        )?;
        transaction.challenge = before.challenge.clone();
        transaction.is_second = true;
        self.send_away(headers, &transaction, &Hints::default(), &metadata)
    }

    fn send_away(
        &self,
        headers: &HeaderMap,
        transaction: &Transaction,
        hints: &Hints,
        metadata: &Metadata,
    ) -> Result<Response<Bytes>, Error> {
        let config = self.config();
        let endpoint = &metadata.document().authorization_endpoint;
        let of_microsoft = metadata.tenant_id().is_some();
        let url = authorization_url(endpoint, config, transaction, hints, of_microsoft);
        let mut response = redirect(url.as_str());
        let now = transaction.started_at;
        let written = response.headers_mut();
        for superseded in self.superseded_attempts(headers, now) {
            written.append(
                SET_COOKIE,
                set_cookie(&config.cookies().transaction_removal(&superseded))?,
            );
        }
        written.append(SET_COOKIE, self.seal_transaction(transaction, now)?);
        Ok(response)
    }

    async fn finish(
        &self,
        incoming: Incoming<'_>,
        parameters: &Parameters,
        transaction: &Transaction,
        now: Timestamp,
    ) -> Result<Response<Bytes>, Error> {
        let provider = &self.0.provider;
        let metadata: Arc<Metadata> = provider.metadata.metadata(now).await?;
        let validated = callback::validate(parameters, transaction, &metadata)?;
        let config = self.config();
        let signed_in =
            callback::finish(validated, transaction, &metadata, provider, config, now).await?;
        self.signed_in(incoming, transaction, &metadata, &signed_in)
            .await
    }

    async fn signed_in(
        &self,
        incoming: Incoming<'_>,
        transaction: &Transaction,
        metadata: &Metadata,
        signed_in: &SignedIn,
    ) -> Result<Response<Bytes>, Error> {
        // The exchange took time; the session begins now.
        let now = self.now();
        let mut response = redirect(transaction.return_to.as_str());
        let headers = incoming.headers;
        let session = self.new_session(transaction, metadata, signed_in, headers)?;
        let cookies = match self.config().session_store() {
            Some(store) => self.begin_stored(store, &session, headers, now).await?,
            None => self.begin_session(&session, headers, now).await?,
        };
        let id_token = self.id_token_cookies(metadata, signed_in, incoming.headers, now)?;
        for cookie in cookies.into_iter().chain(id_token) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        tracing::info!(
            code = "sign_in.completed",
            issuer = metadata.issuer(),
            "signed in"
        );
        Ok(response)
    }

    /// A callback that belongs to nothing: after the back button, a reload or a
    /// bookmark there usually is a session, and all is well.
    async fn without_transaction(
        &self,
        incoming: Incoming<'_>,
        error: CallbackError,
    ) -> Response<Bytes> {
        match self.session(incoming.headers).await {
            Ok(Some(_)) => redirect(front_page(self.config()).as_str()),
            Ok(None) => self.fail(&error.into()),
            Err(error) => self.fail(&error),
        }
    }

    fn seal_transaction(
        &self,
        transaction: &Transaction,
        now: Timestamp,
    ) -> Result<HeaderValue, Error> {
        let config = self.config();
        let attempt = Transaction::attempt(transaction.state.expose());
        // A state made here always names an attempt.
        let attempt = attempt.ok_or(CallbackError::StateMissing)?;
        let name = config.cookies().transaction_name(attempt);
        let context = self.seal_context(Purpose::Transaction, &name);
        let expires_at = now.after(TRANSACTION_LIFETIME);
        let value = self.0.key_ring.seal(
            &context,
            &transaction.encode(),
            expires_at,
            now,
            &**config.random(),
        )?;
        let cookie = config
            .cookies()
            .transaction(attempt, &value, TRANSACTION_LIFETIME);
        set_cookie(&cookie)
    }

    fn open_transaction(
        &self,
        headers: &HeaderMap,
        attempt: &str,
        now: Timestamp,
    ) -> Option<Transaction> {
        let name = self.config().cookies().transaction_name(attempt);
        let value = cookie::single(headers, &name)
            .inspect_err(|error| tracing::warn!(code = error.code(), %error))
            .ok()??;
        let context = self.seal_context(Purpose::Transaction, &name);
        let opened = self.0.key_ring.open(&context, value, now);
        let opened = opened
            .inspect_err(|error| tracing::warn!(code = error.code(), %error))
            .ok()?;
        Transaction::decode(&opened.plaintext, &self.config().own_prefix())
    }

    /// Attempts that must go so that one more fits: those that no longer open, and
    /// the oldest.
    fn superseded_attempts(&self, headers: &HeaderMap, now: Timestamp) -> Vec<String> {
        let (before, after) = self.config().cookies().transaction_affixes();
        let mut open = Vec::new();
        let mut superseded = Vec::new();
        for (attempt, _) in cookie::matching(headers, before, after) {
            // Only names that could be ours are written back.
            if Transaction::attempt(attempt) != Some(attempt) {
                continue;
            }
            match self.open_transaction(headers, attempt, now) {
                Some(transaction) => open.push((transaction.started_at, attempt.to_owned())),
                None => superseded.push(attempt.to_owned()),
            }
        }
        open.sort_unstable();
        let excess = (open.len() + 1).saturating_sub(MAX_TRANSACTIONS);
        superseded.extend(open.into_iter().take(excess).map(|(_, attempt)| attempt));
        superseded
    }

    pub(super) fn seal_context<'a>(
        &'a self,
        purpose: Purpose,
        cookie_name: &'a str,
    ) -> SealContext<'a> {
        SealContext {
            purpose,
            cookie_name,
            realm: self.config().cookies().realm(),
        }
    }

    /// The same request under the host name of the base URL: cookies set under
    /// another one would not come back with the callback. Asked for once at most,
    /// because a proxy may hide the visitor's host name from us.
    fn under_own_host(&self, incoming: Incoming<'_>) -> Option<String> {
        let config = self.config();
        let host = incoming
            .uri
            .authority()
            .map(http::uri::Authority::as_str)
            .or_else(|| {
                incoming
                    .headers
                    .get(HOST)
                    .and_then(|host| host.to_str().ok())
            })?;
        let query = incoming.uri.query().unwrap_or_default();
        let moved = query.split('&').any(|pair| pair == MOVED);
        if moved || host.eq_ignore_ascii_case(config.base_url().authority()) {
            return None;
        }
        let path = incoming.uri.path();
        let separator = if query.is_empty() { "" } else { "&" };
        let address = config
            .base_url()
            .url_for_path(&format!("{path}?{query}{separator}{MOVED}"));
        // A client may leave unencoded what a `Location` may not have (RFC 9110, section 10.2.2).
        Url::parse(&address).ok().map(String::from)
    }
}

/// RFC 6749, section 4.1.2 and OAuth 2.0 Form Post Response Mode.
fn callback_parameters(incoming: Incoming<'_>, body: &Bytes) -> Result<Parameters, Error> {
    if *incoming.method != Method::POST {
        let query = incoming.uri.query().unwrap_or_default();
        return Ok(Parameters::parse(query.as_bytes())?);
    }
    let form = "application/x-www-form-urlencoded";
    if media_type(incoming.headers).eq_ignore_ascii_case(form) {
        Ok(Parameters::parse(body)?)
    } else {
        Ok(Parameters::parse(b"")?)
    }
}

/// Marks a login request that was already sent to the base URL's host.
const MOVED: &str = "moved=1";
