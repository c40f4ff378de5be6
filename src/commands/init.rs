//! `provision init DIR`: a project with comments that teach.

use std::io::Write;
use std::path::Path;

use crate::exit::Exit;
use crate::fault::{Context as _, Fault, Result};

/// The files of a new project, by path. `@project@` stands for the project's name and `@module@` for its Python package.
static FILES: &[(&str, &str)] = &[
    ("README.md", include_str!("../init/README.md")),
    (".gitignore", include_str!("../init/gitignore")),
    ("secrets.example", include_str!("../init/secrets.example")),
    ("pillar/top.sls", include_str!("../init/pillar/top.sls")),
    ("pillar/project.sls", include_str!("../init/pillar/project.sls")),
    ("pillar/devs.sls", include_str!("../init/pillar/devs.sls")),
    ("pillar/staging/env.sls", include_str!("../init/pillar/staging/env.sls")),
    ("pillar/production/env.sls", include_str!("../init/pillar/production/env.sls")),
    ("pillar/vagrant/env.sls", include_str!("../init/pillar/vagrant/env.sls")),
    ("states/README.md", include_str!("../init/states/README.md")),
    ("states/site.sls", include_str!("../init/states/site.sls")),
];

pub fn run(dir: &Path) -> Result<Exit> {
    let there: Vec<&str> =
        FILES.iter().map(|(path, _)| *path).filter(|path| dir.join(path).exists()).collect();
    if let Some(first) = there.first() {
        return Err(Fault::new(format!("`{}` is there already", dir.join(first).display()))
            .help("init starts a new project and overwrites nothing; give another folder"));
    }
    let project = project_name(dir)?;
    for (path, text) in FILES {
        let file = dir.join(path);
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent).context(format!("cannot make `{}`", parent.display()))?;
        }
        std::fs::write(
            &file,
            text.replace("@project@", &project).replace("@module@", &project.replace('-', "_")),
        )
        .context(format!("cannot write `{}`", file.display()))?;
    }
    let mut out = anstream::stdout();
    let _closed = writeln!(
        out,
        "A project in {}. Next:\n\
         \x20 1. put your name and public key into pillar/devs.sls\n\
         \x20 2. put the server's address into pillar/staging/env.sls\n\
         \x20 3. cp secrets.example pillar/staging/secrets.sls && chmod 600 pillar/staging/secrets.sls, and fill it in\n\
         \x20 4. provision -u root staging",
        dir.display()
    );
    Ok(Exit::Converged)
}

/// The folder's name as a project's name: it names users, folders and databases.
fn project_name(dir: &Path) -> Result<String> {
    let full = std::path::absolute(dir).context(format!("`{}`", dir.display()))?;
    let name: String = full
        .file_name()
        .map(|name| name.to_string_lossy().to_lowercase())
        .unwrap_or_default()
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' })
        .collect();
    let name = name.trim_matches('-');
    if name.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
        return Ok(name.to_owned());
    }
    Err(Fault::new(format!("`{}` makes no project name", full.display()))
        .help("give a folder whose name begins with a letter"))
}
