//! Text differences as people read them: unified, three lines of context, bounded.

/// Longer diffs are cut with a line that says so.
const MOST_LINES: usize = 400;

/// A unified diff of two contents; binary contents are only counted.
pub fn diff(old: &[u8], new: &[u8]) -> String {
    let (Ok(old_text), Ok(new_text)) = (std::str::from_utf8(old), std::str::from_utf8(new)) else {
        return format!("binary content, {} → {} bytes", old.len(), new.len());
    };
    if old_text.contains('\0') || new_text.contains('\0') {
        return format!("binary content, {} → {} bytes", old.len(), new.len());
    }
    let differences = similar::TextDiff::from_lines(old_text, new_text);
    let text = differences.unified_diff().context_radius(3).to_string();
    let count = text.lines().count();
    if count <= MOST_LINES {
        return text;
    }
    let mut cut: String = text.lines().take(MOST_LINES).flat_map(|line| [line, "\n"]).collect();
    cut.push_str(&format!("… {} more lines\n", count - MOST_LINES));
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_shown() {
        assert_eq!(diff(b"a\nb\n", b"a\nc\n"), "@@ -1,2 +1,2 @@\n a\n-b\n+c\n");
        assert_eq!(diff(b"\0", b"\0\0"), "binary content, 1 → 2 bytes");
    }
}
