//! Follows what closed cases taught: tells the citizens behind a settled problem, and watches the deadlines of
//! problems and recommendations, and that neither stays with those whom its cases are about.
//!
//! Each piece is its own write, some of them at once so that they share a commit; one that fails is logged, left
//! for the next run, and holds up none of the others.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::watch;

use super::{Beat, repeat};
use crate::app::App;
use crate::db::DbConnection;
use crate::db::types::{CaseId, ProblemId, RecommendationId, Time};
use crate::domain::actor::{Act, Actor};
use crate::domain::{problems, quality};
use crate::error::{Error, Result};

const TICK: Duration = Duration::from_secs(20);
/// Pieces that are read at once.
const PAGE: i64 = 200;
/// Pieces that are written at once.
const ABREAST: usize = 16;

/// The worker's loop.
pub async fn run(app: App, stop: watch::Receiver<bool>) {
    let beat = Beat { name: "following", tick: TICK, nudge: app.nudges.following.clone() };
    repeat(beat, stop, move || {
        let app = app.clone();
        async move { run_once(&app).await }
    })
    .await;
}

/// One thing that its time has come for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Piece {
    Notice(CaseId),
    Problem(ProblemId),
    Recommendation(RecommendationId),
    /// At an owner whom one of its cases is about.
    BarredProblem(ProblemId),
    BarredRecommendation(RecommendationId),
}

/// Does everything that is due, until nothing is; gives how much was done.
pub async fn run_once(app: &App) -> Result<usize> {
    let mut done = 0;
    // what moved nothing on would be found again at once
    let mut skipped: HashSet<Piece> = HashSet::new();
    loop {
        let now = app.clock.now();
        let limit = PAGE + i64::try_from(skipped.len()).unwrap_or(0);
        let found = app.read(Actor::System, move |connection, act| find(connection, act, now, limit)).await?;
        let fresh: Vec<Piece> = found.into_iter().filter(|piece| !skipped.contains(piece)).collect();
        if fresh.is_empty() {
            break;
        }
        for some in fresh.chunks(ABREAST) {
            let outcomes = join_all(some.iter().map(|piece| act_on(app, *piece))).await;
            for (piece, outcome) in some.iter().zip(outcomes) {
                match outcome {
                    Ok(true) => done += 1,
                    Ok(false) => drop(skipped.insert(*piece)),
                    Err(error @ Error::Unavailable { .. }) => return Err(error),
                    Err(error) => {
                        tracing::error!(?piece, %error, "what is followed up cannot be handled; it is left for the next run");
                        skipped.insert(*piece);
                    }
                }
            }
        }
    }
    if done > 0 {
        app.nudges.outbox.notify_one();
    }
    Ok(done)
}

fn find(connection: &mut DbConnection, act: &Act, now: Time, limit: i64) -> Result<Vec<Piece>> {
    let notices = problems::untold(connection, now, limit)?;
    let late = problems::ringing(connection, now, limit)?;
    let advice = quality::ringing(connection, now, limit)?;
    Ok(notices
        .into_iter()
        .map(Piece::Notice)
        .chain(late.into_iter().map(Piece::Problem))
        .chain(advice.into_iter().map(Piece::Recommendation))
        .chain(problems::tainted(connection, act)?.into_iter().map(Piece::BarredProblem))
        .chain(quality::tainted(connection, act)?.into_iter().map(Piece::BarredRecommendation))
        .collect())
}

/// Handles one in its own write; false when somebody else did.
async fn act_on(app: &App, piece: Piece) -> Result<bool> {
    app.write(Actor::System, move |connection, act| match piece {
        Piece::Notice(case) => problems::tell(connection, act, case),
        Piece::Problem(id) => problems::fire(connection, act, id),
        Piece::Recommendation(id) => quality::fire(connection, act, id),
        Piece::BarredProblem(id) => problems::clear(connection, act, id),
        Piece::BarredRecommendation(id) => quality::clear(connection, act, id),
    })
    .await
}
