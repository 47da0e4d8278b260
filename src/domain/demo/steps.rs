//! The steps of the story: which verb, by whom, with which words of the case.

use diesel::prelude::*;

use super::data::{Case, Data};
use super::play::Step;
use crate::db::DbConnection;
use crate::db::schema::answers;
use crate::db::types::{AnswerId, CaseId, ReferralId, Time};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::answer::{self, Answer, Decision};
use crate::domain::cases::ask::{self, Ask};
use crate::domain::cases::classify::{self, Classify};
use crate::domain::cases::close::{self, Close, Dismiss, Withdraw};
use crate::domain::cases::refer::{self, Receiver, Refer};
use crate::domain::cases::register::{self, Register};
use crate::domain::cases::{Expected, Representative, find_visible};
use crate::domain::citizens::CitizenInput;
use crate::domain::referrals::{self, Move};
use crate::domain::users;
use crate::error::{Error, Result};

/// Working days that an extension asks for.
const EXTENSION_DAYS: u16 = 5;

/// One case on its way.
pub(super) struct Stage<'a> {
    act: &'a Act,
    gateway: &'a Actor,
    data: &'a Data,
    case: &'a Case,
    /// The time of the next step.
    pub now: Time,
    id: CaseId,
    referral: ReferralId,
}

impl<'a> Stage<'a> {
    pub(super) fn new(act: &'a Act, gateway: &'a Actor, data: &'a Data, case: &'a Case) -> Self {
        Self { act, gateway, data, case, now: act.now, id: CaseId(0), referral: ReferralId(0) }
    }

    fn by(&self, actor: Actor) -> Act {
        Act { actor, now: self.now, ..self.act.clone() }
    }

    /// An act of the person of this user name.
    fn by_user(&self, connection: &mut DbConnection, username: &str) -> Result<Act> {
        let staff = users::staff_by_username(connection, username)?
            .ok_or_else(|| Error::internal(format!("no demo staff {username}")))?;
        Ok(self.by(Actor::Staff(staff)))
    }

    /// An act of the person who has this role in the office that the case was referred to.
    fn by_lead(&self, connection: &mut DbConnection, role: &str) -> Result<Act> {
        let office = self.case.needs("refer_to", &self.case.refer_to)?.to_lowercase();
        self.by_user(connection, &format!("{role}.{office}"))
    }

    /// The classifier of the governorate that took the case in, where it may refer as far; else the centre's.
    fn by_classifier(&self, connection: &mut DbConnection) -> Result<Act> {
        let offices = &self.act.rules.offices;
        let holder = find_visible(connection, &self.by(Actor::System), self.id)?.holder_office_id;
        let reaches = match self.case.refer_to.as_deref().and_then(|code| offices.by_code(code)) {
            Some(target) => offices.may_lead_to(holder, target.id),
            None => true,
        };
        let username = format!("classifier.{}", offices.code(holder).to_lowercase());
        match users::by_username(connection, &username)?.filter(|_| reaches) {
            Some(_) => self.by_user(connection, &username),
            None => self.by_user(connection, "classifier.centre"),
        }
    }
}

/// Takes one step.
pub(super) fn take(connection: &mut DbConnection, stage: &mut Stage<'_>, step: Step) -> Result<()> {
    match step {
        Step::Register => register(connection, stage),
        Step::Advise => advise(connection, stage),
        Step::Classify => classify(connection, stage),
        Step::Dismiss => dismiss(connection, stage, "classifier.centre"),
        Step::ConfirmDismissal => dismiss(connection, stage, "classifier2.centre"),
        Step::Refer => refer(connection, stage),
        Step::Withdraw => withdraw(connection, stage),
        Step::GiveBack => give_back(connection, stage),
        Step::Accept => {
            let act = stage.by_lead(connection, "handler")?;
            referrals::accept(connection, &act, stage.referral, Expected::Any).map(drop)
        }
        Step::Ask => {
            let act = stage.by_lead(connection, "handler")?;
            let wish = Ask { text: stage.case.needs("question", &stage.case.question)?.to_owned() };
            ask::ask(connection, &act, stage.id, Expected::Any, &wish).map(drop)
        }
        Step::Extend => {
            let act = stage.by_lead(connection, "approver")?;
            let (reason, note) = (stage.case.reason.clone(), stage.case.note.clone());
            let wish = Move { days: Some(EXTENSION_DAYS), reason, note, ..Move::default() };
            referrals::extend(connection, &act, stage.referral, Expected::Any, &wish).map(drop)
        }
        Step::Answer => answer(connection, stage),
        Step::Approve => {
            let act = stage.by_lead(connection, "approver")?;
            let draft = draft(connection, stage.referral)?;
            answer::approve(connection, &act, draft, Expected::Any, &Decision::default()).map(drop)
        }
        Step::Close => finish(connection, stage),
    }
}

fn register(connection: &mut DbConnection, stage: &mut Stage<'_>) -> Result<()> {
    let case = stage.case;
    let act = match case.channel.as_str() {
        "phone" => stage.by_user(connection, "agent.centre")?,
        "visit" => stage.by_user(connection, "agent.gov-10")?,
        "letter" | "fax" => stage.by_user(connection, "registrar.centre")?,
        "web" => stage.by(Actor::Public),
        _ => stage.by(stage.gateway.clone()),
    };
    let citizen = case.citizen.as_deref().map(|id| citizen(stage.data, id)).transpose()?;
    let wish = Register {
        kind: case.kind.clone(),
        channel: case.channel.clone(),
        text: case.text.clone(),
        subject: case.subject.clone(),
        // on the phone the agent says what it is about; elsewhere the classifier does
        category: case.category.clone().filter(|_| case.channel == "phone"),
        citizen,
        anonymous: Some(case.anonymous),
        representative: representative(stage.data, case)?,
        place: case.place.clone(),
        about_office: case.about_office.clone(),
        sealed: Some(case.sealed),
        external_id: Some(case.external_id()),
        ..Register::default()
    };
    stage.id = register::register(connection, &act, &wish)?.row.id;
    Ok(())
}

fn citizen(data: &Data, national_id: &str) -> Result<CitizenInput> {
    let person = data.citizen(national_id)?;
    Ok(CitizenInput {
        national_id: Some(person.national_id.clone()),
        name: Some(person.name.clone()),
        mobile: person.mobile.clone(),
        email: person.email.clone(),
        address: person.address.clone(),
        preferred_channel: person.preferred_channel.clone(),
        language: person.language.clone(),
        ..CitizenInput::default()
    })
}

fn representative(data: &Data, case: &Case) -> Result<Option<Representative>> {
    let Some(id) = case.representative.as_deref() else { return Ok(None) };
    let person = data.citizen(id)?;
    Ok(Some(Representative {
        name: person.name.clone(),
        national_id: Some(person.national_id.clone()),
        mobile: person.mobile.clone(),
        proof: case.needs("proof", &case.proof)?.to_owned(),
    }))
}

fn advise(connection: &mut DbConnection, stage: &Stage<'_>) -> Result<()> {
    let act = stage.by_user(connection, "agent.centre")?;
    let (text, cause) = (stage.case.answer.clone(), stage.case.cause.clone());
    let wish = Close { outcome: "advice".into(), text, cause, ..Close::default() };
    close::close(connection, &act, stage.id, Expected::Any, &wish).map(drop)
}

fn classify(connection: &mut DbConnection, stage: &Stage<'_>) -> Result<()> {
    let case = stage.case;
    let act = stage.by_classifier(connection)?;
    let wish = Classify {
        kind: case.kind.clone(),
        category: case.needs("category", &case.category)?.to_owned(),
        priority: case.priority.clone(),
        place: None,
    };
    classify::classify(connection, &act, stage.id, Expected::Any, &wish).map(drop)
}

fn dismiss(connection: &mut DbConnection, stage: &Stage<'_>, username: &str) -> Result<()> {
    let case = stage.case;
    let act = stage.by_user(connection, username)?;
    let wish = Dismiss {
        outcome: case.needs("outcome", &case.outcome)?.to_owned(),
        reason: case.needs("reason", &case.reason)?.to_owned(),
        signpost: case.needs("note", &case.note)?.to_owned(),
    };
    close::dismiss(connection, &act, stage.id, Expected::Any, &wish).map(drop)
}

fn refer(connection: &mut DbConnection, stage: &mut Stage<'_>) -> Result<()> {
    let case = stage.case;
    let act = stage.by_classifier(connection)?;
    let receiver =
        |office: &str, role: &str| Receiver { office: office.into(), role: Some(role.into()), due_at: None };
    let mut to = vec![receiver(case.needs("refer_to", &case.refer_to)?, "lead")];
    to.extend(case.helpers.iter().map(|office| receiver(office, "helper")));
    let wish = Refer { to, instruction: case.instruction.clone() };
    let (_, sent) = refer::refer(connection, &act, stage.id, Expected::Any, &wish)?;
    stage.referral = sent.first().copied().ok_or_else(|| Error::internal("refer sent nothing"))?;
    Ok(())
}

fn withdraw(connection: &mut DbConnection, stage: &Stage<'_>) -> Result<()> {
    let act = stage.by(Actor::Citizen { case: stage.id });
    let wish = Withdraw { confirm: Some(true), reason: stage.case.note.clone() };
    close::withdraw(connection, &act, stage.id, Expected::Any, &wish).map(drop)
}

fn give_back(connection: &mut DbConnection, stage: &Stage<'_>) -> Result<()> {
    let case = stage.case;
    let act = stage.by_lead(connection, "liaison")?;
    let (reason, office, note) = (case.reason.clone(), case.suggested_office.clone(), case.note.clone());
    let wish = Move { reason, office, note, ..Move::default() };
    referrals::give_back(connection, &act, stage.referral, Expected::Any, &wish).map(drop)
}

fn answer(connection: &mut DbConnection, stage: &Stage<'_>) -> Result<()> {
    let case = stage.case;
    let act = stage.by_lead(connection, "handler")?;
    let wish = Answer {
        text: case.needs("answer", &case.answer)?.to_owned(),
        outcome: case.outcome.clone(),
        reason_code: case.reason.clone(),
        cause: case.cause.clone(),
        ..Answer::default()
    };
    answer::submit(connection, &act, stage.referral, Expected::Any, &wish).map(drop)
}

fn draft(connection: &mut DbConnection, referral: ReferralId) -> Result<AnswerId> {
    Ok(answers::table
        .filter(answers::referral_id.eq(referral))
        .order(answers::id.desc())
        .select(answers::id)
        .first(connection)?)
}

/// A rated case runs through its reply window, where that has passed; any other is closed by its lead.
fn finish(connection: &mut DbConnection, stage: &mut Stage<'_>) -> Result<()> {
    let row = find_visible(connection, &stage.by(Actor::System), stage.id)?;
    let passed = row.window_until.filter(|until| *until <= stage.act.now && stage.case.rating.is_some());
    if let Some(until) = passed {
        stage.now = until;
        let act = stage.by(Actor::System);
        return close::close_after_window(connection, &act, stage.id).map(drop);
    }
    let act = stage.by_lead(connection, "approver")?;
    let outcome = stage.case.needs("outcome", &stage.case.outcome)?.to_owned();
    let wish = Close { outcome, ..Close::default() };
    close::close(connection, &act, stage.id, Expected::Any, &wish).map(drop)
}
