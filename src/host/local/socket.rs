//! A question to a local socket and its answer, within bounds of time and size.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use super::at;
use crate::fault::Result;

const PATIENCE: Option<Duration> = Some(Duration::from_secs(10));
/// More than any answer that is wanted.
const MOST: u64 = 16 << 20;

/// `None`: nobody listens there.
pub fn exchange(path: &Path, question: &[u8]) -> Result<Option<Vec<u8>>> {
    let mut stream = match UnixStream::connect(path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        stream => stream.map_err(at(path))?,
    };
    stream.set_read_timeout(PATIENCE).map_err(at(path))?;
    stream.set_write_timeout(PATIENCE).map_err(at(path))?;
    stream.write_all(question).map_err(at(path))?;
    let mut answer = Vec::new();
    stream.take(MOST).read_to_end(&mut answer).map_err(at(path))?;
    Ok(Some(answer))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn the_whole_answer_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        assert_eq!(exchange(&path, b"anybody?").unwrap(), None);
        let listener = UnixListener::bind(&path).unwrap();
        let answering = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut question = [0; 4];
            stream.read_exact(&mut question).unwrap();
            stream.write_all(&question).unwrap();
            stream.write_all(b"!").unwrap();
        });
        assert_eq!(exchange(&path, b"ping").unwrap(), Some(b"ping!".to_vec()));
        answering.join().unwrap();
        assert_eq!(exchange(&path, b"ping").unwrap(), None);
    }
}
