//! A citizen asks with the look-up that the own record be corrected; a person of staff decides within a limit. What is
//! accepted is the same correction that staff make themselves, with the same notices (requirement tag S4.4).
//!
//! Whoever asks learns nothing of what the record says: a wish is taken whether it is true or not.

use std::collections::HashMap;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::corrections::{self, Correct, Particular};
use super::{notices, reach};
use crate::db::DbConnection;
use crate::db::connection::MultiBackend;
use crate::db::dialect::for_update;
use crate::db::schema::{cases, correction_requests as r};
use crate::db::sealed::Sealed;
use crate::db::types::{CaseId, CitizenId, CorrectionId, CorrectionRequestId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::life::Fact;
use crate::domain::cases::{CaseRow, Docket, Expected, record};
use crate::domain::confidentiality::{Why, reads};
use crate::domain::notifications::Facts;
use crate::domain::rulebook::Verb;
use crate::domain::vault::field;
use crate::domain::{deadlines, input, policy, visibility};
use crate::error::{Code, Error, FieldError, Fields, Result};
use crate::text_enum;

text_enum! {
    /// Where a wish stands.
    pub enum WishState { Open = "open", Accepted = "accepted", Refused = "refused" }
}

/// Wishes that are looked at in one read.
const BATCH: i64 = 200;

/// The reason of a correction where the citizen wrote none.
const AT_WISH: &str = "به خواست شهروند / at the citizen's wish";

/// What the citizen says is wrong.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskCorrection {
    /// `national_id`, `foreign_id`, `name`, `mobile`, `phone`, `email`, `address` or `postal_code`.
    pub field: String,
    /// The right value.
    pub value: String,
    /// Why, and what can be shown for it.
    #[serde(default)]
    pub grounds: Option<String>,
}

/// The decision on a wish.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideCorrection {
    pub accept: bool,
    /// What was shown: the document and its number; for an acceptance.
    #[serde(default)]
    pub evidence: Option<String>,
    /// Why not, in words that the citizen reads; for a refusal.
    #[serde(default)]
    pub words: Option<String>,
}

/// A wish as its citizen sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct OwnWish {
    pub id: CorrectionRequestId,
    pub field: Particular,
    pub state: WishState,
    pub at: Time,
    /// Until when it is decided.
    pub due_at: Time,
    pub decided_at: Option<Time>,
    /// Why it was refused.
    pub words: Option<String>,
}

/// A wish as staff decide on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct WishView {
    #[serde(flatten)]
    pub wish: OwnWish,
    pub case_id: CaseId,
    pub citizen_id: Option<CitizenId>,
    pub value: String,
    pub grounds: Option<String>,
    /// Not decided in time.
    pub is_late: bool,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = r)]
struct Row {
    id: CorrectionRequestId,
    case_id: CaseId,
    field: Particular,
    value: Sealed,
    grounds: Option<Sealed>,
    at: Time,
    due_at: Time,
    state: WishState,
    words: Option<Sealed>,
    decided_at: Option<Time>,
}

impl Row {
    fn own(&self, connection: &mut DbConnection, act: &Act) -> Result<OwnWish> {
        let field = field!(correction_requests::words);
        Ok(OwnWish {
            id: self.id,
            field: self.field,
            state: self.state,
            at: self.at,
            due_at: self.due_at,
            decided_at: self.decided_at,
            words: act.vault.open_some(connection, field, self.id, self.words.as_ref())?,
        })
    }

    fn value(&self, connection: &mut DbConnection, act: &Act) -> Result<String> {
        act.vault.open(connection, field!(correction_requests::value), self.id, &self.value)
    }

    fn grounds(&self, connection: &mut DbConnection, act: &Act) -> Result<Option<String>> {
        let field = field!(correction_requests::grounds);
        act.vault.open_some(connection, field, self.id, self.grounds.as_ref())
    }
}

/// Takes the citizen's wish, by the look-up of a case; it must be decided within the limit `correction_decision`.
///
/// # Errors
/// `no_record` where the case names nobody; `already_done` while the same is asked already; field errors.
pub fn ask(connection: &mut DbConnection, act: &Act, case: CaseId, wish: &AskCorrection) -> Result<OwnWish> {
    let mut docket = Docket::open(connection, act, case, Expected::Any)?;
    if docket.row.citizen_id.is_none() {
        return Err(Error::Conflict(Code::NoRecord));
    }
    let mut fields = Fields::default();
    let told = corrections::parsed(&wish.field, &wish.value, &mut fields);
    let grounds = input::optional_text("grounds", wish.grounds.as_deref(), input::LINE_MAX);
    let grounds = fields.take(grounds).flatten();
    fields.finish()?;
    let Some((particular, _, value)) = told else { return Err(Error::internal("a checked field was lost")) };
    let same = r::table.filter(r::case_id.eq(case).and(r::field.eq(particular)));
    let open: i64 = same.filter(r::state.eq(WishState::Open)).count().get_result(connection)?;
    if open > 0 {
        return Err(Error::Conflict(Code::AlreadyDone));
    }
    let id: CorrectionRequestId = act.id();
    let seal = |field, text: Option<&str>| act.vault.seal_some(field, id, text);
    diesel::insert_into(r::table)
        .values((
            (r::id.eq(id), r::case_id.eq(case), r::field.eq(particular), r::state.eq(WishState::Open)),
            r::value.eq(act.vault.seal(field!(correction_requests::value), id, &value)?),
            r::grounds.eq(seal(field!(correction_requests::grounds), grounds.as_deref())?),
            (r::at.eq(act.now), r::due_at.eq(due(act)?)),
        ))
        .execute(connection)?;
    let fact = Fact::CorrectionAsked { request: id, field: particular.to_string() };
    record(connection, act, &mut docket, &[fact], None)?;
    find(connection, id)?.own(connection, act)
}

fn due(act: &Act) -> Result<Time> {
    let span = act.rules.required_span("correction_decision", None, None, None, false)?;
    let calendar = act.rules.calendar(act.rules.offices.centre())?;
    deadlines::due(calendar, act.now.timestamp(), span).map(Time::from).map_err(Error::internal)
}

fn find(connection: &mut DbConnection, id: CorrectionRequestId) -> Result<Row> {
    Ok(r::table.find(id).select(Row::as_select()).first(connection)?)
}

/// The wishes of a case, oldest first, as its citizen sees them.
pub fn own(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<Vec<OwnWish>> {
    let rows: Vec<Row> = r::table
        .filter(r::case_id.eq(case))
        .order(r::id)
        .limit(100)
        .select(Row::as_select())
        .load(connection)?;
    rows.iter().map(|row| row.own(connection, act)).collect()
}

/// One page of the wishes of a state, oldest first, and after which the next begins, as far as their cases are visible. Whose a sealed case is, is told
/// to those only who may know; each reading is logged.
pub fn list(
    connection: &mut DbConnection,
    act: &Act,
    state: WishState,
    after: Option<CorrectionRequestId>,
    limit: i64,
) -> Result<(Vec<WishView>, Option<CorrectionRequestId>)> {
    policy::allow_anywhere(act, Verb::EditCitizens)?;
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut shown, mut at) = (Vec::new(), after.unwrap_or(CorrectionRequestId(0)));
    loop {
        let rows: Vec<Row> = r::table
            .filter(r::state.eq(state).and(r::id.gt(at)))
            .order(r::id)
            .limit(BATCH)
            .select(Row::as_select())
            .load(connection)?;
        let is_last = i64::try_from(rows.len()).unwrap_or(0) < BATCH;
        let seen = seen_among(connection, act, rows.iter().map(|row| row.case_id).collect())?;
        for row in rows {
            if let Some(citizen) = seen.get(&row.case_id) {
                // what is not shown is not read either
                if shown.len() == size {
                    return Ok((shown, Some(at)));
                }
                shown.push(view(connection, act, &row, *citizen)?);
            }
            at = row.id;
        }
        if is_last {
            return Ok((shown, None));
        }
    }
}

/// Those of these cases that are visible and of which the actor may know whose they are, each with its citizen.
fn seen_among(
    connection: &mut DbConnection,
    act: &Act,
    ids: Vec<CaseId>,
) -> Result<HashMap<CaseId, Option<CitizenId>>> {
    let mut query = cases::table
        .filter(cases::id.eq_any(ids))
        .filter(visibility::visible(act))
        .select((cases::id, cases::citizen_id))
        .into_boxed::<MultiBackend>();
    if policy::allow_anywhere(act, Verb::LinkSealed).is_err() {
        query = query.filter(cases::is_sealed.eq(false));
    }
    Ok(query.load::<(CaseId, Option<CitizenId>)>(connection)?.into_iter().collect())
}

fn view(connection: &mut DbConnection, act: &Act, row: &Row, citizen: Option<CitizenId>) -> Result<WishView> {
    if let Some(citizen) = citizen {
        reads::of_record(connection, act, citizen, Verb::EditCitizens, Why::CitizenRecord)?;
    }
    Ok(WishView {
        wish: row.own(connection, act)?,
        case_id: row.case_id,
        citizen_id: citizen,
        value: row.value(connection, act)?,
        grounds: row.grounds(connection, act)?,
        is_late: row.state == WishState::Open && row.due_at < act.now,
    })
}

/// Decides on an open wish: an acceptance is a correction on evidence, a refusal says why.
///
/// # Errors
/// `NotFound` where the case or its citizen is not the actor's to change; `already_done`; `duplicate` when another
/// record has the identifier; `second_person_required` where a case of the citizen is about the actor; field errors.
pub fn decide(
    connection: &mut DbConnection,
    act: &Act,
    id: CorrectionRequestId,
    wish: &DecideCorrection,
) -> Result<WishView> {
    policy::allow_anywhere(act, Verb::EditCitizens)?;
    let by = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    let row: Row = for_update(r::table.find(id).select(Row::as_select())).get_result(connection)?;
    let case = seen(connection, act, row.case_id)?;
    let citizen = reach::allow(connection, act, case.citizen_id.ok_or(Error::NotFound)?)?;
    if row.state != WishState::Open {
        return Err(Error::Conflict(Code::AlreadyDone));
    }
    reach::be_impartial(connection, act, citizen)?;
    let (state, correction, words) = match wish.accept {
        true => (WishState::Accepted, accept(connection, act, &row, citizen, wish)?, None),
        false => (WishState::Refused, None, Some(refusal(wish)?)),
    };
    let sealed = act.vault.seal_some(field!(correction_requests::words), id, words.as_deref())?;
    diesel::update(r::table.find(id))
        .set((
            (r::state.eq(state), r::words.eq(sealed), r::correction_id.eq(correction)),
            (r::decided_by.eq(by), r::decided_at.eq(act.now)),
        ))
        .execute(connection)?;
    settle(connection, act, &row, words)?;
    let row = find(connection, id)?;
    view(connection, act, &row, Some(citizen))
}

/// The case of a wish, where the actor may know whose it is.
fn seen(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<CaseRow> {
    let row = crate::domain::cases::find_visible(connection, act, case)?;
    match row.is_sealed && policy::allow_anywhere(act, Verb::LinkSealed).is_err() {
        true => Err(Error::NotFound),
        false => Ok(row),
    }
}

/// The correction; none where the record says so already.
fn accept(
    connection: &mut DbConnection,
    act: &Act,
    row: &Row,
    citizen: CitizenId,
    wish: &DecideCorrection,
) -> Result<Option<CorrectionId>> {
    let grounds = row.grounds(connection, act)?;
    let correct = Correct {
        field: row.field.to_string(),
        value: row.value(connection, act)?,
        evidence: wish.evidence.clone().unwrap_or_default(),
        reason: grounds.unwrap_or_else(|| AT_WISH.into()),
    };
    match corrections::correct(connection, act, citizen, &correct) {
        Ok(correction) => Ok(Some(correction.id)),
        Err(Error::Conflict(Code::AlreadyDone)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn refusal(wish: &DecideCorrection) -> Result<String> {
    let mut fields = Fields::default();
    let words = wish.words.as_deref().unwrap_or_default();
    let words = fields.take(input::text("words", words, input::TEXT_MAX)).unwrap_or_default();
    if wish.evidence.is_some() {
        let (fa, en) = ("مدرک برای پذیرش است.", "Evidence belongs to an acceptance; leave it out.");
        fields.add(FieldError::new("evidence", "not_for_refusal", fa, en));
    }
    fields.finish()?;
    Ok(words)
}

/// The decision stands in the history of the case; a refusal is told with its reason.
fn settle(connection: &mut DbConnection, act: &Act, row: &Row, words: Option<String>) -> Result<()> {
    let _: CaseId = for_update(cases::table.find(row.case_id).select(cases::id)).get_result(connection)?;
    let case: CaseRow = cases::table.find(row.case_id).select(CaseRow::as_select()).first(connection)?;
    let mut docket = Docket::of_row(connection, act, case)?;
    let fact = Fact::CorrectionDecided { request: row.id, accepted: words.is_none() };
    record(connection, act, &mut docket, &[fact], None)?;
    match words {
        Some(words) => {
            let facts = Facts { text: Some(words), ..Facts::default() };
            notices::tell_with(connection, act, &docket.row, "correction_refused", |_| facts)
        }
        None => Ok(()),
    }
}
