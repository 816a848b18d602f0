//! A peer in a process of its own, which is asked in turn with what is here: see
//! `tests/peers/in_process.rs`.

use std::cell::RefCell;
use std::fmt::Display;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::rc::Rc;
use std::time::Duration;

use crate::api::tokens::Tokens;
use crate::support::tools;
use crate::variant::Token::{New, Repeated};
use crate::variant::{Allocated, Token, Variant};

pub(crate) struct Peer {
    program: &'static str,
    process: Child,
    pipes: RefCell<(ChildStdin, BufReader<ChildStdout>)>,
}

/// Builds them, and starts them with keys of this provider.
pub(crate) fn variants(provider: &str, tokens: &Tokens) -> Result<Vec<Variant>, String> {
    let mut variants = Vec::new();
    for (program, rows) in PROGRAMS {
        let peer = Rc::new(Peer::start(program, provider, tokens)?);
        for (name, variant, token) in rows {
            let variant = Variant::of_peer(name, *token, Rc::clone(&peer), variant);
            variants.push(variant);
        }
    }
    Ok(variants)
}

impl Peer {
    fn start(program: &'static str, provider: &str, tokens: &Tokens) -> Result<Self, String> {
        let programs = tools::build_peer(program)?;
        let path = programs.join(format!("peer-{program}-in-process"));
        let mut process = Command::new(&path)
            .args(["--provider", provider])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let input = process.stdin.take().expect("it is piped");
        let output = process.stdout.take().expect("it is piped");
        let peer = Self {
            program,
            process,
            pipes: RefCell::new((input, BufReader::new(output))),
        };
        peer.say(&format!("token {} {}", name(Repeated), tokens.repeated));
        for token in &tokens.ring {
            peer.say(&format!("token {} {token}", name(New)));
        }
        Ok(peer)
    }

    pub(crate) const fn program(&self) -> &'static str {
        self.program
    }

    /// Status and body.
    pub(crate) fn answer(&self, variant: &str, authorization: Option<&str>) -> (u16, String) {
        let authorization = authorization.unwrap_or_default();
        let answer = self.ask(&format!("ask {variant} {authorization}"));
        let (status, body) = answer.split_once(' ').expect("a status");
        (number(status), body.to_owned())
    }

    pub(crate) fn time(&self, variant: &str, token: Token, times: usize) -> Duration {
        let set = name(token);
        let took = self.ask(&format!("time {variant} {set} {times}"));
        Duration::from_nanos(number(&took))
    }

    pub(crate) fn count(&self, variant: &str, token: Token, times: usize) -> Allocated {
        let set = name(token);
        let counted = self.ask(&format!("count {variant} {set} {times}"));
        let (count, bytes) = counted.split_once(' ').expect("two numbers");
        Allocated {
            times: number::<f64>(count) / times as f64,
            bytes: number::<f64>(bytes) / times as f64,
        }
    }

    fn say(&self, line: &str) {
        let (input, _) = &mut *self.pipes.borrow_mut();
        writeln!(input, "{line}").expect("the peer reads");
    }

    fn ask(&self, line: &str) -> String {
        self.say(line);
        let (_, output) = &mut *self.pipes.borrow_mut();
        let mut answer = String::new();
        output.read_line(&mut answer).expect("the peer answers");
        // A body may be empty, and the space before it stays.
        answer.trim_end_matches('\n').to_owned()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const fn name(token: Token) -> &'static str {
    match token {
        Token::New => "new",
        Token::Repeated | Token::RepeatedLong => "repeated",
    }
}

fn number<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: Display,
{
    text.parse()
        .unwrap_or_else(|error| panic!("{text:?} from a peer: {error}"))
}

type Row = (&'static str, &'static str, Token);

/// What is measured of each.
const PROGRAMS: [(&str, &[Row]); 2] = [
    (
        "axum-jwks",
        &[
            ("bare of axum-jwks, repeated token", BARE, Repeated),
            ("axum-jwks: repeated token", "axum-jwks", Repeated),
            (
                "tower-oauth2-resource-server: repeated token",
                "tower-oauth2",
                Repeated,
            ),
            ("bare of axum-jwks, every token new", BARE, New),
            (AXUM_JWKS_NEW, "axum-jwks", New),
            (
                "tower-oauth2-resource-server: every token new",
                "tower-oauth2",
                New,
            ),
        ],
    ),
    (
        "jwt-authorizer",
        &[
            ("bare of jwt-authorizer, repeated token", BARE, Repeated),
            ("jwt-authorizer: repeated token", "jwt-authorizer", Repeated),
            ("bare of jwt-authorizer, every token new", BARE, New),
            ("jwt-authorizer: every token new", "jwt-authorizer", New),
        ],
    ),
];

/// The variant of a peer that is its framework alone.
pub(crate) const BARE: &str = "bare";

pub(crate) const AXUM_JWKS_NEW: &str = "axum-jwks: every token new";
