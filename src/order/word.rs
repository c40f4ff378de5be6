//! What the operator's side says in the middle of a run, where hosts wait for one another.

use std::collections::BTreeMap;
use std::io::{BufRead, Read};

use serde::{Deserialize, Serialize};

use super::LARGEST;
use crate::facts::Grains;

/// A line of JSON on standard input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// The facts of all hosts, after `Event::Facts` of this one.
    Facts(BTreeMap<String, Grains>),
    /// It is this host's turn, after `Event::Prepared`.
    Go,
    /// The host shall stay as it is, for this reason.
    Leave(String),
}

impl Word {
    /// As it is sent.
    pub fn line(&self) -> Vec<u8> {
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }

    /// Waits for the next one. `None`: nobody is there any more.
    pub fn read(input: &mut dyn BufRead) -> Option<Self> {
        let mut line = Vec::new();
        input.take(LARGEST).read_until(b'\n', &mut line).ok()?;
        serde_json::from_slice(&line).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_arrive_until_nobody_speaks() {
        let said = [Word::Go, Word::Leave("since `a`\nfailed".to_owned())];
        let bytes: Vec<u8> = said.iter().flat_map(Word::line).collect();
        let mut input = bytes.as_slice();
        assert_eq!(Word::read(&mut input), Some(said[0].clone()));
        assert_eq!(Word::read(&mut input), Some(said[1].clone()));
        assert_eq!(Word::read(&mut input), None);
    }
}
