//! The decision on an appeal: upheld, partly or dismissed, with grounds and a consequence, by an appeal officer
//! of the level above or of the centre who had no hand in the case (requirement tag S2.2iv).

use std::collections::BTreeSet;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::{await_answer, due, signposts, window};
use crate::db::DbConnection;
use crate::db::schema::{appeals, cases, events};
use crate::db::types::{AppealId, CaseId, EventId, OfficeId, ReferralId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::cases::answer::check_outcome;
use crate::domain::cases::close::Ending;
use crate::domain::cases::docket::{Docket, Expected};
use crate::domain::cases::life::{AppealResult, Consequence, Decided, Fact};
use crate::domain::cases::{clocks, family, record, sha256_hex};
use crate::domain::input;
use crate::domain::notifications::{self, Facts};
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{Code, Error, FieldError, Fields, Language, Result};

/// A decision on an appeal.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decide {
    /// `upheld`, `partly` or `dismissed`.
    pub result: String,
    /// Why, as the citizen will read it.
    pub grounds: String,
    /// `re_answer` (the body answers again), `change_outcome`, or `none` where the appeal is dismissed.
    pub consequence: String,
    /// The new outcome, for `change_outcome`.
    #[serde(default)]
    pub outcome: Option<String>,
    /// Coded reason, where the new outcome needs one.
    #[serde(default)]
    pub reason_code: Option<String>,
}

/// Decides on the appeal that waits.
///
/// # Errors
/// `wrong_state` without an open appeal, `not_your_office`, `same_person` for whoever had a hand in the case,
/// or wrong fields.
pub fn decide(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    expected: Expected,
    wish: &Decide,
) -> Result<Docket> {
    let mut docket = Docket::open(connection, act, id, expected)?;
    let at = docket.life.open_appeal().map_or(docket.life.holder, |(_, hop)| hop.office);
    let office = policy::allow(act, Verb::DecideAppeal, at)?;
    let by = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    let (referral, _) = docket.life.open_appeal().ok_or(Error::Conflict(Code::WrongState))?;
    let hands = hands(connection, id)?;
    if hands.contains(&by) {
        return Err(Error::Forbidden(Code::SamePerson));
    }
    let (decided, grounds) = read(connection, act, &docket, referral, wish)?;
    let against = docket.life.against();
    let due_at = decided.order.1;
    let fact = docket.life.decide_appeal(by, &hands, decided)?;
    let event = record(connection, act, &mut docket, std::slice::from_ref(&fact), Some(office))?;
    keep(connection, act, &fact, &grounds)?;
    let closes = settle(connection, act, &docket, &fact, wish, &grounds)?;
    if let (Fact::AppealDecided { hop: Some(hop), .. }, Some(due)) = (&fact, due_at) {
        clocks::start_referral(connection, act, id, hop.referral, hop.office, Some(due))?;
    }
    if let Some(outcome) = closes.as_deref().filter(|_| docket.life.has_members()) {
        // what the representatives reached holds for the whole group
        let is_changed = matches!(fact, Fact::AppealDecided { consequence: Consequence::ChangeOutcome, .. });
        let (reason, text) = (wish.reason_code.clone(), is_changed.then(|| grounds.clone()));
        let template = "case_closed";
        let ending = Ending { outcome, reason, text, template, is_changed, ..Ending::default() };
        family::end_followers(connection, act, &docket, &ending)?;
    }
    tell(
        connection,
        act,
        &docket,
        event,
        &fact,
        Told { grounds, due: due_at, closes, offices: [at, against] },
    )?;
    docket.reload(connection)
}

/// The decision as wished, every wrong field named.
fn read(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    referral: ReferralId,
    wish: &Decide,
) -> Result<(Decided, String)> {
    let mut fields = Fields::default();
    let result = fields.take(input::choice::<AppealResult>("result", &wish.result));
    let consequence = fields.take(input::choice::<Consequence>("consequence", &wish.consequence));
    let grounds = fields.take(input::text("grounds", &wish.grounds, input::TEXT_MAX)).unwrap_or_default();
    let changes = consequence == Some(Consequence::ChangeOutcome);
    if let Some(code) = wish.outcome.as_deref().filter(|_| changes) {
        check_outcome(act, &docket.row.kind, code, wish.reason_code.as_deref(), &mut fields);
    }
    let body = docket.life.against();
    let answers_again = consequence == Some(Consequence::ReAnswer);
    if answers_again && docket.conflict.bars_office(&act.rules.offices, body) {
        fields.add(FieldError::new(
            "consequence",
            "conflict_of_interest",
            "شکایت از همین دستگاه است و دوباره به آن داده نمی‌شود؛ change_outcome بفرستید.",
            "The complaint is about this body, which does not get it again; send change_outcome.",
        ));
    }
    if answers_again && act.rules.offices.get(body).is_none() {
        fields.add(FieldError::new(
            "consequence",
            "office_ended",
            "این دستگاه دیگر نیست؛ change_outcome بفرستید.",
            "This body has ended; send change_outcome.",
        ));
    }
    fields.finish()?;
    let due_at = match answers_again {
        true => Some(due(act, body, "additional_answer")?),
        false => None,
    };
    let appeal: AppealId =
        appeals::table.filter(appeals::referral_id.eq(referral)).select(appeals::id).first(connection)?;
    let (Some(result), Some(consequence)) = (result, consequence) else {
        return Err(Error::internal("a decision without result passed its check"));
    };
    let decided = Decided {
        appeal,
        result,
        consequence,
        outcome: wish.outcome.clone().filter(|_| changes),
        grounds_sha256: sha256_hex(grounds.as_bytes()),
        order: (act.id(), due_at),
    };
    Ok((decided, grounds))
}

/// Everybody whose hand was in the case: holders, authors, approvers, and who returned, asked or closed.
pub fn hands(connection: &mut DbConnection, case: CaseId) -> Result<BTreeSet<UserId>> {
    let rows: Vec<(Option<UserId>, String)> = events::table
        .filter(events::case_id.eq(case))
        .select((events::user_id, events::payload))
        .load(connection)?;
    let mut hands = BTreeSet::new();
    for (user, payload) in rows {
        let fact: Fact = serde_json::from_str(&payload).map_err(|error| Error::Internal(Box::new(error)))?;
        hands.extend(fact.hand());
        if let Fact::AnswerShared { approved_by, .. } = &fact {
            hands.extend(approved_by);
        }
        hands.extend(user.filter(|_| fact.is_handling()));
    }
    Ok(hands)
}

fn keep(connection: &mut DbConnection, act: &Act, fact: &Fact, grounds: &str) -> Result<()> {
    let Fact::AppealDecided { appeal, result, consequence, outcome, by, .. } = fact else { return Ok(()) };
    diesel::update(appeals::table.find(appeal))
        .set((
            (appeals::result.eq(result), appeals::consequence.eq(consequence), appeals::outcome.eq(outcome)),
            (appeals::grounds.eq(grounds), appeals::decided_by.eq(by), appeals::decided_at.eq(act.now)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Lays the consequence on the case's row; gives what it closes with.
fn settle(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    fact: &Fact,
    wish: &Decide,
    grounds: &str,
) -> Result<Option<String>> {
    let Fact::AppealDecided { consequence, outcome, hop, .. } = fact else { return Ok(None) };
    let id = docket.row.id;
    if let Some(due) = hop.as_ref().and_then(|hop| hop.due_at) {
        await_answer(connection, id, due)?;
        clocks::restart_outer(connection, act, &docket.row)?;
        return Ok(None);
    }
    let language = if docket.row.language == "en" { Language::En } else { Language::Fa };
    let until = window(act, docket, outcome.as_deref().unwrap_or_default())?;
    diesel::update(cases::table.find(id))
        .set((
            (cases::closed_at.eq(act.now), cases::remedy_until.eq(until)),
            (cases::remedy.eq(signposts(&act.rules, language)), cases::window_until.eq(None::<Time>)),
        ))
        .execute(connection)?;
    if *consequence == Consequence::ChangeOutcome {
        diesel::update(cases::table.find(id))
            .set((cases::outcome_text.eq(grounds), cases::outcome_reason.eq(&wish.reason_code)))
            .execute(connection)?;
    }
    Ok(outcome.clone())
}

/// What the notices say.
struct Told {
    grounds: String,
    due: Option<Time>,
    closes: Option<String>,
    offices: [OfficeId; 2],
}

/// Tells the citizen, the office that decided and the one that was appealed against.
fn tell(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    event: EventId,
    fact: &Fact,
    told: Told,
) -> Result<()> {
    let Fact::AppealDecided { result, .. } = fact else { return Ok(()) };
    let in_words = |language: Language| {
        let (fa, en) = result.words();
        let words = if language == Language::En { en } else { fa };
        let mut text = told.grounds.clone();
        if told.closes.is_some() {
            text.push_str("\n\n");
            text.push_str(&signposts(&act.rules, language));
        }
        Facts {
            office: Some(told.offices[0]),
            due: told.due,
            outcome: told.closes.clone(),
            reason: Some(words.to_owned()),
            result: Some(*result),
            text: Some(text),
            ..Facts::default()
        }
    };
    let language = if docket.row.language == "en" { Language::En } else { Language::Fa };
    let facts = in_words(Language::Fa);
    for office in told.offices {
        notifications::to_office(connection, act, &docket.row, event, office, "appeal_decided", &facts)?;
    }
    notifications::to_citizen(connection, act, &docket.row, event, "appeal_decided", &in_words(language))
}
