//! What every command needs first: settings, the keys, the database at this schema, the application.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use rand::RngExt;

use crate::app::{App, Nudges};
use crate::clock::Clock;
use crate::config::Config;
use crate::db::slots;
use crate::db::{Db, IdMaker, Location, migrate, snapshot};
use crate::domain::actor::Role;
use crate::domain::cases::words::{self, Adopted};
use crate::domain::files::kinds;
use crate::domain::keys::Keys;
use crate::domain::rulebook::RulebookCache;
use crate::domain::vault::{self, KeysFile, Source, Vault, keys_file};
use crate::gateways::{Gateways, SmsGateway};
use crate::telemetry;
use crate::workers::Slot;

/// Reads the settings; a wrong one stops with one line that names it.
pub fn settings(file: &Path) -> anyhow::Result<Config> {
    let config = Config::load(file).map_err(|told| anyhow!("{told}"))?;
    match problems(&config).first() {
        Some(first) => bail!("{first}"),
        None => Ok(config),
    }
}

/// Everything wrong with the settings, with what only the domain knows.
pub fn problems(config: &Config) -> Vec<String> {
    let mut found = config.problems();
    for unknown in config.files.allowed_types().iter().filter(|one| kinds::of(one).is_none()) {
        let known = kinds::KINDS.iter().map(|kind| kind.media_type).collect::<Vec<_>>().join(", ");
        found.push(format!("files.allowed (SAMAD__FILES__ALLOWED): '{unknown}' is not one of {known}"));
    }
    if found.is_empty() {
        found.extend(SmsGateway::new(config).err());
    }
    for code in config.sign_in.second_factor_roles() {
        if let Err(known) = code.parse::<Role>() {
            found.push(format!(
                "sign_in.require_second_factor (SAMAD__SIGN_IN__REQUIRE_SECOND_FACTOR): '{code}' is not {known}"
            ));
        }
    }
    found
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

/// The root key where its file is there; makes none.
pub fn known_keys(config: &Config) -> anyhow::Result<Option<Keys>> {
    let path = config.keys_file();
    if !path.exists() {
        return Ok(None);
    }
    Ok(Some(KeysFile::read(&path).map_err(anyhow::Error::msg)?.keys))
}

/// The keys: read from their file, or made once where the default file does not exist and nothing was sealed.
/// Nothing is written before they are known to fit the database.
pub fn keys(config: &Config, location: &Location) -> anyhow::Result<KeysFile> {
    let (path, wrapped) = (config.keys_file(), wrapped_keys(location)?);
    let is_default = config.keys.file.as_os_str().is_empty();
    if !path.exists() && !wrapped.is_empty() {
        bail!(
            "keys.file (SAMAD__KEYS__FILE): {} is missing, and the database was sealed with it; put it back from \
             where it is kept apart. Nothing was changed",
            path.display()
        );
    }
    if !path.exists() && is_default {
        keys_file::create(&path)
            .with_context(|| format!("the root key {} cannot be written", path.display()))?;
    }
    let file = KeysFile::read(&path).map_err(anyhow::Error::msg)?;
    if !wrapped.iter().all(|wrapped| file.masters.can_unwrap(wrapped)) {
        bail!(
            "keys.file (SAMAD__KEYS__FILE): {} is not the key that this database was sealed with; put the right \
             file back. Nothing was changed",
            path.display()
        );
    }
    Ok(file)
}

/// The data keys of a database that may not be there yet; it is only read.
pub fn wrapped_keys(location: &Location) -> anyhow::Result<Vec<String>> {
    if let Location::Sqlite(path) = location
        && !path.exists()
    {
        return Ok(Vec::new());
    }
    let mut connection =
        location.open_plain().map_err(|error| anyhow!("database.url (SAMAD__DATABASE__URL): {error}"))?;
    Ok(vault::wrapped_keys(&mut connection)?)
}

/// The vault of a database; its first data keys are made where it has none, and what an earlier version left in clear is
/// sealed.
fn vault(config: &Config, db: &Db, file: &KeysFile, clock: &Clock) -> anyhow::Result<Vault> {
    let (masters, now) = (file.masters.clone(), clock.now());
    db.write_here(move |connection| vault::found(connection, &masters, now))?;
    let vault = db.read_here(|connection| Vault::unlock(connection, Source::File(config.keys_file())))?;
    loop {
        let by = vault.clone();
        match db.write_here(move |connection| words::adopt(connection, &by, now))? {
            Adopted::All => return Ok(vault),
            Adopted::Some(rows) => tracing::info!(rows, "texts of an earlier version were sealed"),
        }
    }
}

/// A database that is there already, with its keys; for commands that work on what is sealed.
pub struct Sealed {
    pub db: Db,
    pub vault: Vault,
    pub file: KeysFile,
}

/// Opens a database of this version with its keys; changes nothing.
pub fn sealed(config: &Config) -> anyhow::Result<Sealed> {
    let location = location(config)?;
    if wrapped_keys(&location)?.is_empty() {
        bail!("nothing is sealed in this database yet; the first start of the service makes the keys");
    }
    let file = keys(config, &location)?;
    let db = Db::open(&location, config.database.pool)?;
    same_version(&db)?;
    let vault = db.read_here(|connection| Vault::unlock(connection, Source::File(config.keys_file())))?;
    Ok(Sealed { db, vault, file })
}

/// Fails unless the database has exactly the schema of this program.
pub fn same_version(db: &Db) -> anyhow::Result<()> {
    if db.read_here(snapshot::migrations)? != migrate::known()? {
        bail!("the database is of another version than this program; use the program that serves it");
    }
    Ok(())
}

/// The application over a migrated database, and the id slot that it holds.
pub fn app(config: Config, clock: Clock) -> anyhow::Result<(App, Slot)> {
    let location = location(&config)?;
    let file = keys(&config, &location)?;
    migrated(&location)?;
    telemetry::start_metrics();
    let gateways = Gateways::new(&config).map_err(|told| anyhow!("{told}"))?;
    let db = Db::open(&location, config.database.pool)?;
    let vault = vault(&config, &db, &file, &clock)?;
    let (slot, ids) = take_slot(&db, &clock)?;
    let app = App {
        config: Arc::new(config),
        db,
        clock,
        ids: Arc::new(ids),
        keys: file.keys,
        vault,
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
