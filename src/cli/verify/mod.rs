//! `samad verify`: the whole database, or receipts without it.

mod database;
mod receipts;

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};

use crate::domain::history::Anchor;
use crate::domain::history::{check, hex};
use crate::workers::anchoring::KEYS_FILE;

/// What `samad verify` takes.
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// A receipt to check, offline and without settings; give a later one of the same case as well, after the earlier, to
    /// see that nothing was rewritten between them
    #[arg(long = "receipt", value_name = "FILE")]
    receipts: Vec<PathBuf>,
    /// Published anchors: a folder of them with its public-key.hex, a file, or a saved page of /public/anchors; repeat for
    /// several
    #[arg(long, value_name = "PATH")]
    anchors: Vec<PathBuf>,
    /// The public key of the service, in hexadecimal; repeat where it was changed
    #[arg(long = "key", value_name = "HEX")]
    keys: Vec<String>,
    /// The words that were filed, to compare with the receipt
    #[arg(long, value_name = "FILE", requires = "receipts")]
    text: Option<PathBuf>,
    /// Findings to print
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    show: usize,
}

/// Verifies; an error when anything is wrong.
pub fn run(settings: &Path, args: &Verify) -> anyhow::Result<()> {
    if let Some(wrong) = args.keys.iter().find(|key| hex::digest(key).is_none()) {
        bail!("--key: '{wrong}' is not 64 lower-case hexadecimal characters");
    }
    if args.receipts.is_empty() { database::run(settings, args) } else { receipts::run(args) }
}

/// Anchors and public keys that lie at a path.
#[derive(Debug, Default)]
struct Published {
    anchors: Vec<Anchor>,
    keys: Vec<String>,
}

impl Published {
    /// Reads a file of anchors, or every one of a folder.
    fn read(path: &Path) -> anyhow::Result<Self> {
        let mut found = Self::default();
        if !path.is_dir() {
            found.add(path)?;
            return Ok(found);
        }
        let entries =
            std::fs::read_dir(path).with_context(|| format!("{} cannot be read", path.display()))?;
        for entry in entries {
            let file = entry?.path();
            if file.extension().is_some_and(|extension| extension == "json") {
                found.add(&file)?;
            }
        }
        let keys = path.join(KEYS_FILE);
        if keys.exists() {
            let text = std::fs::read_to_string(&keys)
                .with_context(|| format!("{} cannot be read", keys.display()))?;
            found.keys =
                text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
        }
        Ok(found)
    }

    fn add(&mut self, file: &Path) -> anyhow::Result<()> {
        let bytes = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let anchors = check::read_anchors(&bytes)
            .map_err(|told| anyhow!("{} holds no anchors: {told}", file.display()))?;
        self.anchors.extend(anchors);
        Ok(())
    }

    fn read_all(paths: &[PathBuf]) -> anyhow::Result<Self> {
        let mut all = Self::default();
        for path in paths {
            let Self { anchors, keys } = Self::read(path)?;
            all.anchors.extend(anchors);
            all.keys.extend(keys);
        }
        Ok(all)
    }
}
