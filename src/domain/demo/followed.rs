//! What the demonstration's cases teach: a problem behind some of them with its answer, and a sample of the closed
//! ones that is being called back.

use diesel::prelude::*;

use super::data::{Call, Data, Problem, Sample};
use crate::db::DbConnection;
use crate::db::schema::cases;
use crate::db::types::Time;
use crate::domain::actor::{Act, Actor};
use crate::domain::problems::{self, AnswerProblem, AssignProblem, Link, Propose};
use crate::domain::quality::{self, CallResult, CallState, CallbackFilter, Draw};
use crate::domain::users;
use crate::error::{Error, Result};

const DAY: i64 = 24 * 3600;

/// Plays the problems and the samples, after the cases.
pub(super) fn play(connection: &mut DbConnection, act: &Act, data: &Data) -> Result<()> {
    for problem in &data.problems {
        open(connection, act, data, problem)
            .map_err(|error| Error::internal(format!("demo problem {}: {error}", problem.name_en)))?;
    }
    for sample in &data.samples {
        draw(connection, act, sample)
            .map_err(|error| Error::internal(format!("demo sample {}: {error}", sample.seed)))?;
    }
    Ok(())
}

fn by(connection: &mut DbConnection, act: &Act, username: &str, now: Time) -> Result<Act> {
    let staff = users::staff_by_username(connection, username)?
        .ok_or_else(|| Error::internal(format!("no demo staff {username}")))?;
    Ok(Act { actor: Actor::Staff(staff), now, ..act.clone() })
}

fn open(connection: &mut DbConnection, act: &Act, data: &Data, problem: &Problem) -> Result<()> {
    let opened = act.now.plus_seconds(-problem.days_ago * DAY);
    let wish = Propose {
        name_fa: problem.name_fa.clone(),
        name_en: problem.name_en.clone(),
        description: problem.description.clone(),
        category: Some(problem.category.clone()),
        province: Some(problem.province.clone()),
        office: problem.office.clone(),
        cause: Some(problem.cause.clone()),
        public: Some(true),
        ..Propose::default()
    };
    let inspector = by(connection, act, "inspector.centre", opened)?;
    let id = problems::propose(connection, &inspector, &wish)?.id;
    let office = problem.office.to_lowercase();
    let liaison = by(connection, act, &format!("liaison.{office}"), opened.plus_seconds(DAY))?;
    let runner = AssignProblem { office: problem.office.clone(), user: Some(format!("liaison.{office}")) };
    problems::assign(connection, &liaison, id, &runner)?;
    let words =
        AnswerProblem { text_fa: problem.answer_fa.clone(), text_en: Some(problem.answer_en.clone()) };
    problems::propose_answer(connection, &liaison, id, &words)?;
    let approver = by(connection, act, &format!("approver.{office}"), opened.plus_seconds(2 * DAY))?;
    problems::approve(connection, &approver, id)?;
    // the cases go on meanwhile; what is written into them now comes after all that happened to them
    let codes = problem.cases.iter().map(|key| code_of(connection, data, key)).collect::<Result<Vec<_>>>()?;
    let inspector = by(connection, act, "inspector.centre", act.now)?;
    problems::link(connection, &inspector, id, &Link { cases: codes }).map(drop)
}

fn code_of(connection: &mut DbConnection, data: &Data, key: &str) -> Result<String> {
    let case = data.cases.iter().find(|case| case.key == key);
    let case = case.ok_or_else(|| Error::internal(format!("people.toml: no case {key}")))?;
    Ok(cases::table
        .filter(cases::channel.eq(&case.channel).and(cases::external_id.eq(case.external_id())))
        .select(cases::tracking_code)
        .first(connection)?)
}

/// Draws a sample over the last weeks; the first call of it is made, the others wait.
fn draw(connection: &mut DbConnection, act: &Act, sample: &Sample) -> Result<()> {
    let wish = Draw {
        from: Some(act.now.plus_days(-sample.days)),
        to: Some(act.now.plus_seconds(1)),
        size: Some(sample.size),
        seed: Some(sample.seed.clone()),
        ..Draw::default()
    };
    let inspector = by(connection, act, "inspector.centre", act.now)?;
    quality::draw_sample(connection, &inspector, &wish)?;
    let agent = by(connection, act, "agent.centre", act.now)?;
    let open = CallbackFilter { state: Some(CallState::Open), ..CallbackFilter::default() };
    match quality::callbacks(connection, &agent, &open, None, 1)?.first() {
        Some(call) => quality::record_call(connection, &agent, call.id, &result(&sample.call)),
        None => Ok(()),
    }
}

fn result(call: &Call) -> CallResult {
    CallResult {
        reached: Some(true),
        answers: call.answers.clone(),
        comment: Some(call.comment.clone()),
        claim: Some(call.claim.clone()),
        ..CallResult::default()
    }
}
