//! Exported files that others copy and keep: each is written whole or not at all, and a made one never changes.

use std::fs::{File, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use tempfile::NamedTempFile;

/// A folder of exported files.
#[derive(Debug, Clone)]
pub struct Exports {
    root: PathBuf,
}

/// What became of a file that is written once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Export {
    Written,
    /// It lay there already, with these bytes.
    Known,
    /// Another one of this name lies there; it was left as it is.
    Different,
}

impl Exports {
    /// Files under `root`, which is made when the first one comes.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Writes a file that must not be there with other bytes.
    pub fn put_once(&self, name: &str, bytes: &[u8]) -> std::io::Result<Export> {
        match std::fs::read(self.root.join(name)) {
            Ok(known) if known == bytes => return Ok(Export::Known),
            Ok(_) => return Ok(Export::Different),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        match self.prepared(bytes)?.persist_noclobber(self.root.join(name)) {
            Ok(_) => self.settle().map(|()| Export::Written),
            // another process of this folder was faster
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => self.put_once(name, bytes),
            Err(error) => Err(error.error),
        }
    }

    /// Adds a line to a file of lines, unless it is there.
    pub fn add_line(&self, name: &str, line: &str) -> std::io::Result<()> {
        let path = self.root.join(name);
        let known = match std::fs::read_to_string(&path) {
            Ok(known) => known,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        if known.lines().any(|known| known == line) {
            return Ok(());
        }
        self.prepared(format!("{known}{line}\n").as_bytes())?.persist(path).map_err(|error| error.error)?;
        self.settle()
    }

    fn prepared(&self, bytes: &[u8]) -> std::io::Result<NamedTempFile> {
        std::fs::create_dir_all(&self.root)?;
        let mut file = NamedTempFile::new_in(&self.root)?;
        file.write_all(bytes)?;
        // whoever publishes the folder may read it
        file.as_file().set_permissions(Permissions::from_mode(0o644))?;
        file.as_file().sync_all()?;
        Ok(file)
    }

    fn settle(&self) -> std::io::Result<()> {
        File::open(&self.root)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_file_never_changes_and_a_line_is_there_once() {
        let folder = tempfile::tempdir().unwrap();
        let exports = Exports::new(folder.path().join("exports"));
        assert_eq!(exports.put_once("a", b"one").unwrap(), Export::Written);
        assert_eq!(exports.put_once("a", b"one").unwrap(), Export::Known);
        assert_eq!(exports.put_once("a", b"two").unwrap(), Export::Different);
        for line in ["x", "y", "x"] {
            exports.add_line("lines", line).unwrap();
        }
        let read = |name: &str| std::fs::read_to_string(folder.path().join("exports").join(name)).unwrap();
        assert_eq!((read("a").as_str(), read("lines").as_str()), ("one", "x\ny\n"));
        assert_eq!(std::fs::read_dir(folder.path().join("exports")).unwrap().count(), 2);
    }
}
