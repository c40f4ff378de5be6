//! Versions of Python packages and what a requirement asks of them (PEP 440). Must not touch the host.

use std::cmp::Ordering;

/// A version in the form in which versions are compared.
#[derive(Clone, Debug)]
pub struct Version {
    epoch: u64,
    release: Vec<u64>,
    /// `a`, `b` or `rc` with its number.
    pre: Option<(u8, u64)>,
    post: Option<u64>,
    dev: Option<u64>,
    local: Vec<Part>,
}

/// Numbers come after words in a local version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Word(String),
    Number(u64),
}

impl Version {
    /// Reads a version, normalised or not (`1.0-RC1`, `v2`, `1.0.post1`).
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let text = text.strip_prefix('v').unwrap_or(&text);
        let (public, local) =
            text.split_once('+').map_or((text, None), |(public, local)| (public, Some(local)));
        let (epoch, rest) = match public.split_once('!') {
            Some((epoch, rest)) => (epoch.parse().ok()?, rest),
            None => (0, public),
        };
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (numbers, suffix) = rest.split_at(end);
        let release = numbers.trim_end_matches('.').split('.').map(|number| number.parse().ok());
        let mut version = Self {
            epoch,
            release: release.collect::<Option<Vec<u64>>>()?,
            pre: None,
            post: None,
            dev: None,
            local: local.map(parts).unwrap_or_default(),
        };
        version.suffix(suffix)?;
        Some(version)
    }

    /// Takes `rc1`, `.post2`, `-3`, `.dev4` in turn.
    fn suffix(&mut self, mut rest: &str) -> Option<()> {
        const WORDS: [(&str, char, u8); 10] = [
            ("alpha", 'p', 0),
            ("beta", 'p', 1),
            ("preview", 'p', 2),
            ("pre", 'p', 2),
            ("rc", 'p', 2),
            ("post", 't', 0),
            ("rev", 't', 0),
            ("dev", 'd', 0),
            ("a", 'p', 0),
            ("b", 'p', 1),
        ];
        const SHORT: [(&str, char, u8); 2] = [("c", 'p', 2), ("r", 't', 0)];
        while !rest.is_empty() {
            let bare = rest.trim_start_matches(['.', '-', '_']);
            let word = WORDS.iter().chain(&SHORT).find(|(word, ..)| bare.starts_with(word));
            let (kind, rank, after) = match word {
                Some((word, kind, rank)) => (*kind, *rank, bare.strip_prefix(word)?),
                // `1.0-1` is a post-release.
                None if rest.starts_with('-') && bare.starts_with(|c: char| c.is_ascii_digit()) => {
                    ('t', 0, bare)
                }
                None => return None,
            };
            let number = after.trim_start_matches(['.', '-', '_']);
            let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
            let (digits, tail) = number.split_at(end);
            let (value, tail) = if digits.is_empty() { (0, after) } else { (digits.parse().ok()?, tail) };
            match kind {
                'p' if self.pre.is_none() && self.post.is_none() && self.dev.is_none() => {
                    self.pre = Some((rank, value))
                }
                't' if self.post.is_none() && self.dev.is_none() => self.post = Some(value),
                'd' if self.dev.is_none() => self.dev = Some(value),
                _ => return None,
            }
            rest = tail;
        }
        Some(())
    }

    pub fn is_prerelease(&self) -> bool {
        self.pre.is_some() || self.dev.is_some()
    }

    /// The release without zeros at its end.
    fn significant(&self) -> &[u64] {
        let end = self.release.iter().rposition(|number| *number != 0).map_or(0, |at| at + 1);
        self.release.get(..end).unwrap_or_default()
    }

    /// Everything but the local part, as a value whose order is PEP 440's: a development release comes
    /// first, then pre-releases, the release, post-releases.
    fn public(&self) -> impl Ord {
        let pre = match (self.pre, self.post, self.dev) {
            (None, None, Some(_)) => (0, 0, 0),
            (Some((rank, number)), ..) => (1, rank, number),
            (None, ..) => (2, 0, 0),
        };
        let post = self.post.map_or((0, 0), |number| (1, number));
        let dev = self.dev.map_or((1, 0), |number| (0, number));
        (self.epoch, self.significant().to_vec(), pre, post, dev)
    }

    fn same_public(&self, other: &Self) -> bool {
        self.public().cmp(&other.public()).is_eq()
    }

    /// `1.4.2` starts with `1.4`, also where the former is just `1.4` or `1`.
    fn starts_with(&self, epoch: u64, release: &[u64]) -> bool {
        let padded = self.release.iter().copied().chain(std::iter::repeat(0));
        self.epoch == epoch && padded.zip(release).all(|(is, wanted)| is == *wanted)
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.public().cmp(&other.public()).then_with(|| self.local.cmp(&other.local))
    }
}

fn parts(local: &str) -> Vec<Part> {
    let part = |text: &str| text.parse().map_or_else(|_| Part::Word(text.to_owned()), Part::Number);
    local.split(['.', '-', '_']).map(part).collect()
}

/// One condition: `>=1.2`, `==1.4.*`, `~=2.2`, `===1.0`.
#[derive(Clone, Debug)]
pub enum Specifier {
    /// An operator and a version.
    Compare(Operator, Version),
    /// `==1.4.*`, or with `false` `!=1.4.*`.
    Prefix { epoch: u64, release: Vec<u64>, is: bool },
    /// `===`: the same text.
    Text(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Equal,
    Different,
    AtMost,
    AtLeast,
    Less,
    More,
    Compatible,
}

impl Specifier {
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(exact) = text.strip_prefix("===") {
            return Some(Self::Text(exact.trim().to_ascii_lowercase()));
        }
        const OPERATORS: [(&str, Operator); 7] = [
            ("==", Operator::Equal),
            ("!=", Operator::Different),
            ("<=", Operator::AtMost),
            (">=", Operator::AtLeast),
            ("~=", Operator::Compatible),
            ("<", Operator::Less),
            (">", Operator::More),
        ];
        let (operator, version) = OPERATORS
            .iter()
            .find_map(|(sign, operator)| Some((*operator, text.strip_prefix(sign)?.trim())))?;
        if let Some(prefix) = version.strip_suffix(".*") {
            let version = Version::parse(prefix)?;
            let is = match operator {
                Operator::Equal => true,
                Operator::Different => false,
                _ => return None,
            };
            return Some(Self::Prefix { epoch: version.epoch, release: version.release, is });
        }
        let version = Version::parse(version)?;
        if operator == Operator::Compatible && version.release.len() < 2 {
            return None;
        }
        Some(Self::Compare(operator, version))
    }

    pub fn admits(&self, version: &Version, text: &str) -> bool {
        match self {
            Self::Text(exact) => text.to_ascii_lowercase() == *exact,
            Self::Prefix { epoch, release, is } => version.starts_with(*epoch, release) == *is,
            Self::Compare(operator, wanted) => compare(*operator, version, wanted),
        }
    }
}

fn compare(operator: Operator, version: &Version, wanted: &Version) -> bool {
    // A local part counts only where the requirement has one too.
    let equal = if wanted.local.is_empty() { version.same_public(wanted) } else { version == wanted };
    let same_release = version.epoch == wanted.epoch && version.significant() == wanted.significant();
    let order = version.public().cmp(&wanted.public());
    match operator {
        Operator::Equal => equal,
        Operator::Different => !equal,
        Operator::AtMost => order.is_le(),
        Operator::AtLeast => order.is_ge(),
        // `<3.0` does not admit 3.0rc1, `>1.7` not 1.7.post1 nor 1.7+local.
        Operator::Less => {
            order.is_lt() && !(same_release && version.is_prerelease() && !wanted.is_prerelease())
        }
        Operator::More => order.is_gt() && !(same_release && version.post.is_some() && wanted.post.is_none()),
        Operator::Compatible => {
            let prefix = wanted.release.get(..wanted.release.len().saturating_sub(1)).unwrap_or_default();
            order.is_ge() && version.starts_with(wanted.epoch, prefix)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_stand_in_the_order_of_the_pep() {
        let ordered = [
            "1.0.dev456",
            "1.0a1",
            "1.0a2.dev456",
            "1.0a12.dev456",
            "1.0a12",
            "1.0b1.dev456",
            "1.0b2",
            "1.0b2.post345.dev456",
            "1.0b2.post345",
            "1.0rc1.dev456",
            "1.0rc1",
            "1.0",
            "1.0+abc.5",
            "1.0+abc.7",
            "1.0+5",
            "1.0.post456.dev34",
            "1.0.post456",
            "1.0.15",
            "1.1.dev1",
            "1.10",
            "1!0.1",
        ];
        for (at, one) in ordered.iter().enumerate() {
            for (than, other) in ordered.iter().enumerate() {
                let found = Version::parse(one).unwrap().cmp(&Version::parse(other).unwrap());
                assert_eq!(found, at.cmp(&than), "{one} {other}");
            }
        }
    }

    #[test]
    fn ways_to_write_one_version() {
        let table = [
            ("1.0", "1"),
            ("1.0", "v1.0.0"),
            ("1.1rc1", "1.1.RC1"),
            ("1.1rc1", "1.1-c1"),
            ("1.1a0", "1.1alpha"),
            ("1.0.post1", "1.0-1"),
            ("1.0.post2", "1.0.rev2"),
            ("1.0.post0", "1.0.post"),
            ("1.0.dev0", "1.0dev"),
            ("1.0rc1", "1.0-preview_1"),
            ("1.0+ubuntu.1", "1.0+ubuntu-1"),
        ];
        for (one, other) in table {
            assert_eq!(Version::parse(one).unwrap(), Version::parse(other).unwrap(), "{one} {other}");
        }
        for wrong in ["", "abc", "1.0x", "1..0", "1.0rc1rc2", "1.0.dev1.post1"] {
            assert!(Version::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn specifiers_admit_what_the_pep_says() {
        let table = [
            ("==1.1", "1.1", true),
            ("==1.1", "1.1.0", true),
            ("==1.1", "1.1.post1", false),
            ("==1.1.*", "1.1.post1", true),
            ("==1.1", "1.1+local", true),
            ("==1.1+other", "1.1+local", false),
            ("==1.1.*", "1.1a1", true),
            ("==1.*", "2.0", false),
            ("!=1.1.*", "1.1.2", false),
            ("!=1.1", "1.1.post1", true),
            (">=1.2", "1.10", true),
            ("<=1.2", "1.2+local", true),
            (">1.7", "1.7.1", true),
            (">1.7", "1.7.0.post1", false),
            (">1.7", "1.7+local", false),
            (">1.7.post2", "1.7.post3", true),
            ("<3.0", "3.0rc1", false),
            ("<3.0rc2", "3.0rc1", true),
            ("<3", "2.9.9", true),
            ("~=2.2", "2.9", true),
            ("~=2.2", "3.0", false),
            ("~=1.4.5", "1.4.9", true),
            ("~=1.4.5", "1.5", false),
            ("~=2.2.post3", "2.2.post2", false),
            ("===1.0", "1.0", true),
            ("===1.0", "1.0.0", false),
        ];
        for (specifier, version, expected) in table {
            let found =
                Specifier::parse(specifier).unwrap().admits(&Version::parse(version).unwrap(), version);
            assert_eq!(found, expected, "{version} {specifier}");
        }
        for wrong in ["1.0", "=1.0", "~=1", ">=1.*", ">=abc", ""] {
            assert!(Specifier::parse(wrong).is_none(), "{wrong}");
        }
    }
}
