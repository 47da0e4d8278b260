//! `samad config check`: everything wrong with the settings and the tree, at once.

use std::path::Path;

use anyhow::{anyhow, bail};

use super::start;
use crate::config::Config;
use crate::domain::seed::{self, Files};
use crate::domain::vault::KeysFile;

/// Prints each problem on a line of its own; fails when there is one.
pub fn run(settings: &Path, tree: Option<&Path>) -> anyhow::Result<()> {
    let config = Config::load(settings).map_err(|told| anyhow!("{told}"))?;
    let files = match tree {
        Some(folder) => Files::read(folder)?,
        None => Files::embedded(),
    };
    let mut problems = start::problems(&config);
    problems.extend(seed::problems(&files));
    let keys = config.keys_file();
    // the default file is made at the first start
    if keys.exists() || !config.keys.file.as_os_str().is_empty() {
        problems.extend(KeysFile::read(&keys).err());
    }
    if problems.is_empty() {
        println!("Settings and tree are right: {} rows.", files.rows().len());
        return Ok(());
    }
    problems.iter().for_each(|problem| println!("{problem}"));
    match problems.len() {
        1 => bail!("one problem"),
        count => bail!("{count} problems"),
    }
}
