//! The code of the operator's own checkout, packed to be sent: a commit where git knows one.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::fault::{Context as _, Fault, Result};
use crate::order::Checkout;

/// A packed checkout; the file goes away with it.
pub struct Packed {
    pub checkout: Checkout,
    pub file: PathBuf,
    /// What the operator should know: what was left out, what cannot be reproduced.
    pub notes: Vec<String>,
    _folder: tempfile::TempDir,
}

/// Which state of a checkout is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What<'a> {
    /// The commit that is checked out; outside of git, the files as they are.
    Head,
    /// A branch, a tag or a commit.
    Commit(&'a str),
    /// The files as they are, less what is ignored.
    WorkingTree,
}

/// Names, in gitignore's patterns, what of a working tree is not deployed.
const IGNORE: &str = ".deployignore";

/// Packs a folder of the project.
pub fn pack(root: &Path, folder: &str, what: What<'_>) -> Result<Packed> {
    let code = root.join(folder);
    if !code.is_dir() {
        return Err(Fault::new(format!("`repo` is `{folder}`, but there is no folder `{}`", code.display()))
            .help("in pillar/project.sls, `repo` is a git URL or a folder below the project's root"));
    }
    let temporary = crate::private::folder()?;
    let file = temporary.path().join("code.tar.gz");
    let mut notes = Vec::new();
    // The code may be the whole project: its pillar, with the secrets of all environments, stays here.
    let whole = code.join("pillar").is_dir() && same(&code, root);
    let wanted = if let What::Commit(reference) = what { reference } else { "HEAD" };
    let commit = git(
        &code,
        &["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{wanted}^{{commit}}")],
    )?;
    let commit = match (commit, what) {
        (Some(commit), _) => Some(commit.trim().to_owned()),
        (None, What::Commit(reference)) => {
            return Err(Fault::new(format!("your checkout has no branch, tag or commit `{reference}`"))
                .help("fetch it first, or leave --ref out to deploy what is checked out"));
        }
        (None, _) => None,
    };
    let changed = match &commit {
        Some(_) => git(&code, &["status", "--porcelain", "--", "."])?.unwrap_or_default().lines().count(),
        None => 0,
    };
    let files = if changed == 1 { "file" } else { "files" };
    let dirty = match (&commit, what) {
        (Some(commit), What::WorkingTree) => {
            let short: String = commit.chars().take(12).collect();
            notes.push(if changed > 0 {
                format!("your WORKING TREE is deployed, {changed} {files} away from {short}: nobody can make this release again")
            } else {
                format!("your working tree is deployed: it is just {short}")
            });
            pack_files(&code, &file, &kept_files(&code, whole)?)?;
            changed > 0
        }
        (Some(commit), _) => {
            if changed > 0 && what == What::Head {
                let are = if changed == 1 { "is" } else { "are" };
                notes.push(format!("{changed} changed {files} {are} not committed, and so not deployed"));
            }
            pack_commit(&code, &file, commit, whole)?;
            false
        }
        (None, _) => {
            notes.push(format!("`{folder}` is not under version control: this release cannot be made again"));
            pack_folder(&code, &file, whole)?;
            true
        }
    };
    let checkout = Checkout { archive: PathBuf::new(), commit, dirty };
    Ok(Packed { checkout, file, notes, _folder: temporary })
}

fn pack_commit(code: &Path, file: &Path, commit: &str, whole: bool) -> Result<()> {
    let prefix = git(code, &["rev-parse", "--show-prefix"])?.unwrap_or_default();
    let tree = format!("{commit}:{}", prefix.trim().trim_end_matches('/'));
    // From the top: below it, git packs only what stands below.
    let top = git(code, &["rev-parse", "--show-toplevel"])?.unwrap_or_default();
    let output = Command::new("git")
        .arg("-C")
        .arg(top.trim_end_matches('\n'))
        .args(["archive", "--format=tar.gz", "-o"])
        .arg(file)
        .arg(tree)
        .args(if whole { &["--", ".", ":(exclude)pillar"][..] } else { &[] })
        .stdin(Stdio::null())
        .output()
        .context("cannot start git")?;
    failed_if("git archive failed", &output)
}

/// What git tracks or would track, less what the ignore file names; each ends with a NUL.
fn kept_files(code: &Path, whole: bool) -> Result<Vec<u8>> {
    let list = |arguments: &[&str]| -> Result<Vec<String>> {
        let mut words = vec!["ls-files", "-z"];
        words.extend(arguments);
        let answer = git(code, &words)?.ok_or_else(|| Fault::new("git cannot list the files"))?;
        Ok(answer.split_terminator('\0').map(str::to_owned).collect())
    };
    let mut files = list(&["--cached", "--others", "--exclude-standard"])?;
    let ignore = code.join(IGNORE);
    if ignore.is_file() {
        // git looks for a relative path elsewhere.
        let ignore = std::path::absolute(&ignore).unwrap_or(ignore);
        let from = format!("--exclude-from={}", ignore.display());
        let mut ignored = list(&["--cached", "--ignored", &from])?;
        ignored.extend(list(&["--others", "--ignored", &from])?);
        files.retain(|name| !ignored.contains(name));
    }
    files
        .retain(|name| !(whole && name.starts_with("pillar/")) && code.join(name).symlink_metadata().is_ok());
    Ok(files.iter().flat_map(|name| name.bytes().chain([0])).collect())
}

fn pack_files(code: &Path, file: &Path, names: &[u8]) -> Result<()> {
    let list = file.with_extension("list");
    std::fs::write(&list, names).context("cannot write the list of files")?;
    let output = Command::new("tar")
        .args(["-c", "-z", "--no-recursion", "-f"])
        .arg(file)
        .arg("-C")
        .arg(code)
        .args(["--null", "--verbatim-files-from", "-T"])
        .arg(&list)
        .stdin(Stdio::null())
        .output()
        .context("cannot start tar")?;
    failed_if("tar failed", &output)
}

fn pack_folder(code: &Path, file: &Path, whole: bool) -> Result<()> {
    let ignore = code.join(IGNORE);
    let output = Command::new("tar")
        .args(["-c", "-z", "--exclude=.git", "--exclude=__pycache__", "--exclude=.venv"])
        .args(ignore.is_file().then(|| format!("--exclude-from={}", ignore.display())))
        .args(whole.then_some("--exclude=./pillar"))
        .arg("-C")
        .arg(code)
        .arg(".")
        .stdin(Stdio::null())
        .stdout(File::create(file).context("cannot write the packed code")?)
        .stderr(Stdio::piped())
        .output()
        .context("cannot start tar")?;
    failed_if("tar failed", &output)
}

fn same(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// What git answers, `None` where it says no or is not there.
fn git(folder: &Path, arguments: &[&str]) -> Result<Option<String>> {
    let output = match Command::new("git").arg("-C").arg(folder).args(arguments).stdin(Stdio::null()).output()
    {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Fault::from(error).context("git")),
    };
    Ok(output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned()))
}

fn failed_if(what: &str, output: &std::process::Output) -> Result<()> {
    if output.status.success() {
        return Ok(());
    }
    Err(Fault::new(what).output(String::from_utf8_lossy(&output.stderr).trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(packed: &Packed) -> Vec<String> {
        let listing = Command::new("tar").arg("-tzf").arg(&packed.file).output().unwrap();
        String::from_utf8_lossy(&listing.stdout).lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_pillar_of_a_project_that_is_the_code_stays_here() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["manage.py", "app/pillar/keep.py", "pillar/production/secrets.sls"] {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "secrets: {A: hush}").unwrap();
        }
        let run = |arguments: &[&str]| git(folder.path(), arguments).unwrap().unwrap();
        let check = || {
            let files = listed(&pack(folder.path(), ".", What::Head).unwrap());
            assert!(!files.iter().any(|file| file.contains("secrets")), "{files:?}");
            assert!(files.iter().any(|file| file.ends_with("app/pillar/keep.py")), "{files:?}");
            assert!(files.iter().any(|file| file.ends_with("manage.py")), "{files:?}");
        };
        check();
        run(&["init", "--quiet"]);
        run(&["add", "--force", "."]);
        run(&["-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", "oops"]);
        check();
    }

    #[test]
    fn a_commit_is_packed_and_what_is_not_committed_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let run = |arguments: &[&str]| git(folder.path(), arguments).unwrap().unwrap();
        std::fs::create_dir(folder.path().join("app")).unwrap();
        std::fs::write(folder.path().join("app/manage.py"), "one").unwrap();
        let plain = pack(folder.path(), "app", What::Head).unwrap();
        assert_eq!(plain.checkout.commit, None);
        assert!(plain.notes.iter().any(|note| note.contains("not under version control")));

        run(&["init", "--quiet"]);
        run(&["add", "."]);
        run(&["-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", "first"]);
        std::fs::write(folder.path().join("app/manage.py"), "two").unwrap();
        let packed = pack(folder.path(), "app", What::Head).unwrap();
        assert_eq!(packed.checkout.commit.as_deref(), Some(run(&["rev-parse", "HEAD"]).trim()));
        assert_eq!(packed.notes, ["1 changed file is not committed, and so not deployed"]);
        assert_eq!(listed(&packed), ["manage.py"]);
        for (name, text) in [("new.py", ""), ("big.bin", ""), (".deployignore", "*.bin\n"), ("-odd", "")] {
            std::fs::write(folder.path().join("app").join(name), text).unwrap();
        }
        let packed = pack(folder.path(), "app", What::WorkingTree).unwrap();
        let mut names = listed(&packed);
        names.sort();
        assert_eq!(names, ["-odd", ".deployignore", "manage.py", "new.py"]);
        assert!(packed.checkout.dirty && packed.notes.iter().any(|note| note.contains("WORKING TREE")));
        assert!(pack(folder.path(), "app", What::Commit("nowhere")).is_err());
        assert!(pack(folder.path(), "none", What::Head).is_err());
    }
}
