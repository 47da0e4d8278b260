//! Writes invented cases, many rows a statement.

use diesel::prelude::*;

use super::chains::{ANSWER, Linked};
use super::{DAY, Invented};
use crate::db::schema::{answers, case_scopes, cases, events, referrals};
use crate::db::{DbConnection, fulltext};
use crate::domain::actor::Act;
use crate::domain::cases::Priority;
use crate::domain::cases::answer::AnswerState;
use crate::domain::cases::life::{HopRole, HopState, Status};
use crate::domain::citizens::{self, Citizen};
use crate::domain::text::search_key;
use crate::error::Result;
use crate::on_both;

/// Rows of one insert: with about fifty columns, below what SQLite can bind.
const ROWS: usize = 400;

/// Writes invented cases with all their rows, in the caller's transaction.
pub fn write(connection: &mut DbConnection, act: &Act, crowd: &[Invented]) -> Result<()> {
    for rows in crowd.chunks(ROWS) {
        let people: Vec<Citizen> = rows.iter().filter_map(|row| row.person.clone()).collect();
        citizens::insert_all(connection, &act.vault, &people)?;
        write_cases(connection, rows)?;
        write_events(connection, rows)?;
        write_referrals(connection, rows)?;
        write_answers(connection, rows)?;
        let scopes: Vec<_> = rows
            .iter()
            .flat_map(|row| {
                row.scopes.iter().map(|(office, is_direct)| {
                    (
                        case_scopes::office_id.eq(*office),
                        case_scopes::case_id.eq(row.id),
                        case_scopes::is_direct.eq(*is_direct),
                    )
                })
            })
            .collect();
        on_both!(connection, |c| diesel::insert_into(case_scopes::table).values(&scopes).execute(c))?;
        let words: Vec<_> = rows.iter().map(|row| (row.id, search_key(&format!(" {}", row.text)))).collect();
        fulltext::index_all(connection, &words)?;
    }
    Ok(())
}

fn write_cases(connection: &mut DbConnection, rows: &[Invented]) -> Result<()> {
    use cases as c;
    let at_desk = |row: &Invented| matches!(row.status, Status::Registered | Status::Classified);
    let values: Vec<_> = rows
        .iter()
        .map(|row| {
            let triage = row.clock(at_desk(row));
            let answered = row.ended_at();
            (
                (
                    c::id.eq(row.id),
                    c::tracking_code.eq(&row.code),
                    c::access_hash.eq(&row.access_hash),
                    c::version.eq(1),
                ),
                (
                    c::status.eq(row.status),
                    c::kind.eq("request"),
                    c::channel.eq(row.channel),
                    c::category.eq(&row.category),
                ),
                (
                    c::priority.eq(Priority::Normal),
                    c::language.eq("fa"),
                    c::text.eq(&row.text),
                    c::citizen_id.eq(row.citizen),
                ),
                (
                    c::is_anonymous.eq(false),
                    c::is_sealed.eq(false),
                    c::province.eq(&row.province),
                    c::county.eq(&row.county),
                ),
                (
                    c::intake_office_id.eq(row.intake),
                    c::holder_office_id.eq(row.holder),
                    c::holder_user_id.eq(row.worker),
                    c::lead_referral_id.eq(row.referral),
                ),
                (c::asked_levels.eq(""), c::transfers.eq(0), c::reopenings.eq(0)),
                (
                    c::outcome.eq(answered.map(|_| "granted")),
                    c::received_at.eq(row.at),
                    c::registered_at.eq(row.at),
                ),
                (c::due_at.eq(row.due_at), c::outer_at.eq(Some(row.due_at.plus_days(15)))),
                (
                    c::triage_started_at.eq(at_desk(row).then_some(row.at)),
                    c::triage_due_at.eq(at_desk(row).then_some(row.due_at)),
                ),
                (c::triage_fired.eq(triage.0), c::triage_next_at.eq(triage.1), c::answered_at.eq(answered)),
                c::window_until.eq((row.status == Status::Answered).then(|| row.now.plus_days(10))),
                (
                    c::closed_at.eq(answered.filter(|_| row.is_closed())),
                    c::last_seq.eq(row.head().0),
                    c::last_hash.eq(row.head().1),
                ),
                c::updated_at.eq(answered.unwrap_or(row.at)),
            )
        })
        .collect();
    on_both!(connection, |c| diesel::insert_into(cases::table).values(&values).execute(c))?;
    Ok(())
}

fn write_events(connection: &mut DbConnection, rows: &[Invented]) -> Result<()> {
    use events as e;
    let values: Vec<_> = rows
        .iter()
        .flat_map(|row| &row.events)
        .map(|Linked { kind, line, hash }| {
            (
                (e::id.eq(line.id), e::case_id.eq(line.case), e::seq.eq(line.seq)),
                (e::kind.eq(*kind), e::at.eq(line.at), e::actor.eq(&line.actor), e::user_id.eq(line.user)),
                (e::office_id.eq(line.office), e::salt.eq(&line.salt)),
                (e::payload.eq(&line.payload), e::hash.eq(hash)),
            )
        })
        .collect();
    on_both!(connection, |c| diesel::insert_into(events::table).values(&values).execute(c))?;
    Ok(())
}

fn write_answers(connection: &mut DbConnection, rows: &[Invented]) -> Result<()> {
    use answers as a;
    let values: Vec<_> = rows
        .iter()
        .filter_map(|row| {
            let (id, referral, worker) = (row.answer?, row.referral?, row.worker?);
            Some((
                (a::id.eq(id), a::case_id.eq(row.id), a::referral_id.eq(referral), a::text.eq(ANSWER)),
                (a::is_interim.eq(false), a::outcome.eq("granted"), a::state.eq(AnswerState::Approved)),
                (a::author_id.eq(worker), a::created_at.eq(row.at)),
                (a::decided_by.eq(worker), a::decided_at.eq(row.ended_at())),
            ))
        })
        .collect();
    if values.is_empty() {
        return Ok(());
    }
    on_both!(connection, |c| diesel::insert_into(answers::table).values(&values).execute(c))?;
    Ok(())
}

fn write_referrals(connection: &mut DbConnection, rows: &[Invented]) -> Result<()> {
    use referrals as r;
    let values: Vec<_> = rows
        .iter()
        .filter_map(|row| {
            let clock = row.clock(row.status == Status::Referred);
            let accepted = (row.state != HopState::Sent).then(|| row.at.plus_seconds(DAY).min(row.now));
            Some((
                (
                    r::id.eq(row.referral?),
                    r::case_id.eq(row.id),
                    r::from_office_id.eq(row.intake),
                    r::office_id.eq(row.holder),
                ),
                (
                    r::role.eq(HopRole::Lead),
                    r::state.eq(row.state),
                    r::user_id.eq(row.worker),
                    r::sent_at.eq(row.at),
                    r::accepted_at.eq(accepted),
                ),
                (
                    r::ended_at.eq(row.ended_at()),
                    r::extensions.eq(0),
                    r::started_at.eq(row.at),
                    r::due_at.eq(Some(row.due_at)),
                ),
                (r::fired.eq(clock.0), r::next_at.eq(clock.1)),
            ))
        })
        .collect();
    if values.is_empty() {
        return Ok(());
    }
    on_both!(connection, |c| diesel::insert_into(referrals::table).values(&values).execute(c))?;
    Ok(())
}
