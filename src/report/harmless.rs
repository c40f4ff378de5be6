//! Texts of hosts and programs, made unable to steer the terminal that shows them.

/// Takes colours and cursor movements out; other control characters are shown as what they are.
pub fn harmless(text: &mut String) {
    let odd = |letter: char| letter.is_control() && letter != '\n' && letter != '\t';
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_host_says_cannot_steer_the_terminal() {
        for (text, shown) in [
            ("plain\ttext\n", "plain\ttext\n"),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}[2J\u{1b}[1;1Hgone", "gone"),
            ("\u{1b}]0;title\u{7}x", "\\u{1b}]0;title\\u{7}x"),
            ("10%\r20%\r\n", "10%20%\n"),
            ("cut \u{1b}[12", "cut "),
            ("\u{9b}31m", "\\u{9b}31m"),
        ] {
            let mut text = text.to_owned();
            harmless(&mut text);
            assert_eq!(text, shown);
        }
    }
}
