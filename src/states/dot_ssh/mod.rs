//! Files that ssh and sshd read, mostly in people's homes: where they are, and how one is replaced. We act
//! as root in folders that others own, so a symlink that leads out of the home is refused.

mod resolve;

use std::path::{Component, Path, PathBuf};

use resolve::resolve;

use crate::facts::{Facts, Key};
use crate::fault::{Fault, Result};
use crate::host::{Action, Kind, Owner};
use crate::plan::{Change, Plan, diff};

/// Whose file it is.
#[derive(Clone, Debug)]
pub struct Person {
    pub name: String,
    pub home: PathBuf,
    group: String,
    /// A dry run: an earlier state creates the user, and the home with it.
    coming: bool,
}

impl Person {
    /// The user, who has to be there, or to be created by an earlier state of a dry run.
    pub fn find(facts: &Facts, name: &str) -> Result<Option<Self>> {
        if let Some(user) = facts.user(name)? {
            let group = user.gid.to_string();
            return Ok(Some(Self { name: user.name, home: user.home, group, coming: false }));
        }
        let coming = facts.coming(&Key::User(name.to_owned()));
        Ok(coming.then(|| Self {
            name: name.to_owned(),
            home: Path::new("/home").join(name),
            group: name.to_owned(),
            coming: true,
        }))
    }

    pub fn required(facts: &Facts, name: &str) -> Result<Self> {
        Self::find(facts, name)?.ok_or_else(|| {
            Fault::new(format!("there is no user `{name}`"))
                .help("create it with `user.present`, and `require` that here")
        })
    }

    fn owner(&self) -> Owner {
        Owner { user: Some(self.name.clone()), group: Some(self.group.clone()) }
    }
}

/// One such file as it is.
#[derive(Debug)]
pub struct SshFile {
    /// `None`: the system's own.
    person: Option<Person>,
    /// With the symlinks within the home followed.
    pub path: PathBuf,
    old: Option<Vec<u8>>,
}

impl SshFile {
    /// The file that `config` names: `%h` is the home, `%u` the user, and what is relative is in the home.
    pub fn of(facts: &Facts, person: Person, config: &str) -> Result<Self> {
        let path = person.home.join(expand(config, &person)?);
        if path.components().any(|part| part == Component::ParentDir) {
            return Err(Fault::new(format!("`{}` has `..` in it", path.display()))
                .help("write `config` as a path in the home, or as an absolute one"));
        }
        let path = resolve(facts.host(), &person.home, &path)?;
        Self::read(facts, Some(person), path)
    }

    /// The system's own file.
    pub fn system(facts: &Facts, path: PathBuf) -> Result<Self> {
        Self::read(facts, None, path)
    }

    fn read(facts: &Facts, person: Option<Person>, path: PathBuf) -> Result<Self> {
        let old = match facts.host().stat(&path)? {
            None => None,
            Some(stat) if matches!(stat.kind, Kind::File | Kind::Symlink) => facts.host().read(&path)?,
            Some(_) => return Err(Fault::new(format!("`{}` is not a regular file", path.display()))),
        };
        Ok(Self { person, path, old })
    }

    /// Its lines; what is not UTF-8 is in nobody's way.
    pub fn lines(&self) -> Vec<String> {
        let text = String::from_utf8_lossy(self.old.as_deref().unwrap_or_default());
        text.lines().map(str::to_owned).collect()
    }

    /// What it takes for the file to have these lines.
    pub fn plan(&self, facts: &Facts, lines: &[String]) -> Result<Plan> {
        let mut plan = Plan::default();
        let content: Vec<u8> = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect::<String>().into();
        if self.old.as_deref().unwrap_or_default() == content {
            return Ok(plan);
        }
        self.folders(facts, &mut plan)?;
        let text = diff(self.old.as_deref().unwrap_or_default(), &content);
        // A file that is there keeps its owner and mode.
        let new = self.old.is_none();
        let usual = if self.person.is_some() { 0o600 } else { 0o644 };
        plan.push(
            Change::new(self.path.to_string_lossy()).diff(text),
            Action::WriteFile {
                path: self.path.clone(),
                content,
                mode: new.then_some(usual),
                owner: if new { self.owner() } else { Owner::default() },
                validate: None,
                backup: None,
                temporary: None,
            },
        );
        Ok(plan)
    }

    fn owner(&self) -> Owner {
        self.person.as_ref().map(Person::owner).unwrap_or_default()
    }

    /// The folders on the way: private and the user's own in the home, root's elsewhere.
    fn folders(&self, facts: &Facts, plan: &mut Plan) -> Result<()> {
        let home = self.person.as_ref().filter(|person| self.path.starts_with(&person.home));
        let mut missing = Vec::new();
        for folder in self.path.ancestors().skip(1) {
            if crate::host::leads_to(facts.host(), folder)?.is_some() {
                break;
            }
            if let Some(person) = home.filter(|person| person.home == folder) {
                if person.coming || facts.coming(&Key::Path(folder.to_owned())) {
                    break;
                }
                return Err(Fault::new(format!(
                    "the home `{}` of `{}` is not there",
                    folder.display(),
                    person.name
                ))
                .help("`user.present` makes it, unless it says `createhome: false`"));
            }
            missing.push(folder);
        }
        for folder in missing.into_iter().rev() {
            let (mode, owner) =
                if home.is_some() { (0o700, self.owner()) } else { (0o755, Owner::default()) };
            let change =
                Change::new(format!("directory {}", folder.display())).to(format!("created, {mode:04o}"));
            plan.push(change, Action::MakeDirectory { path: folder.to_owned(), mode: Some(mode), owner });
        }
        Ok(())
    }
}

/// sshd's tokens in `AuthorizedKeysFile`.
fn expand(config: &str, person: &Person) -> Result<String> {
    let mut expanded = String::new();
    let mut letters = config.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            expanded.push(letter);
            continue;
        }
        match letters.next() {
            Some('%') => expanded.push('%'),
            Some('h') => expanded.push_str(&person.home.to_string_lossy()),
            Some('u') => expanded.push_str(&person.name),
            other => {
                let token: String = other.into_iter().collect();
                return Err(Fault::new(format!("`config` has the unknown token `%{token}`"))
                    .help("known are `%h` for the home, `%u` for the user and `%%`"));
            }
        }
    }
    Ok(expanded)
}
