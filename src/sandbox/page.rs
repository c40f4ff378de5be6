//! The page of a site on a sandbox, fetched from outside as a visitor's browser would.

use std::net::Ipv4Addr;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Fetches a page by the site's own name over HTTPS or HTTP, whatever its certificate. Gives the status and
/// the body.
pub fn fetch(address: Ipv4Addr, domain: &str, https: bool, path: &str) -> Result<(u16, String)> {
    let (scheme, port) = if https { ("https", 443) } else { ("http", 80) };
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--insecure", "--max-time", "20", "--write-out", "\n%{http_code}"])
        .args(["--resolve", &format!("{domain}:{port}:{address}"), "--"])
        .arg(format!("{scheme}://{domain}{path}"))
        .stdin(Stdio::null())
        .output()
        .context("cannot start curl; install it: apt-get install curl")?;
    if !output.status.success() {
        bail!("the site does not answer: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (body, status) = text.rsplit_once('\n').unwrap_or(("", text.as_str()));
    Ok((status.parse().context("curl gave no status")?, body.to_owned()))
}
