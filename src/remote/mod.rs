//! The operator's half of a run over ssh: connect, look at the host, push what has changed, start the run
//! there and pass on its events. Starts ssh, rsync, tar and vagrant; must not know a state.

mod connection;
mod download;
mod end;
mod fleet;
mod hostkey;
mod interrupt;
mod killed;
mod leavings;
mod limits;
mod lines;
mod operator;
mod pack;
mod password;
mod plausible;
mod probe;
mod push;
mod refusal;
mod run;
mod said;
mod talk;
mod target;
mod terminal;
mod tracked;
mod turns;
mod vagrant;

pub use connection::Connection;
pub use download::download;
pub use fleet::{AT_ONCE, Fleet, Freight, Told};
pub use interrupt::{interrupted, resume as resume_signal, suspend, watch as watch_signals};
pub use leavings::Leavings;
pub use limits::SILENCE;
pub use operator::operator;
pub use pack::{Packed, What, pack};
pub use password::Password;
pub use push::Payload;
pub use refusal::Refusal;
pub use target::{Login, Target};
pub use terminal::terminal;
pub use tracked::tracked;
pub use vagrant::ssh_config as vagrant_ssh_config;
