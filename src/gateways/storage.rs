//! File storage: bytes lie under their SHA-256 in a directory, two levels deep; the same bytes lie there once.

use std::io::Write;
use std::path::{Path, PathBuf};

/// A directory of files named by their digest.
#[derive(Debug, Clone)]
pub struct Storage {
    root: PathBuf,
}

impl Storage {
    /// Storage under `root`, which is made when the first file comes.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Keeps bytes durably; gives nothing back, since the caller knows their digest.
    pub fn put(&self, sha256: &str, bytes: &[u8]) -> std::io::Result<()> {
        let path = self.path(sha256);
        if path.exists() {
            return Ok(());
        }
        let folder = path.parent().unwrap_or(&self.root);
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)?;
        Ok(())
    }

    /// The bytes of a digest.
    pub fn get(&self, sha256: &str) -> std::io::Result<Vec<u8>> {
        std::fs::read(self.path(sha256))
    }

    /// Where everything lies; for backups.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn path(&self, sha256: &str) -> PathBuf {
        let safe: String = sha256.chars().filter(char::is_ascii_hexdigit).collect();
        let (first, second) = (safe.get(0..2).unwrap_or("xx"), safe.get(2..4).unwrap_or("xx"));
        self.root.join(first).join(second).join(&safe)
    }
}
