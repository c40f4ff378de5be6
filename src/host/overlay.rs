//! A host for dry runs: file actions happen in memory over the real host, so that later states see what
//! earlier ones would have written. Commands and packages are not performed, and nothing below is changed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use super::memfs::{Model, View};
use super::simulate::simulate;
use super::{Action, Command, Host, Interface, Output, Performed, Stat, search};
use crate::fault::Result;

pub struct Overlay {
    below: Arc<dyn Host>,
    model: RwLock<Model>,
}

impl Overlay {
    pub fn new(below: Arc<dyn Host>) -> Self {
        Self { below, model: RwLock::default() }
    }

    fn model(&self) -> RwLockReadGuard<'_, Model> {
        self.model.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks through the model, or right at the host below while nothing was written.
    fn look<T>(
        &self,
        through: impl FnOnce(View<'_>) -> Result<T>,
        below: impl FnOnce(&dyn Host) -> Result<T>,
    ) -> Result<T> {
        let model = self.model();
        if model.is_empty() {
            below(self.below.as_ref())
        } else {
            through(View { model: &model, below: self.below.as_ref() })
        }
    }
}

impl Host for Overlay {
    fn stat(&self, path: &Path) -> Result<Option<Stat>> {
        self.look(|view| view.stat(path), |below| below.stat(path))
    }

    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>> {
        self.look(|view| view.read(path), |below| below.read(path))
    }

    fn list(&self, path: &Path) -> Result<Option<Vec<String>>> {
        self.look(|view| view.list(path), |below| below.list(path))
    }

    fn link(&self, path: &Path) -> Result<Option<PathBuf>> {
        self.look(|view| view.link(path), |below| below.link(path))
    }

    fn which(&self, program: &str) -> Result<Option<PathBuf>> {
        search(self, program)
    }

    fn ask(&self, command: &Command) -> Result<Output> {
        self.below.ask(command)
    }

    fn exchange(&self, socket: &Path, question: &[u8]) -> Result<Option<Vec<u8>>> {
        self.below.exchange(socket, question)
    }

    fn perform(&self, action: &Action) -> Result<Performed> {
        let mut model = self.model.write().unwrap_or_else(PoisonError::into_inner);
        if action.path().is_some_and(|path| !model.knows(path)) {
            self.below.reaches(action)?;
        }
        simulate(&mut model, self.below.as_ref(), false, action)?;
        Ok(Performed::default())
    }

    fn set_environment(&self, anew: bool, variables: &BTreeMap<String, Option<String>>) {
        self.below.set_environment(anew, variables);
    }

    fn interfaces(&self) -> Result<Vec<Interface>> {
        self.below.interfaces()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fake::{Fake, FakeKind};
    use crate::host::{Kind, Owner};

    fn names(host: &dyn Host, path: &str) -> Vec<String> {
        host.list(Path::new(path)).unwrap().unwrap()
    }

    #[test]
    fn later_looks_see_what_would_have_been_written() {
        let below = Arc::new(Fake::debian());
        below.put("/srv/app/old.conf", FakeKind::File(b"old\n".to_vec()));
        below.put("/srv/app/sub/deep", FakeKind::File(b"deep\n".to_vec()));
        below.put("/srv/link", FakeKind::Symlink("app".into()));
        let host = Overlay::new(Arc::clone(&below) as Arc<dyn Host>);
        let path = |text: &str| PathBuf::from(text);
        let owner = Owner::default;
        let act = |action| host.perform(&action).unwrap();

        act(Action::WriteFile {
            path: path("/srv/link/new.conf"),
            content: b"new\n".to_vec(),
            mode: Some(0o600),
            owner: Owner { user: Some("not-yet".to_owned()), group: None },
            validate: None,
            backup: None,
            temporary: None,
        });
        assert_eq!(host.read(Path::new("/srv/app/new.conf")).unwrap().unwrap(), b"new\n");
        assert_eq!(host.stat(Path::new("/srv/app/new.conf")).unwrap().unwrap().mode, 0o600);
        assert_eq!(names(&host, "/srv/app"), ["new.conf", "old.conf", "sub"]);

        act(Action::SetMode { path: path("/srv/app/old.conf"), mode: 0o640 });
        assert_eq!(host.read(Path::new("/srv/link/old.conf")).unwrap().unwrap(), b"old\n");
        assert_eq!(host.stat(Path::new("/srv/app/old.conf")).unwrap().unwrap().mode, 0o640);

        act(Action::Rename { from: path("/srv/app"), to: path("/srv/moved") });
        assert!(host.stat(Path::new("/srv/app/sub/deep")).unwrap().is_none());
        assert!(host.read(Path::new("/srv/link/old.conf")).unwrap().is_none(), "the link dangles now");
        assert_eq!(host.read(Path::new("/srv/moved/sub/deep")).unwrap().unwrap(), b"deep\n");
        assert_eq!(names(&host, "/srv/moved"), ["new.conf", "old.conf", "sub"]);

        act(Action::Remove { path: path("/srv/moved/sub") });
        assert_eq!(names(&host, "/srv/moved"), ["new.conf", "old.conf"]);
        act(Action::MakeDirectory { path: path("/srv/moved/sub"), mode: None, owner: owner() });
        assert!(names(&host, "/srv/moved/sub").is_empty(), "what was below does not come back");

        act(Action::Copy { from: path("/srv/moved"), to: path("/srv/copy"), owner: owner(), mode: None });
        act(Action::Remove { path: path("/srv/moved") });
        assert_eq!(host.read(Path::new("/srv/copy/old.conf")).unwrap().unwrap(), b"old\n");
        assert_eq!(host.stat(Path::new("/srv/copy/sub")).unwrap().unwrap().kind, Kind::Directory);

        act(Action::Run(Command::new(["reboot"])));
        assert!(below.performed().is_empty());
        assert_eq!(names(below.as_ref(), "/srv/app"), ["old.conf", "sub"]);
    }
    #[test]
    fn folders_that_a_program_would_make_are_taken_as_made() {
        let host = Overlay::new(Arc::new(Fake::debian()));
        host.perform(&Action::MakeDirectory {
            path: "/home/alice/.ssh".into(),
            mode: Some(0o700),
            owner: Owner { user: Some("alice".to_owned()), group: None },
        })
        .unwrap();
        assert_eq!(names(&host, "/home/alice"), [".ssh"]);
    }
}
