//! `test.show_notification`: a sentence in the report.

use serde::Deserialize;

use super::fired;
use crate::fault::Result;
use crate::plan::Plan;
use crate::states::{Context, Function, State};

/// Shows a text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShowNotification {
    #[serde(rename = "name")]
    _name: String,
    text: String,
}

impl State for ShowNotification {
    fn check(&self, _context: &Context<'_>) -> Result<Plan> {
        Ok(Plan::nothing(self.text.clone()))
    }

    fn reacts(&self) -> bool {
        true
    }

    fn react(&self, _context: &Context<'_>) -> Result<Plan> {
        Ok(fired())
    }
}

impl Function for ShowNotification {
    const NAME: &'static str = "test.show_notification";
    const ABOUT: &'static str = "Shows a text in the report.";
    const EXAMPLE: &'static str =
        "notice:\n  test.show_notification:\n    - text: the database was left alone\n";
}
