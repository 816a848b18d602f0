//! What the fuzz targets share: a site, a provider in memory, keys, and invariants.

pub mod answer;
pub mod authorities;
pub mod bench;
pub mod callback;
pub mod location;
pub mod provider;
pub mod sealing;
pub mod tokens;
pub mod wire;

/// The first byte as one of `count` choices, digits counting from 0, and the rest.
pub fn choose(data: &[u8], count: usize) -> Option<(usize, &[u8])> {
    let (&first, rest) = data.split_first()?;
    Some((usize::from(first.wrapping_sub(b'0')) % count, rest))
}

/// The bytes up to a newline, and those after it.
pub fn line(data: &[u8]) -> (&[u8], &[u8]) {
    match data.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &[]),
    }
}
