//! How a run ended for each of several hosts, told together when all have come to their end.

use std::collections::BTreeMap;

use super::Style;
use super::terminal::{BOLD, RED};

#[derive(Default)]
pub struct Sum {
    ends: BTreeMap<String, String>,
    /// Told at once, too; no reason for a sum by themselves.
    aborted: BTreeMap<String, String>,
}

impl Sum {
    pub fn end(&mut self, host: &str, line: &str) {
        self.ends.insert(host.to_owned(), line.to_owned());
    }

    pub fn abort(&mut self, host: &str, message: &str) {
        self.aborted.insert(host.to_owned(), message.lines().next().unwrap_or_default().to_owned());
    }

    /// A line for each host, in this order; empty where there is nothing to sum up.
    pub fn text(&self, order: &[String], style: Style) -> String {
        if self.ends.is_empty() {
            return String::new();
        }
        let width = order.iter().map(|host| host.chars().count()).max().unwrap_or(0);
        let mut text = "\n".to_owned();
        for host in order {
            let aborted = || self.aborted.get(host).map(|message| style.paint(RED, message));
            if let Some(end) = self.ends.get(host).cloned().or_else(aborted) {
                let name = style.paint(BOLD, &format!("{host:<width$}"));
                text.push_str(&format!("{name}  {end}\n"));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_has_its_line() {
        let order = ["web1", "a", "b"].map(str::to_owned);
        let mut sum = Sum::default();
        sum.abort("a", "left as it was, since `web1` failed\nmore");
        assert_eq!(sum.text(&order, Style::default()), "");
        sum.end("web1", "2 changed");
        assert_eq!(
            sum.text(&order, Style::default()),
            "\nweb1  2 changed\na     left as it was, since `web1` failed\n"
        );
    }
}
