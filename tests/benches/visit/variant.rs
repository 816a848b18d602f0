//! One thing to measure, and that it answers as it should.

use std::iter;

use tokio::runtime::Runtime;

use crate::cookies::{Cookie, Cookies};
use crate::support::rounds::Run;
use crate::support::sign_in::NAME;
use crate::support::subject::{Header, Subject, Work};

/// What others are compared with.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Kind {
    Bare,
    Empty,
    Limit,
    Other,
}

pub(crate) struct Variant {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) cookie: Cookie,
    /// What a visitor with that cookie reads.
    body: &'static str,
    /// The status that a visitor without any gets.
    without: u16,
    subject: Box<dyn Subject>,
}

impl Variant {
    pub(crate) fn new(name: &'static str, cookie: Cookie, subject: Box<dyn Subject>) -> Self {
        Self {
            name,
            kind: Kind::Other,
            cookie,
            body: NAME,
            without: 200,
            subject,
        }
    }

    pub(crate) fn of_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    pub(crate) fn saying(self, body: &'static str) -> Self {
        Self { body, ..self }
    }

    pub(crate) fn protected(self) -> Self {
        Self {
            without: 401,
            ..self
        }
    }

    /// Whether it says who the visitor is, and knows nobody without a session.
    pub(crate) fn check(&self, runtime: &Runtime, cookies: &Cookies) -> Result<(), String> {
        let found = self.subject.answer(runtime, self.header(cookies));
        let expected = (200, self.body.to_owned());
        if found != expected {
            return Err(format!("{}: {found:?}, expected {expected:?}", self.name));
        }
        let (found, _) = self.subject.answer(runtime, None);
        let expected = self.without;
        if found != expected {
            let name = self.name;
            return Err(format!(
                "{name}, no cookie: {found:?}, expected {expected:?}"
            ));
        }
        Ok(())
    }

    pub(crate) fn run<'a>(&'a self, runtime: &'a Runtime, cookies: &'a Cookies) -> Run<'a> {
        let header = self.header(cookies);
        Box::new(move |times| {
            let mut headers = iter::repeat_n(header, times);
            self.subject.prepare(runtime, &mut headers)()
        })
    }

    /// So many requests that are made, and only have to be answered.
    pub(crate) fn work<'a>(
        &'a self,
        runtime: &'a Runtime,
        cookies: &Cookies,
        times: usize,
    ) -> Work<'a> {
        let mut headers = iter::repeat_n(self.header(cookies), times);
        self.subject.prepare(runtime, &mut headers)
    }

    /// Per request; those of the request itself are not among them.
    pub(crate) fn allocations(&self, runtime: &Runtime, cookies: &Cookies) -> i64 {
        let times = 100;
        let work = self.work(runtime, cookies, times);
        let counted = allocation_counter::measure(|| {
            work();
        });
        (counted.count_total as f64 / times as f64).round() as i64
    }

    fn header<'a>(&self, cookies: &'a Cookies) -> Option<Header<'a>> {
        let cookie = cookies.header(self.cookie)?;
        Some(("cookie", cookie))
    }
}
