//! How much memory the callers of an API take, however many there are.
//!
//! Counted with an allocator that counts, in the thread of the one test: what one thread
//! lets go of another may free. What AWS-LC allocates is not among it; it keeps nothing of
//! a token.

#[path = "../bearer_cost/bench.rs"]
#[allow(dead_code)] // what the other test makes
mod bench;

use allocation_counter::{measure, opt_out};

use bench::Bench;

/// Default of `with_token_cache`.
const REMEMBERED: i64 = 10_000;

/// Of a token with its claims, beside the texts themselves: the caller, the entry of the
/// cache, and allocations of a few bytes.
const OVERHEAD: i64 = 1536;

#[test]
fn a_hundred_thousand_callers_and_a_million_others_take_bounded_memory() {
    // Kept to the end: what a cache lets go of is freed later, and would be counted as less.
    let (usual, long, longer) = (Bench::new(), Bench::new(), Bench::new());
    let (known, peak) = remembered(&usual, 100_000, 0);
    let junk = measure(|| refuse(&usual, 1_000_000));
    println!("1,000,000 refused: {} bytes remain", junk.bytes_current);
    let most = i64::try_from(junk.bytes_max).expect("small");
    assert!(most <= known / 100, "{most} bytes for what was refused");
    let again = measure(|| serve(&usual, 5_000, 0));
    // Some hundreds of those that went for them wait to be let go.
    assert!(again.bytes_current <= known / 20, "{again:?}");
    assert!(usual.requests() <= 2 + 5, "{}", usual.requests());

    // The longest that is remembered, and what is verified each time.
    let (known_long, peak_long) = remembered(&long, 12_000, 5_200);
    assert!(known_long > known, "{known_long} bytes");
    let length = longer.fast(5_500).len() - "Bearer ".len();
    assert!(length > 8 * 1024, "{length}");
    let not_known = measure(|| serve(&longer, 1_000, 5_500));
    assert!(not_known.bytes_current <= 256 * 1024, "{not_known:?}");
    println!("at most {peak} bytes at once, {peak_long} with the longest tokens");
}

/// How many bytes remain of so many callers, and how many there were at most.
fn remembered(bench: &Bench, callers: usize, more: usize) -> (i64, i64) {
    let length = bench.fast(more).len() - "Bearer ".len();
    assert!(length <= 8 * 1024, "{length}");
    let length = i64::try_from(length).expect("small");
    // Its text, and its claims as text and in parts: three quarters of it each, at most.
    let bound = REMEMBERED * (length + 2 * length * 3 / 4 + OVERHEAD);
    let counted = measure(|| serve(bench, callers, more));
    let known = counted.bytes_current;
    println!(
        "{callers} callers with tokens of {length} bytes: {known} bytes remain, {} for each of \
         {REMEMBERED}; {} at most, {bound} allowed",
        known / REMEMBERED,
        counted.bytes_max,
    );
    assert!(known > REMEMBERED * length, "they are remembered: {known}");
    let most = i64::try_from(counted.bytes_max).expect("small");
    // Beyond those that stay there are some hundreds that wait to be let go.
    assert!(most <= bound + bound / 10, "{most} bytes, {bound} allowed");
    (known, most)
}

/// So many callers, each with a token of their own.
fn serve(bench: &Bench, callers: usize, more: usize) {
    in_batches(
        callers,
        |_| bench.fast(more),
        |token| {
            assert_eq!(bench.call(&[token], None), Ok(()));
        },
    );
}

/// So many callers with junk of every kind.
fn refuse(bench: &Bench, callers: usize) {
    let mut known = String::new();
    opt_out(|| known = bench.fast(0));
    let body = known
        .split_once('.')
        .map(|(_, body)| body)
        .expect("segments");
    // Not as many of those that are dear to make and to refuse.
    let junk = |number: usize| match number % 40 {
        // A good signature with another in its place: only this kind costs a verification.
        0 => format!("{}A{:05}AAAA", &known[..known.len() - 10], number % 100_000),
        1 => format!("Bearer {}.{body}", kid(number)),
        2 => format!("Bearer {}.e30.{number:0>86}", kid(number)),
        3 => format!("Bearer {}.{body}", header(r#"{"alg":"none"}"#)),
        4 => format!(
            "Bearer {}.{number}.{number}.{number}.{number}",
            header("{}")
        ),
        5..10 => format!("Bearer {}", number.to_string().repeat(200)),
        10..15 => format!("Bearer {number}{}", ".".repeat(200)),
        15..20 => format!("Bearer {number} {number}"),
        20..30 => format!("Bearer a.{number}.c"),
        _ => format!("Bearer {number}"),
    };
    in_batches(callers, junk, |token| {
        let status = bench.call(&[token], None).expect_err("junk");
        assert!([400, 401].contains(&status), "{status}");
    });
}

/// The tokens are a test's own: what holds them is not counted.
fn in_batches(count: usize, token: impl Fn(usize) -> String, call: impl Fn(&[u8])) {
    for start in (0..count).step_by(BATCH) {
        let mut batch = Vec::new();
        opt_out(|| batch = (start..start + BATCH).map(&token).collect());
        for token in &batch {
            call(token.as_bytes());
        }
        opt_out(|| drop(std::mem::take(&mut batch)));
    }
}

fn kid(number: usize) -> String {
    header(&format!(r#"{{"alg":"EdDSA","kid":"k{number}"}}"#))
}

fn header(json: &str) -> String {
    base64_simd::URL_SAFE_NO_PAD.encode_to_string(json)
}

const BATCH: usize = 1000;
