//! Shell patterns as Python's fnmatch has them: `*` also matches `/`. Knows nothing of files or states.

/// Whether a text holds any of the characters that make it a pattern.
pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// Whether the whole text fits the pattern.
pub fn fits(pattern: &str, text: &str) -> bool {
    Pattern::new(pattern).fits(text)
}

/// A pattern that many texts are held against.
pub struct Pattern(Vec<Part>);

impl Pattern {
    pub fn new(pattern: &str) -> Self {
        Self(parts(pattern))
    }

    /// Whether the whole text fits.
    pub fn fits(&self, text: &str) -> bool {
        let mut at = 0;
        let mut rest = text.chars();
        // Where the last star stood and what it has left: on a mismatch it takes one more.
        let mut star: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            let mut next = rest.clone();
            let Some(char) = next.next() else { break };
            match self.0.get(at) {
                Some(Part::Star) => {
                    star = Some((at, rest.clone()));
                    at += 1;
                    continue;
                }
                Some(part) if part.takes(char) => {
                    at += 1;
                    rest = next;
                    continue;
                }
                _ => {}
            }
            let Some((stood, left)) = &mut star else { return false };
            left.next();
            rest = left.clone();
            at = *stood + 1;
        }
        self.0.get(at..).unwrap_or_default().iter().all(|part| matches!(part, Part::Star))
    }
}

/// What stands before the first character that makes it a pattern.
pub fn prefix(pattern: &str) -> &str {
    pattern.find(['*', '?', '[']).and_then(|end| pattern.get(..end)).unwrap_or(pattern)
}

/// What stands behind the last character that makes it a pattern.
pub fn suffix(pattern: &str) -> &str {
    pattern.rfind(['*', '?', '[', ']']).and_then(|end| pattern.get(end + 1..)).unwrap_or(pattern)
}

enum Part {
    Star,
    Any,
    One(char),
    /// Ranges, and whether they are those that must not be.
    Set(Vec<(char, char)>, bool),
}

impl Part {
    fn takes(&self, char: char) -> bool {
        match self {
            Self::Star | Self::Any => true,
            Self::One(one) => *one == char,
            Self::Set(ranges, not) => ranges.iter().any(|(from, to)| (*from..=*to).contains(&char)) != *not,
        }
    }
}

fn parts(pattern: &str) -> Vec<Part> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut parts = Vec::new();
    let mut at = 0;
    // Behind the last of these no bracket is closed, and looking for it from each would take long.
    let last = chars.iter().rposition(|char| *char == ']').unwrap_or(0);
    while let Some(char) = chars.get(at) {
        at += 1;
        parts.push(match char {
            '*' => Part::Star,
            '?' => Part::Any,
            '[' if at > last => Part::One('['),
            '[' => match set(chars.get(at..).unwrap_or_default()) {
                Some((set, length)) => {
                    at += length;
                    set
                }
                None => Part::One('['),
            },
            char => Part::One(*char),
        });
    }
    parts
}

/// What follows a `[`: the set and its length with the `]`; `None` if it is not closed.
fn set(chars: &[char]) -> Option<(Part, usize)> {
    let not = chars.first() == Some(&'!');
    let start = usize::from(not);
    // A `]` that comes first is one of the characters.
    let end = chars.iter().enumerate().skip(start + 1).find(|(_, char)| **char == ']').map(|(at, _)| at)?;
    let mut ranges = Vec::new();
    let mut inside = chars.get(start..end).unwrap_or_default();
    while let Some((first, rest)) = inside.split_first() {
        let (last, rest) = match rest {
            ['-', last, rest @ ..] => (last, rest),
            rest => (first, rest),
        };
        ranges.push((*first, *last));
        inside = rest;
    }
    Some((Part::Set(ranges, not), end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_as_fnmatch_has_it() {
        for (pattern, text) in [
            ("*", ""),
            ("*", "web1.example.com"),
            ("web*", "web1"),
            ("/etc/*/x", "/etc/a/b/x"),
            ("w?b", "wéb"),
            ("web[0-9]", "web7"),
            ("web[!0-9]", "webx"),
            ("[]]", "]"),
            ("[", "["),
            ("a*b*c", "aXbYbZc"),
            ("a-[b-]", "a--"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("", "a"), ("web?", "web"), ("web[!0-9]", "web7"), ("a*b", "ac"), ("ab", "abc")]
        {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
        assert_eq!((prefix("/etc/n*"), prefix("abc")), ("/etc/n", "abc"));
        assert_eq!((suffix("*.conf"), suffix("a[0-9]b"), suffix("abc")), (".conf", "b", "abc"));
    }

    #[test]
    fn many_stars_take_no_exponential_time() {
        assert!(!fits(&"a*".repeat(50), &"a".repeat(40)));
        assert!(!fits(&format!("{}b", "*a".repeat(30)), &"a".repeat(5000)));
        assert!(!fits(&"[".repeat(300_000), "a"));
        assert!(fits(&format!("[{}]", "a".repeat(300_000)), "a"));
    }
}
