//! `keyboard.system`: the layout of the host's keyboard, as keyboard(5) has it.

use serde::Deserialize;

use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::plan::Plan;
use crate::states::edit::{Edit, joined};
use crate::states::{Context, Function, State};

const FILE: &str = "/etc/default/keyboard";

/// The other settings of a host that has none yet, as its package would ask for them.
const USUAL: [&str; 4] =
    [r#"XKBMODEL="pc105""#, r#"XKBVARIANT="""#, r#"XKBOPTIONS="""#, r#"BACKSPACE="guess""#];

/// The layout of the keyboard.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    name: String,
}

/// The layout that a line of the file sets.
fn of_line(line: &str) -> Option<&str> {
    Some(line.trim().strip_prefix("XKBLAYOUT=")?.trim_matches(['"', '\'']))
}

impl State for System {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        // The file is read by shells: nothing in it may mean something to them.
        let fit = |char: char| char.is_ascii_alphanumeric() || matches!(char, ',' | '_' | '-' | '(' | ')');
        if self.name.is_empty() || !self.name.chars().all(fit) {
            return Err(Fault::new(format!("`{}` is no layout of a keyboard", self.name))
                .help("write one such as `de`, or several as in `us,de`"));
        }
        let mut plan = Plan::default();
        let file = Edit::of(context.facts.host(), FILE)?;
        // The last one counts.
        if file.lines().filter_map(of_line).next_back() == Some(&self.name) {
            return Ok(plan);
        }
        let layout = format!("XKBLAYOUT=\"{}\"", self.name);
        let usual = if file.is_there() { [].as_slice() } else { &USUAL };
        let others = file.lines().filter(|line| of_line(line).is_none()).chain(usual.iter().copied());
        file.write(joined(others.chain([layout.as_str()])), &mut plan);
        Ok(plan)
    }

    fn owns(&self) -> Vec<Key> {
        vec![Key::Path(FILE.into())]
    }

    fn wants(&self) -> Vec<Key> {
        vec![Key::Package("keyboard-configuration".to_owned())]
    }
}

impl Function for System {
    const NAME: &'static str = "keyboard.system";
    const ABOUT: &'static str = "The host's keyboard has this layout, from the next boot on.";
    const EXAMPLE: &'static str = "de:\n  keyboard.system\n";
}
