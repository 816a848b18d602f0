//! Metadata documents that lie, told to the core by a provider in memory.

mod documents;
mod memory;
mod pinning;

const GUID: &str = "aaaabbbb-0000-cccc-1111-dddd2222eeee";
const OTHER: &str = "12345678-0000-cccc-1111-dddd2222eeee";
const CUSTOM: &str = "login.contoso.test";

/// The issuer of a tenant under its real names.
fn issuer_of(guid: &str) -> String {
    format!("https://{guid}.ciamlogin.com/{guid}/v2.0")
}
