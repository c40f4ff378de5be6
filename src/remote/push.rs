//! Sends this program and the project's files: by rsync, only what has changed; as a tar stream where the
//! host has no rsync. Secrets never go this way.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::connection::Connection;
use super::end::wait_within;
use super::limits::Limits;
use super::plausible;
use super::probe::Probe;
use super::said::Said;
use super::talk::Input;
use crate::fault::{Context as _, Fault, Result};
use crate::private;

/// So long files may take to be sent.
const LONGEST: Duration = Duration::from_secs(3600);

/// What travels: files by their path on the host below the tree, and this program.
#[derive(Clone, Debug, Default)]
pub struct Payload {
    /// `states/nginx.sls` → the file here. Read at push time.
    pub files: BTreeMap<String, PathBuf>,
}

impl Payload {
    /// A digest of paths, modes and contents: equal where there is nothing to send.
    pub fn stamp(&self) -> Result<String> {
        let mut digest = Sha256::new();
        for (path, file) in &self.files {
            let content = fs::read(file).context(format!("cannot read `{}`", file.display()))?;
            let mode = fs::metadata(file).map_or(0, |metadata| metadata.permissions().mode() & 0o777);
            digest.update(format!("{path}\0{mode:o}\0{}\0", content.len()));
            digest.update(&content);
        }
        Ok(hex(&digest.finalize()))
    }
}

/// A program for hosts of one kind of machine, packed once for all that lack it.
pub struct Program {
    path: PathBuf,
    pub hash: String,
    packed: OnceLock<Result<tempfile::NamedTempFile>>,
}

impl Program {
    /// This program for a kind of machine, as `uname -m` names it.
    pub fn of(machine: &str) -> Result<Self> {
        let path = program_for(machine)?;
        let hash = hash(&path)?;
        Ok(Self { path, hash, packed: OnceLock::new() })
    }

    /// Its compressed bytes.
    fn packed(&self) -> Result<fs::File> {
        let pack = || {
            let file = tempfile::NamedTempFile::new().context("cannot make a temporary file")?;
            let output = Command::new("gzip")
                .args(["-1", "-c", "--"])
                .arg(&self.path)
                .stdin(Stdio::null())
                .stdout(file.reopen().context("cannot write a temporary file")?)
                .stderr(Stdio::piped())
                .output()
                .context("cannot start gzip")?;
            failed_if("gzip failed", output.status.code(), &String::from_utf8_lossy(&output.stderr))?;
            Ok(file)
        };
        let file = self.packed.get_or_init(pack).as_ref().map_err(Fault::clone)?;
        fs::File::open(file.path()).context("cannot read a temporary file")
    }
}

/// The hash under which a program is kept on hosts.
fn hash(program: &Path) -> Result<String> {
    let bytes = fs::read(program).context(format!("cannot read `{}`", program.display()))?;
    Ok(hex(&Sha256::digest(&bytes)).chars().take(16).collect())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// This program for the host's kind of machine: ourselves, or `provision-<machine>` beside us or in
/// `$PROVISION_BINARIES`.
fn program_for(machine: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("cannot find this program's own file")?;
    if !plausible::machine(machine) {
        return Err(Fault::new(format!("`{machine}` is no kind of machine")));
    }
    let machine = if machine == "arm64" { "aarch64" } else { machine };
    if machine == std::env::consts::ARCH {
        return Ok(own);
    }
    let name = format!("provision-{machine}");
    let beside = own.parent().map(|folder| folder.join(&name));
    let elsewhere = std::env::var_os("PROVISION_BINARIES").map(|folder| PathBuf::from(folder).join(&name));
    beside.into_iter().chain(elsewhere).find(|path| path.is_file()).ok_or_else(|| {
        Fault::new(format!("the host's machine is `{machine}`, and there is no `{name}` for it"))
            .help(format!("build it with --target {machine}-unknown-linux-gnu and put it beside this program as `{name}`, or into $PROVISION_BINARIES"))
    })
}

/// Sends what the host lacks. Gives whether anything was sent.
pub fn push(connection: &Connection, probe: &Probe, program: &Program, payload: &Payload) -> Result<bool> {
    let stamp = payload.stamp()?;
    let fresh_tree = probe.stamp.as_deref() == Some(stamp.as_str());
    if !probe.has_binary || !fresh_tree {
        // Without the stamp, as a push that is cut short must not look like the one before it.
        const SCRIPT: &str = "umask 077; mkdir -p \"$1\" && { [ \"$2\" = yes ] || rm -f \"$1/stamp\"; }";
        let keep = if fresh_tree { "yes" } else { "no" };
        let answer =
            connection.ask(&["/bin/sh", "-c", SCRIPT, "sh", &probe.base, keep], Input::Bytes(b""))?;
        failed_if(&format!("cannot make the folder `{}`", probe.base), answer.code, &answer.stderr)?;
    }
    if !probe.has_binary {
        // The others are of other versions.
        const SCRIPT: &str = "umask 077; new=\"$1/bin/$2.new\"; rm -rf \"$new\" && mkdir -p \"$new\" && \
            gzip -dc > \"$new/provision\" && chmod 0700 \"$new/provision\" && \
            find \"$1/bin\" -mindepth 1 -maxdepth 1 ! -name \"$2.new\" -exec rm -rf {} + && mv \"$new\" \"$1/bin/$2\"";
        let answer = connection.ask(
            &["/bin/sh", "-c", SCRIPT, "sh", &probe.base, &program.hash],
            Input::Stream(Stdio::from(program.packed()?)),
        )?;
        let what = format!("could not send this program into `{}`", probe.base);
        failed_if(&what, answer.code, &answer.stderr)?;
    }
    if !fresh_tree {
        let staged = private::folder_in(connection.folder())?;
        for folder in ["states", "pillar"] {
            fs::create_dir(staged.path().join(folder))?;
        }
        for (path, file) in &payload.files {
            let place = staged.path().join(path);
            if let Some(parent) = place.parent() {
                fs::create_dir_all(parent)?;
            }
            symlink(fs::canonicalize(file)?, &place).context(format!("cannot stage `{path}`"))?;
        }
        send(connection, probe, staged.path(), "tree", "u+rw,go-rwx")
            .context(format!("could not send the project's files into `{}`", probe.base))?;
        // The stamp says that all is there, and after a power cut it must not be all that is there.
        let script = "umask 077; sync -f \"$1\" 2>/dev/null || sync; printf %s \"$2\" > \"$1/stamp.new\" && mv \"$1/stamp.new\" \"$1/stamp\"";
        // A disk that is busy takes its time.
        let argv = ["/bin/sh", "-c", script, "sh", &probe.base, &stamp];
        let answer = connection.ask_within(Limits::UPLOAD, &argv, Input::Bytes(b""))?;
        failed_if("could not note what was sent", answer.code, &answer.stderr)?;
    }
    Ok(!probe.has_binary || !fresh_tree)
}

/// Sends the code to deploy. Gives its path on the host; what earlier deploys left there goes.
pub fn archive(connection: &Connection, probe: &Probe, file: &Path) -> Result<PathBuf> {
    const SCRIPT: &str = "umask 077; mkdir -p \"$1/code\" && find \"$1/code\" -type f -mmin +60 -delete && \
        cat > \"$1/code/$2.new\" && mv \"$1/code/$2.new\" \"$1/code/$2\"";
    let name = format!("{}.tar.gz", hash(file)?);
    let content = fs::File::open(file).context("cannot read the packed code")?;
    let answer = connection
        .ask(&["/bin/sh", "-c", SCRIPT, "sh", &probe.base, &name], Input::Stream(Stdio::from(content)))?;
    failed_if(&format!("could not send the code into `{}`", probe.base), answer.code, &answer.stderr)?;
    Ok(Path::new(&probe.base).join("code").join(name))
}

fn send(connection: &Connection, probe: &Probe, staged: &Path, folder: &str, mode: &str) -> Result<()> {
    if probe.has_rsync && !connection.lingers() && rsync(connection, probe, staged, folder, mode)? {
        return Ok(());
    }
    tar(connection, probe, staged, folder)
}

/// False where rsync is no use: none here, or a login shell that prints spoils its protocol.
fn rsync(connection: &Connection, probe: &Probe, staged: &Path, folder: &str, mode: &str) -> Result<bool> {
    let started = Command::new("rsync")
        .args(["-rpt", "--copy-links", "--delete", "--compress", "--protect-args", "--timeout=60"])
        .arg(format!("--chmod=D0700,F{}", mode.replace(',', ",F")))
        .arg("-e")
        .arg(shell_words::join(connection.shell()))
        .arg(format!("{}/", staged.display()))
        .arg(format!("{}:{}/{folder}/", connection.name(), probe.base))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut rsync = match started {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        started => started?,
    };
    let errors = Said::default();
    let reader = rsync.stderr.take().map(|stderr| errors.collect(stderr));
    let status = wait_within(&mut rsync, LONGEST, "rsync")?;
    if let Some(reader) = reader {
        let _panicked = reader.join();
    }
    // 2: protocol incompatibility, 12: error in its data stream, 127: not found there after all.
    if matches!(status.code(), Some(2 | 12 | 127)) {
        return Ok(false);
    }
    failed_if("rsync failed", status.code(), &errors.text())?;
    Ok(true)
}

/// Replaces the folder by a stream's content, so that what is no longer here does not stay there.
fn tar(connection: &Connection, probe: &Probe, staged: &Path, folder: &str) -> Result<()> {
    const SCRIPT: &str = "umask 077; cd \"$1\" && rm -rf \"$2.new\" && mkdir \"$2.new\" && \
        tar -x -z -C \"$2.new\" --no-same-owner --no-same-permissions && rm -rf \"$2\" && mv \"$2.new\" \"$2\"";
    let mut packer = Command::new("tar")
        .args(["-c", "-z", "-h", "--numeric-owner", "-C"])
        .arg(staged)
        .arg(".")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot start tar")?;
    let stream = packer.stdout.take().ok_or_else(|| Fault::new("tar gives no stream"))?;
    let answer = connection
        .ask(&["/bin/sh", "-c", SCRIPT, "sh", &probe.base, folder], Input::Stream(Stdio::from(stream)));
    let packed = packer.wait_with_output()?;
    let answer = answer?;
    failed_if("tar failed", packed.status.code(), &String::from_utf8_lossy(&packed.stderr))?;
    failed_if("unpacking on the host failed", answer.code, &answer.stderr)
}

fn failed_if(what: &str, code: Option<i32>, errors: &str) -> Result<()> {
    match code {
        Some(0) => Ok(()),
        Some(255) => Err(Fault::new("the connection was lost").help("run it again: nothing was changed yet")),
        _ => Err(Fault::new(what).output(errors.trim_end())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stamp_tells_any_change() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        fs::write(&file, "one").unwrap();
        let payload = |name: &str| Payload { files: BTreeMap::from([(name.to_owned(), file.clone())]) };
        let first = payload("states/a").stamp().unwrap();
        assert_eq!(first, payload("states/a").stamp().unwrap());
        assert_ne!(first, payload("states/b").stamp().unwrap());
        fs::write(&file, "two").unwrap();
        assert_ne!(first, payload("states/a").stamp().unwrap());
    }

    #[test]
    fn another_kind_of_machine_needs_its_own_program() {
        assert!(program_for(std::env::consts::ARCH).is_ok());
        assert!(program_for("riscv64").unwrap_err().message.contains("`provision-riscv64`"));
        assert!(program_for("x/../provision").unwrap_err().message.contains("no kind of machine"));
    }
}
