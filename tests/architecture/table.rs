//! Who may depend on whom, and who alone may do what. Bottom up: a module stands below all that it uses.

/// A module under src/ and the modules that it may use.
pub struct Module {
    pub name: &'static str,
    pub uses: &'static [&'static str],
}

const fn module(name: &'static str, uses: &'static [&'static str]) -> Module {
    Module { name, uses }
}

pub const MODULES: &[Module] = &[
    // What everything stands on.
    module("source", &[]),
    module("glob", &[]),
    module("parallel", &[]),
    module("exit", &[]),
    module("fault", &[]),
    // What of the operator's nobody else may read.
    module("private", &["fault"]),
    module("diagnostic", &["source"]),
    module("public_key", &["fault"]),
    // The project's files.
    module("yaml", &["source", "diagnostic"]),
    module("tree", &["fault"]),
    // What the pillar may say about a project.
    module("site", &["source", "diagnostic", "fault", "yaml", "tree"]),
    module("template", &["source", "diagnostic", "fault", "yaml", "tree", "glob"]),
    module("project", &["source", "diagnostic", "fault", "public_key", "yaml", "tree", "site"]),
    // The host. Plans hold actions, which are plain data of `host`; performing them is another matter.
    module("host", &["fault"]),
    module("process_env", &["fault"]),
    module("serve", &["fault"]),
    module("facts", &["fault", "host"]),
    module("plan", &["host"]),
    // Events carry changes and grains, both plain types.
    module("event", &["diagnostic", "plan", "facts"]),
    module("states", &["source", "diagnostic", "fault", "public_key", "yaml", "host", "facts", "plan"]),
    // From files to states in order. The whole of it runs without a host, on recorded facts.
    module("sls", &["source", "diagnostic", "fault", "yaml", "tree", "template"]),
    module("target", &["glob"]),
    module("top", &["source", "diagnostic", "yaml", "target"]),
    module("graph", &[]),
    module("merge", &[]),
    // What templates can call; it looks at the host through `facts`.
    module(
        "functions",
        &["diagnostic", "fault", "glob", "tree", "template", "host", "facts", "target", "merge"],
    ),
    module(
        "pillar",
        &[
            "source",
            "diagnostic",
            "glob",
            "yaml",
            "tree",
            "template",
            "plan",
            "project",
            "sls",
            "top",
            "target",
            "merge",
            "functions",
        ],
    ),
    module(
        "compile",
        &[
            "source",
            "diagnostic",
            "fault",
            "glob",
            "yaml",
            "template",
            "sls",
            "top",
            "target",
            "graph",
            "facts",
            "states",
            "parallel",
        ],
    ),
    // One host's files and data, for compiling and for its states.
    module(
        "library",
        &[
            "source",
            "diagnostic",
            "fault",
            "yaml",
            "site",
            "tree",
            "template",
            "sls",
            "target",
            "functions",
            "pillar",
            "states",
            "compile",
        ],
    ),
    module("converge", &["fault", "host", "facts", "plan", "event", "states", "compile"]),
    // What is asked of a host, and whose it is: what both halves of a run know besides events.
    module("owner", &["fault"]),
    module("order", &["fault", "facts", "owner"]),
    // Deploying is no state: its stages are told as events, and its end as an exit code.
    module("deploy", &["fault", "exit", "process_env", "host", "facts", "plan", "event", "order", "site"]),
    module("operate", &["fault", "host", "facts", "event", "order", "site"]),
    // The host's half of a run, from an order to its events.
    module(
        "agent",
        &[
            "diagnostic",
            "fault",
            "exit",
            "tree",
            "project",
            "site",
            "process_env",
            "host",
            "facts",
            "plan",
            "event",
            "functions",
            "pillar",
            "compile",
            "library",
            "converge",
            "owner",
            "order",
            "deploy",
            "operate",
        ],
    ),
    // Other people's trees.
    module(
        "migrate",
        &["source", "diagnostic", "fault", "yaml", "tree", "facts", "states", "compile", "agent"],
    ),
    // The operator's side.
    module("remote", &["diagnostic", "fault", "exit", "private", "facts", "event", "owner", "order"]),
    module("report", &["diagnostic", "event"]),
    module("sandbox", &[]),
    module("cli", &["sandbox"]),
];

/// These tie the rest together and may use all of it; nothing may use them.
pub const TOP: &[&str] = &["commands", "lib", "main"];

/// What only some may do. `what` is the start of a path, or a macro with its `!`.
pub struct Door {
    pub what: &'static str,
    /// Modules, or files under src/ without their `.rs`.
    pub only: &'static [&'static str],
    pub why: &'static str,
}

const fn door(what: &'static str, only: &'static [&'static str], why: &'static str) -> Door {
    Door { what, only, why }
}

pub const DOORS: &[Door] = &[
    door(
        "std::process",
        // process_env turns this process into the program that it was asked to start.
        &["host", "remote", "sandbox", "process_env", "serve", "main"],
        "programs are started by `host` and `serve` on the host, by `remote` and `sandbox` on the operator's side",
    ),
    door(
        "std::os::unix::process",
        &["host", "remote", "sandbox", "process_env", "serve"],
        "as `std::process`",
    ),
    door(
        "std::net",
        &["host", "remote", "sandbox", "serve"],
        "connections are the operator's side's, and `serve` listens on the host; addresses as values are no connection",
    ),
    door(
        "std::fs",
        &[
            "host",
            "private",
            "remote",
            "sandbox",
            "process_env",
            "serve",
            "tree",
            "project",
            "agent/emitter",
            "commands",
        ],
        "states and the compiler see the host through `facts` and the project through `tree`",
    ),
    door(
        "nix",
        &["fault", "host", "facts", "remote", "sandbox", "process_env", "serve", "report", "commands"],
        "states and the compiler make no system calls",
    ),
    door(
        "users",
        &["host", "remote", "sandbox", "process_env", "agent"],
        "ids of this process are asked where it acts",
    ),
    door("crate::host::Local", &["agent", "host"], "who looks does not choose the host that it looks at"),
    door("crate::host::Overlay", &["agent", "host"], "who looks does not know a dry run from a real one"),
    door("crate::host::fake", &["host"], "the fake is for tests"),
    door("print!", &["report", "commands"], "all output is a report's"),
    door("println!", &["report", "commands"], "all output is a report's"),
    door("eprint!", &["report", "commands"], "all output is a report's"),
    door("eprintln!", &["report", "commands"], "all output is a report's"),
    door("dbg!", &[], "not even a report"),
    door(
        "std::io::stdout",
        // Who follows a log asks whether anybody still listens.
        &["report", "commands", "host/local/stream"],
        "all output is a report's",
    ),
    door(
        "std::io::stderr",
        &["report", "commands", "remote"],
        "all output is a report's; `remote` shows ssh's questions",
    ),
];

/// What has no power though it stands behind such a door.
pub const HARMLESS: &[&str] = &[
    "std::net::IpAddr",
    "std::net::Ipv4Addr",
    "std::net::Ipv6Addr",
    "std::net::AddrParseError",
    "std::process::id",
    "std::process::ExitCode",
];

/// The method that acts on a host, and who may call it. Deploying and operating act by
/// themselves: they are no states.
pub const PERFORM: &str = ".perform(";
pub const ENGINE: &[&str] = &["host", "converge", "deploy", "operate"];

/// Root never works by path inside a tree that another account can write. On the host, files are changed by
/// actions, which `host/local` performs through open folders; these files alone do so, and each call in them names
/// a place that is held open (`Place`, `Folder`) or a folder that only root can write.
pub const BY_PATH: &[&str] = &[
    "fs::write(",
    "fs::rename(",
    "fs::copy(",
    "fs::remove_file(",
    "fs::remove_dir_all(",
    "fs::hard_link(",
    "fs::create_dir",
    "fs::set_permissions(",
    "File::create(",
    "symlink(",
    "chown(",
];
pub const HOLD_OPEN: &[&str] = &[
    "host/local/copy",
    "host/local/extract",
    "host/local/files",
    "host/local/write",
    // /var/lib/provision and /usr/local/bin are root's.
    "host/home",
    "host/made",
    "host/pending",
];

/// Programs that change or read files by path, and where deploys and operation may start them: as the project's
/// user, or where everything on the way is root's. A new pair needs that reason.
pub const PROGRAMS: &[&str] = &[
    "tar",
    "chown",
    "chmod",
    "cp",
    "mv",
    "rm",
    "find",
    "rsync",
    "install",
    "ln",
    "mkdir",
    "tail",
    "pg_restore",
    "compileall",
];
pub const STARTED: &[(&str, &str, &str)] = &[
    ("deploy/source", "tar", "into a release that is root's alone"),
    ("deploy/stage", "compileall", "while all of the release is root's"),
    ("deploy/packages", "install", "pip's word; pip runs as the project's user"),
    ("operate/media", "tar", "as the project's user"),
    ("operate/logs", "tail", "the project's logs as its user"),
    ("operate/database", "pg_restore", "as an account without rights, which logs in as the database's owner"),
    ("commands/promote", "tar", "as the project's user"),
    ("commands/data", "tar", "as the project's user"),
];

/// No file under src/ has more lines.
pub const LINES: usize = 500;
