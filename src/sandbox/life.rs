//! The life of a sandbox from `up` to `down`, and the accidents between.
//! It must not print.

use std::fs;

use anyhow::{Context, Result, bail};

use super::image::Recipe;
use super::layout::Layout;
use super::network::{self, Network};
use super::process::Process;
use super::record::{self, Record};
use super::suite::{Mirrors, Suite};
use super::{Options, Sandbox, build, disk, guest, program};

/// Boots a fresh host and waits until it can be used.
pub fn up(options: &Options, progress: &dyn Fn(&str)) -> Result<Sandbox> {
    let layout = Layout::open()?;
    program::need_all()?;
    let suite = match &options.suite {
        Some(name) => Suite::named(name)?,
        None => Suite::default_here()?,
    };
    reap(&layout)?;
    let recipe = Recipe::new(suite, options.image, suite.sources(&Mirrors::of_this_machine()));
    // Written down before anything is built: the name and the image are then taken.
    let mut record = {
        let _lock = layout.lock_state()?;
        let record = reserve(&layout, options, &recipe)?;
        record.write(&layout)?;
        record
    };
    let made = build::provide(&layout, &recipe, progress)
        .and_then(|()| bring_up(&layout, &mut record, &options.authorized_keys, progress));
    match made {
        Ok(()) => Ok(Sandbox::new(&layout, &record)),
        Err(error) => {
            let _ = remove(&layout, &record);
            Err(error.context(format!("failed to start the sandbox `{}`", record.name)))
        }
    }
}

/// Takes a name, an address and the network. The caller holds the lock of the state.
fn reserve(layout: &Layout, options: &Options, recipe: &Recipe) -> Result<Record> {
    let taken = Record::all(layout)?;
    let name = options.name.clone().unwrap_or_else(|| record::free_name(&taken));
    record::check_name(&name)?;
    if taken.iter().any(|record| record.name == name) {
        bail!(
            "a sandbox called `{name}` exists; end it with `provision sandbox down {name}`, or choose another name"
        );
    }
    let number = record::free_number(&taken)?;
    guest::make_room(taken.len() + 1)?;
    let network = Network::provide(layout)?;
    let id = fs::read_to_string("/proc/sys/kernel/random/uuid").context("failed to draw a machine id")?;
    Ok(Record {
        id: id.trim().replace('-', ""),
        disk: layout.disk(&name),
        name,
        number,
        subnet: network.subnet,
        suite: recipe.suite.name.to_owned(),
        image: options.image,
        layers: recipe.directories(layout),
        since: now(),
        supervisor: None,
        maker: Process::current(),
        owner: options.die_with.and_then(Process::with_pid),
        owned: options.die_with.is_some(),
    })
}

fn now() -> String {
    let now = jiff::Timestamp::now();
    now.round(jiff::Unit::Second).unwrap_or(now).to_string()
}

fn bring_up(layout: &Layout, record: &mut Record, keys: &[String], progress: &dyn Fn(&str)) -> Result<()> {
    progress(&format!("booting `{}` ({}) at {}", record.name, record.suite, record.address()));
    disk::lend_packages(layout, record)?;
    disk::mount(record)?;
    disk::personalize(layout, record, keys)?;
    start(layout, record)
}

fn start(layout: &Layout, record: &mut Record) -> Result<()> {
    let supervisor = guest::start(layout, record)?;
    // Written at once: were this process killed now, the container would be found by it.
    record.supervisor = Some(supervisor);
    if let Err(error) = record.update(layout) {
        guest::cut_power(record)?;
        return Err(error);
    }
    let access = Sandbox::access_to(layout, record);
    guest::wait_until_ready(layout, record, supervisor, &access)?;
    record.maker = None;
    record.update(layout)
}

/// Every sandbox there is; what belonged to a process that has ended is removed first.
pub fn list() -> Result<Vec<Sandbox>> {
    let layout = Layout::open()?;
    reap(&layout)?;
    Ok(Record::all(&layout)?.iter().map(|record| Sandbox::new(&layout, record)).collect())
}

pub fn get(name: &str) -> Result<Sandbox> {
    let layout = Layout::open()?;
    Ok(Sandbox::new(&layout, &Record::read(&layout, name)?))
}

/// Ends a sandbox and removes all of it; the last one takes the bridge along.
pub fn down(name: &str) -> Result<()> {
    let layout = Layout::open()?;
    let record = Record::read(&layout, name)?;
    remove(&layout, &record)
}

/// Gives the names of those that were ended.
pub fn down_all() -> Result<Vec<String>> {
    let layout = Layout::open()?;
    let records = Record::all(&layout)?;
    for record in &records {
        remove(&layout, record)?;
    }
    Ok(records.into_iter().map(|record| record.name).collect())
}

/// Cuts its power. The disk stays.
pub fn kill(name: &str) -> Result<()> {
    let layout = Layout::open()?;
    guest::cut_power(&Record::read(&layout, name)?)
}

/// Boots it again with the disk it had.
pub fn boot(name: &str) -> Result<Sandbox> {
    let layout = Layout::open()?;
    let mut record = Record::read(&layout, name)?;
    if record.is_running() {
        bail!("`{name}` is running already");
    }
    let network = {
        let _lock = layout.lock_state()?;
        Network::provide(&layout)?
    };
    if network.subnet != record.subnet {
        bail!("the network of `{name}` is gone; start it afresh: `provision sandbox down {name}`, then `up`");
    }
    guest::cut_power(&record)?;
    disk::mount(&record)?;
    start(&layout, &mut record).with_context(|| format!("failed to boot `{name}` again"))?;
    Ok(Sandbox::new(&layout, &record))
}

/// Pulls its network cable.
pub fn cut(name: &str) -> Result<()> {
    set_link(name, "down")
}

/// Puts its network cable back.
pub fn mend(name: &str) -> Result<()> {
    set_link(name, "up")
}

fn set_link(name: &str, state: &str) -> Result<()> {
    let record = Record::read(&Layout::open()?, name)?;
    if !record.is_running() {
        bail!("`{name}` is not running");
    }
    network::set_link(&record.interface(), state)
}

fn remove(layout: &Layout, record: &Record) -> Result<()> {
    let failed = || format!("failed to end the sandbox `{}`", record.name);
    let _removal = layout.lock_removal()?;
    if !record.is_current(layout)? {
        return Ok(());
    }
    guest::cut_power(record).and_then(|()| disk::remove(layout, record)).with_context(failed)?;
    let _lock = layout.lock_state()?;
    record.remove(layout)?;
    if Record::all(layout)?.is_empty()
        && let Some(network) = Network::known(layout)?
    {
        network.remove(layout).with_context(failed)?;
    }
    Ok(())
}

/// Removes what was left by processes that were killed before they could.
fn reap(layout: &Layout) -> Result<()> {
    for record in Record::all(layout)?.iter().filter(|record| record.is_orphan()) {
        remove(layout, record)?;
    }
    Ok(())
}
