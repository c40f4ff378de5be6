//! Whether the site answers, asked as a visitor would: through Nginx, by its own name.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::event::Health;
use crate::facts::Facts;
use crate::fault::{Fault, Result};
use crate::host::Command;

use super::{Settings, web};

/// Asks until the site answers 200 or its time is up; the error says what it answered last.
pub fn check(settings: &Settings, facts: &Facts) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(settings.deploy.patience);
    loop {
        match health(settings, facts)? {
            Some(Health::Fails(said)) if Instant::now() > deadline => {
                return Err(Fault::new(said).help("see the end of the application's log"));
            }
            Some(Health::Fails(_)) => std::thread::sleep(Duration::from_millis(300)),
            None | Some(Health::Answers) => return Ok(()),
        }
    }
}

/// Whether the site answers 200 now; `None` where there is no site to ask.
pub fn health(settings: &Settings, facts: &Facts) -> Result<Option<Health>> {
    if web::is_here(settings, facts).unwrap_or(true) { asked(settings, facts) } else { Ok(None) }
}

/// The same of a balancer, which shows what the hosts behind it answer; `None` where there is none.
pub fn of_balancer(settings: &Settings, facts: &Facts) -> Result<Option<Health>> {
    let site = Path::new("/etc/nginx/sites-enabled").join(format!("{}.conf", settings.project));
    let fronts = facts.host().stat(&site)?.is_some() && !web::is_here(settings, facts)?;
    if fronts { asked(settings, facts) } else { Ok(None) }
}

fn asked(settings: &Settings, facts: &Facts) -> Result<Option<Health>> {
    let Some(domain) = &settings.domain else { return Ok(None) };
    if facts.host().which("curl")?.is_none() {
        return Err(Fault::new("there is no curl on the host to check the site with")
            .help("apply the base states first: `curl` is among their packages"));
    }
    let (scheme, port) = if settings.https { ("https", 443) } else { ("http", 80) };
    let url = format!("{scheme}://{domain}{}", settings.deploy.health);
    let command = Command::new([
        "curl",
        "--silent",
        "--show-error",
        "--insecure",
        "--max-time",
        "10",
        "--output",
        "/dev/null",
        "--write-out",
        "%{http_code}",
        "--resolve",
        &format!("{domain}:{port}:127.0.0.1"),
        "--",
        &url,
    ])
    .timeout(Duration::from_secs(15));
    let answer = facts.host().ask(&command)?;
    let code = answer.text();
    if answer.success() && code == "200" {
        return Ok(Some(Health::Answers));
    }
    let said = if answer.success() { format!("status {code}") } else { answer.errors().trim().to_owned() };
    Ok(Some(Health::Fails(format!("`{url}` does not answer as it should: {said}"))))
}
