//! Supervisor's XML-RPC over its own socket: the one question that `supervisorctl status` asks too, without
//! starting a Python for it. Where anything is unusual the answer is "cannot", and the program is asked.

use std::path::Path;

use super::{Control, Programs, STATES};
use crate::fault::Result;
use crate::host::Host;

const USUAL: [&str; 2] = ["/etc/supervisor/supervisord.conf", "/etc/supervisord.conf"];

const CALL: &str = "<?xml version='1.0'?>\n<methodCall>\
    <methodName>supervisor.getAllProcessInfo</methodName><params></params></methodCall>";

/// All programs; `None` where the socket cannot be asked.
pub fn ask(host: &dyn Host, control: &Control) -> Result<Option<Programs>> {
    let Some(settings) = settings(host, control)? else { return Ok(None) };
    let Some(socket) = socket(&settings) else { return Ok(None) };
    let request = format!(
        "POST /RPC2 HTTP/1.0\r\nHost: localhost\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n{CALL}",
        CALL.len()
    );
    // What goes wrong here is told better by supervisorctl.
    let answer = host.exchange(Path::new(socket), request.as_bytes()).unwrap_or_default();
    Ok(answer.and_then(|answer| programs(&String::from_utf8_lossy(&answer))))
}

fn settings(host: &dyn Host, control: &Control) -> Result<Option<String>> {
    let paths = match &control.configuration {
        Some(path) => vec![path.as_str()],
        None => USUAL.to_vec(),
    };
    for path in paths {
        if let Some(bytes) = host.read(Path::new(path))? {
            return Ok(Some(String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    Ok(None)
}

/// The socket, unless a password is wanted.
fn socket(settings: &str) -> Option<&str> {
    let section = settings.split("[unix_http_server]").nth(1)?.split("\n[").next()?;
    let value = |name: &str| {
        let line = section
            .lines()
            .find_map(|line| line.trim().strip_prefix(name)?.trim_start().strip_prefix('='))?;
        line.split(" ;").next().map(str::trim)
    };
    value("file").filter(|path| value("username").is_none() && path.starts_with('/') && !path.contains('%'))
}

/// Reads the answer: an array of structs with `group`, `name` and `statename`.
fn programs(answer: &str) -> Option<Programs> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    if head.split_whitespace().nth(1) != Some("200") || !body.contains("</methodResponse>") {
        return None;
    }
    if body.contains("<fault>") {
        return None;
    }
    let mut programs = Programs::new();
    for entry in body.split("<struct>").skip(1) {
        let (group, name, state) =
            (member(entry, "group")?, member(entry, "name")?, member(entry, "statename")?);
        if !STATES.contains(&state.as_str()) {
            return None;
        }
        let shown = if group == name { name } else { format!("{group}:{name}") };
        programs.insert(shown, state);
    }
    Some(programs)
}

fn member(entry: &str, name: &str) -> Option<String> {
    let after = entry.split_once(&format!("<name>{name}</name>"))?.1;
    let (before, text) = after.split_once("<string>")?;
    if before.trim() != "<value>" {
        return None;
    }
    let text = text.split_once("</string>")?.0;
    Some(text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Supervisor 4 writes it.
    const ANSWER: &str = "HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n<?xml version='1.0'?>\n<methodResponse>\n\
        <params>\n<param>\n<value><array><data>\n<value><struct>\n\
        <member>\n<name>name</name>\n<value><string>app</string></value>\n</member>\n\
        <member>\n<name>group</name>\n<value><string>app</string></value>\n</member>\n\
        <member>\n<name>start</name>\n<value><int>1763713000</int></value>\n</member>\n\
        <member>\n<name>statename</name>\n<value><string>RUNNING</string></value>\n</member>\n\
        </struct></value>\n<value><struct>\n\
        <member>\n<name>name</name>\n<value><string>web_0</string></value>\n</member>\n\
        <member>\n<name>group</name>\n<value><string>a&amp;b</string></value>\n</member>\n\
        <member>\n<name>statename</name>\n<value><string>FATAL</string></value>\n</member>\n\
        </struct></value>\n</data></array></value>\n</param>\n</params>\n</methodResponse>\n";

    #[test]
    fn states_are_read_by_program() {
        let programs = programs(ANSWER).unwrap();
        let pairs: Vec<(&str, &str)> =
            programs.iter().map(|(name, state)| (name.as_str(), state.as_str())).collect();
        assert_eq!(pairs, [("a&b:web_0", "FATAL"), ("app", "RUNNING")]);
    }

    #[test]
    fn anything_else_is_left_to_supervisorctl() {
        assert_eq!(programs(&ANSWER.replace("200 OK", "401 Unauthorized")), None);
        assert_eq!(programs(&ANSWER.replace("RUNNING", "DREAMING")), None);
        assert_eq!(programs(&ANSWER.replace("<string>web_0", "<int>web_0")), None);
        assert_eq!(programs(&ANSWER[..ANSWER.len() - 30]), None);
        assert_eq!(programs(""), None);
    }

    #[test]
    fn the_socket_is_where_its_file_says() {
        let file =
            "; x\n[unix_http_server]\nfile=/run/s.sock   ; comment\nchmod=0700\n\n[supervisord]\nfile=/x\n";
        assert_eq!(socket(file), Some("/run/s.sock"));
        assert_eq!(socket(&file.replace("chmod=0700", "username = me")), None);
        assert_eq!(socket(&file.replace("/run", "%(here)s")), None);
        assert_eq!(socket("[inet_http_server]\nport=9001\n"), None);
    }
}
