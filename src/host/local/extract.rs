//! Unpacks archives with the system's own programs. What was in them is noted only after all of it is in
//! place, so that what broke off in the middle is done again.

use std::fs;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::copy::merge;
use super::place::{self, Place};
use super::{Local, at, download, files, program};
use crate::fault::{Fault, Result};
use crate::host::{Action, Archive, Command, Extraction, Format, Host, Output, Owner, names};

/// Large archives on slow disks.
const LONGEST: Duration = Duration::from_secs(3600);
/// Things at the top of an archive that an error names.
const SHOWN: usize = 4;

pub(super) fn extract(host: &Local, extraction: &Extraction) -> Result<()> {
    let into = extraction.into.as_path();
    let folder = download::private_folder()?;
    let mut opened = None;
    let archive = match &extraction.archive {
        Archive::File(path) => {
            let missing = || Fault::new(format!("`{}`: no such file", path.display()));
            let file = opened.insert(place::open(path)?.ok_or_else(missing)?);
            PathBuf::from(format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd()))
        }
        Archive::Bytes(bytes) => {
            let path = folder.path().join("archive");
            fs::write(&path, bytes).map_err(at(&path))?;
            path
        }
        Archive::Url(url, hash) => {
            let path = folder.path().join("archive");
            download::download(host, url, hash.as_ref(), &path, Some(0o600), &Owner::default())?;
            path
        }
    };
    // The program would follow links that others put on its way: it unpacks where they cannot, and what it made is
    // put in place by open folders.
    let unpacked = folder.path().join("unpacked");
    fs::create_dir(&unpacked).map_err(at(&unpacked))?;
    let tool =
        Tool { host, extraction, archive: archive.to_string_lossy().into_owned(), unpacked: &unpacked };
    let listed = tool.listed()?;
    if extraction.one_top {
        one_top(&listed)?;
    }
    tool.unpack()?;
    make_folders(host, into)?;
    let (uid, gid) = names::ids(host, &extraction.owner)?;
    let missing = || Fault::new(format!("`{}`: is not there", into.display()));
    merge(&Place::of(&unpacked)?, &Place::behind(into)?.ok_or_else(missing)?, uid, gid)?;
    if let Some(folder) = extraction.record.parent() {
        make_folders(host, folder)?;
    }
    let paths = kept(&listed, dropped(&extraction.options));
    let record = Action::write(
        extraction.record.clone(),
        paths.iter().fold(String::new(), |all, path| all + path + "\n"),
        0o600,
    );
    files::act(host, &record).map(drop)
}

struct Tool<'a> {
    host: &'a Local,
    extraction: &'a Extraction,
    archive: String,
    unpacked: &'a Path,
}

impl Tool<'_> {
    /// What is in the archive, as the program lists it.
    fn listed(&self) -> Result<Vec<String>> {
        let output = match self.extraction.format {
            Format::Tar => self.run("tar", &["--list", "--file", &self.archive])?,
            Format::Zip => self.run("unzip", &["-Z1", &self.archive])?,
        };
        Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
    }

    fn unpack(&self) -> Result<()> {
        let into = self.unpacked.to_string_lossy();
        let own = self.extraction.options.iter().map(String::as_str);
        let words: Vec<&str> = match self.extraction.format {
            Format::Tar => {
                ["--extract", "--file", &self.archive, "--directory", &into].into_iter().chain(own).collect()
            }
            Format::Zip => {
                ["-o", "-q"].into_iter().chain(own).chain([self.archive.as_str(), "-d", &into]).collect()
            }
        };
        self.run(if self.extraction.format == Format::Tar { "tar" } else { "unzip" }, &words).map(drop)
    }

    fn run(&self, name: &str, words: &[&str]) -> Result<Output> {
        if self.host.which(name)?.is_none() {
            return Err(Fault::new(format!("there is no `{name}` to unpack the archive with"))
                .help(format!("install it before, with `pkg.installed` of `{name}`")));
        }
        let command = Command::new([name].iter().chain(words).copied()).timeout(LONGEST);
        let output = program::run(self.host, &command)?;
        if output.success() {
            return Ok(output);
        }
        let said = program::last_lines(&output);
        let fault = Fault::new(format!("`{name}` could not unpack the archive"));
        Err(if said.contains("Cannot exec") {
            fault.help("install the program that tar names before: `xz-utils`, `bzip2` or `zstd`")
        } else {
            fault
        }
        .output(said))
    }
}

/// A slip here would spread an archive's files over a folder that others use.
fn one_top(listed: &[String]) -> Result<()> {
    let mut tops: Vec<&str> = Vec::new();
    let mut loose = false;
    for path in listed {
        let path = path.strip_prefix("./").unwrap_or(path);
        let (top, rest) = path.split_once('/').map_or((path, None), |(top, rest)| (top, Some(rest)));
        if top.is_empty() {
            continue;
        }
        loose |= rest.is_none();
        if !tops.contains(&top) {
            tops.push(top);
        }
    }
    if tops.len() < 2 && !loose {
        return Ok(());
    }
    let mut shown: Vec<String> = tops.iter().take(SHOWN).map(|top| format!("`{top}`")).collect();
    if tops.len() > SHOWN {
        shown.push(format!("{} more", tops.len() - SHOWN));
    }
    Err(Fault::new(format!("the archive has not one folder at its top but {}", shown.join(", ")))
        .help("write `enforce_toplevel: False` if all of it is to lie in the folder"))
}

/// How many leading folders the options take off each path.
fn dropped(options: &[String]) -> usize {
    let number = |word: &String| word.strip_prefix("--strip-components=")?.parse().ok();
    let apart = options.iter().skip_while(|word| *word != "--strip-components").nth(1);
    options.iter().find_map(number).or_else(|| apart?.parse().ok()).unwrap_or(0)
}

/// The paths as they lie below the folder. Names that the program writes with escapes are left out.
fn kept(listed: &[String], dropped: usize) -> Vec<String> {
    let path = |path: &String| {
        let mut rest = path.strip_prefix("./").unwrap_or(path);
        if rest.starts_with('/') || rest.contains('\\') || rest.split('/').any(|part| part == "..") {
            return None;
        }
        for _ in 0..dropped {
            rest = rest.split_once('/')?.1;
        }
        (!rest.is_empty()).then(|| rest.to_owned())
    };
    listed.iter().filter_map(path).collect()
}

fn make_folders(host: &Local, path: &Path) -> Result<()> {
    let missing: Vec<PathBuf> =
        path.ancestors().take_while(|path| !path.is_dir()).map(Path::to_owned).collect();
    for path in missing.into_iter().rev() {
        files::act(host, &Action::MakeDirectory { path, mode: None, owner: Owner::default() })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn only_an_archive_with_one_folder_at_its_top_is_unpacked_unasked() {
        assert!(one_top(&names(&["app/", "app/a", "./app/b/c"])).is_ok());
        assert!(one_top(&names(&["app/a", "lib/b"])).is_err());
        assert!(one_top(&names(&["app/a", "README"])).is_err());
        assert!(one_top(&names(&["README"])).is_err());
    }

    #[test]
    fn recorded_paths_are_those_below_the_folder() {
        let listed = names(&["./", "./app/", "app/bin/", "app/bin/x", "/etc/passwd", "../up", "app/od\\303"]);
        assert_eq!(kept(&listed, 0), names(&["app/", "app/bin/", "app/bin/x"]));
        assert_eq!(kept(&listed, 1), names(&["bin/", "bin/x"]));
        assert_eq!(dropped(&names(&["--strip-components=2"])), 2);
        assert_eq!(dropped(&names(&["-v", "--strip-components", "1"])), 1);
    }
}
