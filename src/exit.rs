//! How a run ended, as scripts see it.

/// Exit codes; printed in `--help`, so that scripts can trust them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// The host is as the states say.
    Converged = 0,
    /// A state or a deploy failed.
    Failed = 1,
    /// The project's files or the command line are wrong; nothing was changed.
    Project = 2,
    /// A host could not be reached, or does not let us in.
    Unreachable = 3,
    /// Another run holds the host's lock.
    Locked = 4,
    /// `plan`: something would change.
    WouldChange = 5,
}

impl Exit {
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The code of several hosts together: the worst, where not being reachable is worse than a failure.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        let rank = |exit: Self| match exit {
            Self::Converged => 0,
            Self::WouldChange => 1,
            Self::Locked => 2,
            Self::Failed => 3,
            Self::Unreachable => 4,
            Self::Project => 5,
        };
        if rank(self) >= rank(other) { self } else { other }
    }

    pub fn from_code(code: u8) -> Option<Self> {
        [Self::Converged, Self::Failed, Self::Project, Self::Unreachable, Self::Locked, Self::WouldChange]
            .into_iter()
            .find(|exit| exit.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_hosts_give_the_worst() {
        assert_eq!(Exit::Converged.worst(Exit::WouldChange), Exit::WouldChange);
        assert_eq!(Exit::Unreachable.worst(Exit::Failed), Exit::Unreachable);
        for code in 0..=5 {
            assert_eq!(Exit::from_code(code).map(Exit::code), Some(code));
        }
        assert_eq!(Exit::from_code(6), None);
    }
}
