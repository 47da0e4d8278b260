//! `samad verify`: every event and anchor of the configured database, read at one moment; nothing is changed.

use std::path::Path;
use std::time::Instant;

use anyhow::{anyhow, bail};
use indicatif::HumanCount;

use super::{Published, Verify};
use crate::cli::archive::count_bar;
use crate::cli::start;
use crate::config::Config;
use crate::db::{DbConnection, Location, migrate, snapshot};
use crate::domain::history::Signer;
use crate::domain::history::audit::{self, Known, Report, Untold};
use crate::domain::vault::{Source, Vault};

/// What is not compared with the history; FORMAT.md says the same.
const UNCHECKED: &str = "Not checked, since no event tells it: messages and questions, the words of extracts, files and \
their bytes, comments on ratings, subject, place and address of a case, whether it is sealed, its priority until it is \
classified, deadlines other than the promise and those of referrals, ties between cases, problems, quality, citizens, \
users, offices, the rule register, the log of changes and the log of who read an identity.";

/// Audits the database of the settings; an error when anything was found.
pub fn run(settings: &Path, args: &Verify) -> anyhow::Result<()> {
    let config = start::settings(settings)?;
    let mut connection = open(&config)?;
    let vault = vault(&config, &mut connection);
    let known = Known { vault: vault.as_ref().ok().cloned(), ..known(&config, args)? };
    if known.keys.is_empty() {
        println!(
            "There is no root key at {} and no --key was given: whose signatures the anchors bear is not judged.",
            config.keys_file().display()
        );
    }
    let start = Instant::now();
    snapshot::begin_view(&mut connection)?;
    let bar = count_bar(audit::count(&mut connection)?, "verifying");
    let report = audit::run(&mut connection, &known, &mut |more| bar.inc(more))?;
    bar.finish_and_clear();
    snapshot::end(&mut connection)?;
    if let (Err(why), true) = (&vault, report.locked > 0) {
        println!(
            "The texts of {} sealed cases were not compared with their digests: {why}.",
            HumanCount(report.locked)
        );
    }
    tell(&report, &known, start.elapsed().as_secs_f64(), args.show)
}

fn open(config: &Config) -> anyhow::Result<DbConnection> {
    let location = config.location().map_err(anyhow::Error::msg)?;
    if let Location::Sqlite(path) = &location
        && !path.exists()
    {
        bail!("there is no database at {}; check data.dir (SAMAD__DATA__DIR)", path.display());
    }
    let mut connection =
        location.open().map_err(|error| anyhow!("database.url (SAMAD__DATABASE__URL): {error}"))?;
    let known = migrate::known()?;
    match snapshot::migrations(&mut connection) {
        Ok(ran) if known.iter().all(|version| ran.contains(version)) => Ok(connection),
        _ => bail!("the database does not have the schema of this version; run `samad migrate` first"),
    }
}

/// The service's own key where its root key is there, keys that are given, and what was exported.
fn known(config: &Config, args: &Verify) -> anyhow::Result<Known> {
    let folder = config.anchors_dir();
    let published = match args.anchors.is_empty() {
        true if folder.is_dir() => Published::read(&folder)?,
        true => Published::default(),
        false => Published::read_all(&args.anchors)?,
    };
    let mut keys = args.keys.clone();
    keys.extend(published.keys);
    let root = start::known_keys(config)?;
    if let Some(root) = &root {
        keys.push(Signer::of(root)?.public());
    }
    Ok(Known { keys, exported: published.anchors, root, vault: None })
}

/// What opens sealed texts; the reason where the keys are not at hand.
fn vault(config: &Config, connection: &mut DbConnection) -> anyhow::Result<Vault> {
    let path = config.keys_file();
    if !path.exists() {
        bail!("there is no keys file at {}", path.display());
    }
    Vault::unlock(connection, Source::File(path.clone()))
        .map_err(|error| anyhow!("the keys of {} do not open them ({error})", path.display()))
}

fn tell(report: &Report, known: &Known, seconds: f64, show: usize) -> anyhow::Result<()> {
    let Report { events, cases, anchors, unanchored, erased, erasures, .. } = report;
    println!(
        "{} events of {} cases and {} anchors were read in {seconds:.1} s; {} exported anchors were compared.",
        HumanCount(*events),
        HumanCount(*cases),
        HumanCount(*anchors),
        HumanCount(known.exported.len() as u64)
    );
    match report.last_day {
        Some(day) => {
            println!("The last anchor is of {day}; {} events are in no anchor yet.", HumanCount(*unanchored))
        }
        None => println!("There is no anchor yet; the first is made after midnight in Tehran."),
    }
    if *erased > 0 {
        println!("{} texts were erased; their digests stand.", HumanCount(*erased));
    }
    for (cause, (count, first, last)) in erasures {
        println!("{} erased under {cause}, from {first} to {last}.", HumanCount(*count));
    }
    tell_unproved(report);
    if report.total() == 0 {
        println!("The history is whole: nothing was edited, removed, inserted or moved.");
        return Ok(());
    }
    for (what, count) in &report.counts {
        println!("{:>12}  {}", HumanCount(*count).to_string(), what.as_str());
    }
    report.findings.iter().take(show).for_each(|finding| println!("{finding}"));
    let more = report.total().saturating_sub(report.findings.len().min(show) as u64);
    if more > 0 {
        println!("… and {} more.", HumanCount(more));
    }
    bail!("the history is not whole: {} finding(s)", HumanCount(report.total()))
}

/// What was written before events told it, and what is not compared at all.
fn tell_unproved(report: &Report) {
    let Untold { dues, citizens, texts } = report.untold;
    for (count, what) in [
        (dues, "due times stand in no event"),
        (
            citizens,
            "links of a case to its citizen stand in no event, or the root key that proves them is not there",
        ),
        (texts, "notes were written before events held the digest of their words"),
        (
            report.unread,
            "cases have an event that is missing or cannot be read, so that their rows were not compared",
        ),
    ] {
        if count > 0 {
            println!("Not proved: {} {what}.", HumanCount(count));
        }
    }
    println!("{UNCHECKED}");
}
