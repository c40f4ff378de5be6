//! Whether the code in the project's own folder is what a deploy will look for. What files lack is only warned of: a
//! deploy takes what is committed, and hooks may make files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::diagnostic::{Diagnostic, Problems, nearest};
use crate::site::Site;

/// Files beside which people keep no `requirements.txt`, and what writes one.
const OTHER_LISTS: &[(&str, &str)] = &[
    ("uv.lock", "uv export --no-dev --no-hashes -o requirements.txt"),
    ("poetry.lock", "poetry export -o requirements.txt"),
    ("pdm.lock", "pdm export --prod -o requirements.txt"),
    ("Pipfile.lock", "pipenv requirements > requirements.txt"),
];
/// Folders with nothing of the project's own.
const FOREIGN: &[&str] = &["node_modules", "venv", "env", "site-packages", "__pycache__", "tests"];
/// Code lies no deeper than that, and nobody waits for more.
const DEEPEST: usize = 4;
const MOST_FILES: usize = 20_000;

/// Looks at the folder that `repo` names. `roles` are those of the environment's hosts.
pub fn check(root: &Path, site: &Site, roles: &[&str]) -> Problems {
    let mut problems = Problems::default();
    let folder = root.join(&site.repo);
    if !folder.is_dir() {
        let message =
            format!("`repo: {}` in the pillar is neither a git URL nor a folder of the project", site.repo);
        problems.push(Diagnostic::error(message).help(
            "write `repo: .` if the code lies beside `pillar/`, or a URL such as git@github.com:example/shop.git",
        ));
        return problems;
    }
    let code = Code { folder: &folder, site };
    let runs = |names: &[&str]| roles.iter().any(|role| names.contains(role));
    if !runs(&["web", "worker"]) {
        return problems;
    }
    problems.0.extend(code.packages(runs(&["web"])));
    problems.0.extend(code.management());
    if let Some(module) = &site.settings_module {
        let missing = code.module("settings_module", module, "settings");
        problems.0.extend(missing.or_else(|| code.static_root(module)));
    }
    if let Some(wsgi) = &site.wsgi
        && runs(&["web"])
    {
        let module = wsgi.split(':').next().unwrap_or_default();
        problems.0.extend(code.module("wsgi", module, "wsgi"));
    }
    problems.0.extend(code.migrations());
    problems
}

struct Code<'a> {
    folder: &'a Path,
    site: &'a Site,
}

impl Code<'_> {
    fn packages(&self, web: bool) -> Vec<Diagnostic> {
        let name = &self.site.deploy.requirements;
        let mut found = BTreeSet::new();
        if !requirements(&self.folder.join(name), &mut found, 0) {
            let problem =
                Diagnostic::warning(format!("the code has no `{name}`, from which deploys install packages"));
            let other = OTHER_LISTS.iter().find(|(file, _)| self.folder.join(file).is_file());
            let others = self.named(|file| file.starts_with("requirements") && file.ends_with(".txt"));
            return vec![match (others.first(), other) {
                (Some(other), _) => {
                    problem.help(format!("say which it is, as in `deploy: {{requirements: {other}}}`"))
                }
                (None, Some((file, command))) => problem.help(format!("write it from `{file}`: {command}")),
                (None, None) => problem.help("write one package a line into it, with Django and gunicorn"),
            }];
        }
        let missing = |package: &str, for_what: &str| {
            (!found.contains(package)).then(|| {
                Diagnostic::warning(format!("`{name}` lacks `{package}`, {for_what}"))
                    .help(format!("add a line `{package}`; if another package brings it, all is well"))
            })
        };
        let server =
            missing("gunicorn", "which runs the application on hosts with the role web").filter(|_| web);
        let workers =
            missing("celery", "which `celery` in the pillar is about").filter(|_| self.site.celery.is_some());
        server.into_iter().chain(workers).collect()
    }

    fn management(&self) -> Option<Diagnostic> {
        if self.site.deploy.manage.is_empty() || self.folder.join("manage.py").is_file() {
            return None;
        }
        let problem = Diagnostic::warning("the code has no `manage.py`, which deploys call");
        let elsewhere = self.named(|file| file == "manage.py");
        Some(match elsewhere.first().and_then(|path| path.strip_suffix("/manage.py")) {
            Some(folder) => {
                problem.help(format!("it lies in `{folder}`: write `repo: {}`", self.joined(folder)))
            }
            None => problem.help("if there is none, write `deploy: {manage: []}`"),
        })
    }

    fn joined(&self, folder: &str) -> String {
        if self.site.repo == "." { folder.to_owned() } else { format!("{}/{folder}", self.site.repo) }
    }

    /// Whether a module is there; `kind` is what such modules are mostly called.
    fn module(&self, key: &str, module: &str, kind: &str) -> Option<Diagnostic> {
        let path = module.replace('.', "/");
        let there = ["", "src/"].iter().any(|start| {
            let base = self.folder.join(format!("{start}{path}"));
            base.with_extension("py").is_file() || base.join("__init__.py").is_file()
        });
        if there {
            return None;
        }
        let problem = Diagnostic::warning(format!(
            "`{key}` in the pillar names `{module}`, and the code has no `{path}.py`"
        ));
        let found = self.named(|file| file.strip_suffix(".py").is_some_and(|name| name.starts_with(kind)));
        let modules: Vec<String> = found
            .iter()
            .map(|path| path.trim_end_matches(".py").trim_start_matches("src/").replace('/', "."))
            .collect();
        Some(
            match nearest(module, modules.iter().map(String::as_str)).or(modules.first().map(String::as_str))
            {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => {
                    problem.help("write it with dots, from the top of the code: `shop.wsgi` is shop/wsgi.py")
                }
            },
        )
    }

    /// Nginx serves the static files of a release from its own folder, which the settings have to take.
    fn static_root(&self, module: &str) -> Option<Diagnostic> {
        let collects = |words: &Vec<String>| words.first().is_some_and(|word| word == "collectstatic");
        if !self.site.deploy.manage.iter().any(collects) {
            return None;
        }
        // A module of settings mostly takes over what others beside it say.
        let folder = module.rsplit_once('.').map_or(String::new(), |(package, _)| package.replace('.', "/"));
        let beside = |path: &&String| {
            let path = path.strip_prefix("src/").unwrap_or(path);
            path.rsplit_once('/').map_or("", |(folder, _)| folder).starts_with(&folder)
        };
        let files = self.named(|file| file.ends_with(".py"));
        let texts = files.iter().filter(beside).map(|path| std::fs::read_to_string(self.folder.join(path)));
        let text: String = texts.filter_map(Result::ok).collect();
        if ["\"STATIC_ROOT\"", "'STATIC_ROOT'"].iter().any(|name| text.contains(name)) {
            return None;
        }
        Some(
            Diagnostic::warning(
                "the settings do not take `STATIC_ROOT` from the environment, so Nginx finds no static files",
            )
            .help("write `STATIC_ROOT = os.environ[\"STATIC_ROOT\"]`, and likewise `MEDIA_ROOT`"),
        )
    }

    /// Applications whose tables nobody makes.
    fn migrations(&self) -> Vec<Diagnostic> {
        let lacking = |path: &&String| {
            let app = self.folder.join(path.trim_end_matches("models.py"));
            let text = std::fs::read_to_string(app.join("models.py")).unwrap_or_default();
            text.contains("(models.Model)") && !app.join("migrations").is_dir()
        };
        let found = self.named(|file| file == "models.py");
        let apps = found.iter().filter(lacking);
        let told = apps.map(|path| {
            let app = path.trim_end_matches("/models.py").rsplit('/').next().unwrap_or_default();
            Diagnostic::warning(format!(
                "`{path}` has models, and there is no folder of migrations beside it"
            ))
            .help(format!("python manage.py makemigrations {app}, and commit what it writes"))
        });
        told.collect()
    }

    /// The files of these names, as paths in the code, those that lie highest first.
    fn named(&self, is_meant: impl Fn(&str) -> bool) -> Vec<String> {
        let is_own = |name: &str| name == "." || !(name.starts_with('.') || FOREIGN.contains(&name));
        let walk = WalkDir::new(self.folder).max_depth(DEEPEST).sort_by_file_name().into_iter();
        let entries =
            walk.filter_entry(|entry| entry.depth() == 0 || entry.file_name().to_str().is_some_and(is_own));
        let files =
            entries.take(MOST_FILES).filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
        let meant = files.filter(|entry| entry.file_name().to_str().is_some_and(&is_meant));
        let mut paths: Vec<(usize, PathBuf)> =
            meant.map(|entry| (entry.depth(), entry.into_path())).collect();
        paths.sort();
        let relative =
            |(_, path): &(usize, PathBuf)| Some(path.strip_prefix(self.folder).ok()?.to_str()?.to_owned());
        paths.iter().filter_map(relative).collect()
    }
}

/// The names of a requirements file's packages, and of those that it names with `-r` (pip's "Requirements File
/// Format"). Whether there is such a file.
fn requirements(path: &Path, found: &mut BTreeSet<String>, depth: usize) -> bool {
    let Ok(text) = std::fs::read_to_string(path) else { return false };
    for line in text.lines().map(str::trim) {
        let other =
            ["-r ", "--requirement ", "--requirement="].iter().find_map(|word| line.strip_prefix(word));
        if let Some(other) = other
            && depth < 5
            && let Some(folder) = path.parent()
        {
            requirements(&folder.join(other.trim()), found, depth + 1);
        }
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
        let name: String = line.chars().take_while(|letter| is_name(*letter)).collect();
        found.insert(name.to_lowercase().replace(['_', '.'], "-"));
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(files: &[(&str, &str)], pillar: &serde_json::Value) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let site = Site::of(pillar.as_object().unwrap()).unwrap();
        let problems = check(folder.path(), &site, &["web"]);
        problems
            .0
            .into_iter()
            .map(|problem| format!("{} ({})", problem.message, problem.help.unwrap_or_default()))
            .collect()
    }

    #[test]
    fn code_that_a_deploy_finds_is_right() {
        let pillar = serde_json::json!({"settings_module": "shop.settings.production", "wsgi": "shop.wsgi:application"});
        let files = [
            ("manage.py", ""),
            ("requirements.txt", "-r requirements/base.txt\n# gunicorn\n"),
            ("requirements/base.txt", "Django>=5\nGunicorn[gevent]==23.0 ; python_version > '3'\n"),
            ("shop/wsgi.py", ""),
            ("shop/settings/production.py", "from .base import *"),
            ("shop/settings/base.py", "STATIC_ROOT = os.environ.get('STATIC_ROOT', 'static')"),
            ("orders/models.py", "class Order(models.Model): pass"),
            ("orders/migrations/__init__.py", ""),
        ];
        assert_eq!(told(&files, &pillar), [] as [&str; 0]);
    }

    #[test]
    fn what_a_deploy_would_miss_is_told_with_what_is_there() {
        let pillar = serde_json::json!({"settings_module": "shop.settings", "wsgi": "shop.wsgi:application"});
        let files = [
            ("backend/manage.py", ""),
            ("uv.lock", ""),
            ("backend/shop/wsgi.py", ""),
            ("orders/models.py", "class Order(models.Model): pass"),
        ];
        assert_eq!(
            told(&files, &pillar),
            [
                "the code has no `requirements.txt`, from which deploys install packages (write it from `uv.lock`: uv export --no-dev --no-hashes -o requirements.txt)",
                "the code has no `manage.py`, which deploys call (it lies in `backend`: write `repo: backend`)",
                "`settings_module` in the pillar names `shop.settings`, and the code has no `shop/settings.py` (write it with dots, from the top of the code: `shop.wsgi` is shop/wsgi.py)",
                "`wsgi` in the pillar names `shop.wsgi`, and the code has no `shop/wsgi.py` (did you mean `backend.shop.wsgi`?)",
                "`orders/models.py` has models, and there is no folder of migrations beside it (python manage.py makemigrations orders, and commit what it writes)",
            ]
        );
        let files = [
            ("manage.py", ""),
            ("requirements.txt", "gunicorn"),
            ("shop/settings.py", "STATIC_ROOT = BASE / 'static'"),
        ];
        assert_eq!(
            told(&files, &serde_json::json!({"settings_module": "shop.settings"})),
            [
                "the settings do not take `STATIC_ROOT` from the environment, so Nginx finds no static files (write `STATIC_ROOT = os.environ[\"STATIC_ROOT\"]`, and likewise `MEDIA_ROOT`)"
            ]
        );
        assert_eq!(
            told(&[("manage.py", ""), ("requirements.txt", "django\n")], &serde_json::json!({})),
            [
                "`requirements.txt` lacks `gunicorn`, which runs the application on hosts with the role web (add a line `gunicorn`; if another package brings it, all is well)"
            ]
        );
        assert_eq!(told(&[], &serde_json::json!({"repo": "app"})).len(), 1);
    }
}
