//! The content security policy of the page: nothing from elsewhere, and no script that the page did not come with.
//!
//! The page has a few short scripts of its own in its HTML, one of them written by the program that builds it.
//! They are allowed by their hashes, which are taken from the very file that is served.

use axum::http::HeaderValue;
use data_encoding::BASE64;
use ring::digest::{SHA256, digest};

/// The worker compiles WebAssembly and follows the relay; a policy holds for it by its own file's headers.
const BEFORE_HASHES: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'";
const BEHIND_HASHES: &str = "; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; \
     connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";

/// The policy for the page.
pub(super) fn policy(html: &str) -> HeaderValue {
    let hashes: String = inline_scripts(html)
        .map(|script| {
            let hash = BASE64.encode(digest(&SHA256, script.as_bytes()).as_ref());
            format!(" 'sha256-{hash}'")
        })
        .collect();
    let policy = format!("{BEFORE_HASHES}{hashes}{BEHIND_HASHES}");
    HeaderValue::from_str(&policy)
        .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}

/// What stands between the tags of scripts that have no address.
fn inline_scripts(html: &str) -> impl Iterator<Item = &str> {
    html.split("<script").skip(1).filter_map(|rest| {
        let (tag, rest) = rest.split_once('>')?;
        let (script, _) = rest.split_once("</script")?;
        (!tag.contains("src=")).then_some(script)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_in_the_page_are_found_and_files_are_not() {
        let html = "<script>a()</script><script src=\"/b.js\"></script>\n<script type=\"module\">\nc\n</script>";

        let found: Vec<&str> = inline_scripts(html).collect();

        assert_eq!(found, ["a()", "\nc\n"]);
    }

    #[test]
    fn a_script_is_allowed_by_its_hash_and_nothing_is_evaluated() {
        let policy = policy("<script>alert('Hello, world.');</script>");

        let policy = policy.to_str().unwrap();
        // The example of the standard.
        assert!(policy.contains("'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"));
        assert!(!policy.contains("unsafe-inline") && !policy.contains(" 'unsafe-eval'"));
    }
}
