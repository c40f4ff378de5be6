//! `module.run` and `module.wait`: functions of Salt's execution modules, as far as they can be done without
//! Salt: those that act on services, run lines and refresh package lists, and all that only look. They run
//! every time.

mod act;
mod call;

use serde::Deserialize;

use self::call::Calls;
use crate::fault::Result;
use crate::plan::Plan;
use crate::states::{Context, Function, State};

/// Calls the functions every time.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct Run(Calls);

/// Calls the functions when something that it watches has changed.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct Wait(Calls);

impl Calls {
    fn plan(&self, context: &Context<'_>) -> Result<Plan> {
        let mut plan = Plan::default();
        for call in &self.0 {
            act::plan(call, context, &mut plan)?;
        }
        Ok(plan)
    }

    fn looking(&self) -> Vec<&str> {
        self.0.iter().map(|call| call.function.as_str()).filter(|name| !act::knows(name)).collect()
    }
}

impl State for Run {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        self.0.plan(context)
    }

    fn reacts(&self) -> bool {
        true
    }

    fn react(&self, context: &Context<'_>) -> Result<Plan> {
        self.0.plan(context)
    }

    fn settles(&self) -> bool {
        false
    }

    fn asks(&self) -> Vec<&str> {
        self.0.looking()
    }
}

impl State for Wait {
    fn check(&self, _context: &Context<'_>) -> Result<Plan> {
        Ok(Plan::default())
    }

    fn reacts(&self) -> bool {
        true
    }

    fn react(&self, context: &Context<'_>) -> Result<Plan> {
        self.0.plan(context)
    }

    fn settles(&self) -> bool {
        false
    }

    fn asks(&self) -> Vec<&str> {
        self.0.looking()
    }
}

impl Function for Run {
    const NAME: &'static str = "module.run";
    const ABOUT: &'static str = "Functions of Salt's execution modules are called, every time unless `unless`, \
        `onlyif` or `onchanges` keep them from it: those of `service`, `cmd.run`, `pkg.refresh_db`, and what \
        templates can call as `salt[…]`. Both of Salt's ways to write it work.";
    const EXAMPLE: &'static str = "\
reload units:
  module.run:
    - service.systemctl_reload:
    - service.restart:
      - name: app
    - onchanges:
      - file: /etc/systemd/system/app.service
";
}

impl Function for Wait {
    const NAME: &'static str = "module.wait";
    const ABOUT: &'static str =
        "Functions as those of `module.run` are called when something that it watches has changed.";
    const EXAMPLE: &'static str = "\
service.restart:
  module.wait:
    - m_name: app
    - watch:
      - file: /etc/app.conf
";
}
