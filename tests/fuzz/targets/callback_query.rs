//! Callbacks whose parameters are in the query.

#![no_main]

use ciam_fuzz::callback::{Place, run};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // Fewer bytes than the choices take, or no request at all.
    let _ = run(data, Place::Query);
});
