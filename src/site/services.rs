//! The settings of what runs on the hosts: the system, the way in, and the services.

use std::collections::BTreeMap;

use super::settings::settings;
use super::values::{Clock, Count, Locale, Port, Ports, Release, Scalar, Size, Span, words};

settings! {
    /// Upgrades of Debian's or Ubuntu's packages that install themselves.
    pub struct UnattendedUpgrades {
        /// Whether security upgrades install themselves.
        #[example = "enabled: no"]
        pub enabled: bool = true,
        /// Whether the host restarts when an upgrade asks for it.
        #[example = "reboot: yes"]
        pub reboot: bool = false,
        /// When it restarts.
        #[example = "reboot_time: '04:00'"]
        pub reboot_time: Clock = Clock("04:00".to_owned()),
    }
}

settings! {
    /// Settings of the kernel.
    pub struct Kernel {
        /// Whether `vm.*` values are set, which a container cannot do. Unset: yes, except in a container.
        #[example = "vm: no"]
        pub vm: Option<bool> = None,
        /// More values for sysctl.
        #[example = "sysctl: {net.core.somaxconn: 1024}"]
        pub sysctl: BTreeMap<String, Scalar> = BTreeMap::new(),
    }
}

settings! {
    /// Who may become root.
    pub struct Sudo {
        /// Whether people in `admin` need no password for sudo. With `no`, give each a `password` in devs.sls.
        #[example = "nopasswd: no"]
        pub nopasswd: bool = true,
    }
}

settings! {
    /// The way in.
    pub struct Ssh {
        /// The port of sshd. Unset: it stays as it is. Once it is changed, say so in `hosts`, too.
        #[example = "port: 2222"]
        pub port: Option<Port> = None,
        /// The groups whose members may log in.
        #[example = "allow_groups: [login, vagrant]"]
        pub allow_groups: Vec<String> = vec!["login".to_owned()],
    }
}

words! {
    /// What a rule of the firewall is about.
    Protocol {
        "tcp" => Tcp,
        "udp" => Udp,
    }
}

settings! {
    /// A rule of the firewall.
    pub struct Rule {
        /// The port that is opened.
        #[example = "port: 8125"]
        pub port: Option<Ports> = None,
        /// The protocol.
        #[example = "proto: udp"]
        pub proto: Protocol = Protocol::Tcp,
        /// The address or network that may connect. Unset: all.
        #[example = "from: 10.0.0.0/8"]
        pub from: Option<String> = None,
        /// What `ufw status` shows beside the rule.
        #[example = "comment: statsd"]
        pub comment: Option<String> = None,
    }
}

settings! {
    /// The firewall, ufw.
    pub struct Firewall {
        /// Whether it is set up.
        #[example = "enabled: no"]
        pub enabled: bool = true,
        /// What is opened besides ssh, http, https and what the project's hosts need of one another.
        #[example = "allow: [{port: 8125, proto: udp, from: 10.0.0.0/8}]"]
        pub allow: Vec<Rule> = Vec::new(),
    }
}

settings! {
    /// fail2ban, which shuts out addresses that try passwords or keys at sshd.
    pub struct Fail2ban {
        /// Whether it is set up.
        #[example = "enabled: no"]
        pub enabled: bool = true,
        /// How long an address is shut out.
        #[example = "bantime: 1h"]
        pub bantime: Span = Span("1h".to_owned()),
        /// The time in which failures are counted.
        #[example = "findtime: 10m"]
        pub findtime: Span = Span("10m".to_owned()),
        /// How many failures shut an address out.
        #[example = "maxretry: 5"]
        pub maxretry: Count = Count(5),
        /// Addresses and networks that are never shut out.
        #[example = "ignoreip: [203.0.113.0/24]"]
        pub ignoreip: Vec<String> = Vec::new(),
    }
}

settings! {
    /// Postgres, on hosts with the role `db-master` or `db-replica`.
    pub struct Postgres {
        /// Its release. Unset: the one that the distribution ships.
        #[example = "version: 15"]
        pub version: Option<Release> = None,
        /// The database. Unset: the project's name.
        #[example = "name: shop"]
        pub name: Option<String> = None,
        /// The role that owns the database and that the application logs in as. Unset: the project's name.
        #[example = "user: shop"]
        pub user: Option<String> = None,
        /// The locale of the database. No index breaks when the system's own changes.
        #[example = "locale: de_DE.UTF-8"]
        pub locale: Locale = Locale("C.UTF-8".to_owned()),
        /// Extensions of the database.
        #[example = "extensions: [pg_trgm]"]
        pub extensions: Vec<String> = Vec::new(),
        /// Settings of the server, over those that are computed from the host's memory.
        #[example = "settings: {shared_buffers: 512MB, max_connections: 100}"]
        pub settings: BTreeMap<String, Scalar> = BTreeMap::new(),
        /// What replicas log in with. It belongs into secrets.sls.
        #[example = "replication_password: …"]
        pub replication_password: Option<Scalar> = None,
    }
}

settings! {
    /// A database server that is not one of these hosts; they then have roles without `db-master`.
    pub struct Database {
        /// Its name or address.
        #[example = "host: db.example.net"]
        pub host: Option<String> = None,
        /// Its port.
        #[example = "port: 5432"]
        pub port: Port = Port(5432),
    }
}

settings! {
    /// What is done with data that comes from another environment.
    pub struct Data {
        /// Shell commands that the application's user runs after `db load` and `db copy`, to take out what belongs
        /// to people. Not in `production`.
        #[example = "scrub: [python manage.py forget_people]"]
        pub scrub: Vec<String> = Vec::new(),
    }
}

settings! {
    /// Memcached, on hosts with the role `cache`.
    pub struct Memcached {
        /// How much memory it takes, in MB.
        #[example = "memory: 64"]
        pub memory: Count = Count(64),
    }
}

settings! {
    /// Gunicorn, which runs the application on hosts with the role `web`.
    pub struct Gunicorn {
        /// How many processes answer. Unset: two for each processor and one, if there is memory for them.
        #[example = "workers: 5"]
        pub workers: Option<Count> = None,
        /// How many seconds a request may take.
        #[example = "timeout: 30"]
        pub timeout: Count = Count(30),
        /// A web program for each of these ports of 127.0.0.1. Unset: one, at a socket.
        #[example = "ports: [8001, 8002]"]
        pub ports: Vec<Port> = Vec::new(),
    }
}

words! {
    /// What carries the workers' work.
    Broker {
        "redis" => Redis,
        "rabbitmq" => Rabbitmq,
    }
}

settings! {
    /// Celery's workers, on hosts with the role `worker`. They need a host with the role `queue`.
    pub struct Celery {
        /// The application, as `celery -A` takes it.
        #[example = "app: shop"]
        pub app: Option<String> = None,
        /// How many processes work on a host. Unset: one for each processor.
        #[example = "concurrency: 4"]
        pub concurrency: Option<Count> = None,
        /// The queues that they work through. Unset: Celery's own.
        #[example = "queues: [mail, default]"]
        pub queues: Vec<String> = Vec::new(),
        /// More words for `celery worker`.
        #[example = "options: [--max-tasks-per-child, '100']"]
        pub options: Vec<Scalar> = Vec::new(),
        /// The broker. RabbitMQ needs `QUEUE_PASSWORD` in secrets.sls.
        #[example = "broker: rabbitmq"]
        pub broker: Broker = Broker::Redis,
        /// Whether work by the clock is started, on the first host of the workers.
        #[example = "beat: yes"]
        pub beat: bool = false,
    }
}

settings! {
    /// Nginx.
    pub struct Nginx {
        /// The largest request that it takes.
        #[example = "max_upload: 20m"]
        pub max_upload: Size = Size("20m".to_owned()),
    }
}

words! {
    /// Where the certificate comes from.
    Certificate {
        "self-signed" => SelfSigned,
        "own" => Own,
        "none" => None,
    }
}

settings! {
    /// The certificate of the site.
    pub struct Https {
        /// `self-signed`: made on the host. `own`: `tls` in secrets.sls. `none`: plain http.
        #[example = "certificate: own"]
        pub certificate: Certificate = Certificate::SelfSigned,
    }
}

settings! {
    /// A certificate of your own, for `https: {certificate: own}`. It belongs into secrets.sls.
    pub struct Tls {
        /// The certificate and those between it and the authority's, as PEM.
        #[example = "certificate: |"]
        pub certificate: Option<String> = None,
        /// Its private key, as PEM.
        #[example = "key: |"]
        pub key: Option<String> = None,
    }
}

settings! {
    /// The application's logs.
    pub struct Logs {
        /// How many days they are kept.
        #[example = "keep_days: 30"]
        pub keep_days: Count = Count(30),
    }
}

settings! {
    /// A person of devs.sls.
    pub struct Person {
        /// `login` may use ssh, `admin` may use sudo. Others must be on the hosts, or be among `groups` of the pillar.
        #[example = "groups: [admin, login]"]
        pub groups: Vec<String> = Vec::new(),
        /// The lines of the `.pub` files of the person's keys.
        #[example = "public_key: [ssh-ed25519 AAAA… ada@laptop]"]
        pub public_key: Vec<String> = Vec::new(),
        /// The person's name.
        #[example = "fullname: Ada Lovelace"]
        pub fullname: Option<String> = None,
        /// The shell. Unset: Bash.
        #[example = "shell: /usr/bin/zsh"]
        pub shell: Option<String> = None,
        /// A crypt hash for sudo and the console, as `openssl passwd -6` prints it.
        #[example = "password: $6$…"]
        pub password: Option<String> = None,
    }
}
