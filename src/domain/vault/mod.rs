//! The vault: what is personal is sealed before it is written, and opened only where it is shown or used.
//!
//! An envelope of three layers: a master key (from the keys file, never in the database) wraps the data keys
//! (rows of `data_keys`), and a data key seals values. Each value is bound to its table, column and row, so that
//! it cannot be altered or moved. Sealed values are looked up by blind indexes: keyed digests, one key for each
//! column. A process holds the unwrapped data keys in memory only.
//!
//! Every act follows the version of the rulebook, which also rises when keys change, so that a transaction that
//! begins after a change of keys writes under the new ones. [`rotation`] depends on that.

mod cipher;
mod field;
pub mod keys_file;
mod masters;
mod ring;
pub mod rotation;
mod rows;
mod store;
#[cfg(test)]
pub(crate) mod tests;

use std::fmt::Display;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

pub(crate) use field::field;
pub use field::{Field, Look};
pub use keys_file::KeysFile;
pub use masters::Masters;
pub use store::{DataKey, KeyState, Purpose, data_keys, found, wrapped_keys};

use crate::db::DbConnection;
use crate::db::sealed::{Blind, Sealed};
use crate::error::{Error, Result};
use ring::Ring;

/// Where the master keys come from whenever a data key must be unwrapped.
#[derive(Debug, Clone)]
pub enum Source {
    /// The keys file, read again each time.
    File(PathBuf),
    /// These.
    Held(Masters),
}

impl Source {
    /// The master keys as they are now.
    pub fn masters(&self) -> Result<Masters> {
        match self {
            Self::File(path) => KeysFile::read(path).map(|file| file.masters).map_err(Error::internal),
            Self::Held(masters) => Ok(masters.clone()),
        }
    }
}

/// Seals and opens; cheap to clone. Its `Debug` shows nothing.
#[derive(Clone)]
pub struct Vault(Arc<Inner>);

struct Inner {
    source: Source,
    ring: RwLock<Arc<Ring>>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(…)")
    }
}

impl Vault {
    /// Unwraps the data keys of a database; [`found`] must have made them.
    ///
    /// # Errors
    /// `Internal` when a master key is missing or a data key was changed.
    pub fn unlock(connection: &mut DbConnection, source: Source) -> Result<Self> {
        let version = crate::domain::rulebook::version(connection)?;
        let ring = Ring::read(connection, version, &source, None)?;
        Ok(Self(Arc::new(Inner { source, ring: RwLock::new(Arc::new(ring)) })))
    }

    /// Takes over keys that changed, when this transaction sees a newer version than the last one did; asks the
    /// database nothing otherwise.
    pub fn follow(&self, connection: &mut DbConnection, version: i64) -> Result<()> {
        let held = self.ring();
        if version <= held.version() {
            return Ok(());
        }
        let read = Arc::new(Ring::read(connection, version, &self.0.source, Some(&held))?);
        let mut ring = self.0.ring.write().unwrap_or_else(PoisonError::into_inner);
        // another thread may have seen more in between
        if ring.version() < version {
            *ring = read;
        }
        Ok(())
    }

    /// Seals a text for one column of one row.
    pub fn seal(&self, field: Field, row: impl Display, text: &str) -> Result<Sealed> {
        self.ring().seal(field, &row.to_string(), text)
    }

    /// The same for what may be missing.
    pub fn seal_some(&self, field: Field, row: impl Display, text: Option<&str>) -> Result<Option<Sealed>> {
        text.map(|text| self.seal(field, row, text)).transpose()
    }

    /// Opens what was sealed for this column of this row. A data key that this process has not seen yet is
    /// fetched once.
    ///
    /// # Errors
    /// `Internal` when the value was altered, moved, never sealed, or its key is gone.
    pub fn open(
        &self,
        connection: &mut DbConnection,
        field: Field,
        row: impl Display,
        sealed: &Sealed,
    ) -> Result<String> {
        let (ring, row) = (self.ring(), row.to_string());
        match sealed.parts() {
            Some((key, _)) if !ring.holds(key) => self.widen(connection)?.open(field, &row, sealed),
            _ => ring.open(field, &row, sealed),
        }
    }

    /// The same for what may be missing.
    pub fn open_some(
        &self,
        connection: &mut DbConnection,
        field: Field,
        row: impl Display,
        sealed: Option<&Sealed>,
    ) -> Result<Option<String>> {
        sealed.map(|sealed| self.open(connection, field, row, sealed)).transpose()
    }

    /// The digest under which a value is stored, from its one normal form.
    pub fn blind(&self, look: Look, value: &str) -> Blind {
        self.ring().blind(look, value)
    }

    /// Every digest under which a stored value may stand: one, or two while index keys change.
    pub fn blinds(&self, look: Look, value: &str) -> Vec<Blind> {
        self.ring().blinds(look, value)
    }

    /// While index keys change: a number that stands for a value, whichever key a process writes under.
    fn lock_number(&self, look: Look, value: &str) -> Option<i64> {
        self.ring().lock_number(look, value)
    }

    fn ring(&self) -> Arc<Ring> {
        self.0.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds the keys that the database has by now; which ones seal is left to [`Vault::follow`].
    fn widen(&self, connection: &mut DbConnection) -> Result<Arc<Ring>> {
        let held = self.ring();
        let read = Ring::read(connection, held.version(), &self.0.source, Some(&held))?;
        let mut ring = self.0.ring.write().unwrap_or_else(PoisonError::into_inner);
        let wider = Arc::new(ring.with_keys_of(&read));
        *ring = wider.clone();
        Ok(wider)
    }
}
