//! What a request costs by the number of sessions in memory, on axum.
//!
//! Whose request comes next is not to be foreseen. Either anybody's does, or that of one
//! of a thousand, because of a million who are signed in few are there at a time.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use ciam_axum::CiamExt as _;
use ciam_core::store::MemoryStore;
use tokio::runtime::Runtime;

use crate::crowd::Crowd;
use crate::support::plot::{self, Kind, Line, Picture, Scale};
use crate::support::rounds::{Run, Samples};
use crate::support::sign_in::NAME;
use crate::support::subject::{OnAxum, Subject};
use crate::user;

pub(crate) fn measure(runtime: &Runtime, keep: bool) -> Result<(), String> {
    println!(
        "| sessions | adds µs, of any: median | min | of a thousand: median | min |\n\
         |---|---|---|---|---|"
    );
    let mut crowd = Crowd::new(Arc::new(MemoryStore::new(CAPACITY)));
    let bare = OnAxum(Router::new().route("/", get(async || NAME)));
    let layer = crowd.ciam.layer();
    let ours = OnAxum(Router::new().route("/", get(user)).layer(layer));
    let mut of_any = Vec::new();
    let mut of_few = Vec::new();
    for sessions in SESSIONS {
        allocation_counter::opt_out(|| crowd.grow(runtime, sessions));
        let samples = samples(runtime, &crowd.cookies, &bare, &ours)?;
        let figures = [1, 2].map(|subject| {
            let median = samples.median_of(subject, 0, |ours, bare| ours - bare);
            (median, samples.min(subject) - samples.min(0))
        });
        let [(any, any_min), (few, few_min)] = figures;
        println!("| {sessions} | {any:.2} | {any_min:.2} | {few:.2} | {few_min:.2} |");
        of_any.push(any);
        of_few.push(few);
    }
    println!();
    let places: Vec<String> = SESSIONS.iter().map(usize::to_string).collect();
    let lines = [
        Line {
            label: "anybody's request",
            values: of_any,
            kind: Kind::Other,
        },
        Line {
            label: "that of one of a thousand",
            values: of_few,
            kind: Kind::Ours,
        },
    ];
    let mut picture = Picture::default();
    let heading = "Microseconds that a request adds, by the number of sessions in memory";
    picture.lines(heading, &places, (Scale::Linear, &lines), |value| {
        format!("{value:.1}")
    });
    let path = plot::place("sessions.svg", keep);
    picture.write(&path)?;
    println!("The plot is {}.", path.display());
    Ok(())
}

/// Of the bare route first, then of anybody's session, then of one of a few.
fn samples(
    runtime: &Runtime,
    cookies: &[Box<str>],
    bare: &dyn Subject,
    ours: &dyn Subject,
) -> Result<Samples, String> {
    let run = |subject: &'static str, among: usize| {
        let mut order = Order(among as u64);
        move |times: usize| {
            let cookies: Vec<&str> = (0..times).map(|_| &*cookies[order.next(among)]).collect();
            let mut headers = cookies.iter().map(|cookie| Some(("cookie", *cookie)));
            let subject = if subject == "bare" { bare } else { ours };
            subject.prepare(runtime, &mut headers)()
        }
    };
    for cookie in [&cookies[0], &cookies[cookies.len() - 1]] {
        let answer = ours.answer(runtime, Some(("cookie", cookie)));
        if answer != (200, NAME.to_owned()) {
            return Err(format!("{answer:?} for one of {}", cookies.len()));
        }
    }
    let (all, few) = (cookies.len(), cookies.len().min(FEW));
    let mut runs: [Run<'_>; 3] = [
        Box::new(run("bare", all)),
        Box::new(run("ours", all)),
        Box::new(run("ours", few)),
    ];
    let mut samples = Samples::default();
    allocation_counter::opt_out(|| {
        // As after some time: whoever comes has been there before.
        for run in &mut runs {
            run(2 * all);
        }
        samples = Samples::take(&mut runs, ROUNDS, TIMES);
    });
    Ok(samples)
}

/// Numbers that no cache foresees (splitmix64).
struct Order(u64);

impl Order {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % below as u64) as usize
    }
}

const SESSIONS: [usize; 4] = [1000, 10_000, 100_000, 1_000_000];

/// Who is there at a time.
const FEW: usize = 1000;

/// So that nothing is forgotten.
const CAPACITY: u64 = 8 * 1024 * 1024 * 1024;

const ROUNDS: usize = 400;
const TIMES: usize = 100;
