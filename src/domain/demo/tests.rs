//! The whole demonstration on a seeded database, and what must hold for every case of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use diesel::prelude::*;

use super::*;
use crate::db::schema::{cases, events, gateways, referrals as r};
use crate::db::types::{AnswerId, CaseId, OfficeId, ReferralId, Time, UserId};
use crate::db::{DbConnection, IdMaker};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::answer::{self, Answer, Decision};
use crate::domain::cases::ask::{self, Ask, Reply};
use crate::domain::cases::close;
use crate::domain::cases::life::{Fact, HopState, Life, Status};
use crate::domain::cases::note::{self, Note};
use crate::domain::cases::refer::{self, Receiver, Refer};
use crate::domain::cases::reopen::{self, Reopen};
use crate::domain::cases::{CaseRow, Docket, Expected, event_hash, life_of};
use crate::domain::keys::Keys;
use crate::domain::referrals::{self, Move};
use crate::domain::rulebook::RulebookCache;
use crate::domain::seed::Files;
use crate::domain::seed::tests::{database, now, seed};

/// A database with the demonstration in it, and an act of the service itself.
fn played() -> (tempfile::TempDir, DbConnection, Act) {
    played_at(now())
}

fn played_at(now: Time) -> (tempfile::TempDir, DbConnection, Act) {
    let (directory, mut connection) = database();
    let ids = Arc::new(IdMaker::new(1, 0));
    seed(&mut connection, &Files::embedded(), &ids);
    let rules = RulebookCache::default().current(&mut connection).unwrap();
    let act = Act { actor: Actor::System, now, rules, ids, keys: Keys::new(&[9; 32]) };
    let done = connection.transaction(|connection| people(connection, &act)).unwrap();
    assert!(matches!(done, Demonstration::Played { staff: 24, cases: 20.. }), "{done:?}");
    (directory, connection, act)
}

fn rows(connection: &mut DbConnection) -> Vec<CaseRow> {
    cases::table.order(cases::id).select(CaseRow::as_select()).load(connection).unwrap()
}

type EventRow = (i32, Time, String, Option<UserId>, Option<OfficeId>, String, String);

fn timeline(connection: &mut DbConnection, case: CaseId) -> Vec<EventRow> {
    events::table
        .filter(events::case_id.eq(case))
        .order(events::seq)
        .select((
            events::seq,
            events::at,
            events::actor,
            events::user_id,
            events::office_id,
            events::payload,
            events::hash,
        ))
        .load(connection)
        .unwrap()
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

/// Every chain is whole, and the events of every case give the state that its rows have.
fn whole(connection: &mut DbConnection) {
    for row in rows(connection) {
        let (mut hash, mut last_at) = (String::new(), Time::from_microsecond(0));
        let mut life = Life::registered(OfficeId(0));
        for (index, (seq, at, actor, user, office, payload, stored)) in
            timeline(connection, row.id).into_iter().enumerate()
        {
            assert_eq!(usize::try_from(seq).unwrap(), index + 1);
            hash = event_hash(&hash, row.id, seq, at, &actor, user, office, &payload).unwrap();
            assert_eq!(hash, stored);
            assert!(at >= last_at, "time runs forward in {}", row.tracking_code);
            last_at = at;
            life.apply(&serde_json::from_str::<Fact>(&payload).unwrap());
        }
        assert_eq!(hash, row.last_hash);
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

/// The demonstration with its verbs at hand.
struct Rehearsal {
    _directory: tempfile::TempDir,
    connection: DbConnection,
    act: Act,
}

impl Rehearsal {
    fn new() -> Self {
        let (directory, connection, act) = played();
        Self { _directory: directory, connection, act }
    }

    fn by(&mut self, username: &str) -> Act {
        let staff = crate::domain::users::staff_by_username(&mut self.connection, username).unwrap().unwrap();
        // each act a minute after the one before
        self.act.now = self.act.now.plus_seconds(60);
        Act { actor: Actor::Staff(staff), ..self.act.clone() }
    }

    fn case(&mut self, state: State) -> CaseId {
        story(&mut self.connection).unwrap().into_iter().find(|case| case.state == state).unwrap().id
    }

    fn life(&mut self, case: CaseId) -> Life {
        let row: CaseRow =
            cases::table.find(case).select(CaseRow::as_select()).first(&mut self.connection).unwrap();
        life_of(&mut self.connection, &row).unwrap()
    }

    fn lead(&mut self, case: CaseId) -> ReferralId {
        self.life(case).working_lead().unwrap()
    }

    fn refer(&mut self, username: &str, case: CaseId, to: &[(&str, &str)]) -> Vec<ReferralId> {
        let act = self.by(username);
        let to = to.iter().map(|(office, role)| Receiver {
            office: office.to_string(),
            role: Some(role.to_string()),
            due_at: None,
        });
        let wish = Refer { to: to.collect(), instruction: None };
        refer::refer(&mut self.connection, &act, case, Expected::Any, &wish).unwrap().1
    }

    fn submit(
        &mut self,
        username: &str,
        referral: ReferralId,
        outcome: Option<&str>,
        interim: bool,
    ) -> AnswerId {
        let act = self.by(username);
        let wish = Answer {
            text: "متن پاسخ".into(),
            outcome: outcome.map(str::to_owned),
            interim: Some(interim),
            ..Answer::default()
        };
        answer::submit(&mut self.connection, &act, referral, Expected::Any, &wish).unwrap().1.id
    }

    fn approve(&mut self, username: &str, id: AnswerId) -> Docket {
        let act = self.by(username);
        answer::approve(&mut self.connection, &act, id, Expected::Any, &Decision::default()).unwrap().0
    }

    fn transfer(&mut self, username: &str, case: CaseId, office: &str) {
        let (act, lead) = (self.by(username), self.lead(case));
        let wish =
            Move {
                reason: Some("با این واحد است".into()), office: Some(office.into()), ..Move::default()
            };
        referrals::transfer(&mut self.connection, &act, lead, Expected::Any, &wish).unwrap();
    }

    fn holder(&mut self, case: CaseId) -> String {
        let holder = self.life(case).holder;
        self.act.rules.offices.code(holder)
    }
}

#[test]
fn answers_go_interim_rejected_and_approved_and_the_case_goes_out_again() {
    let mut r = Rehearsal::new();
    let case = r.case(State::Accepted);
    let lead = r.lead(case);
    let interim = r.submit("handler.moen-10", lead, None, true);
    assert_eq!(r.approve("approver.moen-10", interim).life.status, Status::Referred);
    let draft = r.submit("handler.moen-10", lead, Some("upheld"), false);
    let (act, note) = (r.by("approver.moen-10"), Decision { note: Some("کوتاه‌تر".into()) });
    answer::reject(&mut r.connection, &act, draft, Expected::Any, &note).unwrap();
    let last = r.submit("liaison.moen-10", lead, Some("upheld"), false);
    assert_eq!(r.approve("approver.moen-10", last).life.status, Status::Answered);
    // answered, and referred once more by rule; taken back, and sent by name
    let again = r.refer("classifier.centre", case, &[])[0];
    let (act, wish) = (r.by("classifier.centre"), Move { reason: Some("اشتباه".into()), ..Move::default() });
    referrals::recall(&mut r.connection, &act, again, Expected::Any, &wish).unwrap();
    assert_eq!((r.life(case).status, r.holder(case)), (Status::Classified, "CENTRE".into()));
    let stands: Option<String> =
        cases::table.find(case).select(cases::outcome_text).first(&mut r.connection).unwrap();
    assert_eq!(stands, None);
    r.refer("classifier.centre", case, &[("MOEN-10", "lead"), ("FAR-1002", "copy")]);
    let (act, lead) = (r.by("liaison.moen-10"), r.lead(case));
    let wish = Move { user: Some("handler.moen-10".into()), ..Move::default() };
    referrals::assign(&mut r.connection, &act, lead, Expected::Any, &wish).unwrap();
    whole(&mut r.connection);
}

#[test]
fn the_fourth_transfer_goes_to_the_centre() {
    let mut r = Rehearsal::new();
    let case = r.case(State::Referred);
    r.transfer("liaison.moen-10", case, "FAR-1002");
    r.transfer("liaison.far-1002", case, "MOHME");
    r.transfer("liaison.mohme", case, "MOEN");
    assert_eq!(r.holder(case), "MOEN");
    r.transfer("liaison.moen", case, "MOEN-10");
    assert_eq!((r.life(case).status, r.holder(case)), (Status::Classified, "CENTRE".into()));
    whole(&mut r.connection);
}

#[test]
fn a_sub_referral_answers_upwards_and_helpers_answer_beside_the_lead() {
    let mut r = Rehearsal::new();
    let case = r.case(State::Returned);
    let sent = r.refer("classifier.centre", case, &[("MOEN", "lead"), ("FAR-1002", "helper")]);
    let helped = r.submit("handler.far-1002", sent[1], None, false);
    r.approve("approver.far-1002", helped);
    let below = r.refer("liaison.moen", case, &[("MOEN-10", "lead")])[0];
    assert_eq!(r.holder(case), "MOEN-10");
    let act = r.by("liaison.moen-10");
    let wish = Move { reason: Some("incomplete".into()), ..Move::default() };
    referrals::give_back(&mut r.connection, &act, below, Expected::Any, &wish).unwrap();
    assert_eq!((r.life(case).status, r.holder(case)), (Status::Referred, "MOEN".into()));
    let below = r.refer("liaison.moen", case, &[("MOEN-10", "lead")])[0];
    let up = r.submit("handler.moen-10", below, None, false);
    r.approve("approver.moen-10", up);
    assert_eq!(r.holder(case), "MOEN");
    let last = r.submit("handler.moen", sent[0], Some("granted"), false);
    assert_eq!(r.approve("approver.moen", last).life.status, Status::Answered);
    whole(&mut r.connection);
}

#[test]
fn a_reply_gives_the_clock_back_and_silence_closes() {
    let mut r = Rehearsal::new();
    let case = r.case(State::AwaitingCitizen);
    let before: CaseRow =
        cases::table.find(case).select(CaseRow::as_select()).first(&mut r.connection).unwrap();
    let act = Act { actor: Actor::Citizen { case }, ..r.act.clone() };
    let wish = Reply { text: "کوچه لاله، پلاک ۹".into(), channel: Some("sms".into()) };
    let (docket, _) = ask::reply(&mut r.connection, &act, case, &wish).unwrap();
    assert_eq!((docket.life.status, docket.row.paused_at), (Status::Referred, None));
    assert!(docket.row.due_at > before.due_at && docket.row.outer_at > before.outer_at);
    let other = r.case(State::Accepted);
    let asked = r.by("liaison.moen-10");
    let wish = Ask { text: "شماره اشتراک؟".into() };
    let docket = ask::ask(&mut r.connection, &asked, other, Expected::Any, &wish).unwrap();
    let late = Act { now: docket.row.wait_until.unwrap(), ..r.act.clone() };
    assert!(close::close_without_reply(&mut r.connection, &late, other).unwrap());
    assert_eq!(r.life(other).outcome.as_deref(), Some("no_reply"));
    whole(&mut r.connection);
}

#[test]
fn a_closed_case_is_reopened_and_noted() {
    let mut r = Rehearsal::new();
    let case = r.case(State::Closed);
    let act = r.by("approver.moen-10");
    let wish = Reopen { reason: "مدرک تازه".into(), to: None };
    let docket = reopen::reopen(&mut r.connection, &act, case, Expected::Any, &wish).unwrap();
    assert_eq!((docket.life.status, r.holder(case)), (Status::Referred, "MOEN-10".into()));
    let act = r.by("inspector.centre");
    note::add(&mut r.connection, &act, case, &Note { text: "بررسی شود".into() }).unwrap();
    for state in [State::Advice, State::Dismissed, State::Withdrawn] {
        let (case, act) = (r.case(state), r.by("inspector.centre"));
        reopen::reopen(&mut r.connection, &act, case, Expected::Any, &wish).unwrap();
    }
    whole(&mut r.connection);
}

#[test]
fn an_extension_tells_the_note_and_keeps_the_code() {
    use crate::db::schema::messages as m;
    let mut r = Rehearsal::new();
    let case = r.case(State::Extended);
    let facts: String = m::table
        .filter(m::case_id.eq(case).and(m::template.eq("deadline_extended")))
        .select(m::facts)
        .first(&mut r.connection)
        .unwrap();
    assert!(facts.contains("ساخت پست زمینی") && !facts.contains("physical_work"), "{facts}");
    let payloads: Vec<String> = timeline(&mut r.connection, case).into_iter().map(|event| event.5).collect();
    assert!(payloads.last().unwrap().contains("physical_work"), "{payloads:?}");
}
