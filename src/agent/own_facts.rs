//! Facts of the project's own: what stands in the folder `facts.d` of its states. A program there prints a
//! JSON object, a `.json` file is one, and both become grains. Programs must only look: plans run them, too.

use std::time::Duration;

use serde_json::Value;

use crate::facts::{Facts, Grains};
use crate::fault::{Fault, Result};
use crate::host::Command;
use crate::tree::{Tree, TreeFile};

const FOLDER: &str = "facts.d";
/// A fact is asked in every run: whoever waits for it should not wait long.
const LONGEST: Duration = Duration::from_secs(30);

/// Adds the grains that the folder's files come to, in the order of their names.
///
/// # Errors
/// A program fails or does not start, or what a file comes to is no JSON object.
pub(super) fn add(tree: &Tree, facts: &Facts, grains: &mut Grains) -> Result<()> {
    for name in tree.files(FOLDER)?.unwrap_or_default() {
        let Some(file) = tree.read(&format!("{FOLDER}/{name}"))? else { continue };
        let text = if name.ends_with(".json") { file.bytes.to_vec() } else { printed(&file, facts)? };
        match serde_json::from_slice(&text) {
            Ok(Value::Object(found)) => grains.extend(found),
            Ok(_) => return Err(wrong(&file, "is JSON, but no object")),
            Err(error) => return Err(wrong(&file, &format!("is no JSON: {error}"))),
        }
    }
    Ok(())
}

/// What a program prints. It is fed to its interpreter, since the file itself may be readable to us alone and on
/// a file system from which nothing is started.
fn printed(file: &TreeFile, facts: &Facts) -> Result<Vec<u8>> {
    let first = file.bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let first = String::from_utf8_lossy(first);
    let Some(interpreter) = first.strip_prefix("#!").map(str::trim).filter(|line| !line.is_empty()) else {
        return Err(Fault::new(format!("`{}` has no first line that says what runs it", file.shown))
            .help("begin a program with `#!/bin/sh` or the like; call a file of data `….json`"));
    };
    let words = interpreter.split_whitespace().chain(["-"]);
    let command = Command::new(words).stdin(file.bytes.to_vec()).timeout(LONGEST);
    let output = facts.host().ask(&command).map_err(|fault| fault.context(format!("`{}`", file.shown)))?;
    if output.success() {
        return Ok(output.stdout);
    }
    Err(Fault::new(format!("`{}` failed", file.shown)).output(output.errors()))
}

fn wrong(file: &TreeFile, what: &str) -> Fault {
    Fault::new(format!("what `{}` gives {what}", file.shown))
        .help("print one JSON object, such as `{\"rack\": \"b7\"}`")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::host::Local;

    fn grains(files: &[(&str, &str)]) -> Result<Value> {
        let files: BTreeMap<String, Vec<u8>> =
            files.iter().map(|(name, text)| (format!("facts.d/{name}"), text.as_bytes().to_vec())).collect();
        let mut grains = Grains::new();
        add(&Tree::default().with_memory(files), &Facts::new(Arc::new(Local::new())), &mut grains)?;
        Ok(Value::Object(grains))
    }

    #[test]
    fn programs_and_data_become_grains_in_the_order_of_their_names() {
        let found = grains(&[
            ("10-rack", "#!/bin/sh\necho '{\"rack\": \"b7\", \"row\": 1}'\n"),
            ("20-row.json", "{\"row\": 2}"),
        ]);
        assert_eq!(found.unwrap(), json!({"rack": "b7", "row": 2}));
        assert_eq!(grains(&[]).unwrap(), json!({}));
    }

    #[test]
    fn what_is_no_fact_is_told() {
        for (name, text, emitter) in [
            ("a", "#!/bin/sh\nexit 3\n", "`a` failed"),
            ("a", "echo x\n", "has no first line"),
            ("a", "#!/bin/sh\necho x\n", "is no JSON"),
            ("a.json", "[1]", "no object"),
        ] {
            let fault = grains(&[(name, text)]).unwrap_err().to_string();
            assert!(fault.replace("facts.d/", "").contains(emitter), "{fault}");
        }
    }
}
