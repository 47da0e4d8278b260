//! Seeding a database of its own for each test.

use diesel::prelude::*;

use super::files::NATIONAL;
use super::*;
use crate::db::schema::{definitions, offices, rulebook_version};
use crate::db::types::{OfficeId, Time};
use crate::db::{DbConnection, IdMaker, Location, migrate};
use crate::domain::policy;
use crate::domain::rulebook::RulebookCache;

/// Noon in Tehran on a working day.
pub(crate) fn now() -> Time {
    "2026-05-12T08:30:00Z".parse().unwrap()
}

/// A migrated database in a directory that lives as long as the test.
pub(crate) fn database() -> (tempfile::TempDir, DbConnection) {
    let directory = tempfile::tempdir().unwrap();
    let mut connection = Location::Sqlite(directory.path().join("test.db")).open().unwrap();
    migrate::run(&mut connection).unwrap();
    (directory, connection)
}

pub(crate) fn seed(connection: &mut DbConnection, files: &Files, ids: &IdMaker) -> Changes {
    connection.transaction(|connection| apply(connection, files, now(), ids)).unwrap()
}

fn version(connection: &mut DbConnection) -> i64 {
    rulebook_version::table.select(rulebook_version::version).first(connection).unwrap()
}

/// The national files with one text changed.
fn with(file: &str, from: &str, to: &str) -> Files {
    let texts: Vec<(&str, String)> = NATIONAL
        .into_iter()
        .map(|(name, text)| (name, if name == file { text.replacen(from, to, 1) } else { text.to_owned() }))
        .collect();
    Files::parse(texts.iter().map(|(name, text)| (*name, text.as_str())))
}

#[test]
fn a_fresh_database_gets_the_whole_tree_and_a_second_seeding_changes_nothing() {
    let (_directory, mut connection) = database();
    let ids = IdMaker::new(1, 0);
    assert!(!is_seeded(&mut connection).unwrap());
    let first = seed(&mut connection, &Files::embedded(), &ids);
    assert_eq!(first.of("office").added, 1243);
    assert_eq!(first.of("template").added, 256);
    assert!(is_seeded(&mut connection).unwrap());
    assert_eq!(version(&mut connection), 2);
    let count: i64 = offices::table.count().get_result(&mut connection).unwrap();
    assert_eq!(count, 1243);
    let ends: (Option<OfficeId>, Option<OfficeId>) = offices::table
        .select((diesel::dsl::min(offices::id), diesel::dsl::max(offices::id)))
        .first(&mut connection)
        .unwrap();
    assert_eq!(ends, (Some(OfficeId(1)), Some(OfficeId(1243))));
    let second = seed(&mut connection, &Files::embedded(), &ids);
    assert!(second.is_empty(), "{second}");
    assert_eq!(second.total().unchanged, first.total().added);
    assert_eq!(version(&mut connection), 2);
}

#[test]
fn the_rulebook_loads_from_a_seeded_database_and_routes_to_the_place() {
    let (_directory, mut connection) = database();
    seed(&mut connection, &Files::embedded(), &IdMaker::new(1, 0));
    let rules = RulebookCache::default().current(&mut connection).unwrap();
    assert_eq!(rules.offices.centre(), OfficeId(1));
    let route = rules.route("complaint", "power.outage", Some("10"), Some("1002")).unwrap();
    assert_eq!(
        (route.office.code.as_str(), route.office.fa.as_str()),
        ("MOEN-10", "شرکت‌های آب و برق استان اصفهان")
    );
    let county = rules.offices.by_code("FAR-1002").unwrap();
    assert_eq!((county.province.as_deref(), county.county.as_deref()), (Some("10"), Some("1002")));
    assert_eq!(rules.offices.code(county.parent.unwrap()), "GOV-10");
    assert!(rules.calendar(county.id).is_ok());
    assert_eq!(rules.roles.len(), 12);
}

#[test]
fn the_policy_matrix_is_one_line_a_verb() {
    let (_directory, mut connection) = database();
    seed(&mut connection, &Files::embedded(), &IdMaker::new(1, 0));
    let rules = RulebookCache::default().current(&mut connection).unwrap();
    let matrix = policy::matrix(&rules);
    println!("{matrix}");
    assert!(matrix.starts_with("verb                  agent  registrar"), "{matrix}");
    let line = |verb: &str| {
        matrix.lines().find(|line| line.starts_with(verb)).unwrap().split_whitespace().collect::<Vec<_>>()
    };
    assert_eq!(line("approve"), ["approve", ".", ".", ".", ".", ".", "own", ".", ".", ".", ".", ".", "."]);
    assert_eq!(line("configure").iter().filter(|cell| **cell == "tree").count(), 1);
}

#[test]
fn a_changed_row_becomes_a_new_version_and_the_old_one_ends() {
    let (_directory, mut connection) = database();
    let ids = IdMaker::new(1, 0);
    seed(&mut connection, &Files::embedded(), &ids);
    let changes = seed(&mut connection, &with("limits.toml", "span = \"10wd\"", "span = \"7wd\""), &ids);
    let limit = changes.of("limit");
    assert_eq!((limit.added, limit.changed, limit.kept), (0, 1, 0));
    assert_eq!(changes.total().changed, 1);
    let versions: Vec<(i32, bool)> = definitions::table
        .filter(definitions::code.eq("answer.request").and(definitions::noun.eq("limit")))
        .order(definitions::version)
        .select((definitions::version, definitions::valid_to.is_null()))
        .load(&mut connection)
        .unwrap();
    assert_eq!(versions, [(1, false), (2, true)]);
    assert_eq!(version(&mut connection), 3);
}

#[test]
fn a_row_that_an_administrator_changed_is_kept() {
    let (_directory, mut connection) = database();
    let ids = IdMaker::new(1, 0);
    seed(&mut connection, &Files::embedded(), &ids);
    let limit =
        definitions::table.filter(definitions::noun.eq("limit").and(definitions::code.eq("answer.request")));
    diesel::update(limit).set(definitions::author.eq("admin")).execute(&mut connection).unwrap();
    let changes = seed(&mut connection, &with("limits.toml", "span = \"10wd\"", "span = \"7wd\""), &ids);
    assert_eq!((changes.of("limit").changed, changes.of("limit").kept), (0, 1));
    assert_eq!(version(&mut connection), 2);
}

#[test]
fn a_changed_office_keeps_its_id_and_an_administrators_name_stays() {
    let (_directory, mut connection) = database();
    let ids = IdMaker::new(1, 0);
    seed(&mut connection, &Files::embedded(), &ids);
    let renamed = with("offices.toml", "en = \"Ministry of Interior\"", "en = \"Home Office\"");
    assert_eq!(seed(&mut connection, &renamed, &ids).of("office").changed, 1);
    let find = offices::table.filter(offices::code.eq("MOI"));
    let row: (OfficeId, String) =
        find.select((offices::id, offices::name_en)).first(&mut connection).unwrap();
    assert_eq!(row, (OfficeId(2), "Home Office".into()));
    diesel::update(find).set(offices::name_en.eq("Ours")).execute(&mut connection).unwrap();
    assert!(seed(&mut connection, &renamed, &ids).is_empty());
    assert_eq!(seed(&mut connection, &Files::embedded(), &ids).of("office").kept, 1);
    let name: String = find.select(offices::name_en).first(&mut connection).unwrap();
    assert_eq!(name, "Ours");
}

#[test]
fn files_with_problems_write_nothing() {
    let (_directory, mut connection) = database();
    let files = with("offices.toml", "parent = \"CENTRE\"", "parent = \"NOWHERE\"");
    let error = apply(&mut connection, &files, now(), &IdMaker::new(1, 0)).unwrap_err();
    assert!(error.to_string().contains("offices.toml:"), "{error}");
    assert!(!is_seeded(&mut connection).unwrap());
}

#[test]
fn the_first_administrator_is_made_once() {
    let (_directory, mut connection) = database();
    let ids = IdMaker::new(1, 0);
    seed(&mut connection, &Files::embedded(), &ids);
    let password = first_admin(&mut connection, &ids, now()).unwrap().unwrap();
    assert_eq!(password.len(), 16);
    let account = crate::domain::users::by_username(&mut connection, "admin").unwrap().unwrap();
    assert!(crate::domain::users::verify_password(&password, &account.password_hash));
    assert_eq!(first_admin(&mut connection, &ids, now()).unwrap(), None);
}

#[test]
fn an_office_that_moves_is_remembered_with_all_below_it_at_its_old_place() {
    use crate::db::schema::former_lines;
    let (_directory, mut connection) = database();
    let ids = IdMaker::new(1, 0);
    seed(&mut connection, &Files::embedded(), &ids);
    let office = "code = \"MOEN\"\nlevel = \"ministry\"\nparent = ";
    let moved = with("offices.toml", &format!("{office}\"CENTRE\""), &format!("{office}\"MOP\""));
    seed(&mut connection, &moved, &ids);
    let rules = RulebookCache::default().current(&mut connection).unwrap();
    let id = |code: &str| rules.offices.by_code(code).unwrap().id;
    assert_eq!(rules.offices.former_lines(id("MOEN")), [(id("CENTRE"), now())]);
    assert_eq!(rules.offices.former_lines(id("MOEN-10")), [(id("CENTRE"), now())]);
    assert_eq!(rules.offices.former_lines(id("MOP")), []);
    let again = seed(&mut connection, &moved, &ids);
    assert!(again.is_empty());
    let back = with("offices.toml", "nothing of this kind", "");
    seed(&mut connection, &back, &ids);
    let rows: i64 = former_lines::table
        .filter(former_lines::office_id.eq(id("MOEN-10")).and(former_lines::above_id.eq(id("MOP"))))
        .count()
        .get_result(&mut connection)
        .unwrap();
    assert_eq!(rows, 1, "moved back: below MOP until now");
}
