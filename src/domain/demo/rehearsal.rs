//! The verbs that the story does not need, rehearsed on it: after each the chains and the states are whole.

use diesel::prelude::*;

use super::tests::{facts_of, played, whole};
use super::*;
use crate::db::schema::cases;
use crate::db::sealed::Sealed;
use crate::db::types::{AnswerId, CaseId, MessageId, ReferralId};
use crate::domain::actor::Actor;
use crate::domain::cases::answer::{self, Answer, Decision};
use crate::domain::cases::ask::{self, Ask, Reply};
use crate::domain::cases::close;
use crate::domain::cases::life::{Fact, Life, Status};
use crate::domain::cases::note::{self, Note};
use crate::domain::cases::refer::{self, Receiver, Refer};
use crate::domain::cases::reopen::{self, Reopen};
use crate::domain::cases::{CaseRow, Docket, Expected, life_of};
use crate::domain::referrals::{self, Move};
use crate::domain::vault::field;

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
            expected_at: interim.then(|| act.now.plus_days(7).to_string()[..10].to_owned()),
            cause: outcome.map(|_| "service_given".to_owned()),
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
    let wish = Reopen { reason: "مدرک تازه".into(), to: None, new_facts: None };
    let docket = reopen::reopen(&mut r.connection, &act, case, Expected::Any, &wish).unwrap();
    assert_eq!((docket.life.status, r.holder(case)), (Status::Referred, "MOEN-10".into()));
    let act = r.by("inspector.centre");
    note::add(&mut r.connection, &act, case, &Note { text: "بررسی شود".into() }).unwrap();
    for state in [State::Advice, State::Dismissed] {
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
    let (id, facts): (MessageId, Sealed) = m::table
        .filter(m::case_id.eq(case).and(m::template.eq("deadline_extended")))
        .select((m::id, m::facts))
        .first(&mut r.connection)
        .unwrap();
    let facts = r.act.vault.open(&mut r.connection, field!(messages::facts), id, &facts).unwrap();
    assert!(facts.contains("ساخت پست زمینی") && !facts.contains("physical_work"), "{facts}");
    let events = facts_of(&mut r.connection, case);
    let is_coded =
        |fact: &Fact| matches!(fact, Fact::DeadlineExtended { reason, .. } if reason == "physical_work");
    assert!(events.last().is_some_and(is_coded), "{events:?}");
}
