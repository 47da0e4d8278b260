//! `samad intake`: takes a fax in from a fax server, and once more what came in and could not be taken.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Subcommand;

use super::archive::count_bar;
use super::{import, start};
use crate::app::App;
use crate::clock::Clock;
use crate::db::types::IntakeItemId;
use crate::domain::actor::Actor;
use crate::domain::cases::Channel;
use crate::domain::intake::{ItemState, items};
use crate::intake::{Delivery, FaxCall, Inbound, Received, faxed};

/// What can be done with what came in.
#[derive(Debug, Subcommand)]
pub enum Intake {
    /// Take failed items once more, after their cause was mended
    ///
    /// Safe to repeat and to run while the service serves: what was taken meanwhile stays as it is.
    Reprocess {
        /// Only this channel, for example sms
        #[arg(long, value_name = "CHANNEL")]
        channel: Option<Channel>,
        /// Only this item
        #[arg(long, value_name = "ID")]
        id: Option<i64>,
    },
    /// Take a fax in that a fax server received; for HylaFAX's etc/FaxDispatch
    ///
    /// The same id is the same fax, however often it is handed over. Ends with 0 when it is committed; the fax server keeps its
    /// file otherwise, and hands it over again.
    Fax {
        /// TIFF or PDF
        file: PathBuf,
        /// The fax server's id of it; the file's name when missing
        #[arg(long)]
        id: Option<String>,
        /// Number of the caller
        #[arg(long, allow_hyphen_values = true)]
        caller: Option<String>,
        /// What the sending machine calls itself
        #[arg(long, allow_hyphen_values = true)]
        station: Option<String>,
        /// The number that was called
        #[arg(long, allow_hyphen_values = true)]
        to: Option<String>,
        /// Pages that were received
        #[arg(long)]
        pages: Option<u32>,
    },
}

/// Runs one of them.
pub fn run(settings: &Path, intake: &Intake) -> anyhow::Result<()> {
    let (app, _) = start::app(start::settings(settings)?, Clock::System)?;
    match intake {
        Intake::Reprocess { channel, id } => again(&app, *channel, id.map(IntakeItemId)),
        Intake::Fax { file, id, caller, station, to, pages } => {
            let call = FaxCall {
                external_id: id.clone(),
                received_at: None,
                from: caller.clone(),
                station: station.clone(),
                to: to.clone(),
                pages: *pages,
            };
            take_fax(&app, file, call)
        }
    }
}

/// Name under which faxes of the command are known.
const FAX_LINE: &str = "fax";

fn take_fax(app: &App, file: &Path, call: FaxCall) -> anyhow::Result<()> {
    let bytes = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let external_id = call.external_id.clone().or_else(|| Some(name.clone()));
    let inbound = faxed(FaxCall { external_id, ..call }, &name, bytes)
        .map_err(|error| anyhow!("{}: {}", file.display(), import::told(&error)))?;
    let inbound = Inbound { gateway: Some(FAX_LINE.into()), ..inbound };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let received = runtime
        .block_on(app.receive(Actor::System, inbound))
        .map_err(|error| anyhow!("{}: {}; hand it over again", file.display(), import::told(&error)))?;
    let known = if received.delivery == Delivery::Again { ", known before" } else { "" };
    println!("item {} {}{known}", received.item, received.state);
    Ok(())
}

fn again(app: &App, channel: Option<Channel>, only: Option<IntakeItemId>) -> anyhow::Result<()> {
    let waiting = app.db.read_here(move |connection| items::failed(connection, channel, only))?;
    if let (Some(id), true) = (only, waiting.is_empty()) {
        println!("Item {id} does not wait to be taken again.");
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(reprocess(app, &waiting))?;
    print!("{report}");
    Ok(())
}

async fn reprocess(app: &App, waiting: &[IntakeItemId]) -> anyhow::Result<Report> {
    let bar = count_bar(waiting.len() as u64, "items");
    let mut report = Report::default();
    for id in waiting {
        let received = app.reprocess(Actor::System, *id).await;
        report.note(&received.map_err(|error| anyhow!("item {id}: {error}; run the command again"))?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(report)
}

/// What became of the items.
#[derive(Debug, Default)]
struct Report {
    states: BTreeMap<ItemState, usize>,
    /// Items by the reason for which they still wait.
    reasons: BTreeMap<String, Vec<IntakeItemId>>,
}

impl Report {
    fn note(&mut self, received: &Received) {
        *self.states.entry(received.state).or_default() += 1;
        if let (ItemState::Failed, Some(refusal)) = (received.state, &received.refusal) {
            self.reasons.entry(refusal.reason.clone()).or_default().push(received.item);
        }
    }
}

/// Items that a line of the report names.
const NAMED: usize = 10;

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let of = |state| self.states.get(&state).copied().unwrap_or(0);
        let tried: usize = self.states.values().sum();
        let (cases, messages) = (of(ItemState::Registered), of(ItemState::Joined));
        let (to_key, failed) = (of(ItemState::ToKey), of(ItemState::Failed));
        writeln!(
            f,
            "Items tried: {tried}. Became cases: {cases}; messages: {messages}; to be keyed: {to_key}; still failing: {failed}."
        )?;
        for (reason, items) in &self.reasons {
            let named = items.iter().take(NAMED).map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let more = if items.len() > NAMED { " …" } else { "" };
            writeln!(f, "  {reason}: {} ({named}{more})", items.len())?;
        }
        if failed > 0 {
            writeln!(
                f,
                "A registrar keys them with POST /api/v1/intake/items/{{id}}/case or sets them aside with /discard."
            )?;
        }
        Ok(())
    }
}
