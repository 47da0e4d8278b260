//! Files in a directory under their SHA-256, two levels deep; the same bytes lie there once.

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A directory of files named by their digest.
#[derive(Debug, Clone)]
pub(super) struct Local {
    root: PathBuf,
}

impl Local {
    /// Storage under `root`, which is made when the first file comes.
    pub(super) fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Keeps bytes durably; gives nothing back, since the caller knows their digest.
    pub(super) fn put(&self, sha256: &str, bytes: &[u8]) -> std::io::Result<()> {
        let path = self.path(sha256);
        if path.exists() {
            return Ok(());
        }
        self.written(&path, bytes)
    }

    /// Writes a file whole or not at all.
    fn written(&self, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        let folder = path.parent().unwrap_or(&self.root);
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    /// The bytes of a digest.
    pub(super) fn get(&self, sha256: &str) -> std::io::Result<Vec<u8>> {
        std::fs::read(self.path(sha256))
    }

    /// Sets the bytes of a digest aside: nobody finds them there, and they may come back. Nothing when they are not there.
    pub(super) fn set_aside(&self, sha256: &str) -> std::io::Result<()> {
        moved(&self.path(sha256), &self.aside(sha256))
    }

    /// Puts bytes back that were set aside, unless the same came again.
    pub(super) fn put_back(&self, sha256: &str) -> std::io::Result<()> {
        moved(&self.aside(sha256), &self.path(sha256))
    }

    /// Removes bytes that were set aside.
    pub(super) fn remove_aside(&self, sha256: &str) -> std::io::Result<()> {
        known(std::fs::remove_file(self.aside(sha256)))
    }

    /// Some of the bytes of a digest, by their places from 0; fewer where it ends before.
    pub(super) fn get_range(&self, sha256: &str, range: Range<u64>) -> std::io::Result<Vec<u8>> {
        let mut file = std::fs::File::open(self.path(sha256))?;
        file.seek(SeekFrom::Start(range.start))?;
        let mut bytes = Vec::new();
        file.take(range.end.saturating_sub(range.start)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Every stored file by its digest, with its size in bytes; files that are still being written have other names.
    pub(super) fn list(&self) -> std::io::Result<BTreeMap<String, u64>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            let entries = match std::fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            for entry in entries {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                match entry.file_type()? {
                    kind if kind.is_dir() => folders.push(entry.path()),
                    kind if kind.is_file() && super::is_digest(&name) => {
                        found.insert(name, entry.metadata()?.len());
                    }
                    _ => {}
                }
            }
        }
        Ok(found)
    }

    /// Keeps a part of an upload; a second time takes the place of the first.
    pub(super) fn put_part(&self, part: &str, bytes: &[u8]) -> std::io::Result<()> {
        self.written(&self.part(part), bytes)
    }

    /// A part of an upload.
    pub(super) fn get_part(&self, part: &str) -> std::io::Result<Vec<u8>> {
        std::fs::read(self.part(part))
    }

    /// Removes a part of an upload.
    pub(super) fn remove_part(&self, part: &str) -> std::io::Result<()> {
        known(std::fs::remove_file(self.part(part)))
    }

    fn part(&self, part: &str) -> PathBuf {
        self.root.join("uploads").join(part)
    }

    fn aside(&self, sha256: &str) -> PathBuf {
        self.path(sha256).with_extension("erasing")
    }

    fn path(&self, sha256: &str) -> PathBuf {
        let safe: String = sha256.chars().filter(char::is_ascii_hexdigit).collect();
        let (first, second) = (safe.get(0..2).unwrap_or("xx"), safe.get(2..4).unwrap_or("xx"));
        self.root.join(first).join(second).join(&safe)
    }
}

fn moved(from: &Path, to: &Path) -> std::io::Result<()> {
    known(std::fs::rename(from, to))
}

/// What is not there was moved or removed before.
fn known(done: std::io::Result<()>) -> std::io::Result<()> {
    match done {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}
