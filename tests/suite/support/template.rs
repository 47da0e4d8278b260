//! The database that every test copies: migrated, seeded, with the demo staff. Made once for a build.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use samad::db::schema::users;
use samad::db::{DbConnection, IdMaker, Location, migrate};
use samad::domain::actor::{Act, Actor};
use samad::domain::demo;
use samad::domain::keys::Keys;
use samad::domain::rulebook::{Rulebook, RulebookCache};
use samad::domain::seed::{self, Files};
use samad::domain::vault::{self, KeysFile, Source, Vault};
use tempfile::TempDir;

static TEMPLATE: LazyLock<Location> = LazyLock::new(template);
static RULES: LazyLock<Arc<Rulebook>> = LazyLock::new(|| {
    let mut connection = TEMPLATE.open().expect("the template opens");
    RulebookCache::default().current(&mut connection).expect("the template has rules")
});

/// The rules of a fresh copy, read once.
pub fn rules() -> Arc<Rulebook> {
    RULES.clone()
}

/// The keys file of all tests.
pub const KEYS_FILE: &str = "0707070707070707070707070707070707070707070707070707070707070707\n";

/// The root key of all tests.
pub fn keys() -> Keys {
    KeysFile::parse(KEYS_FILE).expect("a keys file").keys
}

/// Where all tests have their master keys from.
pub fn masters() -> Source {
    Source::Held(KeysFile::parse(KEYS_FILE).expect("a keys file").masters)
}

/// A copy of the template; gone with the test.
pub struct Database {
    location: Location,
    directory: TempDir,
}

impl Database {
    pub fn copied() -> Self {
        LazyLock::force(&RULES);
        let directory = scratch();
        let location = match &*TEMPLATE {
            Location::Sqlite(template) => {
                let path = directory.path().join("samad.db");
                std::fs::copy(template, &path).expect("the template is copied");
                Location::Sqlite(path)
            }
            Location::Postgres(template) => {
                let name = format!("samad_test_{}_{:08x}", std::process::id(), rand::random::<u32>());
                let from = template.rsplit('/').next().expect("a database's name");
                admin(&format!("CREATE DATABASE {name} TEMPLATE {from}")).expect("the template is copied");
                Location::Postgres(beside(template, &name))
            }
        };
        Self { location, directory }
    }

    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Where the test may keep files.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Location::Postgres(url) = &self.location {
            let name = url.rsplit('/').next().unwrap_or_default();
            // what cannot be dropped goes with its throw-away cluster
            let _ = admin(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

/// A directory in memory where there is one: tests commit often, and nothing of theirs must last.
fn scratch() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory for the test")
}

fn server() -> Option<String> {
    std::env::var("SAMAD_TEST_DATABASE_URL").ok().filter(|url| !url.is_empty())
}

fn beside(url: &str, name: &str) -> String {
    format!("{}/{name}", url.rsplit_once('/').map_or(url, |(server, _)| server))
}

fn admin(statement: &str) -> QueryResult<()> {
    let url = server().expect("SAMAD_TEST_DATABASE_URL is set");
    let mut connection = PgConnection::establish(&url).expect("SAMAD_TEST_DATABASE_URL answers");
    connection.batch_execute(statement)
}

/// Names this build: another binary makes another template.
fn fingerprint() -> String {
    let binary = std::env::current_exe().and_then(|path| path.metadata()).expect("the test's own binary");
    let modified = binary.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    format!("{:x}_{:x}", modified.map_or(0, |since| since.as_micros()), binary.len())
}

fn template() -> Location {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(&folder).expect("a folder for the template");
    // two processes may start at once
    let lock = File::create(folder.join("template.lock")).expect("a lock file");
    lock.lock().expect("the lock");
    match server() {
        None => sqlite_template(&folder),
        Some(url) => postgres_template(&url),
    }
}

fn sqlite_template(folder: &Path) -> Location {
    let path = folder.join(format!("template_{}.db", fingerprint()));
    if !path.exists() {
        forget_old(folder);
        let work = scratch();
        let file = work.path().join("samad.db");
        let mut connection = Location::Sqlite(file.clone()).open().expect("a new database file");
        fill(&mut connection);
        connection.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").expect("the log is folded into the file");
        drop(connection);
        std::fs::copy(&file, path.with_extension("new")).expect("the template is kept");
        std::fs::rename(path.with_extension("new"), &path).expect("the template is kept");
    }
    Location::Sqlite(path)
}

fn forget_old(folder: &Path) {
    let old = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    for path in old
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("template_")))
    {
        let _ = std::fs::remove_file(path);
    }
}

fn postgres_template(url: &str) -> Location {
    let name = format!("samad_template_{}", fingerprint());
    let location = Location::Postgres(beside(url, &name));
    if admin(&format!("CREATE DATABASE {name}_new")).is_ok() {
        let mut connection =
            Location::Postgres(beside(url, &format!("{name}_new"))).open().expect("a new database");
        fill(&mut connection);
        drop(connection);
        admin(&format!("ALTER DATABASE {name}_new RENAME TO {name}")).expect("the template is kept");
    }
    location
}

fn fill(connection: &mut DbConnection) {
    migrate::run(connection).expect("the migrations run");
    let ids = Arc::new(IdMaker::new(0, 0));
    let now = super::time("2026-06-01T06:00:00Z");
    connection
        .transaction(|connection| -> samad::error::Result<()> {
            seed::apply(connection, &Files::embedded(), now, &ids)?;
            let rules = RulebookCache::default().current(connection)?;
            vault::found(connection, &masters().masters()?, now)?;
            let vault = Vault::unlock(connection, masters())?;
            let act = Act { actor: Actor::System, now, rules, ids: ids.clone(), keys: keys(), vault };
            demo::staff_only(connection, &act)?;
            // the same password, hashed so that a sign-in costs nothing
            diesel::update(users::table).set(users::password_hash.eq(cheap_hash())).execute(connection)?;
            Ok(())
        })
        .expect("the tree and the staff are written");
}

fn cheap_hash() -> String {
    let params = Params::new(8, 1, 1, None).expect("the smallest parameters");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password(demo::PASSWORD.as_bytes()).expect("a hash").to_string()
}
