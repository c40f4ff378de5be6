//! The roles that a host can have. A new role is a row here and a state file that `states/top.sls` gives to it.

/// What hosts of an environment can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role {
    pub name: &'static str,
    /// What such a host is, for people.
    pub about: &'static str,
    /// When a host without roles has it.
    pub by_default: ByDefault,
    /// The state files that only hosts with this role get.
    pub sls: &'static [&'static str],
}

/// When a host that names no roles has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByDefault {
    Always,
    /// Where the pillar has `celery`.
    WithCelery,
    Never,
}

/// In the order of the documentation.
pub const ROLES: &[Role] = &[
    Role {
        name: "balancer",
        about: "Nginx with the certificate, in front of the hosts with `web`",
        by_default: ByDefault::Never,
        sls: &["nginx"],
    },
    Role {
        name: "web",
        about: "the application with its own Nginx, which lets only balancers in where there are any",
        by_default: ByDefault::Always,
        sls: &["nginx", "app", "logrotate"],
    },
    Role {
        name: "worker",
        about: "Celery's workers, and on the first such host its beat; `celery` in the pillar says which application",
        by_default: ByDefault::WithCelery,
        sls: &["worker", "app", "logrotate"],
    },
    Role {
        name: "queue",
        about: "Redis, through which workers get their work; RabbitMQ with `celery: {broker: rabbitmq}`",
        by_default: ByDefault::WithCelery,
        sls: &["redis", "rabbitmq"],
    },
    Role { name: "db-master", about: "Postgres", by_default: ByDefault::Always, sls: &["postgres"] },
    Role {
        name: "db-replica",
        about: "Postgres that follows the master; the application finds it in `DB_REPLICA_HOSTS`",
        by_default: ByDefault::Never,
        sls: &["postgres"],
    },
    Role { name: "cache", about: "Memcached", by_default: ByDefault::Always, sls: &["memcached"] },
];

/// The role of a name.
pub fn role(name: &str) -> Option<&'static Role> {
    ROLES.iter().find(|role| role.name == name)
}

/// What a host without roles does.
pub fn default_roles(celery: bool) -> Vec<&'static str> {
    let has = |role: &&Role| match role.by_default {
        ByDefault::Always => true,
        ByDefault::WithCelery => celery,
        ByDefault::Never => false,
    };
    ROLES.iter().filter(has).map(|role| role.name).collect()
}
