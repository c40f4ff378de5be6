//! File states on this machine, in a folder of their own: what they say is done, and then nothing is left.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::sync::Arc;

use provision::facts::Facts;
use provision::fault::{Fault, Result};
use provision::host::Local;
use provision::source::Source;
use provision::states::{Context, Library, LibraryFile, RenderRequest, find};
use provision::yaml::parse;

struct Nothing;

impl Library for Nothing {
    fn read(&self, _url: &str) -> Result<Option<Arc<[u8]>>> {
        Ok(None)
    }

    fn files(&self, _url: &str) -> Result<Option<Vec<LibraryFile>>> {
        Ok(None)
    }

    fn render(&self, _request: &RenderRequest<'_>) -> Result<String> {
        Err(Fault::new("there are no templates here"))
    }

    fn pillar(&self, _key: &str) -> Option<serde_json::Value> {
        None
    }

    fn grain(&self, _key: &str) -> Option<serde_json::Value> {
        None
    }

    fn ask(&self, _: &str, _: &serde_json::Map<String, serde_json::Value>) -> Result<serde_json::Value> {
        Err(Fault::new("there are no functions here"))
    }
}

const STATES: &str = "
- {file.directory: {name: DIR/etc/app, makedirs: yes, mode: 2750}}
- {file.managed: {name: DIR/etc/app/a.conf, contents: [one, two], mode: 0640, check_cmd: grep -q two}}
- {file.managed: {name: DIR/etc/app/a.conf, contents: [one, two, three], mode: 0600}}
- {file.managed: {name: DIR/var/b/c, contents: x, makedirs: yes, dir_mode: 0700}}
- {file.symlink: {name: DIR/etc/link, target: app/a.conf}}
- {file.append: {name: DIR/etc/link, text: four}}
- {file.replace: {name: DIR/etc/app/a.conf, pattern: ^one, repl: eins}}
- {file.line: {name: DIR/etc/app/a.conf, mode: ensure, content: zwei, after: ^eins}}
- {file.blockreplace: {name: DIR/etc/app/a.conf, content: block, append_if_not_found: yes, backup: no}}
- {file.keyvalue: {name: DIR/etc/app/kv, key: a, value: 1, create_if_missing: yes}}
- {file.serialize: {name: DIR/etc/app/d.json, dataset: {b: 1, a: [x]}, serializer: json}}
- {file.comment: {name: DIR/etc/app/kv, regex: ^a}}
- {file.uncomment: {name: DIR/etc/app/kv, regex: ^a}}
- {file.copy: {name: DIR/copied, source: DIR/etc, preserve: yes}}
- {file.hardlink: {name: DIR/hard, target: DIR/etc/app/kv}}
- {file.touch: {name: DIR/touched, mtime: 1700000000, atime: 1700000000}}
- {file.rename: {name: DIR/moved, source: DIR/touched}}
- {file.directory: {name: DIR/copied, clean: yes, exclude_pat: link, dir_mode: 0700, file_mode: 0600, recurse: [mode]}}
- {file.absent: {name: DIR/var}}
";

#[test]
fn what_states_say_is_done_and_then_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    let facts = Facts::new(Arc::new(Local::new()));
    let context = Context { facts: &facts, library: &Nothing, sls: "test", id: "test", required: Vec::new() };
    let states = parse(&Source::new("states", STATES.replace("DIR", dir))).unwrap().unwrap();
    for node in states.list().unwrap() {
        let (name, arguments) = &node.map().unwrap()[0];
        let name = name.text().unwrap();
        let state = (find(name).unwrap().read)(arguments).unwrap();
        let plan = state.check(&context).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert!(!plan.is_empty(), "{name}: {plan:?}");
        for step in &plan.steps {
            facts.host().perform(&step.action).unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
        }
        let again = state.check(&context).unwrap();
        assert!(again.is_empty(), "{name} did not converge: {again:?}");
    }
    let path = |relative: &str| folder.path().join(relative);
    let mode = |relative: &str| fs::metadata(path(relative)).unwrap().permissions().mode() & 0o7777;
    assert_eq!(
        fs::read_to_string(path("etc/app/a.conf")).unwrap(),
        "eins\nzwei\ntwo\nthree\nfour\n#-- start managed zone --\nblock\n#-- end managed zone --\n"
    );
    assert_eq!((mode("etc/app"), mode("etc/app/a.conf")), (0o2750, 0o600));
    assert!(path("etc/link").is_symlink(), "it was written through");
    assert!(path("etc/app/a.conf.bak").exists());
    assert_eq!(fs::read_to_string(path("hard")).unwrap(), "a=1\n");
    assert_eq!(fs::metadata(path("hard")).unwrap().nlink(), 2);
    assert_eq!(fs::metadata(path("moved")).unwrap().mtime(), 1_700_000_000);
    let left: Vec<_> =
        fs::read_dir(path("copied")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["link"]);
    assert!(!path("var").exists());
}
