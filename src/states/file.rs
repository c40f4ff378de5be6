//! Files, directories and links, and the text in them. Must not touch them: only look and say.

mod absent;
mod chosen;
mod clean;
mod content;
mod copy;
mod decode;
mod directory;
mod exists;
mod hardlink;
mod hash;
mod keep;
mod look;
mod managed;
mod missing;
mod ownership;
mod parents;
mod path;
mod pattern;
mod put;
mod recurse;
mod rename;
mod source;
mod symlink;
mod text;
mod tidied;
mod touch;

pub use absent::Absent;
pub use copy::Copy;
pub use decode::Decode;
pub use directory::Directory;
pub use exists::Exists;
pub use hardlink::Hardlink;
pub use managed::Managed;
pub use missing::Missing;
pub use recurse::Recurse;
pub use rename::Rename;
pub use symlink::Symlink;
pub use tidied::Tidied;
pub use touch::Touch;

/// The default of arguments that are on.
fn yes() -> bool {
    true
}
