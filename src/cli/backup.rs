//! `samad backup`: one file from which everything but the root key can be restored, taken while serving.
//!
//! The database is read at one moment; the files of attachments are listed after it. A file is on the disk
//! before its row, and never changes or goes, so that every file which the rows name is in the archive.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use indicatif::{HumanBytes, ProgressBar};

use super::archive::{self, Attachments, FORMAT, Manifest, SQLITE_PART, Writer, count_bar};
use super::start;
use crate::config::Config;
use crate::db::snapshot::{self, Table};
use crate::db::{DbConnection, Location};
use crate::gateways::Storage;

/// Bytes of JSON in one part.
const PART_BYTES: usize = 4 << 20;

/// What was read of the database.
struct Read {
    database: &'static str,
    migrations: Vec<String>,
    rows: BTreeMap<String, i64>,
    tables: Vec<Table>,
    referenced: std::collections::BTreeSet<String>,
}

/// Writes the backup.
pub fn run(settings: &Path, target: &Path) -> anyhow::Result<()> {
    let config = start::settings(settings)?;
    let location = config.location().map_err(anyhow::Error::msg)?;
    if let Location::Sqlite(path) = &location
        && !path.exists()
    {
        bail!("there is no database at {}; check data.dir (SAMAD__DATA__DIR)", path.display());
    }
    let mut writer = Writer::create(target)?;
    let taken_at = jiff::Timestamp::now().to_string();
    let mut connection = location.open()?;
    let read = match &location {
        Location::Sqlite(_) => read_sqlite(&mut connection, &mut writer, target)?,
        Location::Postgres(_) => read_postgres(&mut connection, &mut writer)?,
    };
    drop(connection);
    let attachments = add_attachments(&config, &mut writer, &read)?;
    let manifest = Manifest {
        format: FORMAT,
        samad: env!("CARGO_PKG_VERSION").into(),
        taken_at,
        database: read.database.into(),
        migrations: read.migrations,
        rows: read.rows,
        tables: read.tables,
        parts: writer.parts(),
        attachments,
    };
    let bytes = writer.finish(&manifest)?;
    tell(&config, target, &manifest, bytes);
    Ok(())
}

fn tell(config: &Config, target: &Path, manifest: &Manifest, bytes: u64) {
    let cases = manifest.rows.get("cases").copied().unwrap_or(0);
    let rows: i64 = manifest.rows.values().sum();
    let files = &manifest.attachments;
    println!(
        "{}: {} with {cases} cases ({rows} rows) and {} attachments.",
        target.display(),
        HumanBytes(bytes),
        files.files
    );
    if !files.missing.is_empty() {
        println!(
            "Attention: {} attachments are named by the database but were not on the disk:",
            files.missing.len()
        );
        files.missing.iter().take(5).for_each(|name| println!("  {name}"));
    }
    println!("The root key is not in it: keep {} apart, and safe;", config.keys_file().display());
    println!("without it, nobody can ever read the names and numbers of people, and no code or key is good.");
}

fn read_sqlite(connection: &mut DbConnection, writer: &mut Writer, target: &Path) -> anyhow::Result<Read> {
    // beside the archive: there is room for it, and it may be large
    let copy = archive::making(target, ".part.db")?;
    let bar = ProgressBar::new_spinner().with_message("copying the database");
    bar.enable_steady_tick(Duration::from_millis(120));
    snapshot::copy_sqlite(connection, copy.path())?;
    bar.finish_and_clear();
    let mut of_copy = Location::Sqlite(copy.path().to_owned()).open_plain()?;
    let read = Read {
        database: "sqlite",
        migrations: snapshot::migrations(&mut of_copy)?,
        rows: snapshot::count_sqlite(&mut of_copy)?,
        tables: Vec::new(),
        referenced: snapshot::referenced_files(&mut of_copy)?,
    };
    drop(of_copy);
    let bytes = copy.path().metadata()?.len();
    let bar = archive::byte_bar(bytes, "packing the database");
    writer.add(SQLITE_PART, bytes, bar.wrap_read(File::open(copy.path())?))?;
    bar.finish_and_clear();
    Ok(read)
}

fn read_postgres(connection: &mut DbConnection, writer: &mut Writer) -> anyhow::Result<Read> {
    snapshot::begin_reading(connection)?;
    let tables = snapshot::tables(connection)?;
    if !tables.iter().any(|table| table.name == "cases") {
        bail!("the database has no tables of samad; check database.url (SAMAD__DATABASE__URL)");
    }
    let mut expected = 0;
    for table in &tables {
        expected += snapshot::count_rows(connection, table)?;
    }
    let bar = count_bar(expected.unsigned_abs(), "packing rows");
    let mut rows = BTreeMap::new();
    for table in &tables {
        rows.insert(table.name.clone(), add_table(connection, writer, table, &bar)?);
    }
    bar.finish_and_clear();
    let migrations = snapshot::migrations(connection)?;
    let referenced = snapshot::referenced_files(connection)?;
    snapshot::end(connection)?;
    Ok(Read { database: "postgres", migrations, rows, tables, referenced })
}

/// Adds the rows of one table in parts of a few megabytes; gives how many rows.
fn add_table(
    connection: &mut DbConnection,
    writer: &mut Writer,
    table: &Table,
    bar: &ProgressBar,
) -> anyhow::Result<i64> {
    let (mut page, mut number, mut rows) = (String::new(), 0, 0);
    let mut put = |page: &mut String| -> anyhow::Result<()> {
        number += 1;
        let name = format!("database/{}/{number:06}.jsonl", table.name);
        writer.add(&name, page.len() as u64, page.as_bytes())?;
        page.clear();
        Ok(())
    };
    snapshot::each_row::<anyhow::Error>(connection, table, |row| {
        page.push_str(row);
        page.push('\n');
        rows += 1;
        bar.inc(1);
        if page.len() >= PART_BYTES { put(&mut page) } else { Ok(()) }
    })?;
    if !page.is_empty() {
        put(&mut page)?;
    }
    Ok(rows)
}

fn add_attachments(config: &Config, writer: &mut Writer, read: &Read) -> anyhow::Result<Attachments> {
    let storage = Storage::new(config).map_err(anyhow::Error::msg)?;
    let found = storage.list().context("the storage of attachments cannot be listed")?;
    let bar = count_bar(found.len() as u64, "packing attachments");
    let mut files = BTreeMap::new();
    for sha256 in found.into_keys() {
        let content =
            storage.get(&sha256).with_context(|| format!("the attachment {sha256} cannot be read"))?;
        let bytes = content.len() as u64;
        writer.add_attachment(&sha256, bytes, content.as_slice())?;
        files.insert(sha256, bytes);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let missing = read.referenced.iter().filter(|name| !files.contains_key(*name)).cloned().collect();
    Ok(Attachments::of(&files, missing))
}
