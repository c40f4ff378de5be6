//! A sandbox that ends with the value that holds it, for tests.
//! It must not outlive its process either: when that is killed, the next `up` or `list` removes the host.

use std::ops::Deref;

use anyhow::Result;

use super::{Options, Sandbox, life};

#[derive(Debug)]
#[must_use = "the sandbox ends when its guard is dropped"]
pub struct Guard(Sandbox);

impl Guard {
    /// Like [`super::up`]; whatever `die_with` said, the host belongs to this process.
    pub fn up(options: &Options, progress: &dyn Fn(&str)) -> Result<Self> {
        let options = Options { die_with: Some(std::process::id()), ..options.clone() };
        life::up(&options, progress).map(Self)
    }

    /// Cuts its power and boots it again with the same disk.
    pub fn power_cycle(&mut self) -> Result<()> {
        life::kill(&self.name)?;
        self.0 = life::boot(&self.name)?;
        Ok(())
    }
}

impl Deref for Guard {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.0
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // An error has nowhere to go from here; what is left is found by the next `list`.
        let _ = life::down(&self.0.name);
    }
}
