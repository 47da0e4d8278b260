//! Objections and appeals as their citizen reads them: who decides until when, the result with its grounds, what
//! follows from it, and the next step (requirement tag S2.2iv: a decision is told with its grounds).

use std::collections::HashMap;

use diesel::prelude::*;
use serde::Serialize;

use super::case::{OfficeView, office_view};
use crate::db::DbConnection;
use crate::db::schema::referrals;
use crate::db::types::{AppealId, CaseId, OfficeId, ReferralId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::CaseRow;
use crate::domain::cases::close::standard_remedy;
use crate::domain::cases::life::{AppealResult, Consequence, Status};
use crate::domain::cases::remedies::{self, AppealRow, signposts};
use crate::domain::notifications::date;
use crate::error::{Language, Result};

/// An objection of the citizen.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PublicObjection {
    pub at: Time,
    /// Who answers once more.
    pub body: OfficeView,
    /// Until when the additional answer was promised.
    pub due_at: Option<Time>,
}

/// An appeal of the citizen, and the decision on it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PublicAppeal {
    pub at: Time,
    /// Whose answer, or silence, it is about.
    pub against: OfficeView,
    /// Who decides.
    pub body: OfficeView,
    /// Until when the decision was promised.
    pub due_at: Option<Time>,
    pub decided_at: Option<Time>,
    pub result: Option<AppealResult>,
    /// The result in plain words of the reader's language.
    pub result_text: Option<String>,
    /// Why, as the appeal officer wrote it.
    pub grounds: Option<String>,
    pub consequence: Option<Consequence>,
    /// What follows, in plain words of the reader's language.
    pub consequence_text: Option<String>,
    /// What the citizen awaits or may do now, in plain words of the reader's language.
    pub next_step: String,
}

/// The office of a referral and its due time.
type Desks = HashMap<ReferralId, (OfficeId, Option<Time>)>;

fn desks(connection: &mut DbConnection, ids: &[ReferralId]) -> Result<Desks> {
    let rows: Vec<(ReferralId, OfficeId, Option<Time>)> = referrals::table
        .filter(referrals::id.eq_any(ids.to_vec()))
        .select((referrals::id, referrals::office_id, referrals::due_at))
        .load(connection)?;
    Ok(rows.into_iter().map(|(id, office, due)| (id, (office, due))).collect())
}

/// The objections of a case, oldest first.
pub(super) fn public_objections(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
) -> Result<Vec<PublicObjection>> {
    if row.objections == 0 {
        return Ok(Vec::new());
    }
    let rows = remedies::objections_of(connection, act, row.id)?;
    let desks = desks(connection, &rows.iter().map(|row| row.referral_id).collect::<Vec<_>>())?;
    Ok(rows
        .into_iter()
        .map(|one| {
            let desk = desks.get(&one.referral_id);
            let body = desk.map_or(row.holder_office_id, |(office, _)| *office);
            PublicObjection {
                at: one.at,
                body: office_view(act, body),
                due_at: desk.and_then(|(_, due)| *due),
            }
        })
        .collect())
}

/// The appeals of a case, oldest first.
pub(super) fn public_appeals(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    reader: Language,
) -> Result<Vec<PublicAppeal>> {
    let rows = remedies::appeals_of(connection, row.id)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let desks = desks(connection, &rows.iter().map(|row| row.referral_id).collect::<Vec<_>>())?;
    let newest = rows.last().map(|appeal| appeal.id);
    let view = |appeal: AppealRow| {
        let (office, due_at) =
            desks.get(&appeal.referral_id).copied().unwrap_or((row.holder_office_id, None));
        let body = office_view(act, office);
        let is_newest = newest == Some(appeal.id);
        PublicAppeal {
            at: appeal.at,
            against: office_view(act, appeal.against_office_id),
            next_step: next_step(act, row, &appeal, (&body, due_at), is_newest, reader),
            body,
            due_at,
            decided_at: appeal.decided_at,
            result_text: appeal.result.map(|result| say(reader, result.words()).to_owned()),
            result: appeal.result,
            grounds: appeal.grounds.clone(),
            consequence_text: appeal.consequence.map(|what| follows(act, what, &appeal, reader)),
            consequence: appeal.consequence,
        }
    };
    Ok(rows.into_iter().map(view).collect())
}

fn say<'a>(reader: Language, (fa, en): (&'a str, &'a str)) -> &'a str {
    if reader == Language::En { en } else { fa }
}

/// What follows from a decision, in plain words.
fn follows(act: &Act, what: Consequence, appeal: &AppealRow, reader: Language) -> String {
    let outcome = |code: &Option<String>| {
        code.as_deref().map(|code| act.rules.outcome_name(code, reader)).unwrap_or_default()
    };
    match (what, reader) {
        (Consequence::ReAnswer, Language::Fa) => "دستگاه باید دوباره پاسخ دهد".into(),
        (Consequence::ReAnswer, Language::En) => "The body must answer again".into(),
        (Consequence::ChangeOutcome, Language::Fa) => {
            format!("نتیجه پرونده عوض شد: {}", outcome(&appeal.outcome))
        }
        (Consequence::ChangeOutcome, Language::En) => {
            format!("The outcome of the case was changed: {}", outcome(&appeal.outcome))
        }
        (Consequence::None, Language::Fa) => "پاسخ پیشین بر جای خود ماند".into(),
        (Consequence::None, Language::En) => "The former answer stands".into(),
    }
}

fn next_step(
    act: &Act,
    row: &CaseRow,
    appeal: &AppealRow,
    (body, due_at): (&OfficeView, Option<Time>),
    is_newest: bool,
    reader: Language,
) -> String {
    match (appeal.consequence, reader) {
        (None, Language::Fa) => {
            format!("«{}» تا {} تصمیم می‌گیرد و دلیل آن را می‌نویسد", body.name_fa, date(due_at, reader))
        }
        (None, Language::En) => {
            format!("{} decides by {}, with grounds", body.name_en, date(due_at, reader))
        }
        (Some(Consequence::ReAnswer), _) if is_newest && row.status == Status::Referred => {
            let due = date(Some(row.due_at), reader);
            match reader {
                Language::Fa => format!("پاسخ تازه دستگاه تا {due} به شما می‌رسد"),
                Language::En => format!("The new answer reaches you by {due}"),
            }
        }
        (Some(Consequence::ReAnswer), Language::Fa) => "پاسخ تازه در همین صفحه آمده است".into(),
        (Some(Consequence::ReAnswer), Language::En) => "The new answer is shown with the case".into(),
        (Some(Consequence::ChangeOutcome | Consequence::None), _) => {
            let final_here = say(
                reader,
                (
                    "این تصمیم در سامد نهایی است. بیرون از سامد می‌توانید به این مراجع بروید:",
                    "This decision is final here. Outside the service you may turn to:",
                ),
            );
            format!("{final_here}\n{}", signposts(&act.rules, reader))
        }
    }
}

/// The next step that a closing shows: what the service wrote itself, in the reader's language; what a person wrote,
/// as written.
pub(super) fn remedy_text(act: &Act, row: &CaseRow, reader: Language) -> Option<String> {
    let stored = row.remedy.as_deref()?;
    let both = [Language::Fa, Language::En];
    if both.iter().any(|language| standard_remedy(*language) == stored) {
        return Some(standard_remedy(reader).to_owned());
    }
    if both.iter().any(|language| signposts(&act.rules, *language) == stored) {
        return Some(signposts(&act.rules, reader));
    }
    Some(stored.to_owned())
}

/// The grounds of the appeals of a case that were decided.
pub(super) fn grounds_of(connection: &mut DbConnection, case: CaseId) -> Result<HashMap<AppealId, String>> {
    let rows = remedies::appeals_of(connection, case)?;
    Ok(rows.into_iter().filter_map(|row| Some((row.id, row.grounds?))).collect())
}
