//! Who asks, for locks and logs.

/// `user@machine`. The environment's word comes first, as it does for ssh.
pub fn operator() -> String {
    let id = nix::unistd::getuid().as_raw();
    let said = ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let known = || users::get_user_by_uid(id).map(|user| user.name().to_string_lossy().into_owned());
    let user = said.or_else(known).unwrap_or_else(|| format!("uid {id}"));
    let machine =
        nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    format!("{user}@{machine}")
}
