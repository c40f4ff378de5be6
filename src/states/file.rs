//! Files, directories and links, and the text in them. Must not touch them: only look and say.

mod absent;
mod append;
mod blockreplace;
mod chosen;
mod clean;
mod comment;
mod content;
mod copy;
mod decode;
mod desired_file;
mod directory;
mod encoding;
mod exists;
mod formats;
mod hardlink;
mod hash;
mod insertion;
mod keep;
mod keyvalue;
mod line;
mod look;
mod managed;
mod missing;
pub(super) mod ownership;
mod page;
pub(super) mod parents;
mod path;
mod pattern;
mod prepend;
mod recurse;
mod rename;
mod replace;
mod serialize;
pub(super) mod source;
mod symlink;
mod text;
mod tidied;
mod touch;
mod translate;
mod uncomment;

pub use absent::Absent;
pub use append::Append;
pub use blockreplace::BlockReplace;
pub use comment::Comment;
pub use copy::Copy;
pub use decode::Decode;
pub use directory::Directory;
pub use exists::Exists;
pub use hardlink::Hardlink;
pub use keyvalue::KeyValue;
pub use line::Line;
pub use managed::Managed;
pub use missing::Missing;
pub(super) use path::AbsolutePath;
pub use prepend::Prepend;
pub use recurse::Recurse;
pub use rename::Rename;
pub use replace::Replace;
pub use serialize::Serialize;
pub use symlink::Symlink;
pub use tidied::Tidied;
pub use touch::Touch;
pub use uncomment::Uncomment;

/// The default of arguments that are on.
fn yes() -> bool {
    true
}
