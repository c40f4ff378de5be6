//! Trees for the compiler alone: many small state files, one long chain of requisites, many patterns.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

/// States of one file.
const PER_FILE: usize = 5;
/// Every how many files one is a template.
const TEMPLATE_EVERY: usize = 10;

/// Writes the tree of a kind with that many states: `many`, `chain` or `patterns`.
pub fn write(kind: &str, count: usize, tree: &Path) -> io::Result<()> {
    let states = tree.join("states");
    let files = count / PER_FILE;
    let mut top = "base:\n  '*':\n".to_owned();
    for number in 0..files {
        let folder = states.join(format!("group{}", number / 50));
        fs::create_dir_all(&folder)?;
        let text = match kind {
            "many" if number % TEMPLATE_EVERY == 0 => template(number),
            "many" => plain(number),
            "chain" => chain(number),
            "patterns" => patterns(number),
            _ => return Err(io::Error::other(format!("there is no kind `{kind}`"))),
        };
        fs::write(folder.join(format!("part{number}.sls")), text.map_err(io::Error::other)?)?;
        top.push_str(&format!("    - group{}.part{number}\n", number / 50));
    }
    fs::create_dir_all(tree.join("pillar"))?;
    fs::write(states.join("top.sls"), top)?;
    fs::write(tree.join("pillar/top.sls"), "base:\n  '*':\n    - bench\n")?;
    fs::write(tree.join("pillar/bench.sls"), "bench:\n  owner: root\n  mode: '0640'\n")
}

type Text = Result<String, std::fmt::Error>;

/// What people write: a package, its folder, its file, a command after it, its service.
fn plain(number: usize) -> Text {
    let mut text = String::new();
    write!(
        text,
        "# Service {number} of the benchmark.\n\
         service{number}-package:\n  pkg.installed:\n    - name: service{number}\n\n\
         /etc/service{number}:\n  file.directory:\n    - user: root\n    - group: root\n    - mode: '0755'\n    \
         - require:\n      - pkg: service{number}-package\n\n\
         /etc/service{number}/main.conf:\n  file.managed:\n    - source: salt://service/main.conf\n    \
         - user: root\n    - mode: '0640'\n    - template: jinja\n    - context:\n        number: {number}\n    \
         - require:\n      - file: /etc/service{number}\n\n\
         service{number}-check:\n  cmd.run:\n    - name: /usr/sbin/service{number} --check\n    \
         - onchanges:\n      - file: /etc/service{number}/main.conf\n\n\
         service{number}:\n  service.running:\n    - enable: true\n    \
         - watch:\n      - file: /etc/service{number}/main.conf\n"
    )?;
    Ok(text)
}

/// The same number of states from loops.
fn template(number: usize) -> Text {
    let mut text = String::new();
    write!(
        text,
        "{{% set owner = pillar['bench']['owner'] %}}\n\
         {{% for part in ['one', 'two', 'three', 'four'] %}}\n\
         /srv/service{number}/{{{{ part }}}}.conf:\n  file.managed:\n    - contents: 'part {{{{ part }}}}'\n    \
         - user: {{{{ owner }}}}\n    - mode: '{{{{ pillar.bench.mode }}}}'\n    - makedirs: true\n\
         {{% endfor %}}\n\
         {{% if grains.get('os_family') %}}\n\
         service{number}-all:\n  cmd.run:\n    - name: /usr/sbin/service{number} --check\n    - onchanges:\n\
         {{%- for part in ['one', 'two', 'three', 'four'] %}}\n      - file: /srv/service{number}/{{{{ part }}}}.conf\n\
         {{%- endfor %}}\n{{% endif %}}\n"
    )?;
    Ok(text)
}

/// Each state requires the one before it.
fn chain(number: usize) -> Text {
    let mut text = String::new();
    for state in number * PER_FILE..(number + 1) * PER_FILE {
        writeln!(text, "link{state}:\n  test.nop:")?;
        match state.checked_sub(1) {
            Some(before) => writeln!(text, "    - require:\n      - test: link{before}\n")?,
            None => writeln!(text, "    - order: 1\n")?,
        }
    }
    Ok(text)
}

/// Each state requires the one before it by a pattern.
fn patterns(number: usize) -> Text {
    let mut text = String::new();
    for state in number * PER_FILE..(number + 1) * PER_FILE {
        writeln!(text, "state{state}:\n  test.nop:")?;
        match state.checked_sub(1) {
            // With its star first and in the middle.
            Some(before) if before % 2 == 0 => {
                writeln!(text, "    - require:\n      - test: '*tate{before}'\n")?
            }
            Some(before) => writeln!(text, "    - require:\n      - test: 'sta*e{before}'\n")?,
            None => writeln!(text, "    - order: 1\n")?,
        }
    }
    Ok(text)
}
