//! `samad seed`: writes the national tree and its rules; says what it changed.

use std::path::Path;

use anyhow::bail;

use super::start;
use crate::app::App;
use crate::clock::Clock;
use crate::domain::seed::{self, Changes, Files};

/// Seeds from the built-in tree or from a folder.
pub fn run(settings: &Path, from: Option<&Path>) -> anyhow::Result<()> {
    let (app, _) = start::app(start::settings(settings)?, Clock::System)?;
    let files = match from {
        Some(folder) => Files::read(folder)?,
        None => Files::embedded(),
    };
    let problems = seed::problems(&files);
    if !problems.is_empty() {
        bail!("the tree is broken; nothing was changed:\n{}", problems.join("\n"));
    }
    let changes = apply(&app, files)?;
    print!("{changes}");
    Ok(())
}

/// Writes a checked tree.
pub fn apply(app: &App, files: Files) -> anyhow::Result<Changes> {
    let (now, ids) = (app.clock.now(), app.ids.clone());
    Ok(app.db.write_here(move |connection| seed::apply(connection, &files, now, &ids))?)
}
