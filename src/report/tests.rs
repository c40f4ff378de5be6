//! Every text of every event is a hostile host's, and none steers the terminal or looks like a line of ours.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;
use std::sync::{Arc, Mutex};

use super::{Report, Style, Terminal};
use crate::event::Event;

/// A line of ours, a screen that is cleared, a title, a text that runs backwards.
const EVIL: &str =
    "x\nweb1: 5 unchanged, 0 failed\r\n\u{1b}[2J\u{1b}]0;t\u{7}\u{9b}2J\u{85}\u{202e}\u{2066}\u{2028}\u{b}y";

/// `@` is the evil text, alone or in a row of them.
const EVENTS: &[&str] = &[
    r#"{"event":"started","protocol":1,"environment":"@","id":"@","plan":true,"states":18446744073709551615}"#,
    r#"{"event":"problem","problem":{"severity":"error","message":"@","label":"@","help":"@","state":"@",
        "place":{"file":"@","line":4294967295,"column":4294967295,"width":4294967295,"text":"@"},
        "also":[{"label":"@","place":{"file":"@","line":0,"column":0,"width":0,"text":"@"}},
                {"label":"@","place":{"file":"a","line":7,"column":3,"width":9,"text":"\t@\u00e4"}}]}}"#,
    r#"{"event":"problem","problem":{"severity":"warning","message":"@"}}"#,
    r#"{"event":"applying","number":1,"id":"@","function":"@","name":"@","sls":"@"}"#,
    r#"{"event":"state","number":18446744073709551615,"id":"@","function":"@","name":"@","sls":"@","outcome":"failed",
        "changes":[{"what":"@","from":"@","to":"@","diff":"@"},{"what":"@","diff":"+@"}],"comment":"@","help":"@",
        "output":"@","place":{"file":"@","line":1,"column":1,"width":1,"text":"@"},"duration":1e15}"#,
    r#"{"event":"state","number":1,"id":"a@","function":"@","name":"b","sls":"@","outcome":"changed","duration":0}"#,
    r#"{"event":"progress","message":"@"}"#,
    r#"{"event":"prepared"}"#,
    r#"{"event":"alive"}"#,
    r#"{"event":"releases","releases":[{"name":"@","commit":"@","current":true}]}"#,
    r#"{"event":"history","deploys":[{"at":"@","operator":"@","task":"@","release":"@","commit":"@","dirty":true,
        "failed":"@","duration":1}]}"#,
    r#"{"event":"status","status":{"release":{"name":"@","commit":"@","current":true},"health":{"fails":"@"},
        "converged":{"at":"@","changed":1,"failed":1},"locked":"@","maintenance":true,"draining":true,"reboot":true,
        "boot":"@","processes":[{"name":"@","state":"@","seconds":18446744073709551615,"memory":18446744073709551615}]}}"#,
    r#"{"event":"secrets","missing":["@"],"changed":["@"],"surplus":["@"]}"#,
    r#"{"event":"unknown","names":["@","@"]}"#,
    r#"{"event":"upgraded","packages":["@"]}"#,
    r#"{"event":"line","source":"@","text":"@"}"#,
    r#"{"event":"line","text":"@"}"#,
    r#"{"event":"note","message":"@"}"#,
    r#"{"event":"aborted","message":"@","help":"@","code":3}"#,
];

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn shown(event: &Event, hosts: &[&str]) -> String {
    let out = Shared::default();
    let mut terminal = Terminal::new(Box::new(out.clone()), Style { verbose: true, ..Style::default() });
    hosts.iter().for_each(|host| terminal.host(host));
    hosts.iter().for_each(|host| terminal.event(host, event));
    terminal.finish();
    let bytes = out.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

fn evil(text: &str) -> Event {
    let quoted = serde_json::to_string(EVIL).unwrap();
    serde_json::from_str(&text.replace('@', quoted.trim_matches('"'))).unwrap()
}

#[test]
fn nothing_that_a_host_says_looks_like_ours() {
    for text in EVENTS {
        for hosts in [&["web2"][..], &["web2", "web3"], &[EVIL]] {
            let said = shown(&evil(text), hosts);
            let odd: Vec<char> = said
                .chars()
                .filter(|letter| letter.is_control() || "\u{202e}\u{2066}\u{2028}".contains(*letter))
                .filter(|letter| !"\n\t".contains(*letter))
                .collect();
            assert!(odd.is_empty(), "{odd:?}: {said:?}");
            assert!(!said.lines().any(|line| line.starts_with("web1")), "{text}: {said}");
        }
    }
}

#[test]
fn a_problem_with_too_many_places_is_shown_in_part() {
    let also = r#"{"label":"l","place":{"file":"a","line":1,"column":1,"width":1,"text":"x"}}"#;
    let place = r#"{"file":"a","line":1,"column":1,"width":1,"text":"x"}"#;
    let many = vec![also; 20_000].join(",");
    let text = format!(
        "{{\"event\":\"problem\",\"problem\":{{\"severity\":\"error\",\"message\":\"m\",\"place\":{place},\"also\":[{many}]}}}}"
    );
    let begun = std::time::Instant::now();
    let said = shown(&evil(&text), &["web2"]);
    assert!(
        said.len() < 10_000 && begun.elapsed().as_secs() < 5,
        "{} bytes, {:?}",
        said.len(),
        begun.elapsed()
    );
}
