//! What every command needs first: settings, the database at this schema, the root key, the application.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use rand::RngExt;

use crate::app::{App, Nudges};
use crate::clock::Clock;
use crate::config::Config;
use crate::db::slots;
use crate::db::{Db, IdMaker, Location, migrate};
use crate::domain::keys::Keys;
use crate::domain::rulebook::RulebookCache;
use crate::gateways::Gateways;
use crate::telemetry;
use crate::workers::Slot;

/// Reads the settings; a wrong one stops with one line that names it.
pub fn settings(file: &Path) -> anyhow::Result<Config> {
    let config = Config::load(file).map_err(|told| anyhow!("{told}"))?;
    match config.problems().first() {
        Some(first) => bail!("{first}"),
        None => Ok(config),
    }
}

/// Where the database is, with its folder made.
pub fn location(config: &Config) -> anyhow::Result<Location> {
    let location = config.location().map_err(|told| anyhow!("database.url: {told}"))?;
    if let Location::Sqlite(path) = &location {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)
            .with_context(|| format!("data.dir (SAMAD__DATA__DIR): {} cannot be made", folder.display()))?;
    }
    Ok(location)
}

/// Brings the schema up to date; gives what ran.
pub fn migrated(location: &Location) -> anyhow::Result<Vec<String>> {
    let mut connection =
        location.open().map_err(|error| anyhow!("database.url (SAMAD__DATABASE__URL): {error}"))?;
    Ok(migrate::run(&mut connection)?)
}

/// The root key: read from its file, or made once where the default file does not exist.
pub fn keys(config: &Config) -> anyhow::Result<Keys> {
    let path = config.keys_file();
    let is_default = config.keys.file.as_os_str().is_empty();
    if !path.exists() && is_default {
        make_key(&path).with_context(|| format!("the root key {} cannot be written", path.display()))?;
    }
    read_key(&path)
}

/// The root key where its file is there; makes none.
pub fn known_keys(config: &Config) -> anyhow::Result<Option<Keys>> {
    let path = config.keys_file();
    if path.exists() { read_key(&path).map(Some) } else { Ok(None) }
}

fn read_key(path: &Path) -> anyhow::Result<Keys> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("keys.file (SAMAD__KEYS__FILE): {} cannot be read", path.display()))?;
    let hex = text.trim();
    let is_key = hex.len() >= 64 && hex.len().is_multiple_of(2) && hex.chars().all(|c| c.is_ascii_hexdigit());
    if !is_key {
        bail!(
            "keys.file (SAMAD__KEYS__FILE): {} must hold at least 64 hexadecimal digits; make one with: openssl rand -hex 32",
            path.display()
        );
    }
    let bytes: Vec<u8> =
        (0..hex.len()).step_by(2).filter_map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok()).collect();
    Ok(Keys::new(&bytes))
}

fn make_key(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut bytes = [0_u8; 32];
    rand::rng().fill(&mut bytes);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{hex}")?;
    file.sync_all()
}

/// The application over a migrated database, and the id slot that it holds.
pub fn app(config: Config, clock: Clock) -> anyhow::Result<(App, Slot)> {
    let location = location(&config)?;
    migrated(&location)?;
    telemetry::start_metrics();
    let keys = keys(&config)?;
    let gateways = Gateways::new(&config).map_err(|told| anyhow!("{told}"))?;
    let db = Db::open(&location, config.database.pool)?;
    let (slot, ids) = take_slot(&db, &clock)?;
    let app = App {
        config: Arc::new(config),
        db,
        clock,
        ids: Arc::new(ids),
        keys,
        rules: RulebookCache::default(),
        gateways,
        nudges: Nudges::default(),
        hashing: crate::app::Hashing::default(),
    };
    Ok((app, slot))
}

/// Takes an id slot; two processes that start at once may reach for the same one, and the loser tries again.
fn take_slot(db: &Db, clock: &Clock) -> anyhow::Result<(Slot, IdMaker)> {
    let holder = format!("{}-{:016x}", std::process::id(), rand::rng().random::<u64>());
    for _ in 0..20 {
        let (name, now) = (holder.clone(), clock.now());
        match db.write_here(move |connection| slots::acquire(connection, &name, now)) {
            Ok((number, ids)) => return Ok((Slot { number, holder }, ids)),
            Err(crate::error::Error::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    bail!("no id slot could be taken in twenty tries")
}
