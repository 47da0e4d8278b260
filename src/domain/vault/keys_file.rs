//! The keys file: the root key, and master keys that were made later.
//!
//! ```text
//! 5f0c…            root key: at least 64 hexadecimal digits
//! master 91ab…     a master key of 64 digits; the last one wraps
//! ```
//!
//! Empty lines and lines after `#` are left alone. A file is replaced as a whole: it is the old one or the new
//! one, whenever the machine stops.

use std::fs::{File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::Masters;
use super::cipher::{Cipher, KEY_BYTES};
use super::masters::name_of;
use crate::domain::keys::Keys;

/// A keys file that was read. Its `Debug` shows no key.
#[derive(Debug, Clone)]
pub struct KeysFile {
    pub keys: Keys,
    pub masters: Masters,
    /// Names of the master keys that stand in the file, oldest first.
    pub written: Vec<String>,
}

const WORD: &str = "master ";

impl KeysFile {
    /// Reads a file; the error is one line that names the setting.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            format!("keys.file (SAMAD__KEYS__FILE): {} cannot be read: {error}", path.display())
        })?;
        Self::parse(&text).map_err(|what| format!("keys.file (SAMAD__KEYS__FILE): {} {what}", path.display()))
    }

    /// Reads its text; the error goes on after the file's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let root = lines
            .next()
            .and_then(bytes)
            .filter(|root| root.len() >= KEY_BYTES)
            .ok_or("must hold at least 64 hexadecimal digits; make one with: openssl rand -hex 32")?;
        let further: Vec<[u8; KEY_BYTES]> = lines
            .map(|line| master_in(line).ok_or("has a line that is no `master` and 64 hexadecimal digits"))
            .collect::<Result<_, _>>()?;
        let keys = Keys::new(&root);
        let masters = Masters::new(&keys, &further);
        Ok(Self { keys, masters, written: further.iter().map(name_of).collect() })
    }
}

fn master_in(line: &str) -> Option<[u8; KEY_BYTES]> {
    bytes(line.strip_prefix(WORD)?.trim())?.try_into().ok()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let is_hex = hex.len().is_multiple_of(2) && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| {
        (0..hex.len()).step_by(2).filter_map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok()).collect()
    })
}

/// Makes a keys file with a new root key; there must be none.
pub fn create(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{}", hex(&Cipher::random_key()))?;
    file.sync_all()
}

/// Adds a new master key, which wraps from now on.
pub fn add_master(path: &Path) -> std::io::Result<()> {
    let mut text = std::fs::read_to_string(path)?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    replace(path, &format!("{text}{WORD}{}\n", hex(&Cipher::random_key())))
}

/// Drops every master key of the file but the one of this name.
pub fn drop_masters_but(path: &Path, kept: &str) -> std::io::Result<()> {
    let text = std::fs::read_to_string(path)?;
    let stays = |line: &&str| master_in(line.trim()).is_none_or(|key| name_of(&key) == kept);
    let left: String = text.lines().filter(stays).map(|line| format!("{line}\n")).collect();
    replace(path, &left)
}

/// Keeps every other run off the keys file until it is dropped; none where the folder cannot be written.
///
/// # Errors
/// `WouldBlock` when another run has it.
pub fn lock(path: &Path) -> std::io::Result<Option<File>> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let Ok(file) = File::create(PathBuf::from(name)) else { return Ok(None) };
    file.try_lock()?;
    Ok(Some(file))
}

/// Writes the file beside its place, brings it to the disk, and gives it its name.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    // a link stays a link
    let path = path.canonicalize()?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let mode = path.metadata()?.permissions().mode() & 0o777;
    let mut file = tempfile::Builder::new()
        .prefix(".keys-")
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.hex");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn a_file_of_one_line_is_a_root_key_from_which_the_master_is_derived() {
        let root = "07".repeat(32);
        let read = KeysFile::parse(&format!("{root}\n")).unwrap();
        assert_eq!(read.keys.derive("x"), Keys::new(&[7; 32]).derive("x"));
        assert_eq!(read.masters.current(), Masters::new(&Keys::new(&[7; 32]), &[]).current());
        assert!(read.written.is_empty());
    }

    #[test]
    fn a_wrong_file_is_told_and_shows_no_key() {
        for text in ["", "\n", "abc", &"0".repeat(62), &"0".repeat(65), &"g".repeat(64)] {
            assert!(KeysFile::parse(text).unwrap_err().contains("64 hexadecimal digits"), "{text}");
        }
        let root = "07".repeat(32);
        for line in ["master", "master 00", "more", &format!("master {}", "0".repeat(66)), &root] {
            let error = KeysFile::parse(&format!("{root}\n{line}\n")).unwrap_err();
            assert!(error.contains("master") && !error.contains("00"), "{error}");
        }
    }

    #[test]
    fn master_keys_are_added_and_dropped_and_all_else_stays() {
        use std::os::unix::fs::MetadataExt;
        let (_folder, path) = file(&format!("# ours\n{}", "07".repeat(32)));
        std::fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
        let first = KeysFile::read(&path).unwrap();
        add_master(&path).unwrap();
        add_master(&path).unwrap();
        let both = KeysFile::read(&path).unwrap();
        assert_eq!((both.written.len(), both.masters.current()), (2, both.written[1].as_str()));
        let wrapped = first.masters.wrap(1, &[1; KEY_BYTES]).unwrap();
        assert!(both.masters.can_unwrap(&wrapped), "the derived one still unwraps");
        drop_masters_but(&path, &both.written[1]).unwrap();
        let last = KeysFile::read(&path).unwrap();
        assert_eq!(last.written, [both.masters.current()]);
        assert_eq!(last.keys.derive("x"), first.keys.derive("x"));
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("# ours\n"));
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o400);
    }

    #[test]
    fn a_file_that_is_locked_is_left_alone_and_a_new_one_is_never_made_over_an_old() {
        let (_folder, path) = file(&"07".repeat(32));
        let held = lock(&path).unwrap();
        assert!(held.is_some());
        assert_eq!(lock(&path).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
        drop(held);
        assert!(lock(&path).unwrap().is_some());
        assert!(create(&path).is_err());
    }
}
