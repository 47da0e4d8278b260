//! `samad migrate`: brings the database to this version's schema.

use std::path::Path;

use super::start;

/// Runs the migrations that are missing and names them.
pub fn run(settings: &Path) -> anyhow::Result<()> {
    let config = start::settings(settings)?;
    let ran = start::migrated(&start::location(&config)?)?;
    match ran.len() {
        0 => println!("The schema is up to date."),
        _ => ran.iter().for_each(|name| println!("ran {name}")),
    }
    Ok(())
}
