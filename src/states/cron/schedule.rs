//! When a job runs, as a state says it: fields of a crontab, `random`, ranges to choose from.

use sha2::{Digest, Sha256};

/// The fields with their smallest and greatest values.
const FIELDS: [(&str, u32, u32); 5] =
    [("minute", 0, 59), ("hour", 0, 23), ("daymonth", 1, 28), ("month", 1, 12), ("dayweek", 0, 6)];

/// What there is to choose from, where a field leaves a choice.
fn choice(field: usize, wanted: &str) -> Option<(u32, u32)> {
    let (_, least, most) = FIELDS.get(field)?;
    if wanted == "random" {
        return Some((*least, *most));
    }
    let (from, to) = wanted.split_once(':')?;
    let (from, to) = (from.parse().ok()?, to.parse().ok()?);
    Some(if from <= to { (from, to) } else { (to, from) })
}

/// The five fields for what is wanted, given those that a crontab has now. A choice once made stays. One
/// that is new follows from the seed, so that a dry run and the run after it agree, and hosts differ.
pub fn settle(wanted: &[String; 5], now: Option<&[String; 5]>, seed: &str) -> [String; 5] {
    let mut settled = wanted.clone();
    for (field, slot) in settled.iter_mut().enumerate() {
        let Some((from, to)) = choice(field, slot) else { continue };
        let current = now.and_then(|now| now.get(field));
        let kept = current.filter(|current| {
            if slot == "random" {
                return *current != "*";
            }
            current.parse::<u32>().is_ok_and(|current| (from..=to).contains(&current))
        });
        *slot = kept.cloned().unwrap_or_else(|| pick(from, to, &format!("{seed}\n{field}")).to_string());
    }
    settled
}

fn pick(from: u32, to: u32, seed: &str) -> u32 {
    let digest = Sha256::digest(seed.as_bytes());
    let number = digest.first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes));
    from + number % (to - from).saturating_add(1)
}

/// What is wrong with a field, if something is.
pub fn problem(wanted: &[String; 5]) -> Option<String> {
    let good = |letter: char| letter.is_ascii_alphanumeric() || "*/,-:~".contains(letter);
    let bad = wanted.iter().zip(FIELDS).find(|(text, _)| text.is_empty() || !text.chars().all(good));
    bad.map(|(text, (name, ..))| format!("`{name}` cannot be `{text}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_made_once_and_differs_between_seeds() {
        let fields = |text: &str| -> [String; 5] {
            let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
            words.try_into().unwrap()
        };
        let wanted = fields("random 2:4 * random 1");
        let first = settle(&wanted, None, "host a");
        assert_eq!(settle(&wanted, Some(&first), "host b"), first);
        assert_eq!(settle(&wanted, None, "host a"), first);
        assert!((0..40).any(|n| settle(&wanted, None, &n.to_string()) != first));
        assert!(["2", "3", "4"].contains(&first[1].as_str()) && first[2] == "*" && first[4] == "1");
        assert_eq!(settle(&wanted, Some(&fields("7 9 * 3 1")), "host a")[0], "7");
        assert_ne!(settle(&wanted, Some(&fields("7 9 * 3 1")), "host a")[1], "9");
    }
}
