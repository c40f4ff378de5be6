//! A workload as a tree of state and pillar files.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use crate::workload::{self, Workload};

/// About 800 bytes when rendered.
const TEMPLATE: &str = "\
# {{ pillar.bench.owner }}: settings of service {{ index }}. Written by a benchmark.
[service]
name = service-{{ index }}
listen = {{ pillar.bench.address }}:{{ pillar.bench.port + index }}
workers = {{ pillar.bench.workers }}
{%- if index % 2 == 0 %}
mode = primary
{%- else %}
mode = secondary
{%- endif %}

[upstreams]
{%- for upstream in pillar.bench.upstreams %}
{{ upstream.name }} = {{ upstream.address }} weight={{ loop.index }} timeout={{ upstream.timeout | default(30) }}s
{%- endfor %}

[logging]
file = /var/log/bench/service-{{ index }}.log
level = {{ pillar.bench.level | upper }}
format = time level service message and whatever else a line of a log may have to carry about

[limits]
connections = 1024
requests_per_second = 250
body = 20971520
# The end of the settings; what follows fills the file up to the size that such
# files usually have when their authors left the comments in.
# ------------------------------------------------------------------------
";

const PILLAR: &str = "\
bench:
  owner: nobody in particular
  address: 127.0.0.1
  port: 8000
  workers: 4
  level: info
  upstreams:
    - {name: one, address: '10.0.0.1:8080'}
    - {name: two, address: '10.0.0.2:8080', timeout: 10}
    - {name: three, address: '10.0.0.3:8080'}
    - {name: four, address: '10.0.0.4:8080', timeout: 60}
";

impl Workload {
    /// Writes the tree: `states/` and `pillar/`.
    pub fn write(&self, tree: &Path, target: &str) -> io::Result<()> {
        let states = tree.join("states");
        fs::create_dir_all(states.join("bench"))?;
        fs::create_dir_all(tree.join("pillar"))?;
        fs::write(states.join("top.sls"), "base:\n  '*':\n    - bench\n")?;
        fs::write(states.join("bench/file.conf"), TEMPLATE)?;
        fs::write(tree.join("pillar/top.sls"), "base:\n  '*':\n    - bench\n")?;
        fs::write(tree.join("pillar/bench.sls"), PILLAR)?;
        fs::write(states.join("bench/init.sls"), self.sls(target).map_err(io::Error::other)?)
    }

    fn sls(&self, target: &str) -> Result<String, std::fmt::Error> {
        let mut sls = String::new();
        if self.files == 0 {
            return Ok("{}\n".to_owned());
        }
        if !self.packages.is_empty() {
            writeln!(sls, "{{% for package in {:?} %}}", self.packages)?;
            writeln!(sls, "{{{{ package }}}}:\n  pkg.installed\n{{% endfor %}}")?;
        }
        for group in 0..self.groups {
            writeln!(sls, "bench-group-{group}:\n  group.present:\n    - gid: {}", 4200 + group)?;
        }
        for user in 0..self.users {
            writeln!(
                sls,
                "bench-user-{user}:\n  user.present:\n    - uid: {}\n    - fullname: User {user}\n    - shell: /bin/bash\n    - groups: [bench-group-{}]",
                4300 + user,
                user % 2
            )?;
            writeln!(
                sls,
                "keys-of-{user}:\n  ssh_auth.present:\n    - user: bench-user-{user}\n    - names:\n      - ssh-ed25519 {} one\n      - ssh-ed25519 {} two",
                workload::key(user, 0),
                workload::key(user, 1)
            )?;
        }
        writeln!(sls, "{target}:\n  file.directory:\n    - mode: '0755'")?;
        if self.directories > 0 {
            writeln!(
                sls,
                "{{% for n in range({}) %}}\n{target}/folder-{{{{ n }}}}:\n  file.directory:\n    - user: root\n    - group: root\n    - mode: '0750'\n{{% endfor %}}",
                self.directories
            )?;
        }
        writeln!(
            sls,
            "{{% for n in range({}) %}}\n{target}/service-{{{{ n }}}}.conf:\n  file.managed:\n    - source: salt://bench/file.conf\n    - template: jinja\n    - user: root\n    - group: root\n    - mode: '0644'\n    - context:\n        index: {{{{ n }}}}\n{{% endfor %}}",
            self.files
        )?;
        if self.links > 0 {
            writeln!(
                sls,
                "{{% for n in range({}) %}}\n{target}/link-{{{{ n }}}}:\n  file.symlink:\n    - target: service-{{{{ n }}}}.conf\n{{% endfor %}}",
                self.links
            )?;
        }
        if self.guards > 0 {
            writeln!(
                sls,
                "{{% for n in range({}) %}}\nguarded-{{{{ n }}}}:\n  cmd.run:\n    - name: touch {target}/guarded-{{{{ n }}}}\n    - unless: test -e {target}/guarded-{{{{ n }}}}\n{{% endfor %}}",
                self.guards
            )?;
        }
        Ok(sls)
    }
}
