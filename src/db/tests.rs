//! What the database design promises, on SQLite always and on PostgreSQL where SAMAD_TEST_DATABASE_URL names
//! a server: one transaction a write, a savepoint a job, upserts, batches, keyset pages, full text, and two
//! writers at once.

use diesel::prelude::*;

use super::connection::DbConnection;
use super::dialect::{Both, for_update};
use super::fulltext;
use super::schema::{failures, process_slots};
use super::types::{CaseId, Time};
use super::{Db, Location, migrate, slots};
use crate::error::{Code, Error, Result};
use crate::on_both;

/// A migrated database that goes when the test ends.
struct Scratch {
    db: Db,
    location: Location,
    _folder: tempfile::TempDir,
    server: Option<(Location, String)>,
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.server
            && let Ok(mut connection) = server.open()
        {
            let _ = diesel::sql_query(format!("DROP DATABASE {name} WITH (FORCE)")).execute(&mut connection);
        }
    }
}

fn scratch(location: Location, folder: tempfile::TempDir, server: Option<(Location, String)>) -> Scratch {
    migrate::run(&mut location.open().unwrap()).unwrap();
    Scratch { db: Db::open(&location, 4).unwrap(), location, _folder: folder, server }
}

/// One scratch database of each kind that can be had here.
fn each() -> Vec<Scratch> {
    let folder = tempfile::tempdir().unwrap();
    let file = Location::Sqlite(folder.path().join("scratch.db"));
    let mut all = vec![scratch(file, folder, None)];
    if let Ok(url) = std::env::var("SAMAD_TEST_DATABASE_URL") {
        let server = Location::Postgres(url.clone());
        let name = format!("db_{:016x}", rand::random::<u64>());
        diesel::sql_query(format!("CREATE DATABASE {name}")).execute(&mut server.open().unwrap()).unwrap();
        let (base, _) = url.rsplit_once('/').unwrap();
        let own = Location::Postgres(format!("{base}/{name}"));
        all.push(scratch(own, tempfile::tempdir().unwrap(), Some((server, name))));
    }
    all
}

fn now() -> Time {
    Time::from_microsecond(1_780_000_000_123_456)
}

fn insert(connection: &mut DbConnection, subject: &str, count: i32) -> Result<()> {
    diesel::insert_into(failures::table)
        .values((failures::subject.eq(subject), failures::count.eq(count), failures::last_at.eq(now())))
        .execute(connection)?;
    Ok(())
}

fn subjects(db: &Db) -> Vec<String> {
    db.read_here(|c| Ok(failures::table.order(failures::subject).select(failures::subject).load(c)?)).unwrap()
}

#[test]
fn a_failed_write_leaves_nothing_and_its_neighbours_stay() {
    for scratch in each() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let writes: Vec<Result<()>> = runtime.block_on(async {
            let jobs = (0..40).map(|n| {
                scratch.db.write(move |c| {
                    insert(c, &format!("s{n:02}"), n)?;
                    if n % 4 == 0 { Err(Error::Conflict(Code::WrongState)) } else { Ok(()) }
                })
            });
            futures_util::future::join_all(jobs).await
        });
        assert_eq!(writes.iter().filter(|write| write.is_ok()).count(), 30);
        assert_eq!(subjects(&scratch.db).len(), 30);
    }
}

#[test]
fn a_write_that_panics_is_rolled_back_and_the_writer_lives_on() {
    for scratch in each() {
        let broken: Result<()> = scratch.db.write_here(|c| {
            insert(c, "half", 1)?;
            panic!("on purpose")
        });
        assert!(matches!(broken, Err(Error::Internal(_))));
        scratch.db.write_here(|c| insert(c, "whole", 1)).unwrap();
        assert_eq!(subjects(&scratch.db), ["whole"]);
    }
}

#[test]
fn times_keep_their_microseconds_and_sort_as_they_should() {
    for scratch in each() {
        let instants = [-1_000_000, 0, 999_999, 1_000_000, 1_780_000_000_123_456, 1_780_000_000_123_457];
        scratch
            .db
            .write_here(move |c| {
                instants.iter().try_for_each(|micros| {
                    diesel::insert_into(failures::table)
                        .values((
                            failures::subject.eq(micros.to_string()),
                            failures::count.eq(0),
                            failures::last_at.eq(Time::from_microsecond(*micros)),
                        ))
                        .execute(c)
                        .map(|_| ())
                })?;
                Ok(())
            })
            .unwrap();
        let read: Vec<Time> = scratch
            .db
            .read_here(|c| Ok(failures::table.order(failures::last_at).select(failures::last_at).load(c)?))
            .unwrap();
        assert_eq!(read.iter().map(|time| time.as_microsecond()).collect::<Vec<_>>(), instants);
    }
}

#[test]
fn an_upsert_keeps_one_row() {
    for scratch in each() {
        for count in [1, 2] {
            scratch
                .db
                .write_here(move |c| {
                    on_both!(c, |c| diesel::insert_into(failures::table)
                        .values((
                            failures::subject.eq("one"),
                            failures::count.eq(count),
                            failures::last_at.eq(now())
                        ))
                        .on_conflict(failures::subject)
                        .do_update()
                        .set(failures::count.eq(count))
                        .execute(c))?;
                    Ok(())
                })
                .unwrap();
        }
        let counts: Vec<i32> =
            scratch.db.read_here(|c| Ok(failures::table.select(failures::count).load(c)?)).unwrap();
        assert_eq!(counts, [2]);
    }
}

#[test]
fn batches_unions_and_keyset_pages_read_every_row_once() {
    for scratch in each() {
        scratch
            .db
            .write_here(|c| {
                let rows: Vec<_> = (0..95)
                    .map(|n| {
                        (
                            failures::subject.eq(format!("{n:03}")),
                            failures::count.eq(n % 7),
                            failures::last_at.eq(now()),
                        )
                    })
                    .collect();
                on_both!(c, |c| diesel::insert_into(failures::table).values(&rows).execute(c))?;
                Ok(())
            })
            .unwrap();
        let mut seen: Vec<(i32, String)> = Vec::new();
        loop {
            let (count, subject) = seen.last().cloned().unwrap_or((-1, String::new()));
            let page: Vec<(i32, String)> = scratch
                .db
                .read_here(|c| {
                    let after = failures::count
                        .gt(count)
                        .or(failures::count.eq(count).and(failures::subject.gt(subject)));
                    let query = failures::table.filter(after).order((failures::count, failures::subject));
                    Ok(query.limit(10).select((failures::count, failures::subject)).load(c)?)
                })
                .unwrap();
            if page.is_empty() {
                break;
            }
            seen.extend(page);
        }
        assert_eq!(seen.len(), 95);
        assert!(seen.is_sorted());
        let both: Vec<String> = scratch
            .db
            .read_here(|c| {
                let (low, high) = (failures::subject.lt("001"), failures::subject.ge("094"));
                let one = failures::table.filter(low).select(failures::subject);
                Ok(Both(one.union(failures::table.filter(high).select(failures::subject))).load(c)?)
            })
            .unwrap();
        assert_eq!(both.len(), 2);
    }
}

#[test]
fn words_are_found_in_the_full_text_column() {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        id: i64,
    }
    for scratch in each() {
        // one job fails after it spoke: its words go with it
        let write = |case: i64, words: &'static str, is_fine: bool| {
            scratch.db.write_here(move |c| {
                fulltext::index(c, CaseId(case), words.into())?;
                if is_fine { Ok(()) } else { Err(Error::NotFound) }
            })
        };
        scratch
            .db
            .write_here(|c| {
                if let DbConnection::Postgres(_) = c {
                    // no case stands behind these words
                    diesel::sql_query("ALTER TABLE case_search DROP CONSTRAINT case_search_case_id_fkey")
                        .execute(c)?;
                }
                Ok(())
            })
            .unwrap();
        write(1, "برق محله ما قطع است", true).unwrap();
        write(2, "آب کوچه قطع است", true).unwrap();
        write(3, "برق خانه هم", false).unwrap_err();
        let found: Vec<Found> = scratch
            .db
            .read_here(|c| {
                let statement = match c {
                    DbConnection::Sqlite(_) => "SELECT rowid AS id FROM case_search WHERE case_search MATCH 'برق'",
                    DbConnection::Postgres(_) => {
                        "SELECT case_id AS id FROM case_search WHERE words @@ plainto_tsquery('simple', 'برق')"
                    }
                };
                Ok(diesel::sql_query(statement).load(c)?)
            })
            .unwrap();
        assert_eq!(found.iter().map(|row| row.id).collect::<Vec<_>>(), [1]);
    }
}

#[test]
fn two_writers_at_once_lose_no_update() {
    for scratch in each() {
        scratch.db.write_here(|c| insert(c, "sum", 0)).unwrap();
        let other = Db::open(&scratch.location, 4).unwrap();
        let add = |db: Db| {
            std::thread::spawn(move || {
                for _ in 0..50 {
                    db.write_here(|c| {
                        let row = failures::table.find("sum").select(failures::count);
                        let count: i32 = for_update(row).get_result(c)?;
                        diesel::update(failures::table.find("sum"))
                            .set(failures::count.eq(count + 1))
                            .execute(c)?;
                        Ok(())
                    })
                    .unwrap();
                }
            })
        };
        let threads = [add(scratch.db.clone()), add(other.clone())];
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let sum: i32 = scratch
            .db
            .read_here(|c| Ok(failures::table.find("sum").select(failures::count).first(c)?))
            .unwrap();
        assert_eq!(sum, 100);
    }
}

#[test]
fn a_slot_is_held_by_one_process_and_its_next_holder_starts_above_it() {
    for scratch in each() {
        let take = |holder: &'static str, at: Time| {
            scratch.db.write_here(move |c| slots::acquire(c, holder, at)).unwrap()
        };
        let ((first, ids), (second, _)) = (take("a", now()), take("b", now()));
        assert_ne!(first, second);
        let last = ids.next();
        let high = ids.high_water_ms();
        scratch.db.write_here(move |c| slots::release(c, first, "a", high)).unwrap();
        let (again, ids) = take("c", now());
        assert_eq!(again, first);
        assert!(ids.next() > last);
        let held: i64 = scratch.db.read_here(|c| Ok(process_slots::table.count().get_result(c)?)).unwrap();
        assert_eq!(held, 2);
    }
}
