//! What is refused costs an API less than what is let in.
//!
//! Counted with an allocator that counts, in this thread alone: the same figures each
//! time. What AWS-LC allocates is not among them; it keeps nothing of a token.

mod bad_input;
#[allow(dead_code)] // what the other test makes
mod bench;
