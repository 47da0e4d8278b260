//! `samad import letters`: the letters of a trip or a registry office, thousands at once: a table of them and a folder of scans.
//!
//! Every row goes through the one door under its registry number, so that a run that was interrupted goes on where it stood, and
//! one that is repeated takes nothing twice. What was not taken is told with its row and why, and the totals must match.

mod report;
mod scans;
mod table;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::{Args, Subcommand};

use super::archive::count_bar;
use super::start;
use crate::app::App;
use crate::clock::Clock;
use crate::domain::actor::Actor;
use crate::domain::intake::Form;
use crate::domain::letters::sheet;
use crate::error::{Error, Language};
use crate::intake::{Content, Enclosed, Inbound, Raw};

use report::Report;
use scans::Scans;
use table::Row;

/// What can be taken in.
#[derive(Debug, Subcommand)]
pub enum Import {
    /// Letters: a folder of scans and a CSV with one row for each letter
    ///
    /// Columns, in any order: registry_number (required), registry_date, name, national_id, mobile, address, subject, text, annexes,
    /// kind, category, province, county, files (names in the folder, with ; between them). A letter without files gets the pages
    /// behind the separator page that holds its registry number as a QR code, or the files whose names begin with its number.
    /// Safe to repeat: what was taken is not taken again.
    Letters(Letters),
    /// Separator pages to print, one for each letter of the table, to be laid before the letters of a stack
    Separators {
        /// The table, UTF-8
        #[arg(long, value_name = "FILE")]
        csv: PathBuf,
        /// The PDF to make; a file that exists is never overwritten
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

/// Which letters.
#[derive(Debug, Args)]
pub struct Letters {
    /// Folder of scans: PDF, TIFF, PNG or JPEG
    folder: PathBuf,
    /// The table, UTF-8
    #[arg(long, value_name = "FILE")]
    csv: PathBuf,
    /// Name of the batch; registry numbers are one letter within it
    #[arg(long, default_value = "letters")]
    batch: String,
    /// How many letters there must be
    #[arg(long, value_name = "COUNT")]
    expect: Option<usize>,
    /// Where to write what was not taken, as CSV
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// What an error says to whoever runs a command.
pub(super) fn told(error: &Error) -> String {
    match error {
        Error::Invalid(fields) => {
            let told = |field: &crate::error::FieldError| format!("{}: {}", field.field, field.en);
            fields.iter().map(told).collect::<Vec<_>>().join("; ")
        }
        other => other.code().title(Language::En).to_owned(),
    }
}

/// Runs one of them.
pub fn run(settings: &Path, import: &Import) -> anyhow::Result<()> {
    let letters = match import {
        Import::Letters(letters) => letters,
        Import::Separators { csv, out } => return separators(csv, out),
    };
    let rows = table::read(&letters.csv)?;
    if let Some(expected) = letters.expect.filter(|expected| *expected != rows.len()) {
        bail!("{} has {} letters and not {expected}; nothing was taken", letters.csv.display(), rows.len());
    }
    let (app, _) = start::app(start::settings(settings)?, Clock::System)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(take(&app, letters, rows))?;
    print!("{report}");
    if let Some(path) = &letters.report {
        report.write(path)?;
    }
    match report.is_whole() {
        true => Ok(()),
        false => {
            Err(anyhow!("not everything was taken: mend what is told above and run the same command again"))
        }
    }
}

fn separators(table: &Path, out: &Path) -> anyhow::Result<()> {
    let mut numbers = Vec::new();
    for row in table::read(table)? {
        match row {
            Ok(row) => numbers.push(row.registry_number.trim().to_owned()),
            Err(wrong) => bail!("line {}: {}; nothing was made", wrong.line, wrong.why),
        }
    }
    let bytes = sheet::separators(&numbers).map_err(|error| anyhow!("{error}"))?;
    let mut file =
        std::fs::File::create_new(out).with_context(|| format!("{} cannot be made", out.display()))?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    println!("{} separator pages are in {}", numbers.len(), out.display());
    Ok(())
}

async fn take(app: &App, letters: &Letters, rows: Vec<Result<Row, table::Wrong>>) -> anyhow::Result<Report> {
    let scans = Scans::find(&letters.folder, &app.gateways.ocr)?;
    let mut report = Report::new(rows.len(), scans.unread().to_vec());
    let bar = count_bar(rows.len() as u64, "letters");
    for row in rows {
        match row {
            Ok(row) => {
                let (number, line) = (row.registry_number.clone(), row.line);
                match one(app, &letters.batch, &scans, row).await {
                    Ok((received, used)) => report.note(line, &number, &received, used),
                    Err(why) => report.refuse(line, &number, why),
                }
            }
            Err(wrong) => report.refuse(wrong.line, &wrong.number, wrong.why),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    report.finish(&scans);
    Ok(report)
}

/// Takes one letter; what is wrong with it is told and not kept, since its row stays in the table.
async fn one(
    app: &App,
    batch: &str,
    scans: &Scans,
    row: Row,
) -> Result<(crate::intake::Received, Vec<PathBuf>), String> {
    let files = scans.of(&row)?;
    let mut enclosed = Vec::with_capacity(files.len());
    for file in &files {
        let bytes = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        enclosed.push(Enclosed { name, declared: None, content: Content::Bytes(bytes) });
    }
    let json = serde_json::to_vec(&row.letter()).map_err(|error| error.to_string())?;
    let raw = Raw { form: Form::Letter, gateway: None, media_type: "application/json".into(), bytes: json };
    let inbound = crate::intake::read(&raw).map_err(|error| told(&error))?;
    let inbound = Inbound { gateway: Some(format!("import:{batch}")), enclosed, ..inbound };
    let received = app.receive(Actor::System, inbound).await.map_err(|error| told(&error))?;
    Ok((received, files))
}
