//! Names and texts as SQL writes them.

use crate::fault::{Fault, Result};

/// A quoted identifier.
pub fn identifier(name: &str) -> Result<String> {
    refuse_nul(name)?;
    if name.is_empty() {
        return Err(Fault::new("an empty name is no name in Postgres"));
    }
    Ok(format!("\"{}\"", name.replace('"', "\"\"")))
}

/// A string literal, right whatever `standard_conforming_strings` says.
pub fn literal(text: &str) -> Result<String> {
    refuse_nul(text)?;
    let quoted = text.replace('\'', "''");
    Ok(if quoted.contains('\\') {
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    })
}

fn refuse_nul(text: &str) -> Result<()> {
    if text.contains('\0') {
        return Err(Fault::new("Postgres stores no zero bytes"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_cannot_be_left() {
        let table = [
            ("app", "\"app\"", "'app'"),
            ("my app", "\"my app\"", "'my app'"),
            ("a\"b'c", "\"a\"\"b'c\"", "'a\"b''c'"),
            ("a\\'b", "\"a\\'b\"", "E'a\\\\''b'"),
        ];
        for (text, name, value) in table {
            assert_eq!(identifier(text).unwrap(), name);
            assert_eq!(literal(text).unwrap(), value);
        }
        assert!(identifier("").is_err());
        assert!(literal("\0").is_err());
    }
}
