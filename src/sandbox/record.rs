//! What is written down about each sandbox, and whose it is.
//! It must not start, stop or mount anything.

use std::fs;
use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::image::Image;
use super::layout::{Layout, replace};
use super::process::Process;
use super::subnet::Subnet;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    /// The guest's machine id: two hosts are never the same, though they may have the same name in turn.
    pub id: String,
    pub name: String,
    /// The last number of its address; also names its machine and its interface.
    pub number: u8,
    pub subnet: Subnet,
    pub suite: String,
    pub image: Image,
    pub disk: PathBuf,
    /// The image's directories, lowest first.
    pub layers: Vec<PathBuf>,
    pub since: String,
    /// Runs the container, and again when the guest reboots.
    pub supervisor: Option<Process>,
    /// Whoever is setting it up; when it ends before the host is up, the host is left over.
    pub maker: Option<Process>,
    /// The process with which the sandbox is to end.
    pub owner: Option<Process>,
    /// Whether it had an owner at all: one that was dead already is not the same as none.
    pub owned: bool,
}

impl Record {
    pub fn address(&self) -> Ipv4Addr {
        self.subnet.host(self.number)
    }
    /// Short, since an interface's name has room for 15 characters.
    pub fn machine(&self) -> String {
        format!("pv-{}", self.number)
    }
    pub fn interface(&self) -> String {
        format!("vb-{}", self.machine())
    }
    pub fn root(&self) -> PathBuf {
        self.disk.join("root")
    }
    pub fn is_running(&self) -> bool {
        self.supervisor.is_some_and(|process| process.is_alive())
    }
    pub fn is_being_made(&self) -> bool {
        self.maker.is_some_and(|process| process.is_alive())
    }
    /// Nobody will ever ask for it again.
    pub fn is_orphan(&self) -> bool {
        let owner_gone = self.owned && !self.owner.is_some_and(|owner| owner.is_alive());
        let half_made = self.maker.is_some() && !self.is_being_made();
        owner_gone || half_made
    }

    pub fn write(&self, layout: &Layout) -> Result<()> {
        replace(&layout.record(&self.name), &serde_json::to_vec_pretty(self)?)
    }

    /// Like [`Self::write`], unless the sandbox was ended meanwhile.
    pub fn update(&self, layout: &Layout) -> Result<()> {
        if !self.is_current(layout)? {
            bail!("`{}` was ended by another process", self.name);
        }
        self.write(layout)
    }

    /// Whether this is still the host that bears the name.
    pub fn is_current(&self, layout: &Layout) -> Result<bool> {
        Ok(Self::find(layout, &self.name)?.is_some_and(|record| record.id == self.id))
    }

    pub fn read(layout: &Layout, name: &str) -> Result<Self> {
        check_name(name)?;
        if let Some(record) = Self::find(layout, name)? {
            return Ok(record);
        }
        let names: Vec<_> = Self::all(layout)?.into_iter().map(|record| record.name).collect();
        if names.is_empty() {
            bail!("no sandbox is up; start one with `provision sandbox up {name}`");
        }
        bail!("no sandbox is called `{name}`; there are {}", names.join(", "))
    }

    fn find(layout: &Layout, name: &str) -> Result<Option<Self>> {
        let path = layout.record(name);
        match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            read => {
                let text = read.with_context(|| format!("failed to read `{}`", path.display()))?;
                serde_json::from_slice(&text)
                    .map(Some)
                    .with_context(|| format!("`{}` is damaged; remove it by hand", path.display()))
            }
        }
    }

    /// Sorted by name.
    pub fn all(layout: &Layout) -> Result<Vec<Self>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(layout.records()).context("failed to list the sandboxes")?.flatten() {
            let file = entry.file_name();
            names.extend(file.to_string_lossy().strip_suffix(".json").map(ToOwned::to_owned));
        }
        names.sort();
        // One that is gone since the directory was read is simply not there.
        names.iter().filter_map(|name| Self::find(layout, name).transpose()).collect()
    }

    /// The record last: while it is there, what is left of the host can be found and removed.
    pub fn remove(&self, layout: &Layout) -> Result<()> {
        let (name, gone) = (&self.name, ErrorKind::NotFound);
        for path in [layout.known_hosts(name), layout.console(name), layout.record(name)] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != gone => {
                    return Err(error).with_context(|| format!("failed to remove `{}`", path.display()));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// A sandbox's name is its host name, and part of paths.
pub fn check_name(name: &str) -> Result<()> {
    let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let good = name.chars().all(fits)
        && name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.len() <= 63;
    if !good {
        bail!(
            "`{name}` cannot be a host's name; use up to 63 of a-z, 0-9 and `-`, with a letter first and no `-` last"
        );
    }
    Ok(())
}

/// A name nobody has: `box1`, `box2` …
pub fn free_name(taken: &[Record]) -> String {
    let is_taken = |name: &String| taken.iter().any(|record| record.name == *name);
    (1_u32..).map(|number| format!("box{number}")).find(|name| !is_taken(name)).unwrap_or_default()
}

/// The lowest free number; the bridge has the first.
pub fn free_number(taken: &[Record]) -> Result<u8> {
    match (2..=254).find(|number| taken.iter().all(|record| record.number != *number)) {
        Some(number) => Ok(number),
        None => {
            bail!("253 sandboxes are up, more than one subnet holds; end some with `provision sandbox down`")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &str, number: u8) -> Record {
        Record {
            id: String::new(),
            name: name.into(),
            number,
            subnet: super::super::subnet::free(&[]).unwrap(),
            suite: "bookworm".into(),
            image: Image::Bare,
            disk: "/d".into(),
            layers: vec![],
            since: String::new(),
            supervisor: None,
            maker: None,
            owner: None,
            owned: false,
        }
    }

    #[test]
    fn names_are_host_names() {
        for good in ["a", "web-1", "box12"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "1a", "-a", "a-", "A", "a.b", "a/b", "..", "ä", &"a".repeat(64)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_lowest_free_name_and_number_are_taken() {
        let taken = [record("box1", 2), record("box3", 4)];
        assert_eq!(free_name(&taken), "box2");
        assert_eq!(free_number(&taken).unwrap(), 3);
        assert_eq!(record("x", 254).interface().len(), 9);
    }

    #[test]
    fn an_orphan_is_one_whose_owner_or_maker_has_ended() {
        let here = Process::current();
        assert!(!record("a", 2).is_orphan());
        assert!(!Record { owned: true, owner: here, ..record("a", 2) }.is_orphan());
        assert!(Record { owned: true, ..record("a", 2) }.is_orphan());
        assert!(!Record { maker: here, ..record("a", 2) }.is_orphan());
    }
}
