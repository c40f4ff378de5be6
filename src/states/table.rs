//! The table of all state functions, sorted by name. A new function is its file and its line here.

use super::{
    Row, cmd, cron, file, group, host, locale, pip, pkg, postgres, row, service, ssh_auth, ssh_known_hosts,
    supervisord, sysctl, test, timezone, ufw, user, virtualenv,
};

/// All functions, sorted by name.
pub static FUNCTIONS: &[Row] = &[
    row::<cmd::Run>(),
    row::<cmd::Script>(),
    row::<cmd::Wait>(),
    row::<cron::Absent>(),
    row::<cron::EnvAbsent>(),
    row::<cron::EnvPresent>(),
    row::<cron::File>(),
    row::<cron::Present>(),
    row::<file::Absent>(),
    row::<file::Append>(),
    row::<file::BlockReplace>(),
    row::<file::Comment>(),
    row::<file::Copy>(),
    row::<file::Decode>(),
    row::<file::Directory>(),
    row::<file::Exists>(),
    row::<file::Hardlink>(),
    row::<file::KeyValue>(),
    row::<file::Line>(),
    row::<file::Managed>(),
    row::<file::Missing>(),
    row::<file::Prepend>(),
    row::<file::Recurse>(),
    row::<file::Rename>(),
    row::<file::Replace>(),
    row::<file::Serialize>(),
    row::<file::Symlink>(),
    row::<file::Tidied>(),
    row::<file::Touch>(),
    row::<file::Uncomment>(),
    row::<group::Absent>(),
    row::<group::Present>(),
    row::<host::Absent>(),
    row::<host::Only>(),
    row::<host::Present>(),
    row::<locale::Present>(),
    row::<locale::System>(),
    row::<pip::Installed>(),
    row::<pip::Removed>(),
    row::<pip::Uptodate>(),
    row::<pkg::Held>(),
    row::<pkg::Installed>(),
    row::<pkg::Latest>(),
    row::<pkg::Purged>(),
    row::<pkg::Removed>(),
    row::<pkg::Unheld>(),
    row::<pkg::Uptodate>(),
    row::<postgres::DatabaseAbsent>(),
    row::<postgres::DatabasePresent>(),
    row::<postgres::ExtensionAbsent>(),
    row::<postgres::ExtensionPresent>(),
    row::<postgres::GroupAbsent>(),
    row::<postgres::GroupPresent>(),
    row::<postgres::SchemaAbsent>(),
    row::<postgres::SchemaPresent>(),
    row::<postgres::TablespaceAbsent>(),
    row::<postgres::TablespacePresent>(),
    row::<postgres::UserAbsent>(),
    row::<postgres::UserPresent>(),
    row::<service::Dead>(),
    row::<service::Disabled>(),
    row::<service::Enabled>(),
    row::<service::Masked>(),
    row::<service::Running>(),
    row::<service::Unmasked>(),
    row::<ssh_auth::Absent>(),
    row::<ssh_auth::Manage>(),
    row::<ssh_auth::Present>(),
    row::<ssh_known_hosts::Absent>(),
    row::<ssh_known_hosts::Present>(),
    row::<supervisord::Dead>(),
    row::<supervisord::Running>(),
    row::<sysctl::Present>(),
    row::<test::CheckPillar>(),
    row::<test::ConfigurableTestState>(),
    row::<test::FailWithChanges>(),
    row::<test::FailWithoutChanges>(),
    row::<test::Nop>(),
    row::<test::ShowNotification>(),
    row::<test::SucceedWithChanges>(),
    row::<test::SucceedWithoutChanges>(),
    row::<timezone::System>(),
    row::<ufw::Allow>(),
    row::<ufw::Default>(),
    row::<ufw::Delete>(),
    row::<ufw::Deny>(),
    row::<ufw::Disabled>(),
    row::<ufw::Enabled>(),
    row::<ufw::Limit>(),
    row::<ufw::Reject>(),
    row::<user::Absent>(),
    row::<user::Present>(),
    row::<virtualenv::Managed>(),
];

/// The function of that name (`file.managed`).
pub fn find(name: &str) -> Option<&'static Row> {
    FUNCTIONS.binary_search_by(|row| row.name.cmp(name)).ok().and_then(|index| FUNCTIONS.get(index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_without_doubles() {
        assert!(FUNCTIONS.windows(2).all(|pair| pair[0].name < pair[1].name));
    }
}
