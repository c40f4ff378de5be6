//! Values that have a form of their own: names, ports, sizes, lengths of time. Each says in its error what it would
//! take. Must not know which key takes which.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::address;
use super::settings::{Field, Setting};

/// Declares a text that is only taken in one form.
macro_rules! form {
    ($(#[$meta:meta])* $name:ident, $kind:literal, $wrong:expr) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        pub struct $name(pub String);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                let wrong: fn(&str) -> Option<String> = $wrong;
                match wrong(&text) {
                    Some(wrong) => Err(D::Error::custom(wrong)),
                    None => Ok(Self(text)),
                }
            }
        }

        impl Setting for $name {
            fn kind() -> String {
                $kind.to_owned()
            }
        }

        impl std::ops::Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

form!(
    /// The name of a site, as RFC 1123, 2.1 has it.
    Domain,
    "a host name",
    |text| address::wrong_name(text)
);
form!(
    /// A path of the site.
    UrlPath,
    "a path that begins with `/`",
    |text| (!text.starts_with('/') || text.contains(char::is_whitespace))
        .then(|| format!("`{text}` is not a path of the site: begin it with a slash, as in `/health/`"))
);
form!(
    /// What Nginx takes for a size (nginx.org, "Configuration file measurement units").
    Size,
    "a size such as `20m`",
    |text| {
        let digits = text.strip_suffix(['k', 'K', 'm', 'M', 'g', 'G']).unwrap_or(text);
        (digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| format!("`{text}` is not a size: write a number and `k`, `m` or `g`, as in `20m`"))
    }
);
form!(
    /// A length of time of fail2ban's: numbers with a unit, `-1` for ever.
    Span,
    "a length of time such as `10m`",
    |text| {
        let rest = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let unit = matches!(rest, "" | "s" | "m" | "h" | "d" | "w" | "mo" | "y");
        (text != "-1" && (rest.len() == text.len() || !unit)).then(|| {
            format!("`{text}` is not a length of time: write a number and `s`, `m`, `h`, `d` or `w`, as in `10m`")
        })
    }
);
form!(
    /// A time of day.
    Clock,
    "a time of day such as `'04:00'`",
    |text| {
        let time = text.split_once(':').and_then(|(hour, minute)| {
            Some((hour.parse::<u8>().ok()?, minute.parse::<u8>().ok().filter(|_| minute.len() == 2)?))
        });
        (!time.is_some_and(|(hour, minute)| hour < 24 && minute < 60))
            .then(|| format!("`{text}` is not a time of day: write it in quotes, as in `'04:00'`"))
    }
);
form!(
    /// The name of a variable in a process environment (POSIX, 8.1).
    Variable,
    "a name",
    |text| wrong_variable(text)
);
form!(
    /// A port, or a range of them as ufw has it.
    Ports,
    "a port, or a range such as `6000:6010`",
    |text| {
        let is_port = |text: &str| text.parse::<u16>().is_ok_and(|port| port > 0);
        let right = match text.split_once(':') {
            Some((from, to)) => is_port(from) && is_port(to),
            None => is_port(text),
        };
        (!right).then(|| format!("`{text}` is not a port: write a number from 1 to 65535, or a range such as `6000:6010`"))
    }
);
form!(
    /// A key of a host, as ssh-keyscan(1) prints it.
    HostKey,
    "a host key",
    |text| {
        let mut words = text.split_whitespace();
        let is_key = words.next().is_some_and(|kind| kind.starts_with("ssh-") || kind.starts_with("ecdsa-"));
        (!is_key || words.next().is_none())
            .then(|| "this is not a host key: write its type and the key, as in `ssh-ed25519 AAAA…`".to_owned())
    }
);
form!(
    /// A release of Postgres, as Debian names its packages by it.
    Release,
    "a release such as `15`",
    |text| {
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        (!text.split('.').all(is_number)).then(|| format!("`{text}` is not a release: write its number, as in `15`"))
    }
);
form!(
    /// A name of the time zone database.
    Timezone,
    "a time zone such as `Europe/Berlin`",
    |text| {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "/_+-".contains(letter);
        (!(text.contains('/') || matches!(text, "UTC" | "GMT")) || !text.chars().all(plain)).then(|| {
            format!("`{text}` is not a time zone: write area and city, as in `Europe/Berlin`, or `Etc/UTC`")
        })
    }
);
form!(
    /// A locale of glibc's.
    Locale,
    "a locale such as `de_DE.UTF-8`",
    |text| {
        let language = text.split(['.', '@']).next().unwrap_or_default();
        let has_land = language.split_once('_').is_some_and(|(a, b)| (2..=3).contains(&a.len()) && b.len() == 2);
        (!has_land && !matches!(language, "C" | "POSIX"))
            .then(|| format!("`{text}` is not a locale: write language, country and encoding, as in `de_DE.UTF-8`"))
    }
);
form!(
    /// The package of a Python interpreter, whose `-venv` is installed with it.
    Interpreter,
    "a package such as `python3.12`",
    |text| {
        let minor = text.strip_prefix("python3").map(|rest| rest.strip_prefix('.').unwrap_or(rest));
        let is_number = |minor: &str| minor.bytes().all(|byte| byte.is_ascii_digit());
        let right = minor.is_some_and(|minor| is_number(minor) && (minor.is_empty() || text.contains('.')));
        (!right && text != "pypy3").then(|| {
            format!("`{text}` is not a package with a Python interpreter: write `python3`, or one such as `python3.12`")
        })
    }
);
form!(
    /// The import path of a module.
    Module,
    "a Python module",
    |text| (!is_module(text))
        .then(|| format!("`{text}` is not the name of a Python module: write it with dots, as in `shop.settings`"))
);
form!(
    /// A module and what it calls the application (PEP 3333 servers take it so).
    Application,
    "a Python module and a name in it",
    |text| {
        let (module, name) = text.split_once(':').unwrap_or((text, "application"));
        let name = name.split(['(', '.']).next().unwrap_or_default();
        (!is_module(module) || !is_identifier(name)).then(|| {
            format!("`{text}` does not name an application: write module and name, as in `shop.wsgi:application`")
        })
    }
);

/// Returns what is wrong with the name of a variable.
pub fn wrong_variable(text: &str) -> Option<String> {
    (!is_identifier(text) || !text.is_ascii()).then(|| {
        format!(
            "`{text}` cannot name a variable of a process: use letters, digits and `_`, as in `SECRET_KEY`"
        )
    })
}

fn is_identifier(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
        && text.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
}

fn is_module(text: &str) -> bool {
    text.split('.').all(is_identifier)
}

/// A port of TCP or UDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Port(pub u16);

impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u16::deserialize(deserializer)? {
            0 => Err(D::Error::custom("`0` is not a port: write a number from 1 to 65535")),
            port => Ok(Self(port)),
        }
    }
}

impl Setting for Port {
    fn kind() -> String {
        "a port".to_owned()
    }
}

/// A number that counts something, of which there has to be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Count(pub u32);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            0 => Err(D::Error::custom("`0` is too few: write a number from 1 upwards")),
            count => Ok(Self(count)),
        }
    }
}

impl Setting for Count {
    fn kind() -> String {
        "a whole number from 1 upwards".to_owned()
    }
}

/// A text, a number or a yes or no, as text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Scalar(pub String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

impl Setting for Scalar {
    fn kind() -> String {
        "text or a number".to_owned()
    }
}

/// A value of another's type, which is read elsewhere: only its documentation is known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadElsewhere<T>(PhantomData<T>);

impl<T> Default for ReadElsewhere<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<'de, T> Deserialize<'de> for ReadElsewhere<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::yaml::Node::deserialize(deserializer).map(|_| Self(PhantomData))
    }
}

impl<T> Serialize for ReadElsewhere<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Value::Null.serialize(serializer)
    }
}

impl<T: Setting> Setting for ReadElsewhere<T> {
    fn kind() -> String {
        T::kind()
    }

    fn fields() -> Vec<Field> {
        T::fields()
    }
}

/// Declares one of a few words.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($word:literal => $variant:ident,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
        pub enum $name {
            $(#[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// As it is written.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl $crate::site::Setting for $name {
            fn kind() -> String {
                [$(concat!("`", $word, "`")),+].join(" or ")
            }
        }
    };
}

pub(super) use words;

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;

    use super::*;

    fn takes<T: DeserializeOwned>(text: &str) -> bool {
        serde_json::from_value::<T>(Value::from(text)).is_ok()
    }

    #[test]
    fn each_form_takes_what_it_should_and_nothing_else() {
        for (right, wrong, takes) in [
            (&["20m", "1G", "0"][..], &["20 m", "lots", "20mb", ""][..], takes::<Size> as fn(&str) -> bool),
            (&["10m", "3600", "-1", "2d"], &["ten", "10 minutes", "m", ""], takes::<Span>),
            (&["04:00", "23:59"], &["24:00", "4", "04:0", "four"], takes::<Clock>),
            (&["SECRET_KEY", "_a1"], &["A-B", "A=B", "1A", "", "A B"], takes::<Variable>),
            (&["15", "9.6"], &["fifteen", "", "v15"], takes::<Release>),
            (&["Europe/Berlin", "Etc/GMT+1", "UTC"], &["Berlin", "Europe/New York", ""], takes::<Timezone>),
            (&["de_DE.UTF-8", "C.UTF-8", "en_US", "de_DE@euro"], &["german", "de", ""], takes::<Locale>),
            (
                &["python3", "python3.12", "pypy3"],
                &["python4", "3.12", "python312", "python3.x"],
                takes::<Interpreter>,
            ),
            (&["22", "6000:6010"], &["0", "ssh", "70000", "1-2"], takes::<Ports>),
            (&["shop.settings", "a"], &["shop/settings.py", "shop.settings.", "a b"], takes::<Module>),
            (
                &["a.wsgi:application", "a", "a:create_app()"],
                &["a/wsgi.py", "a:", "a:b c"],
                takes::<Application>,
            ),
            (&["/", "/health/"], &["health", "/a b", ".evil.example/"], takes::<UrlPath>),
            (
                &["www.example.com", "localhost"],
                &["https://example.com", "a_b c", "", "münchen.example"],
                takes::<Domain>,
            ),
        ] {
            for text in right {
                assert!(takes(text), "{text} is right");
            }
            for text in wrong {
                assert!(!takes(text), "{text} is wrong");
            }
        }
    }
}
