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

    /// Sets the bytes of a digest aside: nobody finds them there, and they may come back. Nothing when they are not there.
    pub fn set_aside(&self, sha256: &str) -> std::io::Result<()> {
        moved(&self.path(sha256), &self.aside(sha256))
    }

    /// Puts bytes back that were set aside, unless the same came again.
    pub fn put_back(&self, sha256: &str) -> std::io::Result<()> {
        moved(&self.aside(sha256), &self.path(sha256))
    }

    /// Removes bytes that were set aside.
    pub fn remove_aside(&self, sha256: &str) -> std::io::Result<()> {
        known(std::fs::remove_file(self.aside(sha256)))
    }

    /// Where everything lies; for backups.
    pub fn root(&self) -> &Path {
        &self.root
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

/// The type that the bytes themselves show; what they do not show is bytes.
pub fn media_type(bytes: &[u8]) -> &'static str {
    const SIGNS: [(&[u8], &str); 9] = [
        (b"%PDF-", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF8", "image/gif"),
        (b"II*\0", "image/tiff"),
        (b"MM\0*", "image/tiff"),
        (b"PK\x03\x04", "application/zip"),
        (b"OggS", "audio/ogg"),
        (b"ID3", "audio/mpeg"),
    ];
    let known = SIGNS.iter().find(|(sign, _)| bytes.starts_with(sign)).map(|(_, kind)| *kind);
    let is_text = || std::str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0'));
    known.unwrap_or_else(|| if is_text() { "text/plain" } else { "application/octet-stream" })
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
