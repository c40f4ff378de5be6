//! `provision env PROJECT -- COMMAND`: starts a program in a project's process environment, so that no
//! secret stands in a Supervisor or cron file. Never shows a value.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::fcntl::OFlag;
use serde_json::Value;

use crate::fault::{Fault, Result};

/// The kernel takes no longer `NAME=value` (MAX_ARG_STRLEN, its NUL counted).
const LONGEST: usize = 128 << 10;

/// Where a project's process environment rests on the host.
pub fn path(project: &str) -> PathBuf {
    Path::new("/etc/provision").join(project).join("env")
}

/// A project's name is part of paths.
pub fn checked(project: &str) -> Result<()> {
    if project.is_empty() || project.starts_with('.') || project.contains(['/', '\0']) {
        return Err(Fault::new(format!("`{}`: not the name of a project", project.escape_debug())));
    }
    Ok(())
}

/// Becomes the command, with the project's variables added to those of this process. Returns only if that
/// fails, with the reason.
/// With `handed_over`, the descriptors that this process was given are the command's, as
/// `sd_listen_fds(3)` says, and it ends when the process that gave them does.
pub fn exec(project: &str, command: &[OsString], handed_over: bool) -> Fault {
    let Some((program, arguments)) = command.split_first() else {
        return Fault::new("no command to start").help("provision env PROJECT -- COMMAND [ARGUMENTS]");
    };
    if let Err(fault) = checked(project) {
        return fault;
    }
    let variables = match read(&path(project)) {
        Ok(variables) => variables,
        Err(fault) => return fault,
    };
    let mut command = Command::new(program);
    command.args(arguments).envs(variables);
    if handed_over {
        if let Err(error) = nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGTERM) {
            return Fault::from(std::io::Error::from(error));
        }
        command.env("LISTEN_PID", std::process::id().to_string());
    }
    let error = command.exec();
    let program = program.display();
    match error.kind() {
        ErrorKind::NotFound => Fault::new(format!("`{program}`: no such program")),
        ErrorKind::PermissionDenied => Fault::new(format!("`{program}`: may not be started")),
        ErrorKind::ArgumentListTooLong => {
            Fault::new(format!("`{program}`: the environment is too large to start it in"))
        }
        _ => Fault::new(format!("`{program}` could not be started: {error}")),
    }
}

/// The variables in an environment file that only root can have written and not everybody can read.
fn read(path: &Path) -> Result<BTreeMap<String, String>> {
    let shown = path.display();
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let mut file = match OpenOptions::new().read(true).custom_flags(flags.bits()).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(Fault::new(format!("`{shown}` is not there"))
                .help("it is written when the project is provisioned: is its name right?"));
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            return Err(Fault::new(format!("`{shown}` may not be read by this account"))
                .help("run the command as the project's own account or as root"));
        }
        Err(error) => return Err(Fault::from(error).context(format!("`{shown}`"))),
    };
    let stat = file.metadata()?;
    if !stat.is_file() {
        return Err(Fault::new(format!("`{shown}`: not a regular file")));
    }
    if stat.uid() != 0 || stat.mode() & 0o020 != 0 {
        return Err(Fault::new(format!("`{shown}` can be written by others than root"))
            .help("secrets are only taken from a file that root alone writes: provision the host again"));
    }
    if stat.mode() & 0o007 != 0 {
        return Err(Fault::new(format!(
            "`{shown}` can be read by everybody (mode {:04o})",
            stat.mode() & 0o7777
        ))
        .help("it holds secrets and must be 0640: provision the host again"));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    parse(&bytes).map_err(|fault| fault.context(format!("`{shown}`")))
}

/// A JSON object of strings. Errors name keys, never values.
fn parse(bytes: &[u8]) -> Result<BTreeMap<String, String>> {
    let object: serde_json::Map<String, Value> = match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => object,
        Ok(_) => return Err(Fault::new("not a JSON object")),
        // The error's own text could quote what is in the file.
        Err(error) => {
            return Err(Fault::new(format!("no JSON at line {}, column {}", error.line(), error.column())));
        }
    };
    let mut variables = BTreeMap::new();
    for (name, value) in object {
        let shown = name.escape_debug().to_string();
        let Value::String(value) = value else {
            return Err(Fault::new(format!("the value of `{shown}` is no string")));
        };
        if name.is_empty() || name.contains(['=', '\0']) {
            return Err(Fault::new(format!("`{shown}` cannot be the name of a variable")));
        }
        if value.contains('\0') {
            return Err(Fault::new(format!("the value of `{shown}` holds a NUL, which no variable can")));
        }
        if name.len() + value.len() + 2 > LONGEST {
            return Err(Fault::new(format!(
                "the value of `{shown}` is longer than the kernel takes (128 KiB)"
            )));
        }
        variables.insert(name, value);
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn values_stay_byte_for_byte() {
        let hard = "quo'te\" %s %% $HOME \\ back\nline two\t😀 é\u{7f}";
        let long = "x".repeat(64 << 10);
        let json =
            serde_json::to_vec(&BTreeMap::from([("HARD", hard), ("LONG", &long), ("EMPTY", "")])).unwrap();
        let variables = parse(&json).unwrap();
        assert_eq!((variables["HARD"].as_str(), variables["LONG"].len()), (hard, 64 << 10));
        assert_eq!(variables["EMPTY"], "");
    }

    #[test]
    fn errors_name_keys_and_never_values() {
        for (json, message) in [
            (r#"{"PORT": 5432}"#, "the value of `PORT` is no string"),
            (r#"{"A=B": "hush"}"#, "`A=B` cannot be the name of a variable"),
            (r#"{"": "hush"}"#, "`` cannot be the name of a variable"),
            (r#"{"N\u0000": "hush"}"#, "`N\\0` cannot be the name of a variable"),
            (r#"{"A": "hu\u0000sh"}"#, "the value of `A` holds a NUL, which no variable can"),
            (r#"["hush"]"#, "not a JSON object"),
            ("{\n\"A\": hush}", "no JSON at line 2, column 6"),
        ] {
            assert_eq!(parse(json.as_bytes()).unwrap_err().message, message);
        }
        let long = format!(r#"{{"A": "{}"}}"#, "x".repeat(128 << 10));
        assert!(parse(long.as_bytes()).unwrap_err().message.len() < 100);
    }

    #[test]
    fn a_file_that_others_may_touch_is_refused() {
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("env");
        fs::write(&file, r#"{"A": "b"}"#).unwrap();
        let mode = |mode| fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        mode(0o640);
        assert_eq!(read(&file).unwrap()["A"], "b");
        for (bad, words) in
            [(0o644, "read by everybody"), (0o660, "written by others"), (0o642, "read by everybody")]
        {
            mode(bad);
            assert!(read(&file).unwrap_err().message.contains(words), "{bad:o}");
        }
        mode(0o640);
        std::os::unix::fs::chown(&file, Some(65534), None).unwrap();
        assert!(read(&file).unwrap_err().message.contains("written by others"));
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(read(&link).is_err());
        assert!(read(&folder.path().join("none")).unwrap_err().message.ends_with("is not there"));
    }
}
