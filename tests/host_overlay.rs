//! What a dry run's overlay says of files after any sequence of actions is what this machine then says,
//! failures included.

// A test may panic; clippy only knows that of the functions marked as tests.
#![allow(clippy::unwrap_used)]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;
use provision::host::{Action, Host, Kind, Local, Overlay, Owner};

const NAMES: &[&str] = &["a", "a/b", "a/b/c", "d", "d/e", "link", "link/b", "dangling", "file", "file/x"];

/// Two folders, a file in each, a link to a folder, a link to nothing, a plain file.
fn furnish(root: &Path) {
    for folder in ["a", "a/b", "d"] {
        std::fs::create_dir(root.join(folder)).unwrap();
    }
    for file in ["a/b/c", "d/e", "file"] {
        std::fs::write(root.join(file), file).unwrap();
    }
    std::os::unix::fs::symlink("a", root.join("link")).unwrap();
    std::os::unix::fs::symlink("nowhere", root.join("dangling")).unwrap();
}

/// Everything under a folder as text: kinds, modes, owners, contents, link targets.
fn tree(host: &dyn Host, path: &Path, text: &mut String) {
    let stat = host.stat(path).unwrap().unwrap();
    let name = path.display();
    write!(text, "{name} {:?} {}:{}", stat.kind, stat.uid, stat.gid).unwrap();
    if stat.kind != Kind::Symlink {
        write!(text, " {:o}", stat.mode).unwrap();
    }
    match stat.kind {
        Kind::File => {
            let content = host.read(path).unwrap().unwrap();
            writeln!(text, " {} {:?}", stat.size, String::from_utf8(content).unwrap()).unwrap();
        }
        Kind::Symlink => writeln!(text, " {}", host.link(path).unwrap().unwrap().display()).unwrap(),
        Kind::Directory | Kind::Special => {
            text.push('\n');
            for name in host.list(path).unwrap().unwrap() {
                tree(host, &path.join(name), text);
            }
        }
    }
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let path = || proptest::sample::select(NAMES).prop_map(PathBuf::from);
    let mode = || proptest::sample::select(&[0o600_u32, 0o644, 0o755, 0o4755, 0o2750][..]);
    let owner = || {
        proptest::sample::select(&[None, Some("0"), Some("65534")][..])
            .prop_map(|id| Owner { user: id.map(str::to_owned), group: id.map(str::to_owned) })
    };
    let backup = proptest::sample::select(&["backup", "a/backup", "file"][..]).prop_map(PathBuf::from);
    let file = (path(), "[a-z]{0,4}", proptest::option::of(mode()), owner(), proptest::option::of(backup));
    let one = prop_oneof![
        file.prop_map(|(path, content, mode, owner, backup)| Action::WriteFile {
            path,
            content: content.into(),
            mode,
            owner,
            validate: None,
            backup,
            temporary: None,
        }),
        (path(), proptest::option::of(mode()), owner())
            .prop_map(|(path, mode, owner)| Action::MakeDirectory { path, mode, owner }),
        (path(), mode()).prop_map(|(path, mode)| Action::SetMode { path, mode }),
        (path(), owner()).prop_map(|(path, owner)| Action::SetOwner { path, owner }),
        (path(), path(), owner()).prop_map(|(path, target, owner)| Action::Symlink { path, target, owner }),
        (path(), path()).prop_map(|(path, target)| Action::Hardlink { path, target }),
        path().prop_map(|path| Action::Remove { path }),
        (path(), path()).prop_map(|(from, to)| Action::Rename { from, to }),
        (path(), path(), owner(), proptest::option::of(mode()))
            .prop_map(|(from, to, owner, mode)| Action::Copy { from, to, owner, mode }),
        path().prop_map(|path| Action::Touch { path, accessed: Some(1), modified: Some(2) }),
    ];
    proptest::collection::vec(one, 1..8)
}

/// The action with its paths under a folder; a symlink's target stays relative.
fn under(root: &Path, action: &Action) -> Action {
    let mut action = action.clone();
    match &mut action {
        Action::WriteFile { path, backup, .. } => {
            *path = root.join(&*path);
            if let Some(backup) = backup {
                *backup = root.join(&*backup);
            }
        }
        Action::MakeDirectory { path, .. }
        | Action::SetMode { path, .. }
        | Action::SetOwner { path, .. }
        | Action::Symlink { path, .. }
        | Action::Remove { path }
        | Action::Touch { path, .. } => *path = root.join(&*path),
        Action::Hardlink { path: one, target: two }
        | Action::Rename { from: one, to: two }
        | Action::Copy { from: one, to: two, .. } => {
            *one = root.join(&*one);
            *two = root.join(&*two);
        }
        Action::Download { .. }
        | Action::Extract(_)
        | Action::Run(_)
        | Action::Packages(_)
        | Action::Nothing
        | Action::Fail(_) => {}
    }
    action
}

/// The paths that an action puts something at.
fn destinations(action: &Action) -> Vec<&Path> {
    match action {
        Action::WriteFile { path, backup, .. } => {
            std::iter::once(path).chain(backup).map(PathBuf::as_path).collect()
        }
        Action::Rename { to, .. } | Action::Copy { to, .. } => vec![to],
        Action::MakeDirectory { path, .. }
        | Action::Symlink { path, .. }
        | Action::Hardlink { path, .. }
        | Action::Touch { path, .. } => vec![path],
        _ => Vec::new(),
    }
}

fn is_folder(host: &dyn Host, path: &Path) -> bool {
    // An error is a loop of links, where both must fail.
    match provision::host::follow(host, path) {
        Ok(found) => found.is_some_and(|(_, stat)| stat.kind == Kind::Directory),
        Err(_) => true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_overlay_predicts_what_the_machine_does(actions in actions()) {
        if !nix::unistd::geteuid().is_root() {
            return Ok(());
        }
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        furnish(root);
        let local: Arc<dyn Host> = Arc::new(Local::new());
        let overlay = Overlay::new(Arc::clone(&local));
        let mut before = String::new();
        tree(local.as_ref(), root, &mut before);
        // Up to the first failure: after it a run goes on with other states, but on a host as it then is.
        let mut predicted = Vec::new();
        for action in &actions {
            let action = under(root, action);
            // Folders that are missing count as made in a dry run.
            if destinations(&action).iter().any(|path| !is_folder(&overlay, path.parent().unwrap())) {
                continue;
            }
            let result = overlay.perform(&action);
            let mut text = String::new();
            tree(&overlay, root, &mut text);
            predicted.push((action, result.is_ok(), text));
            if result.is_err() {
                break;
            }
        }
        let mut untouched = String::new();
        tree(local.as_ref(), root, &mut untouched);
        prop_assert_eq!(before, untouched, "the overlay wrote to the host");
        for (action, ok, expected) in predicted {
            let result = local.perform(&action);
            prop_assert_eq!(ok, result.is_ok(), "{:?}: {:?}", action, result);
            if ok {
                let mut text = String::new();
                tree(local.as_ref(), root, &mut text);
                prop_assert_eq!(expected, text, "{:?}", action);
            }
        }
    }
}
