//! `samad keys rotate --master`: a new master key in the keys file, the data keys wrapped by it, the old one
//! dropped.
//!
//! The file holds both until the data keys are wrapped anew, so that it may be stopped anywhere: the next run sees
//! from the file and the database how far the last one came.

use std::path::Path;

use anyhow::{Context, anyhow, bail};

use super::rotate::write;
use crate::cli::start::{self, Sealed};
use crate::domain::vault::{self, KeysFile, keys_file, rotation};

/// Changes the master key, or finishes a change that was interrupted.
pub fn run(settings: &Path) -> anyhow::Result<()> {
    let config = start::settings(settings)?;
    let path = config.keys_file();
    let _lock = keys_file::lock(&path)
        .map_err(|_| anyhow!("another run changes {}; wait until it has ended", path.display()))?;
    let sealed = start::sealed(&config)?;
    let file = with_new_master(&path, &sealed)?;
    let masters = file.masters.clone();
    write(&sealed, move |connection| rotation::rewrap(connection, &masters))?;
    let current = file.masters.current();
    if !is_wrapped_by(&sealed, current)? {
        bail!("a data key is still wrapped by another master key; run the command again");
    }
    let unneeded = file.written.iter().filter(|id| *id != current).count();
    if unneeded > 0 {
        keys_file::drop_masters_but(&path, current).with_context(|| {
            format!(
                "the data keys are wrapped by the new master key; but {} cannot be written: remove the older \
                 `master` lines from it yourself, and leave the first line and the last",
                path.display()
            )
        })?;
    }
    println!("All data keys are wrapped by the master key {current}.");
    println!("Copy {} again to where it is kept apart. Older backups need the older copy.", path.display());
    Ok(())
}

/// The keys file, its last master key one that does not wrap everything yet; or one that an earlier run, or a
/// person, has added.
fn with_new_master(path: &Path, sealed: &Sealed) -> anyhow::Result<KeysFile> {
    let file = &sealed.file;
    let was_interrupted = !is_wrapped_by(sealed, file.masters.current())? || file.written.len() > 1;
    if was_interrupted {
        println!("The keys file holds a newer master key already; the change goes on.");
        return Ok(file.clone());
    }
    keys_file::add_master(path).with_context(|| {
        format!(
            "{} cannot be written; nothing was changed. Add a last line yourself, `master` and 64 hexadecimal \
             digits (openssl rand -hex 32), to every copy that a process reads, and run the command again",
            path.display()
        )
    })?;
    let file = KeysFile::read(path).map_err(anyhow::Error::msg)?;
    if is_wrapped_by(sealed, file.masters.current())? {
        bail!("{} was not changed", path.display());
    }
    Ok(file)
}

fn is_wrapped_by(sealed: &Sealed, master: &str) -> anyhow::Result<bool> {
    let keys = sealed.db.read_here(vault::data_keys)?;
    Ok(keys.iter().filter_map(|key| key.master()).all(|of| of == master))
}
