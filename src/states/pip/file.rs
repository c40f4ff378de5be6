//! Requirements files: installed anew when their text, or that of a file they include, has changed since.
//! What was installed is noted by its hash in the environment, so that looking needs no pip.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::environment::Environment;
use super::options::Options;
use crate::fault::{Fault, Result};
use crate::host::{Action, Owner};
use crate::plan::{Change, Plan};
use crate::states::Context;

/// The note: the hash of what was installed last.
const NOTE: &str = ".provision-requirements";
/// Where files of the project are put for pip.
const COPY: &str = ".provision-requirements.txt";
const CONSTRAINTS: &str = ".provision-constraints.txt";
/// Files that include one another so deep do so for ever.
const DEEPEST: usize = 10;

/// A requirements file with everything that it includes.
#[derive(Default)]
struct Flat {
    requirements: String,
    constraints: String,
}

/// Plans `pip install -r` where the note differs.
pub fn plan(
    context: &Context<'_>,
    environment: &Environment,
    source: &str,
    options: &Options<'_>,
    plan: &mut Plan,
) -> Result<()> {
    let Some(folder) = &environment.folder else {
        return Err(
            Fault::new("a requirements file needs a virtual environment").help("name it in `bin_env`")
        );
    };
    let mut flat = Flat::default();
    flatten(context, source, false, 0, &mut flat)?;
    let digest = Sha256::digest(format!("{}\0{}", flat.requirements, flat.constraints));
    let hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let note = folder.join(NOTE);
    let noted = context.facts.host().read(&note)?.unwrap_or_default();
    if String::from_utf8_lossy(&noted).trim() == hash {
        return Ok(());
    }
    let owner = Owner { user: options.user.cloned(), group: None };
    let write = |path: PathBuf, text: String| Action::WriteFile {
        path,
        content: text.into_bytes(),
        mode: Some(0o644),
        owner: owner.clone(),
        validate: None,
        backup: None,
        temporary: None,
    };
    let mut words = options.words();
    let is_ours = source.starts_with("salt://");
    let copy = folder.join(COPY);
    let file = if is_ours { copy.display().to_string() } else { source.to_owned() };
    words.extend(["-r".to_owned(), file]);
    if is_ours {
        if !flat.constraints.is_empty() {
            let path = folder.join(CONSTRAINTS);
            words.extend(["-c".to_owned(), path.display().to_string()]);
            plan.push(Change::new("constraints file"), write(path, flat.constraints));
        }
        plan.push(Change::new("requirements file"), write(copy, flat.requirements));
    }
    let command = options.apply(environment.pip(words.iter().map(String::as_str)));
    plan.push(Change::new("requirements installed").to(source), Action::Run(command));
    // Last, so that a failed installation is tried again.
    plan.push(Change::new("requirements noted"), write(note, hash + "\n"));
    Ok(())
}

/// Reads a file, its `-r` files in place of their lines and its `-c` files aside.
fn flatten(
    context: &Context<'_>,
    source: &str,
    constraint: bool,
    depth: usize,
    flat: &mut Flat,
) -> Result<()> {
    if depth > DEEPEST {
        return Err(Fault::new(format!("`{source}` includes requirements files without end")));
    }
    let bytes = if source.starts_with("salt://") {
        context.library.read(source)?.map(|bytes| bytes.to_vec())
    } else {
        context.facts.host().read(Path::new(source))?
    };
    let Some(bytes) = bytes else {
        return Err(Fault::new(format!("there is no requirements file `{source}`")));
    };
    for line in String::from_utf8_lossy(&bytes).lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (option, file) = match words.as_slice() {
            [option @ ("-r" | "--requirement" | "-c" | "--constraint"), file, ..] => (*option, *file),
            [word, ..] => match word.split_once('=') {
                Some((option @ ("--requirement" | "--constraint"), file)) => (option, file),
                _ => ("", ""),
            },
            [] => ("", ""),
        };
        if option.is_empty() {
            let text = if constraint { &mut flat.constraints } else { &mut flat.requirements };
            text.push_str(line);
            text.push('\n');
        } else if file.contains("://") && !file.starts_with("salt://") {
            return Err(
                Fault::new(format!("`{source}` includes `{file}`")).help("include files of the same place")
            );
        } else {
            let beside =
                source.rsplit_once('/').map_or(file.to_owned(), |(folder, _)| format!("{folder}/{file}"));
            let is_constraint = constraint || matches!(option, "-c" | "--constraint");
            flatten(context, &beside, is_constraint, depth + 1, flat)?;
        }
    }
    Ok(())
}
