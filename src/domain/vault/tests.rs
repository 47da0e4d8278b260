//! What the vault promises, on a database of its own.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::rotation::{self, Cursor, Stage};
use super::*;
use crate::db::schema::{cases, citizens};
use crate::db::types::{CitizenId, Time};
use crate::db::{Location, migrate};
use crate::domain::keys::Keys;
use crate::error::Error;

/// A vault over a migrated database; its first keys are made where there are none.
pub(crate) fn vault(connection: &mut DbConnection) -> Vault {
    let masters = masters(9);
    found(connection, &masters, now()).unwrap();
    Vault::unlock(connection, Source::Held(masters)).unwrap()
}

fn masters(root: u8) -> Masters {
    Masters::new(&Keys::new(&[root; 32]), &[])
}

fn now() -> Time {
    Time::from_microsecond(1_780_000_000_000_000)
}

fn database() -> (tempfile::TempDir, DbConnection) {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = Location::Sqlite(folder.path().join("vault.db")).open().unwrap();
    migrate::run(&mut connection).unwrap();
    (folder, connection)
}

const NAME: Field = field!(citizens::name);

/// A citizen of this number, written by the vault.
fn write(connection: &mut DbConnection, vault: &Vault, number: i64) {
    use citizens as c;
    let (name, mobile) = (format!("name {number}"), format!("+98912{number:07}"));
    diesel::insert_into(c::table)
        .values((
            (c::id.eq(CitizenId(number)), c::kind.eq("natural"), c::language.eq("fa")),
            (
                c::name.eq(vault.seal(NAME, number, &name).unwrap()),
                c::mobile.eq(vault.seal(field!(citizens::mobile), number, &mobile).unwrap()),
                c::mobile_index.eq(vault.blind(Look::Mobile, &mobile)),
            ),
            (c::created_at.eq(now()), c::updated_at.eq(now())),
        ))
        .execute(connection)
        .unwrap();
}

/// The name of a citizen, and whether his mobile finds him.
fn read(connection: &mut DbConnection, vault: &Vault, number: i64) -> (String, bool) {
    use citizens as c;
    let version = crate::domain::rulebook::version(connection).unwrap();
    vault.follow(connection, version).unwrap();
    let sealed: Option<Sealed> = c::table.find(CitizenId(number)).select(c::name).first(connection).unwrap();
    let name = vault.open(connection, NAME, number, &sealed.unwrap()).unwrap();
    let blinds = vault.blinds(Look::Mobile, &format!("+98912{number:07}"));
    let found: Vec<CitizenId> =
        c::table.filter(c::mobile_index.eq_any(blinds)).select(c::id).load(connection).unwrap();
    (name, found == [CitizenId(number)])
}

fn assert_all_readable(connection: &mut DbConnection, vault: &Vault, numbers: std::ops::RangeInclusive<i64>) {
    for number in numbers {
        assert_eq!(read(connection, vault, number), (format!("name {number}"), true));
    }
}

fn left_in_all(connection: &mut DbConnection, vault: &Vault) -> i64 {
    rotation::left(connection, vault).unwrap().iter().map(|(_, rows)| rows).sum()
}

#[test]
fn a_value_opens_in_its_own_row_and_column_only() {
    let (_folder, mut connection) = database();
    let vault = vault(&mut connection);
    let sealed = vault.seal(NAME, 1, "مریم").unwrap();
    assert_eq!(vault.open(&mut connection, NAME, 1, &sealed).unwrap(), "مریم");
    for (field, row) in [(NAME, 2), (field!(citizens::address), 1), (field!(cases::address), 1)] {
        assert!(matches!(vault.open(&mut connection, field, row, &sealed), Err(Error::Internal(_))));
    }
    assert_eq!(format!("{vault:?} {sealed:?}"), "Vault(…) Sealed(…)");
}

#[test]
fn every_sealed_column_of_the_schema_is_walked_through() {
    let schema = include_str!("../../db/schema.rs");
    let mut table = "";
    let mut sealed = BTreeSet::new();
    for line in schema.lines().map(str::trim) {
        if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with('{')) {
            table = name;
        }
        if let Some((column, kind)) = line.split_once(" -> ").filter(|(_, kind)| kind.contains("SealedText"))
        {
            assert!(kind.starts_with("SealedText") || kind.starts_with("Nullable<SealedText>"));
            sealed.insert((table, column));
        }
    }
    assert!(sealed.len() >= 15, "{sealed:?}");
    assert_eq!(super::rows::sealed_columns().into_iter().collect::<BTreeSet<_>>(), sealed);
}

#[test]
fn digests_of_one_value_differ_by_column_and_by_key() {
    let (_folder, mut connection) = database();
    let vault = vault(&mut connection);
    let of = |look| vault.blind(look, "+989121234567");
    assert_eq!(of(Look::Mobile), of(Look::Mobile));
    assert_ne!(of(Look::Mobile), of(Look::Phone));
    let (_other, mut connection) = database();
    assert_ne!(of(Look::Mobile), super::tests::vault(&mut connection).blind(Look::Mobile, "+989121234567"));
}

#[test]
fn another_master_unlocks_nothing() {
    let (_folder, mut connection) = database();
    found(&mut connection, &masters(9), now()).unwrap();
    assert!(!found(&mut connection, &masters(8), now()).unwrap(), "keys are made once");
    assert!(Vault::unlock(&mut connection, Source::Held(masters(8))).is_err());
    let wrapped = wrapped_keys(&mut connection).unwrap();
    assert_eq!(wrapped.len(), 2);
    assert!(wrapped.iter().all(|key| masters(9).can_unwrap(key) && !masters(8).can_unwrap(key)));
    connection
        .batch_execute("UPDATE data_keys SET wrapped = (SELECT wrapped FROM data_keys WHERE id = 2)")
        .unwrap();
    assert!(
        Vault::unlock(&mut connection, Source::Held(masters(9))).is_err(),
        "a key is bound to its number"
    );
}

#[test]
fn a_rotation_goes_on_wherever_it_stopped_and_the_old_keys_are_gone() {
    let (_folder, mut connection) = database();
    let connection = &mut connection;
    let service = vault(connection);
    (1..=250).for_each(|number| write(connection, &service, number));
    // the command, a process of its own
    let command = vault(connection);
    rotation::announce(connection, &masters(9), now()).unwrap();
    rotation::announce(connection, &masters(9), now()).unwrap();
    assert_eq!(rotation::stage(connection).unwrap(), Stage::Announced);
    assert_all_readable(connection, &service, 1..=250);
    assert_eq!(service.blinds(Look::Mobile, "x").len(), 2, "it looks up under both");
    write(connection, &service, 251);
    rotation::activate(connection).unwrap();
    rotation::activate(connection).unwrap();
    let Stage::Moving(old) = rotation::stage(connection).unwrap() else { panic!("it does not move") };
    assert_eq!((old.as_slice(), left_in_all(connection, &command)), ([1, 2].as_slice(), 2 * 251));
    // a step, and the command is stopped
    let first = rotation::step(connection, &command, &Cursor::default()).unwrap();
    assert_eq!((first.rows, left_in_all(connection, &command)), (100, 2 * 251 - 100));
    assert_all_readable(connection, &service, 1..=251);
    write(connection, &service, 252);
    assert_eq!(left_in_all(connection, &command), 2 * 251 - 100, "the service writes under the new keys");
    // begun anew, to its end
    let command = vault(connection);
    let mut at = Some(Cursor::default());
    while let Some(cursor) = at {
        at = rotation::step(connection, &command, &cursor).unwrap().next;
        assert_all_readable(connection, &service, 99..=102);
    }
    assert_eq!(left_in_all(connection, &command), 0);
    rotation::retire(connection, &old, now()).unwrap();
    assert_eq!(rotation::stage(connection).unwrap(), Stage::Idle);
    for vault in [&service, &command, &vault(connection)] {
        assert_all_readable(connection, vault, 1..=252);
        assert_eq!(vault.blinds(Look::Mobile, "x").len(), 1);
    }
    let keys = data_keys(connection).unwrap();
    assert_eq!(keys.iter().filter(|key| key.state == KeyState::Active).count(), 2);
    assert!(keys[..2].iter().all(|key| key.state == KeyState::Retired && key.wrapped.is_none()));
}

#[test]
fn a_process_that_has_not_heard_of_a_rotation_opens_what_another_wrote() {
    let (_folder, mut connection) = database();
    let connection = &mut connection;
    let (old, new) = (vault(connection), vault(connection));
    rotation::announce(connection, &masters(9), now()).unwrap();
    rotation::activate(connection).unwrap();
    let version = crate::domain::rulebook::version(connection).unwrap();
    new.follow(connection, version).unwrap();
    let sealed = new.seal(NAME, 1, "مریم").unwrap();
    assert!(sealed.is_under(3));
    assert_eq!(old.open(connection, NAME, 1, &sealed).unwrap(), "مریم");
    assert!(old.seal(NAME, 1, "x").unwrap().is_under(1), "which key seals is told by the version alone");
}

#[test]
fn master_keys_change_under_a_running_service() {
    let (folder, mut connection) = database();
    let connection = &mut connection;
    let path = folder.path().join("keys.hex");
    keys_file::create(&path).unwrap();
    let first = KeysFile::read(&path).unwrap();
    found(connection, &first.masters, now()).unwrap();
    let service = Vault::unlock(connection, Source::File(path.clone())).unwrap();
    write(connection, &service, 1);
    keys_file::add_master(&path).unwrap();
    let second = KeysFile::read(&path).unwrap();
    assert_eq!(rotation::rewrap(connection, &second.masters).unwrap(), 2);
    assert_eq!(rotation::rewrap(connection, &second.masters).unwrap(), 0);
    assert!(Vault::unlock(connection, Source::Held(first.masters)).is_err(), "the first master is of no use");
    // what comes after is wrapped by the new master, and the service reads the file again
    rotation::announce(connection, &second.masters, now()).unwrap();
    rotation::activate(connection).unwrap();
    assert_all_readable(connection, &service, 1..=1);
    write(connection, &service, 2);
    let fresh = Vault::unlock(connection, Source::File(path)).unwrap();
    assert_all_readable(connection, &fresh, 1..=2);
}

#[test]
fn a_database_of_before_is_sealed_when_it_gets_its_first_keys_and_nothing_later() {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = Location::Sqlite(folder.path().join("vault.db")).open().unwrap();
    let connection = &mut connection;
    let before: Vec<String> = (1..=8).map(|number| format!("{number:014}")).collect();
    migrate::run_only(connection, &before).unwrap();
    let insert = |number: i64, name: &str| {
        format!(
            "INSERT INTO citizens (id, kind, name, mobile, language, created_at, updated_at) VALUES ({number}, 'natural', \
             '{name}', '+98912{number:07}', 'fa', '2026-01-01 00:00:00', '2026-01-01 00:00:00');"
        )
    };
    let case = "INSERT INTO offices (id, code, level, name_fa, name_en, valid_from) VALUES (1, 'C', 'centre', 'x', 'x', \
         '2026-01-01 00:00:00'); INSERT INTO cases (id, tracking_code, access_hash, version, status, kind, channel, priority, \
         language, text, citizen_id, address, intake_office_id, holder_office_id, asked_levels, transfers, reopenings, \
         received_at, registered_at, due_at, last_seq, last_hash, updated_at) VALUES (1, '1', '', 1, 'registered', 'request', \
         'web', 'normal', 'fa', 'x', 7, 'address 1', 1, 1, '', 0, 0, '2026-01-01 00:00:00', '2026-01-01 00:00:00', \
         '2026-01-01 00:00:00', 1, '', '2026-01-01 00:00:00')";
    connection.batch_execute(&insert(7, "name 7")).unwrap();
    connection.batch_execute(case).unwrap();
    migrate::run(connection).unwrap();
    let vault = vault(connection);
    assert_all_readable(connection, &vault, 7..=7);
    assert_eq!(left_in_all(connection, &vault), 0);
    let (citizen, address): (Option<CitizenId>, Option<Sealed>) =
        cases::table.select((cases::citizen_id, cases::address)).first(connection).unwrap();
    let address = vault.open(connection, field!(cases::address), 1, &address.unwrap()).unwrap();
    assert_eq!((citizen, address.as_str()), (Some(CitizenId(7)), "address 1"));
    connection.batch_execute(&insert(8, "smuggled")).unwrap();
    assert!(rotation::step(connection, &vault, &Cursor::default()).is_err());
}
