//! `provision init DIR`: a project with comments that teach.

use std::io::Write;
use std::path::Path;

use crate::exit::Exit;
use crate::fault::{Context as _, Fault, Result};

const GITIGNORE: &str = include_str!("../init/gitignore");

/// The files of a new project, by path; `@project@` and the like stand for what `Code` knows. Code has a README
/// of its own, so ours lies below.
static FILES: &[(&str, &str)] = &[
    ("pillar/README.md", include_str!("../init/README.md")),
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

/// What the code beside the project says of itself.
struct Code {
    settings: String,
    wsgi: String,
    branch: String,
    /// There is a manage.py, so the settings were read and not guessed.
    found: bool,
}

pub fn run(dir: &Path) -> Result<Exit> {
    let there: Vec<&str> =
        FILES.iter().map(|(path, _)| *path).filter(|path| dir.join(path).exists()).collect();
    if let Some(first) = there.first() {
        return Err(Fault::new(format!("`{}` is there already", dir.join(first).display()))
            .help("init starts a new project and overwrites nothing; give another folder"));
    }
    let project = project_name(dir)?;
    let code = look_at(dir, &project);
    for (path, text) in FILES {
        let file = dir.join(path);
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent).context(format!("cannot make `{}`", parent.display()))?;
        }
        let text = text
            .replace("@project@", &project)
            .replace("@settings@", &code.settings)
            .replace("@wsgi@", &code.wsgi)
            .replace("@branch@", &code.branch);
        std::fs::write(&file, text).context(format!("cannot write `{}`", file.display()))?;
    }
    ignore_secrets(&dir.join(".gitignore"))?;
    say_what_next(dir, &code);
    Ok(Exit::Converged)
}

/// Adds our lines to a .gitignore that may be there.
fn ignore_secrets(file: &Path) -> Result<()> {
    let place = || format!("`{}`", file.display());
    let old = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Fault::from(error).context(format!("cannot read {}", place()))),
    };
    if GITIGNORE.lines().all(|line| old.lines().any(|known| known == line)) {
        return Ok(());
    }
    let gap = match old.as_str() {
        "" => "",
        text if text.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    std::fs::write(file, format!("{old}{gap}{GITIGNORE}")).context(format!("cannot write {}", place()))
}

fn say_what_next(dir: &Path, code: &Code) {
    let full = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let mut out = anstream::stdout();
    let enter = if dir == Path::new(".") { String::new() } else { format!("cd {}\n  ", dir.display()) };
    let project = if code.found {
        String::new()
    } else {
        "  - pillar/project.sls: `repo`, `settings_module` and `wsgi` say what your code is\n".to_owned()
    };
    let _closed = writeln!(
        out,
        "Started a project in {}. Fill in:\n\
         {project}\
         \x20 - pillar/devs.sls: your name and your public key\n\
         \x20 - pillar/staging/env.sls: your domain and the server's address\n\
         \x20 - pillar/staging/secrets.sls: cp secrets.example pillar/staging/secrets.sls && chmod 600 pillar/staging/secrets.sls\n\
         Then:\n\
         \x20 {enter}provision staging check          check the project; no host needed\n\
         \x20 provision -u root staging        first run; afterwards root can no longer log in\n\
         \x20 provision -u NAME staging deploy deploy the code, as yourself",
        full.components().collect::<std::path::PathBuf>().display()
    );
}

/// Reads the settings that manage.py names and the branch that is checked out; what is not there is guessed from
/// the project's name.
fn look_at(dir: &Path, project: &str) -> Code {
    let read = |path: &str| std::fs::read_to_string(dir.join(path)).unwrap_or_default();
    let settings = settings_module(&read("manage.py"));
    let found = settings.is_some();
    let settings = settings.unwrap_or_else(|| format!("{}.settings", project.replace('-', "_")));
    let package = settings.split('.').next().unwrap_or(&settings);
    let branch = read(".git/HEAD")
        .strip_prefix("ref: refs/heads/")
        .map_or_else(|| "main".to_owned(), |name| name.trim().to_owned());
    Code { wsgi: format!("{package}.wsgi:application"), settings, branch, found }
}

/// The module in manage.py's `os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")`.
fn settings_module(manage: &str) -> Option<String> {
    let (_, rest) = manage.split_once("DJANGO_SETTINGS_MODULE")?;
    let module = rest.split(['"', '\'']).nth(2)?;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '.';
    (!module.is_empty() && module.chars().all(plain)).then(|| module.to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_are_those_that_manage_py_names() {
        for (manage, module) in [
            ("os.environ.setdefault(\"DJANGO_SETTINGS_MODULE\", \"shop.settings\")", Some("shop.settings")),
            (
                "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'config.settings.local')",
                Some("config.settings.local"),
            ),
            ("os.environ.setdefault(\"DJANGO_SETTINGS_MODULE\", name())", None),
            ("print('no Django')", None),
        ] {
            assert_eq!(settings_module(manage).as_deref(), module, "{manage}");
        }
    }
}
