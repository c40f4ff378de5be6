//! Targets joined by `and`, `or`, `not` and parentheses, each with its way of matching: `G@os:Debian`.

use super::{Refusal, Subject};

/// So many node groups within one another are a circle.
const DEEPEST: usize = 20;

/// Whether the host is meant. Words are separated by spaces; `not` binds before `and`, `and` before `or`.
pub fn fits(subject: &Subject<'_>, target: &str) -> Result<bool, Refusal> {
    judge(subject, target, 0)
}

fn judge(subject: &Subject<'_>, target: &str, depth: usize) -> Result<bool, Refusal> {
    if depth > DEEPEST {
        return Err("node groups name one another in a circle".to_owned());
    }
    let words: Vec<&str> = target.split_whitespace().collect();
    let mut reader = Reader { subject, words: words.into_iter().peekable(), depth };
    let answer = reader.any()?;
    match reader.words.next() {
        None => Ok(answer),
        Some(word) => Err(format!("`{word}` in `{target}` stands where `and` or `or` must stand")),
    }
}

struct Reader<'a, 'b> {
    subject: &'a Subject<'a>,
    words: std::iter::Peekable<std::vec::IntoIter<&'b str>>,
    depth: usize,
}

impl Reader<'_, '_> {
    fn takes(&mut self, word: &str) -> bool {
        self.words.next_if(|next| *next == word).is_some()
    }

    fn any(&mut self) -> Result<bool, Refusal> {
        let mut answer = self.all()?;
        while self.takes("or") {
            answer |= self.all()?;
        }
        Ok(answer)
    }

    fn all(&mut self) -> Result<bool, Refusal> {
        let mut answer = self.one()?;
        // `a not b` is `a and not b`.
        while self.takes("and") || self.words.peek() == Some(&"not") {
            answer &= self.one()?;
        }
        Ok(answer)
    }

    fn one(&mut self) -> Result<bool, Refusal> {
        let mut no = false;
        while self.takes("not") {
            no = !no;
        }
        let word = self.words.next().ok_or("the target ends where a host must be named")?;
        let answer = match word {
            "(" => {
                self.depth += 1;
                if self.depth > DEEPEST {
                    return Err("parentheses are too deep".to_owned());
                }
                let answer = self.any()?;
                if !self.takes(")") {
                    return Err("a parenthesis is not closed; set it off by spaces".to_owned());
                }
                self.depth -= 1;
                answer
            }
            "and" | "or" | ")" => return Err(format!("`{word}` stands where a host must be named")),
            word => self.word(word)?,
        };
        Ok(answer != no)
    }

    fn word(&self, word: &str) -> Result<bool, Refusal> {
        let Some((engine, rest)) = word.split_once('@').filter(|(engine, _)| engine.len() == 1) else {
            return self.subject.is("glob", word);
        };
        let kind = match engine {
            "G" => "grain",
            "P" => "grain_pcre",
            "E" => "pcre",
            "I" => "pillar",
            "J" => "pillar_pcre",
            "L" => "list",
            "S" => "ipcidr",
            "N" => return judge(self.subject, &self.subject.group(rest)?, self.depth + 1),
            _ => return Err(format!("`{engine}@` in `{word}` is no way to match hosts")),
        };
        self.subject.is(kind, rest)
    }
}
