//! A database beside the real one for measurements: the same engine, disk and settings, empty, and gone afterwards.

use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::types::{OfficeId, Time};
use super::{DbConnection, Location, migrate};
use crate::db::schema::offices;
use crate::error::{Error, Result};

/// The only office of a scratch database.
pub const OFFICE: OfficeId = OfficeId(1);

/// A migrated scratch database with one office: a file beside the real one, or a schema of its own.
#[derive(Debug)]
pub struct Scratch {
    place: Place,
}

#[derive(Debug)]
enum Place {
    File(PathBuf),
    Schema { location: Location, name: String },
}

impl Scratch {
    /// Makes one; `folder` is where the embedded database has its file.
    pub fn new(location: &Location, folder: &Path, now: Time) -> Result<Self> {
        let name = format!("samad_scratch_{}", std::process::id());
        let place = match location {
            Location::Sqlite(_) => Place::File(folder.join(format!("{name}.db"))),
            Location::Postgres(_) => {
                location.open()?.batch_execute(&format!("CREATE SCHEMA {name}"))?;
                Place::Schema { location: location.clone(), name }
            }
        };
        let scratch = Self { place };
        let mut connection = scratch.open()?;
        migrate::run(&mut connection)?;
        diesel::insert_into(offices::table)
            .values((
                (offices::id.eq(OFFICE), offices::code.eq("CENTRE"), offices::level.eq("centre")),
                (offices::name_fa.eq("مرکز"), offices::name_en.eq("Centre"), offices::valid_from.eq(now)),
            ))
            .execute(&mut connection)?;
        Ok(scratch)
    }

    /// A connection with the settings of the service.
    pub fn open(&self) -> Result<DbConnection> {
        match &self.place {
            Place::File(path) => Location::Sqlite(path.clone()).open(),
            Place::Schema { location, name } => {
                let mut connection = location.open()?;
                connection.batch_execute(&format!("SET search_path = {name}"))?;
                Ok(connection)
            }
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let gone = match &self.place {
            Place::File(path) => {
                let paths =
                    ["", "-wal", "-shm"].map(|ending| PathBuf::from(format!("{}{ending}", path.display())));
                paths
                    .iter()
                    .filter(|path| path.exists())
                    .try_for_each(std::fs::remove_file)
                    .map_err(Error::internal)
            }
            Place::Schema { location, name } => {
                location.open().and_then(|mut c| Ok(c.batch_execute(&format!("DROP SCHEMA {name} CASCADE"))?))
            }
        };
        if let Err(error) = gone {
            tracing::warn!(%error, "the scratch database was not removed");
        }
    }
}
