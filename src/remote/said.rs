//! What a program says on standard error, kept in bounds: its beginning and its end.

use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Bytes of the beginning, and of the end, that are kept.
const KEPT: usize = 64 << 10;

/// Where it is collected while the program runs.
#[derive(Clone, Default)]
pub struct Said(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    first: Vec<u8>,
    last: Vec<u8>,
    /// Something between them was left out.
    is_cut: bool,
}

impl Said {
    /// Reads to the end, in a thread of its own.
    pub fn collect(&self, mut from: impl Read + Send + 'static) -> JoinHandle<()> {
        let said = self.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                said.0
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .add(buffer.get(..count).unwrap_or_default());
            }
        })
    }

    pub fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).text()
    }
}

impl Kept {
    fn add(&mut self, bytes: &[u8]) {
        let (first, rest) = bytes.split_at(bytes.len().min(KEPT - self.first.len()));
        self.first.extend_from_slice(first);
        self.last.extend_from_slice(rest);
        if self.last.len() > 2 * KEPT {
            self.last.drain(..self.last.len() - KEPT);
            self.is_cut = true;
        }
    }

    fn text(&self) -> String {
        let gap: &[u8] = if self.is_cut { b"\n" } else { b"" };
        String::from_utf8_lossy(&[self.first.as_slice(), gap, self.last.as_slice()].concat()).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginning_and_end_are_kept() {
        let said = Said::default();
        said.collect("first\nÄ\n".as_bytes()).join().unwrap();
        assert_eq!(said.text(), "first\nÄ\n");
        said.collect(std::io::repeat(b'x').take(10 << 20)).join().unwrap();
        said.collect("\nlast\n".as_bytes()).join().unwrap();
        let text = said.text();
        assert!(text.len() < 4 * KEPT && text.starts_with("first\n") && text.ends_with("\nlast\n"));
    }
}
