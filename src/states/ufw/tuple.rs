//! The rules that ufw has, from the lines in which it notes them for itself in user.rules:
//! `### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in comment=737368`.

use super::network::Network;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tuple {
    pub action: String,
    pub proto: String,
    pub to_port: String,
    pub to: Network,
    pub from_port: String,
    pub from: Network,
    /// An application profile that the rule was made from.
    pub app: Option<String>,
    /// `in`, `out`, `in_eth0` …
    pub direction: String,
    pub comment: Option<String>,
}

/// All rules of a file but those for routed packets.
pub fn all(text: &str) -> Vec<Tuple> {
    text.lines().filter_map(|line| parse(line.strip_prefix("### tuple ### ")?)).collect()
}

fn parse(line: &str) -> Option<Tuple> {
    let mut words: Vec<&str> = line.split_whitespace().collect();
    let mut comment = None;
    if let Some(hex) = words.last().and_then(|word| word.strip_prefix("comment=")) {
        comment = Some(unhex(hex)?);
        words.pop();
    }
    let (action, proto, to_port, to, from_port, from, app, direction) = match words.as_slice() {
        [a, p, tp, t, fp, f, direction] => (a, p, tp, t, fp, f, None, direction),
        [a, p, tp, t, fp, f, app, _, direction] => (a, p, tp, t, fp, f, Some(*app), direction),
        _ => return None,
    };
    if action.starts_with("route:") {
        return None;
    }
    Some(Tuple {
        action: action.split('_').next().unwrap_or(action).to_owned(),
        proto: (*proto).to_owned(),
        to_port: (*to_port).to_owned(),
        to: Network::parse(to)?,
        from_port: (*from_port).to_owned(),
        from: Network::parse(from)?,
        app: app.filter(|app| *app != "-").map(|app| app.replace("%20", " ")),
        direction: (*direction).to_owned(),
        comment,
    })
}

fn unhex(hex: &str) -> Option<String> {
    let byte = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..hex.len()).step_by(2).map(byte).collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_read() {
        let text = "*filter\n\
            ### tuple ### allow tcp 22 0.0.0.0/0 any 10.0.0.0/8 in comment=73736820c3bc\n\
            -A ufw-user-input -p tcp --dport 22 -j ACCEPT\n\
            ### tuple ### limit_log any 80 ::/0 any ::/0 Nginx%20Full - in_eth0\n\
            ### tuple ### route:allow any any 0.0.0.0/0 any 0.0.0.0/0 in_eth0!out_eth1\n";
        let tuples = all(text);
        let [ssh, nginx] = tuples.as_slice() else { panic!("{tuples:?}") };
        assert_eq!((ssh.action.as_str(), ssh.to_port.as_str()), ("allow", "22"));
        assert_eq!(ssh.from.to_string(), "10.0.0.0/8");
        assert_eq!(ssh.comment.as_deref(), Some("ssh ü"));
        assert_eq!((nginx.action.as_str(), nginx.app.as_deref()), ("limit", Some("Nginx Full")));
        assert_eq!(nginx.direction, "in_eth0");
    }
}
