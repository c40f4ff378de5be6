//! Root acts in a folder of somebody else's, who swaps a folder for a symlink as fast as he can: no action reaches
//! what the link leads to. (200 attempts of each.)
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use provision::host::{Action, Archive, Extraction, Format, Host, Local, Owner};

const ATTEMPTS: usize = 200;
const NOBODY: u32 = 65534;
const FOLDER: &str = "PROVISION_TEST_SWAPS";

/// Not a test by itself: what the attacker runs, as another account, until it is killed.
#[test]
fn attacker() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    loop {
        let (real, link) = (folder.join("data"), folder.join("link"));
        renameat2(AT_FDCWD, &real, AT_FDCWD, &link, RenameFlags::RENAME_EXCHANGE).unwrap();
    }
}

/// A home of nobody's in which `data` is a folder and a symlink to root's own `etc` in turn.
struct Scene {
    root: tempfile::TempDir,
    attacker: Child,
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _gone = self.attacker.kill().and_then(|()| self.attacker.wait());
    }
}

impl Scene {
    fn set() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::set_permissions(root.path(), Permissions::from_mode(0o755)).unwrap();
        let (home, etc) = (root.path().join("home"), root.path().join("etc"));
        for folder in [&home, &home.join("data"), &home.join("data/sub"), &etc, &etc.join("sub")] {
            fs::create_dir(folder).unwrap();
        }
        fs::write(home.join("data/shadow"), "theirs").unwrap();
        for name in ["shadow", "sub/shadow"] {
            fs::write(etc.join(name), "root:secret").unwrap();
            fs::set_permissions(etc.join(name), Permissions::from_mode(0o600)).unwrap();
        }
        std::os::unix::fs::symlink(&etc, home.join("link")).unwrap();
        for path in [home.clone(), home.join("data"), home.join("data/sub"), home.join("data/shadow")] {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        // Where another account can start it.
        let program = root.path().join("attacker");
        fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        let attacker = Command::new(program)
            .args(["--exact", "attacker", "--nocapture"])
            .env(FOLDER, &home)
            .uid(NOBODY)
            .gid(NOBODY)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        Self { root, attacker }
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.root.path().join(relative)
    }

    /// All that is known of root's own folder.
    fn etc(&self) -> Vec<String> {
        fn look(path: &Path, found: &mut Vec<String>) {
            let stat = fs::symlink_metadata(path).unwrap();
            let content = if stat.is_file() { fs::read_to_string(path).unwrap() } else { String::new() };
            let (mode, uid, time) = (stat.mode(), stat.uid(), stat.mtime());
            found.push(format!("{} {mode:o} {uid} {time} {content}", path.display()));
            if stat.is_dir() {
                let mut names: Vec<_> =
                    fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
                names.sort();
                names.iter().for_each(|path| look(path, found));
            }
        }
        let mut found = Vec::new();
        look(&self.path("etc"), &mut found);
        found
    }
}

fn nobody() -> Owner {
    Owner { user: Some(NOBODY.to_string()), group: Some(NOBODY.to_string()) }
}

fn archive(folder: &Path) -> PathBuf {
    let (from, file) = (folder.join("packed"), folder.join("archive.tar"));
    fs::create_dir_all(from.join("sub")).unwrap();
    fs::write(from.join("sub/shadow"), "from the archive").unwrap();
    let status = Command::new("tar").arg("-cf").arg(&file).arg("-C").arg(&from).arg("sub").status().unwrap();
    assert!(status.success());
    file
}

#[test]
fn no_action_of_roots_is_led_elsewhere() {
    assert!(nix::unistd::geteuid().is_root(), "races are run as root");
    let scene = Scene::set();
    let before = scene.etc();
    let host = Local::new();
    let file = scene.path("home/data/shadow");
    let archive = archive(scene.root.path());
    let extraction = Extraction {
        archive: Archive::File(archive),
        format: Format::Tar,
        into: scene.path("home/data"),
        options: Vec::new(),
        owner: nobody(),
        one_top: true,
        record: scene.path("record"),
    };
    let actions: Vec<(&str, Action)> = vec![
        ("owner", Action::SetOwner { path: file.clone(), owner: nobody() }),
        ("mode", Action::SetMode { path: file.clone(), mode: 0o666 }),
        ("content", Action::write(file.clone(), "ours", 0o644)),
        ("times", Action::Touch { path: file.clone(), accessed: Some(1), modified: Some(1) }),
        (
            "folder",
            Action::MakeDirectory { path: scene.path("home/data/sub"), mode: Some(0o777), owner: nobody() },
        ),
        (
            "new folder",
            Action::MakeDirectory { path: scene.path("home/data/new"), mode: None, owner: nobody() },
        ),
        ("symlink", Action::Symlink { path: scene.path("home/data/l"), target: "x".into(), owner: nobody() }),
        ("hardlink", Action::Hardlink { path: scene.path("home/data/h"), target: scene.path("record") }),
        ("archive", Action::Extract(extraction)),
        ("copy", Action::Copy { from: file.clone(), to: scene.path("copy"), owner: nobody(), mode: None }),
        (
            "tree",
            Action::Copy {
                from: scene.path("home/data"),
                to: scene.path("tree"),
                owner: nobody(),
                mode: None,
            },
        ),
        ("removal", Action::Remove { path: scene.path("home/data/sub") }),
        ("removal of a file", Action::Remove { path: file.clone() }),
    ];
    fs::write(scene.path("record"), "").unwrap();
    for (what, action) in &actions {
        for _ in 0..ATTEMPTS {
            // Refused, or done to what is not a link at this moment.
            let _refused_or_not = host.perform(action);
            assert_eq!(scene.etc(), before, "{what}");
        }
        for copied in ["copy", "tree/shadow"] {
            let content = fs::read_to_string(scene.path(copied)).unwrap_or_default();
            assert!(!content.contains("secret"), "{what}: {copied}");
        }
    }
    // A look is not led elsewhere, either.
    for _ in 0..ATTEMPTS {
        let seen = host.read(&file).ok().flatten().unwrap_or_default();
        assert!(!String::from_utf8_lossy(&seen).contains("secret"));
    }
}
