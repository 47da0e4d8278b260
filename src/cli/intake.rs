//! `samad intake reprocess`: takes once more what came in and could not be taken.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::anyhow;
use clap::Subcommand;

use super::archive::count_bar;
use super::start;
use crate::app::App;
use crate::clock::Clock;
use crate::db::types::IntakeItemId;
use crate::domain::actor::Actor;
use crate::domain::cases::Channel;
use crate::domain::intake::{ItemState, items};
use crate::intake::Received;

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
}

/// Runs one of them.
pub fn run(settings: &Path, intake: &Intake) -> anyhow::Result<()> {
    let Intake::Reprocess { channel, id } = intake;
    let (app, _) = start::app(start::settings(settings)?, Clock::System)?;
    let (channel, only) = (*channel, id.map(IntakeItemId));
    let waiting = app.db.read_here(move |connection| items::failed(connection, channel, only))?;
    if let (Some(id), true) = (only, waiting.is_empty()) {
        println!("Item {id} does not wait to be taken again.");
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(reprocess(&app, &waiting))?;
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
