//! The whole demonstration on a seeded database, and what must hold for every case of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use diesel::prelude::*;

use super::*;
use crate::db::schema::{cases, gateways, referrals as r};
use crate::db::types::{CaseId, OfficeId, Time};
use crate::db::{DbConnection, IdMaker};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::life::{Fact, HopState, Life, Status};
use crate::domain::cases::{CaseRow, life_of};
use crate::domain::history::{audit, chain};
use crate::domain::keys::Keys;
use crate::domain::rulebook::RulebookCache;
use crate::domain::seed::Files;
use crate::domain::seed::tests::{database, now, seed};

/// A database with the demonstration in it, and an act of the service itself.
pub(super) fn played() -> (tempfile::TempDir, DbConnection, Act) {
    played_at(now())
}

fn played_at(now: Time) -> (tempfile::TempDir, DbConnection, Act) {
    let (directory, mut connection) = database();
    let ids = Arc::new(IdMaker::new(1, 0));
    seed(&mut connection, &Files::embedded(), &ids);
    let rules = RulebookCache::default().current(&mut connection).unwrap();
    let vault = crate::domain::vault::tests::vault(&mut connection);
    let act = Act { actor: Actor::System, now, rules, ids, keys: Keys::new(&[9; 32]), vault };
    let done = connection.transaction(|connection| people(connection, &act)).unwrap();
    assert!(matches!(done, Demonstration::Played { staff: 30, cases: 20.. }), "{done:?}");
    (directory, connection, act)
}

fn rows(connection: &mut DbConnection) -> Vec<CaseRow> {
    cases::table.order(cases::id).select(CaseRow::as_select()).load(connection).unwrap()
}

/// The facts of a case in their order.
pub(super) fn facts_of(connection: &mut DbConnection, case: CaseId) -> Vec<Fact> {
    let events = chain::of_case(connection, case).unwrap();
    events.iter().map(|event| serde_json::from_str(&event.line.payload).unwrap()).collect()
}

#[test]
fn every_state_of_the_life_cycle_occurs_on_any_day_and_playing_again_changes_nothing() {
    // a working day, a Friday night, the last days of the Nowruz holidays, a winter morning
    for at in ["2026-05-12T08:30:00Z", "2026-07-10T21:10:00Z", "2026-04-04T05:00:00Z", "2027-01-02T04:00:00Z"]
    {
        every_state_occurs(at.parse().unwrap());
    }
}

fn every_state_occurs(now: Time) {
    let (_directory, mut connection, act) = played_at(now);
    let told = story(&mut connection).unwrap();
    let states: BTreeSet<State> = told.iter().map(|case| case.state).collect();
    assert_eq!(states, State::ALL.iter().copied().collect());
    for case in &told {
        let row: CaseRow =
            cases::table.find(case.id).select(CaseRow::as_select()).first(&mut connection).unwrap();
        check(&mut connection, case, &row, act.now);
    }
    assert_eq!(people(&mut connection, &act).unwrap(), Demonstration::AlreadyThere);
    assert_eq!(rows(&mut connection).len(), told.len());
    let keys: i64 = gateways::table.count().get_result(&mut connection).unwrap();
    assert_eq!(keys, 1);
}

/// Whether the row shows what the story says.
fn check(connection: &mut DbConnection, case: &Told, row: &CaseRow, now: Time) {
    let life = life_of(connection, row).unwrap();
    let lead = life.lead.and_then(|lead| life.hops.get(&lead));
    let lead_is = |state: HopState| lead.is_some_and(|lead| lead.state == state);
    let outcome = row.outcome.as_deref().unwrap_or_default();
    let holds = match case.state {
        State::Registered => row.status == Status::Registered && row.category.is_none(),
        State::Classified => row.status == Status::Classified && lead.is_none(),
        State::Referred => row.status == Status::Referred && lead_is(HopState::Sent),
        State::Accepted => row.status == Status::Referred && lead_is(HopState::Accepted),
        State::Overdue => {
            row.status == Status::Referred && row.due_at < now && fired(connection, row.id) >= 100
        }
        State::Extended => {
            row.status == Status::Referred && row.due_at > now && lead.unwrap().extensions == 1
        }
        State::AwaitingCitizen => row.status == Status::AwaitingCitizen && row.paused_at.is_some(),
        State::AnswerPending => row.status == Status::Referred && lead.unwrap().pending.is_some(),
        State::Answered => {
            row.status == Status::Answered && row.window_until.is_some_and(|until| until > now)
        }
        State::Closed => row.status == Status::Closed && row.remedy.is_some() && row.outcome_text.is_some(),
        State::Dismissed => {
            row.status == Status::Closed && outcome == "out_of_scope" && row.outcome_text.is_some()
        }
        State::Withdrawn => row.status == Status::Closed && outcome == "withdrawn",
        State::Advice => row.status == Status::Closed && outcome == "advice",
        State::Returned => {
            row.status == Status::Classified && life.hops.values().any(|hop| hop.state == HopState::Returned)
        }
    };
    assert!(holds, "{case:?}\n{row:?}\n{life:?}");
}

fn fired(connection: &mut DbConnection, case: CaseId) -> i32 {
    let fired: Vec<Option<i32>> =
        r::table.filter(r::case_id.eq(case)).select(r::fired).load(connection).unwrap();
    fired.into_iter().flatten().max().unwrap_or(0)
}

#[test]
fn every_case_has_one_holder_and_an_open_one_is_held_by_its_working_lead() {
    let (_directory, mut connection, act) = played();
    for row in rows(&mut connection) {
        let life = life_of(&mut connection, &row).unwrap();
        assert!(act.rules.offices.get(row.holder_office_id).is_some());
        let lead = life.working_lead().map(|id| &life.hops[&id]);
        if let Some(hop) = lead {
            assert_eq!((row.holder_office_id, row.holder_user_id), (hop.office, hop.user));
        }
        let is_out = matches!(row.status, Status::Referred | Status::AwaitingCitizen);
        assert_eq!(lead.is_some(), is_out, "{row:?}");
    }
}

#[test]
fn the_chain_of_every_case_is_whole_and_its_replay_rebuilds_the_state() {
    let (_directory, mut connection, _act) = played();
    whole(&mut connection);
}

/// Every chain is whole, time runs forward in it, and the events of every case give the state that its rows have.
pub(super) fn whole(connection: &mut DbConnection) {
    let report = audit::run(connection, &audit::Known::default(), &mut |_| {}).unwrap();
    assert_eq!(report.findings, []);
    for row in rows(connection) {
        let times: Vec<Time> =
            chain::of_case(connection, row.id).unwrap().iter().map(|event| event.line.at).collect();
        assert!(times.is_sorted(), "time runs forward in {}", row.tracking_code);
        let mut life = Life::registered(OfficeId(0));
        facts_of(connection, row.id).iter().for_each(|fact| life.apply(fact));
        assert_eq!(life, life_of(connection, &row).unwrap(), "{row:?}");
    }
}

#[test]
fn all_channels_and_all_demo_staff_are_there() {
    let (_directory, mut connection, _act) = played();
    let channels: BTreeMap<String, usize> =
        rows(&mut connection).into_iter().fold(BTreeMap::new(), |mut seen, row| {
            *seen.entry(row.channel.to_string()).or_default() += 1;
            seen
        });
    let wanted = ["email", "fax", "letter", "phone", "sms", "visit", "web"];
    assert_eq!(channels.keys().map(String::as_str).collect::<Vec<_>>(), wanted);
    for username in ["admin", "handler.moen-10", "approver.mohme", "classifier2.centre", "liaison.far-1002"] {
        let row = crate::domain::users::by_username(&mut connection, username).unwrap().unwrap();
        assert!(crate::domain::users::staff(&mut connection, row.id).unwrap().is_some());
    }
    let account = crate::domain::users::by_username(&mut connection, "admin").unwrap().unwrap();
    assert!(crate::domain::users::verify_password(PASSWORD, &account.password_hash));
}

#[test]
fn a_problem_is_answered_and_a_sample_is_being_called_back() {
    use crate::db::schema::{callbacks, problem_cases, problems};
    use crate::domain::problems::ProblemState;
    use crate::domain::quality::CallState;
    let (_directory, mut connection, _act) = played();
    let states: Vec<(ProblemState, bool)> =
        problems::table.select((problems::state, problems::is_public)).load(&mut connection).unwrap();
    assert_eq!(states, [(ProblemState::Answered, true)]);
    let linked: i64 = problem_cases::table.count().get_result(&mut connection).unwrap();
    assert_eq!(linked, 2);
    let calls: Vec<CallState> =
        callbacks::table.order(callbacks::id).select(callbacks::state).load(&mut connection).unwrap();
    let of = |state: CallState| calls.iter().filter(|one| **one == state).count();
    assert_eq!((of(CallState::Reached), of(CallState::Open)), (1, 4), "{calls:?}");
}
