//! Locale names, which people and programs write in several ways.

/// `en_US.UTF-8`, `en_US.utf8` and `en_US.UTF-8 UTF-8` are one: `en_US.utf8`.
pub fn plain(name: &str) -> String {
    let name = name.split_whitespace().next().unwrap_or_default();
    let (base, modifier) = name.split_once('@').map_or((name, None), |(base, at)| (base, Some(at)));
    let mut plain = match base.split_once('.') {
        Some((language, charset)) => {
            let charset: String = charset.chars().filter(char::is_ascii_alphanumeric).collect();
            format!("{language}.{}", charset.to_lowercase())
        }
        None => base.to_owned(),
    };
    if let Some(modifier) = modifier {
        plain.push('@');
        plain.push_str(modifier);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_to_write_one_locale() {
        let table = [
            ("en_US.UTF-8", "en_US.utf8"),
            ("en_US.utf8", "en_US.utf8"),
            ("en_US.UTF-8 UTF-8", "en_US.utf8"),
            ("de_DE.ISO-8859-15@euro", "de_DE.iso885915@euro"),
            ("de_DE@euro", "de_DE@euro"),
            ("C.UTF-8", "C.utf8"),
            ("de_DE", "de_DE"),
        ];
        for (written, expected) in table {
            assert_eq!(plain(written), expected);
        }
    }
}
