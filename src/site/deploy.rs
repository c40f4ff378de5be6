//! The settings of deploys.

use std::collections::BTreeMap;

use super::settings::settings;
use super::values::words;
use super::values::{Count, UrlPath};

words! {
    /// When a hook runs: around the stage that it is named after.
    #[derive(PartialOrd, Ord, Hash)]
    HookName {
        "after-code" => AfterCode,
        "before-virtualenv" => BeforeVirtualenv,
        "after-virtualenv" => AfterVirtualenv,
        "before-shared" => BeforeShared,
        "after-shared" => AfterShared,
        "before-manage" => BeforeManage,
        "after-manage" => AfterManage,
        "before-switch" => BeforeSwitch,
        "after-switch" => AfterSwitch,
    }
}

settings! {
    /// How the application is deployed.
    pub struct Deploy {
        /// How many releases are kept on a host, the one that runs included.
        #[example = "keep: 5"]
        pub keep: Count = Count(5),
        /// A path of the site that answers 200 when it works. A deploy goes back if it does not.
        #[example = "health: /health/"]
        pub health: UrlPath = UrlPath("/".to_owned()),
        /// How many seconds the site may take to answer after the switch.
        #[example = "patience: 30"]
        pub patience: u64 = 30,
        /// The file with the application's Python packages, in the code.
        #[example = "requirements: requirements/production.txt"]
        pub requirements: String = "requirements.txt".to_owned(),
        /// Folders and files below `shared/` that every release has a link to.
        #[example = "shared: [media, .secret-key]"]
        pub shared: Vec<String> = vec!["media".to_owned()],
        /// What `manage.py` does before the switch: lists of words, one after another.
        #[example = "manage: [[migrate, --noinput], [compress]]"]
        pub manage: Vec<Vec<String>> = default_manage(),
        /// Shell commands before or after a stage (`before-` or `after-` with `virtualenv`, `shared`, `manage` or
        /// `switch`, and `after-code`), in the release and as the project's user. They stand in for a program of that
        /// name in `deploy/hooks` of the code.
        #[example = "hooks: {after-switch: [./notify.sh]}"]
        pub hooks: BTreeMap<HookName, Vec<String>> = BTreeMap::new(),
    }
}

impl Deploy {
    /// How many releases are kept.
    pub fn keep(&self) -> usize {
        usize::try_from(self.keep.0).unwrap_or(usize::MAX)
    }
}

fn default_manage() -> Vec<Vec<String>> {
    let words = |line: &[&str]| line.iter().map(|word| (*word).to_owned()).collect();
    vec![words(&["migrate", "--noinput"]), words(&["collectstatic", "--noinput", "--verbosity", "0"])]
}
