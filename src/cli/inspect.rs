//! `samad inspect`: opens one foreign file that the service hands over, under limits of memory and time. Reads it from
//! the standard input, writes what was found; no settings, no database, no network, no files.

use std::io::{Read, Write};

use rlimit::{Resource, setrlimit};

use crate::domain::files::{check, words};
use crate::gateways::bench::{MEMORY, SECONDS};

/// What the service asks for.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Asked {
    Check,
    Words,
}

/// Does one job.
pub fn run(asked: Asked, media_type: &str) -> anyhow::Result<()> {
    for (resource, most) in
        [(Resource::AS, MEMORY), (Resource::CPU, SECONDS), (Resource::FSIZE, 0), (Resource::CORE, 0)]
    {
        setrlimit(resource, most, most)?;
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes)?;
    let mut out = std::io::stdout().lock();
    match asked {
        Asked::Check => {
            let (found, kept) = check::check(media_type, &bytes);
            serde_json::to_writer(&mut out, &found)?;
            out.write_all(b"\n")?;
            out.write_all(&kept.unwrap_or_default())?;
        }
        Asked::Words => out.write_all(words::of(media_type, &bytes).as_bytes())?,
    }
    out.flush()?;
    Ok(())
}
