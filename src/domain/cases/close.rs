//! The ways a case ends: closed after its answer, advised on the line, dismissed by two persons, withdrawn,
//! or without the citizen's reply. Every ending has an outcome and tells the citizen (requirement tag P2.6).

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::answer::check_outcome;
use super::clocks;
use super::docket::{Docket, Expected};
use super::family;
use super::learn;
use super::life::{Fact, Proposal, Relation};
use super::mass;
use super::record::{record, sha256_hex};
use super::remedies;
use crate::db::DbConnection;
use crate::db::prepared::prepared;
use crate::db::schema::cases;
use crate::db::types::{CaseId, OfficeId, Time};
use crate::domain::actor::{Act, Actor};
use crate::domain::input;
use crate::domain::notifications::{self, Facts};
use crate::domain::policy;
use crate::domain::quality::{self, Lesson, Recommend};
use crate::domain::rulebook::Verb;
use crate::error::{Code, Error, FieldError, Fields, Language, Result};

/// A closing (design §5).
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Close {
    /// Coded outcome; `advice` solves a case on the line.
    pub outcome: String,
    /// What the citizen is told; the approved answer stands where this is missing.
    #[serde(default)]
    pub text: Option<String>,
    /// Coded reason, where the outcome needs one.
    #[serde(default)]
    pub reason_code: Option<String>,
    /// Where the citizen can go next: objection, appeal, court, ombudsman.
    #[serde(default)]
    pub remedy: Option<String>,
    /// Minutes of whoever heard the matter; the first of the two persons who close a mass case gives them.
    #[serde(default)]
    pub minutes: Option<String>,
    /// Coded cause of the case; mandatory where the kind needs one and the answer named none. Of the two persons who
    /// close a mass case both name it, and what the second writes counts.
    #[serde(default)]
    pub cause: Option<String>,
    /// What an office should change.
    #[serde(default)]
    pub recommendation: Option<Recommend>,
}

/// A dismissal: proposed by one person, confirmed by the same call of another.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Dismiss {
    /// `out_of_scope`, `no_cause` or `transferred_out`.
    pub outcome: String,
    /// Coded reason of use `dismiss`.
    #[serde(alias = "reason_code")]
    pub reason: String,
    /// Signpost: where the citizen should go instead.
    pub signpost: String,
}

/// A withdrawal; it must be confirmed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Withdraw {
    /// `true`, after the citizen was asked once more.
    #[serde(default)]
    pub confirm: Option<bool>,
    #[serde(default)]
    pub reason: Option<String>,
}

/// How an ending is told.
#[derive(Debug, Clone, Default)]
pub(super) struct Ending<'a> {
    pub(super) outcome: &'a str,
    pub(super) reason: Option<String>,
    pub(super) text: Option<String>,
    pub(super) remedy: Option<String>,
    pub(super) template: &'a str,
    /// The citizen is told of another case of the same family.
    pub(super) is_quiet: bool,
    /// The outcome takes the place of one with which a case has ended already.
    pub(super) is_changed: bool,
    /// Why the case came about, and what should change.
    pub(super) lesson: Lesson,
    /// The judgement by which it ends, where that is a fact of its own.
    pub(super) judged: Option<Fact>,
}

/// Closes an answered case, or solves a new one by advice.
pub fn close(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    expected: Expected,
    wish: &Close,
) -> Result<Docket> {
    let docket = Docket::open(connection, act, id, expected)?;
    if docket.life.family.is_mass {
        return mass::close(connection, act, docket, wish);
    }
    if wish.outcome == "advice" {
        return advise(connection, act, docket, wish);
    }
    let office = policy::allow(act, Verb::Close, docket.life.holder)?;
    docket.life.can_close()?;
    let mut fields = Fields::default();
    let text = fields.take(input::optional_text("text", wish.text.as_deref(), input::TEXT_MAX)).flatten();
    let remedy =
        fields.take(input::optional_text("remedy", wish.remedy.as_deref(), input::TEXT_MAX)).flatten();
    let stands = docket.row.outcome.as_deref() == Some(wish.outcome.as_str());
    let reason = wish.reason_code.clone().or_else(|| docket.row.outcome_reason.clone().filter(|_| stands));
    check_outcome(act, &docket.row.kind, &wish.outcome, reason.as_deref(), &mut fields);
    let lesson = learn::of_closing(connection, act, &docket, wish, &mut fields)?;
    fields.finish()?;
    let template = "case_closed";
    let ending =
        Ending { outcome: &wish.outcome, reason, text, remedy, template, lesson, ..Ending::default() };
    end(connection, act, docket, ending, Some(office))
}

/// Solved on the line: a first-class outcome (requirement tag P1.4).
fn advise(connection: &mut DbConnection, act: &Act, docket: Docket, wish: &Close) -> Result<Docket> {
    let office = policy::allow(act, Verb::Advise, docket.life.holder)?;
    docket.life.can_advise()?;
    let mut fields = Fields::default();
    let text = fields.take(input::text("text", wish.text.as_deref().unwrap_or_default(), input::TEXT_MAX));
    let remedy =
        fields.take(input::optional_text("remedy", wish.remedy.as_deref(), input::TEXT_MAX)).flatten();
    let lesson = learn::of_closing(connection, act, &docket, wish, &mut fields)?;
    fields.finish()?;
    let template = "case_closed";
    let ending = Ending { outcome: "advice", text, remedy, template, lesson, ..Ending::default() };
    end(connection, act, docket, ending, Some(office))
}

/// Proposes a dismissal, or confirms that of another person; always with a signpost.
pub fn dismiss(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    expected: Expected,
    wish: &Dismiss,
) -> Result<Docket> {
    let mut docket = Docket::open(connection, act, id, expected)?;
    let office = policy::allow(act, Verb::Dismiss, docket.life.holder)?;
    let by = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    docket.life.can_advise()?;
    let mut fields = Fields::default();
    if !["out_of_scope", "no_cause", "transferred_out"].contains(&wish.outcome.as_str()) {
        let list = "out_of_scope, no_cause, transferred_out";
        fields.add(FieldError::new(
            "outcome",
            "unknown",
            format!("یکی از این‌ها: {list}"),
            format!("Must be one of: {list}."),
        ));
    }
    let reason =
        fields.take(act.rules.reason("dismiss", "reason", &wish.reason)).map(|reason| reason.code.clone());
    let signpost = fields.take(input::text("signpost", &wish.signpost, input::TEXT_MAX));
    fields.finish()?;
    let proposal = Proposal {
        outcome: wish.outcome.clone(),
        reason: reason.unwrap_or_default(),
        signpost: signpost.unwrap_or_default(),
        by,
    };
    let first = docket.life.dismissal.clone();
    match docket.life.dismiss(proposal, None)? {
        fact @ Fact::DismissalProposed { .. } => {
            record(connection, act, &mut docket, &[fact], Some(office))?;
            docket.reload(connection)
        }
        _ => {
            let first = first.ok_or(Error::Conflict(Code::WrongState))?;
            let ending = Ending {
                outcome: &first.outcome,
                reason: Some(first.reason.clone()),
                text: Some(first.signpost.clone()),
                remedy: Some(first.signpost.clone()),
                template: "case_dismissed",
                ..Ending::default()
            };
            end(connection, act, docket, ending, Some(office))
        }
    }
}

/// Whether the case can be taken back now.
///
/// # Errors
/// Why it cannot.
pub fn can_be_withdrawn(connection: &mut DbConnection, act: &Act, id: CaseId) -> Result<()> {
    Docket::open(connection, act, id, Expected::Any)?.life.can_withdraw()
}

/// The citizen takes the case back; an agent may do it on the citizen's word.
pub fn withdraw(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    expected: Expected,
    wish: &Withdraw,
) -> Result<Docket> {
    let docket = Docket::open(connection, act, id, expected)?;
    let office = match act.actor {
        Actor::Citizen { .. } => None,
        _ => Some(policy::allow(act, Verb::Withdraw, docket.life.holder)?),
    };
    docket.life.can_withdraw()?;
    let mut fields = Fields::default();
    if wish.confirm != Some(true) {
        fields.add(FieldError::new(
            "confirm",
            "confirm",
            "پس از تأیید شهروند confirm را true بفرستید.",
            "Send confirm: true once the citizen has confirmed.",
        ));
    }
    let reason =
        fields.take(input::optional_text("reason", wish.reason.as_deref(), input::LINE_MAX)).flatten();
    fields.finish()?;
    let ending =
        Ending { outcome: "withdrawn", text: reason, template: "case_withdrawn", ..Ending::default() };
    // a letter is taken back with all its parts
    for part in docket.life.family.parts.clone() {
        let part = Docket::of_family(connection, act, part)?;
        end(connection, act, part, Ending { is_quiet: true, ..ending.clone() }, office)?;
    }
    let docket = Docket::open(connection, act, id, Expected::Any)?;
    end(connection, act, docket, ending, office)
}

/// Closes a case whose question was not answered in time, with notice; nothing when the citizen did reply.
pub fn close_without_reply(connection: &mut DbConnection, act: &Act, id: CaseId) -> Result<bool> {
    let docket = Docket::open(connection, act, id, Expected::Any)?;
    if docket.life.can_reply().is_err() || docket.row.wait_until.is_none_or(|until| until > act.now) {
        return Ok(false);
    }
    if docket.life.family.is_mass {
        return mass::come_due(connection, act, docket).map(|()| true);
    }
    let ending = Ending { outcome: "no_reply", template: "case_closed_no_reply", ..Ending::default() };
    end(connection, act, docket, ending, None).map(|_| true)
}

/// Closes an answered case whose reply window has passed, with the outcome of its answer.
pub fn close_after_window(connection: &mut DbConnection, act: &Act, id: CaseId) -> Result<bool> {
    let docket = Docket::open(connection, act, id, Expected::Any)?;
    if docket.life.can_close().is_err() || docket.row.window_until.is_none_or(|until| until > act.now) {
        return Ok(false);
    }
    if docket.life.family.is_mass {
        return mass::come_due(connection, act, docket).map(|()| true);
    }
    if matches!(docket.life.follows, Some((_, Relation::Member))) {
        // it closes with its group; its own window has passed all the same
        return mass::end_window(connection, id).map(|()| true);
    }
    let outcome = docket.row.outcome.clone().unwrap_or_else(|| "answered".into());
    let reason = docket.row.outcome_reason.clone();
    let ending = Ending { outcome: &outcome, reason, template: "case_closed", ..Ending::default() };
    end(connection, act, docket, ending, None).map(|_| true)
}

pub(super) fn end(
    connection: &mut DbConnection,
    act: &Act,
    mut docket: Docket,
    ending: Ending<'_>,
    office: Option<OfficeId>,
) -> Result<Docket> {
    let text_sha256 = ending.text.as_deref().map(|text| sha256_hex(text.as_bytes()));
    let closed =
        Fact::CaseClosed { outcome: ending.outcome.to_owned(), reason: ending.reason.clone(), text_sha256 };
    let facts: Vec<Fact> = ending.judged.clone().into_iter().chain([closed]).collect();
    let holder = docket.life.holder;
    let text = ending.text.clone().or_else(|| docket.row.outcome_text.clone());
    let effect = quality::record_lesson(connection, act, &docket, &ending.lesson)?;
    let facts: Vec<Fact> = effect.facts.iter().cloned().chain(facts).collect();
    let event = record(connection, act, &mut docket, &facts, office)?;
    quality::announce(connection, act, &docket.row, event, &effect)?;
    let language = if docket.row.language == "en" { Language::En } else { Language::Fa };
    let remedy = ending.remedy.clone().unwrap_or_else(|| standard_remedy(language).to_owned());
    let until = remedies::window(act, &docket, ending.outcome)?;
    prepared(diesel::update(cases::table.find(docket.row.id)).set((
        (cases::outcome_reason.eq(&ending.reason), cases::outcome_text.eq(&text), cases::remedy.eq(remedy)),
        (
            cases::closed_at.eq(act.now),
            cases::window_until.eq(None::<Time>),
            cases::remedy_until.eq(until),
            cases::wait_until.eq(None::<Time>),
        ),
        cases::paused_at.eq(None::<Time>),
    )))
    .execute(connection)?;
    clocks::stop_triage(connection, docket.row.id)?;
    let facts = Facts {
        office: Some(holder),
        outcome: Some(ending.outcome.to_owned()),
        reason: ending.reason.clone().and_then(|code| reason_words(act, &code, &docket.row.language)),
        text,
        until,
        ..Facts::default()
    };
    if !ending.is_quiet {
        notifications::to_citizen(connection, act, &docket.row, event, ending.template, &facts)?;
    }
    family::end_followers(connection, act, &docket, &ending)?;
    docket.reload(connection)
}

/// The next step where none was named: every closing shows a remedy (ISO 10002, closing).
pub fn standard_remedy(language: Language) -> &'static str {
    if language == Language::En {
        "If you do not agree, object within the window, or call 111; after that you may appeal to the level above."
    } else {
        "اگر موافق نیستید در مهلت مقرر اعتراض کنید یا با ۱۱۱ تماس بگیرید؛ پس از آن تجدیدنظر در سطح بالاتر ممکن است."
    }
}

fn reason_words(act: &Act, code: &str, language: &str) -> Option<String> {
    ["decline", "dismiss"].iter().find_map(|of| {
        let reason = act.rules.reason(of, "reason", code).ok()?;
        Some(if language == "en" { reason.en.clone() } else { reason.fa.clone() })
    })
}
