//! File storage: bytes lie under their SHA-256, in a directory of this machine or in a bucket of an S3 service.
//!
//! All calls wait for the disk or the network: they belong on threads that may wait, and are refused elsewhere by the
//! runtime itself. Bytes that must go are set aside first, and removed later.

mod local;
mod s3;

use std::collections::BTreeMap;
use std::io::Result;
use std::ops::Range;

use crate::config::{Config, StorageKind};
use local::Local;
use s3::S3;

/// Where files lie; cheap to clone.
#[derive(Debug, Clone)]
pub struct Storage(Place);

#[derive(Debug, Clone)]
enum Place {
    Local(Local),
    S3(S3),
}

macro_rules! at {
    ($storage:expr, $place:ident => $call:expr) => {
        match &$storage.0 {
            Place::Local($place) => $call,
            Place::S3($place) => $call,
        }
    };
}

impl Storage {
    /// The storage that the settings name; nothing is asked of it yet.
    ///
    /// # Errors
    /// One line that names the wrong setting.
    pub fn new(config: &Config) -> std::result::Result<Self, String> {
        Ok(Self(match config.storage.kind {
            StorageKind::Local => Place::Local(Local::new(config.attachments_dir())),
            StorageKind::S3 => Place::S3(S3::new(&config.storage)?),
        }))
    }

    /// Keeps bytes durably; gives nothing back, since the caller knows their digest.
    pub fn put(&self, sha256: &str, bytes: &[u8]) -> Result<()> {
        at!(self, place => place.put(sha256, bytes))
    }

    /// The bytes of a digest.
    pub fn get(&self, sha256: &str) -> Result<Vec<u8>> {
        at!(self, place => place.get(sha256))
    }

    /// Some of the bytes of a digest, by their places from 0.
    pub fn get_range(&self, sha256: &str, range: Range<u64>) -> Result<Vec<u8>> {
        at!(self, place => place.get_range(sha256, range))
    }

    /// Sets the bytes of a digest aside: nobody finds them there, and they may come back. Nothing when they are not there.
    pub fn set_aside(&self, sha256: &str) -> Result<()> {
        at!(self, place => place.set_aside(sha256))
    }

    /// Puts bytes back that were set aside, unless the same came again.
    pub fn put_back(&self, sha256: &str) -> Result<()> {
        at!(self, place => place.put_back(sha256))
    }

    /// Removes bytes that were set aside.
    pub fn remove_aside(&self, sha256: &str) -> Result<()> {
        at!(self, place => place.remove_aside(sha256))
    }

    /// Every stored file by its digest, with its size in bytes; for backups.
    pub fn list(&self) -> Result<BTreeMap<String, u64>> {
        at!(self, place => place.list())
    }

    /// Keeps a part of an upload under a name of letters, digits and hyphens; a second time takes the place of the first.
    pub fn put_part(&self, part: &str, bytes: &[u8]) -> Result<()> {
        at!(self, place => place.put_part(part, bytes))
    }

    /// A part of an upload.
    pub fn get_part(&self, part: &str) -> Result<Vec<u8>> {
        at!(self, place => place.get_part(part))
    }

    /// Removes a part of an upload; nothing when it is not there.
    pub fn remove_part(&self, part: &str) -> Result<()> {
        at!(self, place => place.remove_part(part))
    }
}

/// Whether a name is a SHA-256 in hexadecimal.
fn is_digest(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}
