//! Key sets: the body of an answer.

#![no_main]

use ciam_core::keys::{Algorithm, KeySet, MAX_KEYS};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let set = match KeySet::parse(body) {
        Ok(set) => set,
        Err(refusal) => {
            assert!(refusal.to_string().len() < 400, "{refusal}");
            return;
        }
    };
    let found = set.keys().len() + set.skipped().len();
    assert!(!set.keys().is_empty() && found <= MAX_KEYS, "{found} keys");
    for key in set.keys() {
        let mut serves = 0;
        for algorithm in ALGORITHMS {
            // Prepares the key for the algorithm, the first time.
            for length in [0, 1, 64, 96, 256, 512] {
                let signature = vec![1; length];
                let verified = key.verify(algorithm, b"nobody signed this", &signature);
                assert!(verified.is_err(), "{key:?} {algorithm:?}");
            }
            serves += usize::from(key.serves(algorithm));
        }
        assert!((1..=6).contains(&serves), "{key:?}");
        assert!(!MACS.iter().any(|mac| key.serves(*mac)), "{key:?}");
        assert!(key.kid().is_none_or(|kid| kid.len() <= 512));
    }
    for algorithm in ALGORITHMS {
        let named = set.keys().iter().map(|key| key.kid());
        for kid in named.chain([None, Some("of nobody")]) {
            let fits: Vec<_> = set
                .keys()
                .iter()
                .filter(|key| (kid.is_none() || key.kid() == kid) && key.serves(algorithm))
                .collect();
            match (set.select(kid, algorithm), fits.as_slice()) {
                (Ok(selected), [one]) => assert!(std::ptr::eq(selected, *one)),
                (Err(_), [] | [_, _, ..]) => {}
                (selected, _) => panic!("{kid:?} {algorithm:?}: {selected:?} of {fits:?}"),
            }
        }
    }
});

const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
];

const MACS: [Algorithm; 3] = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
