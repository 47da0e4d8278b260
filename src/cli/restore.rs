//! `samad restore`: puts a backup into an empty place. Nothing is touched before every digest was compared.
//!
//! Attachments come first and the database last: SQLite's file gets its name, or PostgreSQL's one transaction
//! commits, when all the rest is there. A restore that broke off can be tried again.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail};

use super::archive::{self, ATTACHMENTS, Manifest, SQLITE_PART};
use super::start;
use crate::config::Config;
use crate::db::snapshot::{self, Table};
use crate::db::{DbConnection, Location, migrate};
use crate::domain::vault::KeysFile;
use crate::gateways::storage::Storage;

/// What becomes of messages that waited to be sent when the backup was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outbox {
    /// They are sent by the restored service.
    Keep,
    /// They are not: the service that was backed up may have sent them since.
    Park,
}

/// Restores an archive into the configured, empty database and data folder.
pub fn run(settings: &Path, file: &Path, outbox: Outbox) -> anyhow::Result<()> {
    let config = start::settings(settings)?;
    let location = start::location(&config)?;
    refuse_occupied(&location)?;
    let manifest = archive::check(file)?;
    refuse_foreign(&location, &manifest)?;
    let parked = match &location {
        Location::Sqlite(path) => restore_sqlite(&config, file, path, outbox)?,
        Location::Postgres(_) => restore_postgres(&config, file, &location, &manifest, outbox)?,
    };
    tell(&config, &location, &manifest, outbox, parked)
}

fn tell(
    config: &Config,
    location: &Location,
    manifest: &Manifest,
    outbox: Outbox,
    parked: usize,
) -> anyhow::Result<()> {
    let cases = manifest.rows.get("cases").copied().unwrap_or(0);
    println!(
        "Restored {cases} cases and {} attachments as they were at {}.",
        manifest.attachments.files, manifest.taken_at
    );
    match outbox {
        Outbox::Park => {
            println!("{parked} messages that waited to be sent were parked; they will not be sent.")
        }
        Outbox::Keep if parked > 0 => {
            println!("{parked} messages that waited to be sent will be sent again by `samad serve`.");
        }
        Outbox::Keep => {}
    }
    if !manifest.attachments.missing.is_empty() {
        println!(
            "Attention: {} attachments were missing when the backup was taken.",
            manifest.attachments.missing.len()
        );
    }
    let (path, wrapped) = (config.keys_file(), start::wrapped_keys(location)?);
    let opens = |file: KeysFile| wrapped.iter().all(|wrapped| file.masters.can_unwrap(wrapped));
    match KeysFile::read(&path).is_ok_and(opens) {
        true => println!("The keys file {} fits: names and numbers can be read.", path.display()),
        false => println!(
            "Now put the keys file of the service that was backed up, as it was then, at {}; without it no start is \
             possible, and names and numbers cannot be read.",
            path.display()
        ),
    }
    Ok(())
}

/// A restore never writes over anything.
fn refuse_occupied(location: &Location) -> anyhow::Result<()> {
    match location {
        Location::Sqlite(path) => {
            for occupied in [path.clone(), archive::beside(path, "-wal")?] {
                if occupied.exists() {
                    bail!(
                        "{} exists already; a restore needs an empty place. Stop the service and move it away, or \
                         set data.dir (SAMAD__DATA__DIR) to another folder",
                        occupied.display()
                    );
                }
            }
        }
        Location::Postgres(_) => {
            if !snapshot::is_untouched(&mut location.open()?)? {
                bail!(
                    "the database has rows already; a restore needs an empty one. Make a new database and set \
                     database.url (SAMAD__DATABASE__URL) to it"
                );
            }
        }
    }
    Ok(())
}

fn refuse_foreign(location: &Location, manifest: &Manifest) -> anyhow::Result<()> {
    let kind = match location {
        Location::Sqlite(_) => "sqlite",
        Location::Postgres(_) => "postgres",
    };
    if manifest.database != kind {
        bail!(
            "this is a backup of a {} database and the settings name a {kind} one; a backup goes back only into \
             the same kind. Set database.url (SAMAD__DATABASE__URL) accordingly",
            manifest.database
        );
    }
    let known = migrate::known()?;
    if let Some(newer) = manifest.migrations.iter().find(|version| !known.contains(version)) {
        bail!(
            "this backup was made by samad {} with the migration {newer}, which this version does not know; \
             restore it with that version or a newer one",
            manifest.samad
        );
    }
    Ok(())
}

fn keep_attachment(storage: &Storage, sha256: &str, content: &mut dyn Read) -> anyhow::Result<()> {
    let mut bytes = Vec::new();
    content.read_to_end(&mut bytes)?;
    storage.put(sha256, &bytes).with_context(|| format!("the attachment {sha256} cannot be written"))
}

fn restore_sqlite(config: &Config, file: &Path, path: &Path, outbox: Outbox) -> anyhow::Result<usize> {
    let mut restored = archive::making(path, ".part")?;
    let storage = Storage::new(config).map_err(anyhow::Error::msg)?;
    archive::each_entry(file, "restoring", |name, content, _| {
        if name == SQLITE_PART {
            std::io::copy(content, restored.as_file_mut()).context("the database cannot be written")?;
        } else if let Some(sha256) = name.strip_prefix(ATTACHMENTS) {
            keep_attachment(&storage, sha256, content)?;
        }
        Ok(())
    })?;
    let parked = ready(&Location::Sqlite(restored.path().to_owned()), outbox)?;
    restored.as_file().sync_all()?;
    restored
        .persist_noclobber(path)
        .map_err(|error| error.error)
        .with_context(|| format!("{} cannot be given its name", path.display()))?;
    archive::sync_folder(path)?;
    Ok(parked)
}

/// Brings a restored file to this version's schema; gives how many messages wait, or were parked.
fn ready(location: &Location, outbox: Outbox) -> anyhow::Result<usize> {
    let mut connection = location.open()?;
    migrate::run(&mut connection)?;
    let waiting = settle_outbox(&mut connection, outbox)?;
    snapshot::settle_sqlite(&mut connection)?;
    Ok(waiting)
}

fn settle_outbox(connection: &mut DbConnection, outbox: Outbox) -> anyhow::Result<usize> {
    Ok(match outbox {
        Outbox::Park => snapshot::park_outbox(connection)?,
        Outbox::Keep => snapshot::waiting(connection)?,
    })
}

fn restore_postgres(
    config: &Config,
    file: &Path,
    location: &Location,
    manifest: &Manifest,
    outbox: Outbox,
) -> anyhow::Result<usize> {
    let mut connection = location.open()?;
    // the schema of the backup's day first; what is newer changes its rows afterwards as it would have then
    migrate::run_only(&mut connection, &manifest.migrations)?;
    if snapshot::migrations(&mut connection)? != manifest.migrations {
        bail!(
            "the empty database has a newer schema than the backup; make a new database without any tables"
        );
    }
    snapshot::begin_loading(&mut connection, &manifest.tables)?;
    let tables: BTreeMap<&str, &Table> =
        manifest.tables.iter().map(|table| (table.name.as_str(), table)).collect();
    let storage = Storage::new(config).map_err(anyhow::Error::msg)?;
    let mut loaded: BTreeMap<String, i64> =
        manifest.tables.iter().map(|table| (table.name.clone(), 0)).collect();
    archive::each_entry(file, "restoring", |name, content, _| {
        if let Some(sha256) = name.strip_prefix(ATTACHMENTS) {
            return keep_attachment(&storage, sha256, content);
        }
        let Some((table, _)) = name.strip_prefix("database/").and_then(|rest| rest.split_once('/')) else {
            return Ok(());
        };
        let known =
            tables.get(table).with_context(|| format!("the manifest does not name the table {table}"))?;
        let mut rows = String::new();
        content.read_to_string(&mut rows)?;
        let written = snapshot::load_rows(&mut connection, known, &rows)
            .with_context(|| format!("{name} cannot be loaded"))?;
        *loaded.entry(table.to_owned()).or_default() += i64::try_from(written)?;
        Ok(())
    })?;
    if loaded != manifest.rows {
        bail!("the database took another number of rows than the manifest names; nothing was restored");
    }
    snapshot::finish_loading(&mut connection)?;
    let waiting = settle_outbox(&mut connection, outbox)?;
    snapshot::end(&mut connection)?;
    migrate::run(&mut connection)?;
    snapshot::analyze(&mut connection)?;
    Ok(waiting)
}
