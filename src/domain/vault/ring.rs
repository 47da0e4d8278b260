//! The data keys of a process, unwrapped, in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::cipher::{Cipher, KEY_BYTES};
use super::store::{DataKey, KeyState, Purpose};
use super::{Field, Look, Source, store};
use crate::db::DbConnection;
use crate::db::sealed::{Blind, Sealed};
use crate::domain::keys::Keys;
use crate::error::{Error, Result};

/// All live data keys.
pub(super) struct Ring {
    version: i64,
    ciphers: BTreeMap<i64, Arc<Cipher>>,
    /// The one that seals.
    sealing: i64,
    /// Keys of the blind indexes by number; the one that new digests are made with first.
    indexes: Vec<(i64, Arc<Index>)>,
}

/// One keyed hash for each look-up.
struct Index([Hmac<Sha256>; Look::ALL.len()]);

impl Index {
    fn new(key: &[u8; KEY_BYTES]) -> Self {
        let root = Keys::new(key);
        Self(Look::ALL.map(|look| {
            Hmac::new_from_slice(&root.derive(look.purpose())).expect("HMAC takes keys of any length")
        }))
    }

    /// 128 bits: no two of a country's people meet in them, and the indexes stay small.
    fn digest(&self, look: Look, value: &str) -> [u8; 16] {
        let mut mac = self.0[look as usize].clone();
        mac.update(value.as_bytes());
        let whole: [u8; 32] = mac.finalize().into_bytes().into();
        *whole.first_chunk().expect("32 bytes begin with 16")
    }
}

impl Ring {
    /// Reads the live data keys; those that `held` has already are not unwrapped again.
    pub(super) fn read(
        connection: &mut DbConnection,
        version: i64,
        source: &Source,
        held: Option<&Ring>,
    ) -> Result<Self> {
        let rows = store::live(connection)?;
        let mut unwrapped = Unwrapping { source, masters: None };
        let (mut ciphers, mut indexes) = (BTreeMap::new(), Vec::new());
        for row in &rows {
            match row.purpose {
                Purpose::Identity => {
                    let known = held.and_then(|held| held.ciphers.get(&row.id)).cloned();
                    let cipher = match known {
                        Some(cipher) => cipher,
                        None => Arc::new(Cipher::new(&unwrapped.key(row)?)),
                    };
                    ciphers.insert(row.id, cipher);
                }
                Purpose::Index => {
                    let known = held.and_then(|held| held.indexes.iter().find(|(id, _)| *id == row.id));
                    let index = match known {
                        Some((_, index)) => index.clone(),
                        None => Arc::new(Index::new(&unwrapped.key(row)?)),
                    };
                    let at = if row.state == KeyState::Active { 0 } else { indexes.len() };
                    indexes.insert(at, (row.id, index));
                }
            }
        }
        let sealing =
            rows.iter().find(|row| row.purpose == Purpose::Identity && row.state == KeyState::Active);
        let has_index = rows.iter().any(|row| row.purpose == Purpose::Index && row.state == KeyState::Active);
        match sealing.filter(|_| has_index) {
            Some(row) => Ok(Self { version, ciphers, sealing: row.id, indexes }),
            None => Err(Error::internal("the database has no active data keys; the first start makes them")),
        }
    }

    pub(super) fn version(&self) -> i64 {
        self.version
    }

    pub(super) fn holds(&self, key: i64) -> bool {
        self.ciphers.contains_key(&key)
    }

    /// This ring, able to open what another one opens.
    pub(super) fn with_keys_of(&self, other: &Ring) -> Ring {
        let ciphers = other.ciphers.iter().chain(&self.ciphers);
        Ring {
            version: self.version,
            ciphers: ciphers.map(|(id, cipher)| (*id, cipher.clone())).collect(),
            sealing: self.sealing,
            indexes: self.indexes.clone(),
        }
    }

    /// The number of the data key that seals.
    pub(super) fn sealing(&self) -> i64 {
        self.sealing
    }

    /// The number of the index key that new digests are made with.
    pub(super) fn indexing(&self) -> i64 {
        self.indexes[0].0
    }

    pub(super) fn seal(&self, field: Field, row: &str, text: &str) -> Result<Sealed> {
        let cipher = &self.ciphers[&self.sealing];
        let content = cipher.seal(&[field.table, field.column, row], text.as_bytes());
        let content = content.ok_or_else(|| Error::internal("the machine gives no random numbers"))?;
        Ok(Sealed::new(self.sealing, &content))
    }

    pub(super) fn open(&self, field: Field, row: &str, sealed: &Sealed) -> Result<String> {
        let fault = |what: &str| {
            Error::internal(format!("{}.{} of row {row} cannot be opened: {what}", field.table, field.column))
        };
        let (key, content) = sealed.parts().ok_or_else(|| fault("it is not a sealed value"))?;
        let cipher = self.ciphers.get(&key).ok_or_else(|| fault("its data key is gone"))?;
        let plain = cipher.open(&[field.table, field.column, row], content);
        let plain = plain.ok_or_else(|| fault("it was altered, or belongs to another place"))?;
        String::from_utf8(plain).map_err(|_| fault("it is no text"))
    }

    pub(super) fn blind(&self, look: Look, value: &str) -> Blind {
        let (id, index) = &self.indexes[0];
        Blind::new(*id, &index.digest(look, value))
    }

    pub(super) fn blinds(&self, look: Look, value: &str) -> Vec<Blind> {
        self.indexes.iter().map(|(id, index)| Blind::new(*id, &index.digest(look, value))).collect()
    }

    /// The beginning of the digest under the oldest index key, which every process has that knows two.
    pub(super) fn lock_number(&self, look: Look, value: &str) -> Option<i64> {
        let (_, oldest) = self.indexes.iter().min_by_key(|(id, _)| id).filter(|_| self.indexes.len() > 1)?;
        Some(i64::from_be_bytes(*oldest.digest(look, value).first_chunk()?))
    }
}

/// Fetches the master keys when the first data key has to be unwrapped, and not before.
struct Unwrapping<'a> {
    source: &'a Source,
    masters: Option<super::Masters>,
}

impl Unwrapping<'_> {
    fn key(&mut self, row: &DataKey) -> Result<[u8; KEY_BYTES]> {
        let masters = match &self.masters {
            Some(masters) => masters,
            None => self.masters.insert(self.source.masters()?),
        };
        let wrapped = row.wrapped.as_deref().unwrap_or_default();
        masters.unwrap(row.id, wrapped).ok_or_else(|| {
            let has_master = masters.can_unwrap(wrapped);
            Error::internal(match has_master {
                true => format!("data key {} was altered in the database", row.id),
                false => format!("the keys file does not hold the master key of data key {}", row.id),
            })
        })
    }
}
