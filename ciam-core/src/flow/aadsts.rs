//! What a developer should do about an error number of Microsoft's service.
//!
//! Program logic does not depend on these numbers, which Microsoft may change, with two
//! exceptions: only the log does.
//!
//! Source: <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>

/// The user signed up a moment ago, and the policies have not heard of it yet. Nothing else
/// in the answer tells it apart from a grant that has ended.
pub(crate) const TOO_NEW: u32 = 131_010;

/// The service throttles a client that asks in a loop, and the grant stays good; nothing
/// else in the answer says so.
pub(crate) const CLIENT_LOOP: u32 = 50_196;

/// The first `AADSTS` number in a provider's description.
pub(crate) fn number(description: &str) -> Option<u32> {
    let (_, rest) = description.split_once("AADSTS")?;
    let digits = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    rest[..digits].parse().ok()
}

/// The remedy for an error number.
pub(crate) fn advice(number: u32) -> Option<&'static str> {
    let (_, advice) = ADVICE
        .iter()
        .find(|(numbers, _)| numbers.contains(&number))?;
    Some(advice)
}

/// Wording of our own; the numbers are Microsoft's.
const ADVICE: &[(&[u32], &str)] = &[
    (
        &[16000],
        "the account is not in this tenant: let the user pick another account",
    ),
    (
        &[28002, 28003, 70011],
        "a scope is invalid or empty: check CIAM_SCOPES",
    ),
    (
        &[50001, 500_011],
        "a scope names a resource that is not in this tenant: check CIAM_SCOPES",
    ),
    (
        &[50011],
        "the redirect URI is not registered: add the callback address printed at start to the \
         application's Web platform, letter by letter",
    ),
    (
        &[50020],
        "the account is from another tenant: sign in with an account of this one",
    ),
    (
        &[500_207, 500_208],
        "the account type does not fit the authority: use the ciamlogin.com address of the tenant",
    ),
    (
        &[500_210],
        "a custom domain cannot be the tenant in the path: set CIAM_TENANT_ID or use the GUID",
    ),
    (&[50034], "there is no such account in this tenant"),
    (
        &[50053],
        "the account is locked or the address is blocked: wait, or unlock it",
    ),
    (&[50057], "the account is disabled"),
    (
        &[50058],
        "nobody is signed in at the provider and prompt=none forbids asking",
    ),
    (
        &[50059, 50128, 90002],
        "the tenant was not found: check the spelling of CIAM_AUTHORITY",
    ),
    (&[50089], "the sign-in page was open too long: start again"),
    (
        &[50105],
        "the user is not assigned to the application: assign, or do not require it",
    ),
    (
        &[50146, 501_461],
        "mapped claims are not accepted: set acceptMappedClaims in the application's manifest",
    ),
    (
        &[50147, 501_491, 50148, 501_481, 50149],
        "the PKCE verifier does not fit the challenge: is the callback answered by an instance \
         with another CIAM_COOKIE_SECRET?",
    ),
    (
        &[50194],
        "the application has a single tenant: name it in CIAM_AUTHORITY",
    ),
    (
        &[50196],
        "too many sign-ins in a loop: is the session cookie kept by the browser?",
    ),
    (
        &[53003, 530_032],
        "a Conditional Access policy blocks this sign-in",
    ),
    (
        &[54005],
        "the code was used before: the callback was called twice",
    ),
    (
        &[65001, 90094],
        "nobody consented: grant admin consent in the application's API permissions",
    ),
    (&[65004], "the user declined to consent"),
    (
        &[65005, 650_056, 650_057],
        "a permission is missing: add it and grant admin consent",
    ),
    (
        &[70000, 70008, 700_082, 50132, 50133, 50173],
        "the grant expired or was revoked: sign in",
    ),
    (
        &[70001, 700_011, 700_016],
        "the application is unknown in this tenant: check CIAM_CLIENT_ID and CIAM_AUTHORITY",
    ),
    (
        &[7_000_215],
        "the client secret is wrong: paste the secret's value, not its id, into \
         CIAM_CLIENT_SECRET",
    ),
    (
        &[7_000_222],
        "the client secret has expired: make a new one",
    ),
    (
        &[7_000_218],
        "the application needs a secret (set CIAM_CLIENT_SECRET), or \"Allow public client \
         flows\" must be on",
    ),
    (
        &[700_025],
        "the application is a public client: remove CIAM_CLIENT_SECRET, or register the redirect \
         URI under the Web platform",
    ),
    (
        &[700_054, 70005],
        "the response type is not enabled for the application",
    ),
    (
        &[70007],
        "the response mode is not supported: check CIAM_RESPONSE_MODE",
    ),
    (
        &[90014, 900_144],
        "a parameter is missing: does CIAM_AUTHORITY lead to a v2.0 endpoint?",
    ),
    (
        &[90015],
        "the request is too long: shorten return_to or the hints",
    ),
    (&[90033, 90055], "the service is busy: try again later"),
    (
        &[9_002_325, 9_002_326, 9_002_327],
        "register the redirect URI under Web, not under SPA",
    ),
    (
        &[900_971],
        "no redirect URI is registered: add the callback address printed at start",
    ),
    (
        &[131_010],
        "the first redemption after sign-up failed: signing in once more works",
    ),
    (
        &[399_284],
        "the issuer of the federated provider does not match its configuration",
    ),
    (
        &[901_011, 901_012, 901_014],
        "the federated provider sends no verified e-mail: map it",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_read_from_the_description() {
        assert_eq!(
            number("AADSTS7000215: Invalid client secret"),
            Some(7_000_215)
        );
        assert_eq!(number("see AADSTS50011"), Some(50011));
        assert_eq!(number("AADSTS: none"), None);
        assert_eq!(number("AADSTS99999999999999999999: too long"), None);
        assert_eq!(number("invalid_grant"), None);
    }

    #[test]
    fn every_number_has_one_advice() {
        let mut seen = std::collections::HashSet::new();
        for number in ADVICE.iter().flat_map(|(numbers, _)| *numbers) {
            assert!(seen.insert(number), "{number} is there twice");
        }
        assert!(advice(7_000_215).is_some_and(|a| a.contains("value, not its id")));
        assert_eq!(advice(1), None);
    }
}
