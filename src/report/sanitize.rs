//! Texts of hosts and programs, made unable to steer the terminal that shows them.

/// Characters of a name that are shown.
const NAME: usize = 300;

/// Takes colours and cursor movements out; other control characters, and those that turn the direction of writing,
/// are shown as what they are. Lines stay lines.
pub fn sanitize(text: &mut String) {
    clean(text, |letter| letter == '\n');
}

/// The same for what stands in one line: it cannot look like the next one.
pub fn one_line(text: &mut String) {
    clean(text, |_| false);
}

/// One line that is no longer than names are.
pub fn name(text: &mut String) {
    one_line(text);
    if let Some((end, _)) = text.char_indices().nth(NAME) {
        text.truncate(end);
        text.push('…');
    }
}

/// Several lines, of which all but the first begin with this: none of them looks like one of ours.
pub fn indented(text: &str, by: &str) -> String {
    text.trim_end().replace('\n', &format!("\n{by}"))
}

fn clean(text: &mut String, allowed: fn(char) -> bool) {
    let odd = |letter: char| is_odd(letter) && !allowed(letter);
    if !text.contains(odd) {
        return;
    }
    let mut clean = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            // A carriage return goes with a progress display or a line from elsewhere.
            '\r' => {}
            '\u{1b}' if letters.next_if_eq(&'[').is_some() => {
                while letters.next().is_some_and(|letter| !('@'..='~').contains(&letter)) {}
            }
            letter if odd(letter) => clean.extend(letter.escape_default()),
            letter => clean.push(letter),
        }
    }
    *text = clean;
}

/// Control characters but tabs, marks that turn the direction of writing (UAX #9), and Unicode's own line ends.
fn is_odd(letter: char) -> bool {
    (letter.is_control() && letter != '\t')
        || matches!(
            letter,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_host_says_cannot_steer_the_terminal() {
        // As several lines, and as one.
        for (text, lines, line) in [
            ("plain\ttext\n", "plain\ttext\n", "plain\ttext\\n"),
            ("Grüße 🐘\u{200d}", "Grüße 🐘\u{200d}", "Grüße 🐘\u{200d}"),
            ("\u{1b}[31mred\u{1b}[0m", "red", "red"),
            ("\u{1b}[2J\u{1b}[1;1Hgone", "gone", "gone"),
            ("\u{1b}]0;title\u{7}x", "\\u{1b}]0;title\\u{7}x", "\\u{1b}]0;title\\u{7}x"),
            ("10%\r20%\r\n", "10%20%\n", "10%20%\\n"),
            ("cut \u{1b}[12", "cut ", "cut "),
            ("\u{9b}31m\u{85}", "\\u{9b}31m\\u{85}", "\\u{9b}31m\\u{85}"),
            ("a\nweb1: 5 unchanged", "a\nweb1: 5 unchanged", "a\\nweb1: 5 unchanged"),
            ("exe.\u{202e}txt\u{202c}", "exe.\\u{202e}txt\\u{202c}", "exe.\\u{202e}txt\\u{202c}"),
            ("\u{2066}x\u{2069}\u{200f}", "\\u{2066}x\\u{2069}\\u{200f}", "\\u{2066}x\\u{2069}\\u{200f}"),
            ("a\u{2028}b\u{b}", "a\\u{2028}b\\u{b}", "a\\u{2028}b\\u{b}"),
        ] {
            for (make, expected) in [(sanitize as fn(&mut String), lines), (one_line, line)] {
                let mut shown = text.to_owned();
                make(&mut shown);
                assert_eq!(shown, expected, "{text:?}");
                make(&mut shown);
                assert_eq!(shown, expected, "twice: {text:?}");
            }
        }
    }

    #[test]
    fn names_are_short_and_further_lines_are_set_off() {
        let mut long = "ä".repeat(NAME + 1);
        name(&mut long);
        assert_eq!(long, format!("{}…", "ä".repeat(NAME)));
        assert_eq!(indented("a\nb\n\nc\n", "  "), "a\n  b\n  \n  c");
    }
}
