//! What the host can be told to do. Plain data: an action can be shown, merged, masked and journalled.

use std::path::{Path, PathBuf};

use super::{Command, Extraction};

/// Whom a path shall belong to; names or numbers, looked up when the action is performed, since an
/// earlier action may create them. `None` leaves as it is (a new path belongs to the caller).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    pub user: Option<String>,
    pub group: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Writes a regular file atomically (temporary file beside it, then rename), keeping owner and mode
    /// of a file that is there where none are given; a new one gets 0644 less the umask.
    WriteFile {
        path: PathBuf,
        content: Vec<u8>,
        mode: Option<u32>,
        owner: Owner,
        /// An argument vector run with the temporary file's path appended; the file is put in place only
        /// if that succeeds.
        validate: Option<Vec<String>>,
        /// Where to put a copy of the old content.
        backup: Option<PathBuf>,
        /// For `tmp_dir` and `tmp_ext`: where the temporary file stands and how its name ends, for
        /// validators that insist.
        temporary: Option<(PathBuf, String)>,
    },
    /// Creates one directory; its parent must be there.
    MakeDirectory {
        path: PathBuf,
        mode: Option<u32>,
        owner: Owner,
    },
    SetMode {
        path: PathBuf,
        mode: u32,
    },
    /// `lchown`: a symlink itself, not what it points to.
    SetOwner {
        path: PathBuf,
        owner: Owner,
    },
    /// Puts a symlink in place atomically, over a symlink or file that is there.
    Symlink {
        path: PathBuf,
        target: PathBuf,
        owner: Owner,
    },
    Hardlink {
        path: PathBuf,
        target: PathBuf,
    },
    /// Removes a file, a symlink or a whole directory, never following symlinks out of it.
    Remove {
        path: PathBuf,
    },
    /// Moves within or across file systems; the destination is replaced.
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    /// Copies a file or a tree, with modes; `owner` for all of it where given, else kept.
    Copy {
        from: PathBuf,
        to: PathBuf,
        owner: Owner,
        mode: Option<u32>,
    },
    /// Sets the times of a file in seconds since the epoch (now where none), creating it if missing.
    Touch {
        path: PathBuf,
        accessed: Option<i64>,
        modified: Option<i64>,
    },
    /// Fetches a URL (http, https, ftp) through a program of the host and puts it in place as
    /// [`Action::WriteFile`] does, if its hash is as said.
    Download {
        url: String,
        hash: Option<Hash>,
        path: PathBuf,
        mode: Option<u32>,
        owner: Owner,
    },
    /// Unpacks an archive.
    Extract(Extraction),
    Run(Command),
    /// A request to the package manager; the engine merges those of several states into one.
    Packages(Packages),
    /// Does nothing: the change is the message (the `test` module, notices).
    Nothing,
    /// Fails with this message when performed (the `test` module).
    Fail(String),
}

impl Action {
    /// The path that an action on files acts on; `None` for others.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::WriteFile { path, .. }
            | Self::MakeDirectory { path, .. }
            | Self::SetMode { path, .. }
            | Self::SetOwner { path, .. }
            | Self::Symlink { path, .. }
            | Self::Hardlink { path, .. }
            | Self::Remove { path }
            | Self::Touch { path, .. }
            | Self::Rename { to: path, .. }
            | Self::Copy { to: path, .. }
            | Self::Download { path, .. } => Some(path),
            Self::Run(_) | Self::Extract(_) | Self::Packages(_) | Self::Nothing | Self::Fail(_) => None,
        }
    }

    /// A file of the caller's own, just as it is given.
    pub fn write(path: impl Into<PathBuf>, content: impl Into<Vec<u8>>, mode: u32) -> Self {
        Self::WriteFile {
            path: path.into(),
            content: content.into(),
            mode: Some(mode),
            owner: Owner::default(),
            validate: None,
            backup: None,
            temporary: None,
        }
    }
}

/// A digest to check a download against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hash {
    /// `md5`, `sha1`, `sha224`, `sha256`, `sha384` or `sha512`.
    pub kind: String,
    /// Lower-case hexadecimal.
    pub hex: String,
}

/// One transaction of the package manager.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packages {
    /// Refresh the package lists first if they are older than this many seconds (0: always).
    pub refresh: Option<u64>,
    pub install: Vec<PackageRequest>,
    pub remove: Vec<String>,
    pub purge: Vec<String>,
    /// Upgrade everything (`dist-upgrade` where true).
    pub upgrade: Option<bool>,
    pub hold: Vec<String>,
    pub unhold: Vec<String>,
    /// `None`: the system's own setting.
    pub recommends: Option<bool>,
    pub only_upgrade: bool,
    pub reinstall: bool,
    /// The release to install from (`apt-get -t`).
    pub release: Option<String>,
    /// Lines for `debconf-set-selections`, fed over standard input before installing.
    pub debconf: Vec<String>,
    /// Skip signature checks, only where the user said `skip_verify`.
    pub skip_verify: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageRequest {
    /// With `:arch` where the user wrote one.
    pub name: String,
    /// An exact version; `None` is the candidate.
    pub version: Option<String>,
    /// A path on the host of a `.deb` to install instead of a name from the lists.
    pub file: Option<PathBuf>,
}
