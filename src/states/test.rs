//! States that do nothing to the host: to try requisites, to fail on purpose, to check the pillar.
//! Must not look at anything but the pillar.

mod configurable;
mod fixed;
mod pillar;
mod show;

pub use configurable::ConfigurableTestState;
pub use fixed::{FailWithChanges, FailWithoutChanges, Nop, SucceedWithChanges, SucceedWithoutChanges};
pub use pillar::CheckPillar;
pub use show::ShowNotification;

use crate::host::Action;
use crate::plan::{Change, Plan};

/// The change that Salt's test states pretend to make.
fn pretended() -> Change {
    Change::new("testing").from("Unchanged").to("Something pretended to change")
}

/// Every function of this module reacts to a watch with a change that is only a message.
fn fired() -> Plan {
    let mut plan = Plan::default();
    plan.push(Change::new("watch statement fired"), Action::Nothing);
    plan
}
