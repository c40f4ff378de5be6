//! Shell patterns over names: `*`, `?` and `[…]`. Must not look at files.

/// Whether the whole text fits the pattern, as fnmatch has it: a `[` without its `]` stands for itself.
pub fn glob(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    fits(&pattern, &text)
}

fn fits(mut pattern: &[char], mut text: &[char]) -> bool {
    // Where to go on when a `*` has to swallow one more letter: only the last one ever needs to.
    let mut retry: Option<(&[char], &[char])> = None;
    loop {
        let step = match (pattern.split_first(), text.split_first()) {
            (Some(('*', rest)), _) => {
                retry = Some((rest, text));
                Some((rest, text))
            }
            (Some((wanted, rest)), Some((letter, after))) => {
                one(*wanted, rest, *letter).map(|rest| (rest, after))
            }
            (None, None) => return true,
            _ => None,
        };
        match (step, retry) {
            (Some(next), _) => (pattern, text) = next,
            (None, Some((rest, [_, after @ ..]))) => {
                retry = Some((rest, after));
                (pattern, text) = (rest, after);
            }
            (None, _) => return false,
        }
    }
}

/// What is left of the pattern after its next letter or class took this letter; `None` if it does not.
fn one(wanted: char, rest: &[char], letter: char) -> Option<&[char]> {
    match wanted {
        '?' => Some(rest),
        '[' => match class(rest, letter) {
            Some((true, rest)) => Some(rest),
            Some((false, _)) => None,
            None => (letter == '[').then_some(rest),
        },
        wanted => (wanted == letter).then_some(rest),
    }
}

/// Whether a letter is of the class that starts here, and what follows its `]`.
fn class(rest: &[char], letter: char) -> Option<(bool, &[char])> {
    let (negated, rest) = match rest {
        ['!' | '^', rest @ ..] => (true, rest),
        _ => (false, rest),
    };
    // A `]` that comes first is a letter of the class.
    let end = 1 + rest.iter().skip(1).position(|letter| *letter == ']')?;
    let (mut members, after) = rest.split_at_checked(end)?;
    let mut found = false;
    loop {
        members = match members {
            [from, '-', to, more @ ..] => {
                found |= (*from..=*to).contains(&letter);
                more
            }
            [member, more @ ..] => {
                found |= *member == letter;
                more
            }
            [] => return Some((found != negated, after.get(1..)?)),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn patterns_are_those_of_the_shell() {
        for (pattern, text, expected) in [
            ("1.2*", "1.22-3", true),
            ("1.2*", "11.2", false),
            ("*", "", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
            ("?.[0-9]", "1.5", true),
            ("[!0-9]x", "ax", true),
            ("[!0-9]x", "1x", false),
            ("[]]", "]", true),
            ("[ab", "[ab", true),
            ("", "", true),
            ("", "x", false),
            ("ü?", "üß", true),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
        let slow = "a*".repeat(50);
        assert!(!glob(&slow, &"a".repeat(2_000).replace("aa", "ab")[..40]));
    }
}
