//! Which locales glibc's /usr/lib/locale/locale-archive holds: its table of names, nothing else.

/// The archive's magic number, in the byte order of the machine that made it.
const MAGIC: u32 = 0xde02_0109;
/// Hash value, place of the name, place of the record.
const ENTRY: usize = 12;

/// The names of all locales in an archive; none where the bytes are no archive.
pub fn names(bytes: &[u8]) -> impl Iterator<Item = String> {
    let (start, size) = table(bytes).unwrap_or((0, 0));
    (0..size).filter_map(move |at| {
        let entry = start.checked_add(at.checked_mul(ENTRY)?)?;
        // A record at 0 means that the entry is free.
        if number(bytes, entry.checked_add(8)?)? == 0 {
            return None;
        }
        let name = bytes.get(number(bytes, entry.checked_add(4)?)? as usize..)?;
        let end = name.iter().position(|byte| *byte == 0)?;
        String::from_utf8(name.get(..end)?.to_vec()).ok()
    })
}

/// Where the table of names starts, and how many entries it has room for.
fn table(bytes: &[u8]) -> Option<(usize, usize)> {
    if number(bytes, 0)? != MAGIC {
        return None;
    }
    let size = number(bytes, 16)? as usize;
    Some((number(bytes, 8)? as usize, size.min(bytes.len() / ENTRY)))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_ne_bytes(four.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header, a table of two entries (one of them free) and one name.
    fn archive() -> Vec<u8> {
        let numbers = [MAGIC, 0, 20, 1, 2, /* free */ 7, 0, 0, /* used */ 9, 44, 99];
        let mut bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_ne_bytes()).collect();
        bytes.extend(b"de_DE.utf8\0");
        bytes
    }

    #[test]
    fn names_in_use_are_found() {
        assert_eq!(names(&archive()).collect::<Vec<_>>(), ["de_DE.utf8"]);
    }

    #[test]
    fn cut_or_foreign_bytes_hold_no_names() {
        for length in 0..archive().len() {
            let cut = archive()[..length].to_vec();
            assert_eq!(names(&cut).count(), 0, "{length}");
        }
        assert_eq!(names(&[0xff; 64]).count(), 0);
    }
}
