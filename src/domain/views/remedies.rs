//! What a citizen may do now and why not the rest, and appeals as staff see them.

use std::collections::HashMap;

use serde::Serialize;

use super::case::{OfficeView, office_view};
use crate::db::DbConnection;
use crate::db::types::{AppealId, ReferralId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::cases::family;
use crate::domain::cases::life::{AppealCause, AppealResult, Consequence, Standing, Status};
use crate::domain::cases::remedies::{self, AppealRow, ObjectionRow};
use crate::domain::cases::{CaseRow, Channel, Docket};
use crate::domain::confidentiality::Veil;
use crate::domain::notifications::date;
use crate::domain::referrals;
use crate::domain::rulebook::Verb;
use crate::domain::users;
use crate::error::{Error, Language, Result};

/// One thing that a citizen can do with a case, or why not now.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CitizenAction {
    pub verb: Verb,
    pub allowed: bool,
    /// Why not: a code of the problem catalogue.
    pub code: Option<String>,
    /// The same in words, in the reader's language.
    pub why: Option<String>,
    /// From when on it is open, where that is known: a late answer lets the citizen go one level up.
    pub from: Option<Time>,
    /// Until when it is open.
    pub until: Option<Time>,
    pub method: String,
    pub href: String,
}

/// Everything that the citizen of a case might do; asked of the state machine that the verbs ask.
pub fn citizen_actions(
    connection: &mut DbConnection,
    act: &Act,
    row: CaseRow,
    reader: Language,
) -> Result<Vec<CitizenAction>> {
    let docket = Docket::of_row(connection, act, row)?;
    let standing = remedies::standing(connection, act, &docket)?;
    let asked = match docket.life.awaits_consent() {
        Ok((_, request)) => Some(referrals::request(connection, request)?),
        Err(_) => None,
    };
    let (life, row) = (&docket.life, &docket.row);
    let action = |verb: Verb, path: &str, verdict: Result<()>, until: Option<Time>| {
        let code = verdict.as_ref().err().map(Error::code);
        CitizenAction {
            verb,
            allowed: verdict.is_ok(),
            code: code.map(|code| code.as_str().to_owned()),
            why: code.map(|code| code.title(reader).to_owned()),
            from: None,
            until: until.filter(|_| verdict.is_ok()),
            method: "POST".into(),
            href: format!("/api/v1/public/cases/{}/{path}", row.tracking_code),
        }
    };
    let (object, appeal) = spoken(connection, act, &docket, standing)?;
    let waits = life.status == Status::Referred && appeal.is_err();
    Ok(vec![
        action(Verb::Reply, "messages", life.can_speak(), row.wait_until),
        action(Verb::Object, "objection", object, standing.window),
        action(Verb::Rate, "rating", life.can_rate(standing), standing.window),
        CitizenAction {
            from: standing.due.filter(|_| waits),
            ..action(Verb::Appeal, "appeal", appeal, standing.window)
        },
        action(
            Verb::Consent,
            "extension-consent",
            life.awaits_consent().map(|_| ()),
            asked.map(|row| row.wait_until),
        ),
        action(Verb::Withdraw, "withdrawal", life.can_withdraw(), None),
        action(Verb::Merge, "unmerge", life.followed().map(|_| ()), None),
    ])
}

/// Whether the citizen may object and appeal now: for this case, or for the group in whose name it speaks.
fn spoken(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    standing: Standing,
) -> Result<(Result<()>, Result<()>)> {
    let ask = |docket: &Docket, standing: Standing| {
        let appeal = docket.life.can_appeal(standing, &act.rules.offices, &docket.conflict).map(|_| ());
        (docket.life.can_object(standing).map(|_| ()), appeal)
    };
    match family::voice(connection, act, docket.row.id) {
        Ok((_, case)) if case != docket.row.id => {
            let lead = Docket::glimpse(connection, act, case)?;
            let standing = remedies::standing(connection, act, &lead)?;
            Ok(ask(&lead, standing))
        }
        Ok(_) => Ok(ask(docket, standing)),
        Err(Error::Forbidden(code)) => Ok((Err(Error::Forbidden(code)), Err(Error::Forbidden(code)))),
        Err(Error::Conflict(code)) => Ok((Err(Error::Conflict(code)), Err(Error::Conflict(code)))),
        Err(other) => Err(other),
    }
}

/// What somebody hears who gave a poor rating: that and how an appeal is open; none where it is not.
pub fn poor_rating_words(
    act: &Act,
    actions: &[CitizenAction],
    rating: Option<i32>,
    reader: Language,
) -> Option<String> {
    let appeal = actions.iter().find(|action| action.verb == Verb::Appeal && action.allowed)?;
    let poor = act.rules.number("rating_poor_max").ok()?;
    rating.filter(|score| i64::from(*score) <= poor)?;
    let until = date(appeal.until, reader);
    Some(match reader {
        Language::Fa => format!(
            "متأسفیم که راضی نبودید. تا {until} می‌توانید در صفحه پیگیری یا با تلفن ۱۱۱ تجدیدنظر بخواهید؛ سطح بالاتر و فرد دیگری تصمیم می‌گیرد."
        ),
        Language::En => format!(
            "We are sorry that you were not satisfied. Until {until} you may appeal on the tracking page or by telephone 111; the level above and another person decide."
        ),
    })
}

/// An appeal and the decision on it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AppealView {
    pub id: AppealId,
    pub referral_id: ReferralId,
    /// The office that is appealed against.
    pub against: OfficeView,
    pub cause: AppealCause,
    pub text: String,
    pub channel: Channel,
    pub at: Time,
    /// What stood when the citizen appealed; none where no answer had been given.
    pub former_outcome: Option<String>,
    pub result: Option<AppealResult>,
    pub consequence: Option<Consequence>,
    pub outcome: Option<String>,
    pub grounds: Option<String>,
    /// User name of the appeal officer.
    pub decided_by: Option<String>,
    pub decided_at: Option<Time>,
}

/// The objections of a case, oldest first; who reads the extract gets the citizen's words by the next extract.
pub fn objections(connection: &mut DbConnection, act: &Act, row: &CaseRow) -> Result<Vec<ObjectionRow>> {
    let veil = Veil::of(connection, act, row)?;
    let mut rows = remedies::objections_of(connection, act, row.id)?;
    rows.iter_mut().for_each(|row| row.text = veil.citizens(std::mem::take(&mut row.text)));
    Ok(rows)
}

/// The appeals of a case, oldest first; the same holds for their words.
pub fn appeals(connection: &mut DbConnection, act: &Act, case: &CaseRow) -> Result<Vec<AppealView>> {
    let mut veil = Veil::of(connection, act, case)?;
    let rows = remedies::appeals_of(connection, case.id)?;
    let people: Vec<UserId> = rows.iter().filter_map(|row| row.decided_by).collect();
    let names = users::names(connection, &people)?;
    rows.into_iter()
        .map(|row| {
            let text = veil.citizens(row.words(connection, act)?);
            Ok(appeal(act, row, text, &names, &mut veil))
        })
        .collect()
}

fn appeal(
    act: &Act,
    row: AppealRow,
    text: String,
    names: &HashMap<UserId, (String, String)>,
    veil: &mut Veil,
) -> AppealView {
    AppealView {
        id: row.id,
        referral_id: row.referral_id,
        against: office_view(act, row.against_office_id),
        cause: row.cause,
        text,
        channel: row.channel,
        at: row.at,
        former_outcome: row.former_outcome,
        result: row.result,
        consequence: row.consequence,
        outcome: row.outcome,
        grounds: veil.some(row.grounds),
        decided_by: row.decided_by.and_then(|id| names.get(&id)).map(|(username, _)| username.clone()),
        decided_at: row.decided_at,
    }
}
