//! The test states whose outcome is in their name. Any further argument is taken and has no effect, as
//! under Salt, so that a state can carry arguments for `use`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{fired, pretended};
use crate::fault::{Fault, Result};
use crate::host::Action;
use crate::plan::Plan;
use crate::states::{Context, Function, State};

type Anything = BTreeMap<String, Value>;

fn comment<'a>(arguments: &'a Anything, otherwise: &'a str) -> &'a str {
    arguments.get("comment").and_then(Value::as_str).unwrap_or(otherwise)
}

/// Does nothing.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct Nop(Anything);

/// Succeeds and changes nothing.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct SucceedWithoutChanges(Anything);

/// Succeeds and says that it changed something.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct SucceedWithChanges(Anything);

/// Fails before it changes anything, in a dry run too.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct FailWithoutChanges(Anything);

/// Says what it would change, and fails when it is to do it.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct FailWithChanges(Anything);

impl State for Nop {
    fn check(&self, _context: &Context<'_>) -> Result<Plan> {
        Ok(Plan::nothing(comment(&self.0, "Success!")))
    }

    fn reacts(&self) -> bool {
        true
    }

    fn react(&self, _context: &Context<'_>) -> Result<Plan> {
        Ok(fired())
    }
}

impl State for SucceedWithoutChanges {
    fn check(&self, _context: &Context<'_>) -> Result<Plan> {
        Ok(Plan::nothing(comment(&self.0, "Success!")))
    }

    fn reacts(&self) -> bool {
        true
    }

    fn react(&self, _context: &Context<'_>) -> Result<Plan> {
        Ok(fired())
    }
}

impl State for SucceedWithChanges {
    fn check(&self, _context: &Context<'_>) -> Result<Plan> {
        let mut plan = Plan::nothing(comment(&self.0, "Success!"));
        plan.push(pretended(), Action::Nothing);
        Ok(plan)
    }

    fn reacts(&self) -> bool {
        true
    }

    fn react(&self, _context: &Context<'_>) -> Result<Plan> {
        Ok(fired())
    }

    fn settles(&self) -> bool {
        false
    }
}

impl State for FailWithoutChanges {
    fn check(&self, _context: &Context<'_>) -> Result<Plan> {
        Err(Fault::new(comment(&self.0, "Failure!")))
    }

    fn reacts(&self) -> bool {
        true
    }

    fn react(&self, _context: &Context<'_>) -> Result<Plan> {
        Ok(fired())
    }
}

impl State for FailWithChanges {
    fn check(&self, _context: &Context<'_>) -> Result<Plan> {
        let mut plan = Plan::default();
        plan.push(pretended(), Action::Fail(comment(&self.0, "Failure!").to_owned()));
        Ok(plan)
    }

    fn reacts(&self) -> bool {
        true
    }

    fn react(&self, _context: &Context<'_>) -> Result<Plan> {
        Ok(fired())
    }

    fn settles(&self) -> bool {
        false
    }
}

impl Function for Nop {
    const NAME: &'static str = "test.nop";
    const ABOUT: &'static str = "Does nothing, with any arguments: an anchor for requisites and for `use`.";
    const EXAMPLE: &'static str = "database is ready:\n  test.nop:\n    - require:\n      - sls: postgres\n";
}

impl Function for SucceedWithoutChanges {
    const NAME: &'static str = "test.succeed_without_changes";
    const ABOUT: &'static str = "Succeeds and changes nothing.";
    const EXAMPLE: &'static str =
        "fine:\n  test.succeed_without_changes:\n    - comment: nothing to see here\n";
}

impl Function for SucceedWithChanges {
    const NAME: &'static str = "test.succeed_with_changes";
    const ABOUT: &'static str = "Succeeds and reports a change that touches nothing.";
    const EXAMPLE: &'static str = "fires:\n  test.succeed_with_changes:\n    - comment: watch me\n";
}

impl Function for FailWithoutChanges {
    const NAME: &'static str = "test.fail_without_changes";
    const ABOUT: &'static str = "Fails, in a dry run too: for systems that a tree does not support.";
    const EXAMPLE: &'static str = "unsupported:\n  test.fail_without_changes:\n    - comment: this tree wants Debian\n    - failhard: true\n";
}

impl Function for FailWithChanges {
    const NAME: &'static str = "test.fail_with_changes";
    const ABOUT: &'static str = "Announces a change and fails when it is to make it.";
    const EXAMPLE: &'static str = "breaks:\n  test.fail_with_changes\n";
}
