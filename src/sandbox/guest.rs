//! A guest's life as a process: booting it in a container until it can be used, and cutting its power.
//! It must not know how its disk came to be, or who asked for it.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::layout::Layout;
use super::process::Process;
use super::record::Record;
use super::ssh::Access;
use super::{network, program};

/// A slow disk makes a slow boot; whatever takes longer will not come.
const PATIENCE: Duration = Duration::from_secs(90);
const PAUSE: Duration = Duration::from_millis(20);
const DEATH: Duration = Duration::from_secs(10);

/// Runs the container, and again when it ends with 133, which says that the guest wants to reboot. Each time
/// a process of its own first joins the control groups named before `--`. Fixed text: all data comes as
/// arguments.
const SUPERVISE: &str = r#"
container() (
    while [ "$1" != -- ]; do echo 0 > "$1" || exit 1; shift; done
    shift
    exec "$@"
)
container "$@"
while [ $? = 133 ]; do container "$@"; done
"#;

/// How many a systemd with its services has open (counted: 5 to 7).
const WATCHES_EACH: usize = 8;
/// For what else root runs here.
const WATCHES_BESIDE: usize = 32;

/// All guests watch files as this machine's root, and the usual limit (128) is too low for more than a dozen of
/// them: further ones would boot without some of their services. Raises it where that is needed.
pub fn make_room(guests: usize) -> Result<()> {
    const LIMIT: &str = "/proc/sys/fs/inotify/max_user_instances";
    let wanted = guests * WATCHES_EACH + WATCHES_BESIDE;
    let now = fs::read_to_string(LIMIT).ok().and_then(|text| text.trim().parse::<usize>().ok());
    if now.is_none_or(|now| now >= wanted) {
        return Ok(());
    }
    let raised = wanted.next_power_of_two();
    fs::write(LIMIT, raised.to_string()).with_context(|| {
        format!(
            "{guests} sandboxes need `sysctl fs.inotify.max_user_instances={raised}`, which could not be set"
        )
    })
}

/// Starts the container; gives its supervisor.
pub fn start(layout: &Layout, record: &Record) -> Result<Process> {
    let console = layout.console(&record.name);
    let output =
        File::create(&console).with_context(|| format!("failed to write `{}`", console.display()))?;
    let errors = output.try_clone().context("failed to share the console's file")?;
    let under_systemd = Path::new("/run/systemd/system").is_dir();

    // A session of its own, or the operator's Ctrl-C would reach the guest.
    let mut command = program::command("setsid");
    command.args(["sh", "-c", SUPERVISE, "sh"]);
    if !under_systemd {
        command.args(join_groups(record)?);
    }
    command.args(["--", "systemd-nspawn", "--boot", "--quiet"]);
    if !under_systemd {
        // Nobody there to register with, or to give it a unit.
        command.args(["--register=no", "--keep-unit"]);
    }
    let network = network::Network::known(layout)?.context("the sandboxes have no network")?;
    command
        .arg("--directory")
        .arg(record.root())
        .arg(format!("--machine={}", record.machine()))
        .arg(format!("--network-bridge={}", network.bridge))
        .arg(format!("--bind={}:/root/.cache/pip", layout.pip_cache().display()))
        .args(["--console=read-only", "--link-journal=no", "--timezone=off", "--resolv-conf=off"])
        // Without the operator's environment, of which systemd-nspawn would obey and pass on some.
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        // As on a real host; systemd 256 and later boot no other way.
        .env("SYSTEMD_NSPAWN_UNIFIED_HIERARCHY", "1")
        .stdout(Stdio::from(output))
        .stderr(Stdio::from(errors));
    let child = command.spawn().context("failed to start `systemd-nspawn`")?;
    Process::with_pid(child.id()).with_context(|| died(layout, record))
}

/// Waits until sshd answers and the boot has ended.
pub fn wait_until_ready(
    layout: &Layout,
    record: &Record,
    supervisor: Process,
    access: &Access,
) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    let mut last = "sshd does not answer".to_owned();
    while Instant::now() < deadline {
        if !supervisor.is_alive() {
            bail!(died(layout, record));
        }
        if answers(record.address()) {
            let mut command = access.run(&["systemctl", "is-system-running", "--wait"]);
            let output = command.stdin(Stdio::null()).output().context("failed to start `ssh`")?;
            let state = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            if matches!(state.as_str(), "running" | "degraded") {
                return Ok(());
            }
            last = format!("{state} {}", program::tail(&output.stderr, 3)).trim().to_owned();
        }
        sleep(PAUSE);
    }
    bail!(
        "`{}` was not up after {} s: {last}; its console said:\n{}",
        record.name,
        PATIENCE.as_secs(),
        console_tail(layout, record)
    )
}

/// What a power cut does: nothing is written, nobody is told.
pub fn cut_power(record: &Record) -> Result<()> {
    // The supervisor first, or it would start the container again. The rest is looked for: after a reboot it is
    // another than before, and a guest whose container was killed lives on alone.
    let root = record.root();
    let container = Process::with_argument(root.as_os_str());
    for process in record.supervisor.into_iter().chain(container).chain(Process::with_root(&root)) {
        if !process.kill(DEATH) {
            bail!("process {} of `{}` does not end; look at it with `ps`", process.pid, record.name);
        }
    }
    network::remove_link(&record.interface())?;
    leave_groups(record);
    Ok(())
}

#[expect(clippy::disallowed_types, reason = "an address, never a name")]
fn answers(address: Ipv4Addr) -> bool {
    let address = SocketAddr::new(IpAddr::V4(address), 22);
    let Ok(mut stream) = std::net::TcpStream::connect_timeout(&address, Duration::from_millis(200)) else {
        return false;
    };
    // Said good-bye to politely, or the host's journal starts with an error.
    let mut answer = Vec::new();
    let talked = stream
        .set_read_timeout(Some(Duration::from_secs(2)))
        .and_then(|()| stream.write_all(b"SSH-2.0-ready\r\n"))
        .and_then(|()| stream.shutdown(Shutdown::Write))
        .and_then(|()| stream.read_to_end(&mut answer));
    talked.is_ok() && answer.starts_with(b"SSH-")
}

fn died(layout: &Layout, record: &Record) -> String {
    format!(
        "the container of `{}` ended while booting; it said:\n{}",
        record.name,
        console_tail(layout, record)
    )
}

fn console_tail(layout: &Layout, record: &Record) -> String {
    program::tail(&fs::read(layout.console(&record.name)).unwrap_or_default(), 15)
}

/// Without systemd outside, every container would call its control group `/payload`, and the services of
/// one guest would be counted with those of another. So each gets a group of its own to stand in.
fn join_groups(record: &Record) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for group in groups(record) {
        fs::create_dir_all(&group).with_context(|| format!("failed to create `{}`", group.display()))?;
        files.push(group.join("cgroup.procs"));
    }
    Ok(files)
}

fn leave_groups(record: &Record) {
    for group in groups(record) {
        // The kernel's files in them go with the directories, deepest first.
        for directory in walkdir::WalkDir::new(&group).contents_first(true).into_iter().flatten() {
            if directory.file_type().is_dir() {
                let _ = fs::remove_dir(directory.path());
            }
        }
        let _ = group.parent().map(fs::remove_dir);
    }
}

/// In each hierarchy that systemd uses: v2 alone, or v1 with its own and the unified one.
fn groups(record: &Record) -> Vec<PathBuf> {
    let top = Path::new("/sys/fs/cgroup");
    [top.to_path_buf(), top.join("systemd"), top.join("unified")]
        .into_iter()
        .filter(|hierarchy| hierarchy.join("cgroup.procs").is_file())
        .map(|hierarchy| hierarchy.join("provision-sandbox").join(record.machine()))
        .collect()
}
