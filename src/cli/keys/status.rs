//! `samad keys status`: data keys with their states, the master key that wraps them, and what is left to be done.

use std::path::Path;

use crate::cli::start;
use crate::domain::vault::rotation::{self, Stage};
use crate::domain::vault::{self, DataKey};

/// Prints the state of all keys.
pub fn run(settings: &Path) -> anyhow::Result<()> {
    let config = start::settings(settings)?;
    let sealed = start::sealed(&config)?;
    let keys = sealed.db.read_here(vault::data_keys)?;
    println!("keys file   {}", config.keys_file().display());
    println!("master key  {}", sealed.file.masters.current());
    println!();
    println!("{:>8}  {:<9} {:<9} {:<17} since", "data key", "for", "state", "wrapped by");
    keys.iter().for_each(tell);
    println!();
    let vault = sealed.vault.clone();
    let left = sealed.db.read_here(move |connection| rotation::left(connection, &vault))?;
    let rows: i64 = left.iter().map(|(_, rows)| rows).sum();
    match sealed.db.read_here(rotation::stage)? {
        Stage::Idle => println!("No rotation is under way; everything is under the active keys."),
        Stage::Announced | Stage::Moving(_) => {
            println!("A rotation is under way, {rows} rows are left. Go on with: samad keys rotate");
        }
    }
    Ok(())
}

fn tell(key: &DataKey) {
    let (master, since) = (key.master().unwrap_or("destroyed"), key.retired_at.unwrap_or(key.created_at));
    println!("{:>8}  {:<9} {:<9} {master:<17} {since}", key.id, key.purpose, key.state);
}
