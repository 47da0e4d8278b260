//! A sample of closed cases: drawn by a seed that is kept, so that anybody can draw it again.
//!
//! In it are cases that were closed in the time named and are closed still, whose citizen can be rung up and has not
//! asked for no calls. Cases about whoever draws are in none of theirs. Withdrawn and merged cases are not: nobody answered them.

use diesel::dsl::not;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::draw::{Candidate, digest, draw};
use super::population::{candidates, is_covered};
use super::{CallState, Finding};
use crate::db::DbConnection;
use crate::db::among::among;
use crate::db::schema::{callbacks, cases, quality_samples};
use crate::db::types::{CallbackId, CaseId, CitizenId, OfficeId, SampleId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::conflict::condition;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::domain::visibility;
use crate::error::{Error, FieldError, Fields, Result};

/// A sample as wished.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Draw {
    pub from: Option<Time>,
    pub to: Option<Time>,
    /// Code of the office whose tree is looked at; the drawer's own when missing.
    pub office: Option<String>,
    pub kind: Option<String>,
    pub size: Option<i64>,
    /// Part of the closed cases, above 0 and at most 1.
    pub share: Option<f64>,
    pub seed: Option<String>,
    pub is_stratified: bool,
    /// Only shows what would be drawn.
    pub is_dry: bool,
}

/// A sample as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = quality_samples)]
pub struct SampleRow {
    pub id: SampleId,
    pub seed: String,
    pub from_at: Time,
    pub to_at: Time,
    pub office_id: OfficeId,
    pub kind: Option<String>,
    pub is_stratified: bool,
    pub population: i64,
    pub size: i64,
    pub digest: String,
    pub drawn_by: Option<UserId>,
    pub drawn_at: Time,
}

/// A sample and its list.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SampleView {
    /// None for a dry run.
    pub id: Option<SampleId>,
    /// Draws the same list again from the same closed cases.
    pub seed: String,
    pub from: Time,
    pub to: Time,
    pub office: String,
    pub kind: Option<String>,
    pub stratified: bool,
    /// How many cases it was drawn from.
    pub population: i64,
    pub size: i64,
    /// SHA-256 of the ids it was drawn from: whether it is still the same set.
    pub digest: String,
    pub drawn_at: Time,
    /// In the order of the draw; without the list in `GET /quality/samples`.
    pub cases: Vec<SampledCase>,
}

/// One case of a sample; without its code where the reader may not see the case.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SampledCase {
    pub position: i32,
    pub case_id: Option<CaseId>,
    pub tracking_code: Option<String>,
    /// Code of the office whose work it was.
    pub office: String,
}

impl SampleRow {
    fn view(&self, act: &Act) -> SampleView {
        SampleView {
            id: Some(self.id),
            seed: self.seed.clone(),
            from: self.from_at,
            to: self.to_at,
            office: act.rules.offices.code(self.office_id),
            kind: self.kind.clone(),
            stratified: self.is_stratified,
            population: self.population,
            size: self.size,
            digest: self.digest.clone(),
            drawn_at: self.drawn_at,
            cases: Vec::new(),
        }
    }
}

/// Draws a sample; every case of it becomes a call to be made.
pub fn draw_sample(connection: &mut DbConnection, act: &Act, wish: &Draw) -> Result<SampleView> {
    let own = policy::allow_anywhere(act, Verb::DrawSample)?;
    let mut fields = Fields::default();
    let office = match wish.office.as_deref() {
        Some(code) => fields.take(act.rules.offices.find("office", code).map(|office| office.id)),
        None => Some(own),
    };
    if let Some(code) = wish.kind.as_deref() {
        fields.take(act.rules.kind("kind", code).map(|_| ()));
    }
    let (from, to) = span(wish, &mut fields);
    check_size(act, wish, &mut fields)?;
    fields.finish()?;
    let office = office.unwrap_or(own);
    policy::allow(act, Verb::DrawSample, office)?;
    let set = candidates(connection, act, (from, to), office, wish.kind.as_deref())?;
    let size = match (wish.size, wish.share) {
        (Some(size), _) => usize::try_from(size).unwrap_or(0),
        (None, share) => (share.unwrap_or(0.0) * set.len() as f64).ceil() as usize,
    };
    if set.is_empty() {
        let (fa, en) = (
            "در این بازه پرونده بسته‌ای نیست که بتوان درباره آن تماس گرفت؛ بازه یا واحد را عوض کنید.",
            "No closed case of this time and office can be called about; name another time or office.",
        );
        return Err(Error::field(FieldError::new("from", "no_cases", fa, en)));
    }
    let id: SampleId = act.id();
    let seed = wish.seed.clone().unwrap_or_else(crate::domain::history::chain::salt);
    let drawn = draw(&seed, &set, size, wish.is_stratified);
    let row = SampleRow {
        id,
        seed,
        from_at: from,
        to_at: to,
        office_id: office,
        kind: wish.kind.clone(),
        is_stratified: wish.is_stratified,
        population: i64::try_from(set.len()).unwrap_or(i64::MAX),
        size: i64::try_from(drawn.len()).unwrap_or(i64::MAX),
        digest: digest(&set),
        drawn_by: act.actor.user(),
        drawn_at: act.now,
    };
    if !wish.is_dry {
        diesel::insert_into(quality_samples::table).values(&row).execute(connection)?;
        make_calls(connection, act, id, &drawn)?;
    }
    let mut view = row.view(act);
    view.id = view.id.filter(|_| !wish.is_dry);
    view.cases = listed(connection, act, &drawn)?;
    Ok(view)
}

fn span(wish: &Draw, fields: &mut Fields) -> (Time, Time) {
    let (Some(from), Some(to)) = (wish.from, wish.to) else {
        let missing = [("from", wish.from), ("to", wish.to)].into_iter().filter(|(_, time)| time.is_none());
        missing.for_each(|(field, _)| fields.add(FieldError::required(field)));
        return (Time::from_microsecond(0), Time::from_microsecond(0));
    };
    if from >= to {
        let (fa, en) = ("پایان بازه پس از آغاز آن باشد.", "The end of the time lies after its beginning.");
        fields.add(FieldError::new("to", "before_from", fa, en));
    }
    (from, to)
}

fn check_size(act: &Act, wish: &Draw, fields: &mut Fields) -> Result<()> {
    let most = act.rules.number("sample_max")?;
    match (wish.size, wish.share) {
        (Some(size), None) if !(1..=most).contains(&size) => fields.add(FieldError::new(
            "size",
            "out_of_range",
            format!("میان ۱ و {most}."),
            format!("Between 1 and {most}."),
        )),
        (None, Some(share)) if !(share > 0.0 && share <= 1.0) => fields.add(FieldError::new(
            "share",
            "out_of_range",
            "بیش از ۰ و حداکثر ۱؛ یک‌دهم را 0.1 بنویسید.",
            "Above 0 and at most 1; a tenth is 0.1.",
        )),
        (Some(_), Some(_)) | (None, None) => fields.add(FieldError::new(
            "size",
            "size_or_share",
            "یکی از size و share را بفرستید.",
            "Send one of size and share.",
        )),
        (Some(_), None) | (None, Some(_)) => {}
    }
    if wish.seed.as_deref().is_some_and(|seed| !(1..=100).contains(&seed.chars().count())) {
        let (fa, en) = ("بذر ۱ تا ۱۰۰ نویسه دارد.", "A seed has 1 to 100 characters.");
        fields.add(FieldError::new("seed", "invalid", fa, en));
    }
    Ok(())
}

fn make_calls(connection: &mut DbConnection, act: &Act, sample: SampleId, drawn: &[Candidate]) -> Result<()> {
    use callbacks as c;
    for (position, one) in (1..).zip(drawn) {
        type Closed = (Option<CitizenId>, Option<String>, Option<Time>);
        let (citizen, outcome, closed): Closed = cases::table
            .find(one.case)
            .select((cases::citizen_id, cases::outcome, cases::closed_at))
            .first(connection)?;
        let Some(citizen) = citizen else { continue };
        let state = match is_covered(connection, one.case, closed)? {
            true => CallState::Covered,
            false => CallState::Open,
        };
        let id: CallbackId = act.id();
        diesel::insert_into(c::table)
            .values((
                (c::id.eq(id), c::sample_id.eq(sample), c::position.eq(position), c::case_id.eq(one.case)),
                (c::citizen_id.eq(citizen), c::office_id.eq(one.office), c::outcome.eq(outcome)),
                (c::state.eq(state), c::attempts.eq(0), c::finding.eq(None::<Finding>)),
            ))
            .execute(connection)?;
    }
    Ok(())
}

fn listed(connection: &mut DbConnection, act: &Act, drawn: &[Candidate]) -> Result<Vec<SampledCase>> {
    let ids: Vec<CaseId> = drawn.iter().map(|one| one.case).collect();
    let codes: std::collections::HashMap<CaseId, String> = cases::table
        .filter(cases::id.eq_any(ids))
        .filter(visibility::visible(act))
        .select((cases::id, cases::tracking_code))
        .load::<(CaseId, String)>(connection)?
        .into_iter()
        .collect();
    let one = |(position, one): (i32, &Candidate)| SampledCase {
        position,
        case_id: codes.contains_key(&one.case).then_some(one.case),
        tracking_code: codes.get(&one.case).cloned(),
        office: act.rules.offices.code(one.office),
    };
    Ok((1..).zip(drawn).map(one).collect())
}

/// One page of the samples of the actor's offices, by id, without their lists; none that holds a case about the actor.
pub fn samples(
    connection: &mut DbConnection,
    act: &Act,
    after: Option<SampleId>,
    limit: i64,
) -> Result<Vec<SampleView>> {
    policy::allow_anywhere(act, Verb::ReadQuality)?;
    let about_them = callbacks::table.filter(among(callbacks::case_id, condition::barred(act)));
    let mut query = quality_samples::table
        .filter(quality_samples::id.gt(after.unwrap_or(SampleId(0))))
        .filter(not(among(quality_samples::id, about_them.select(callbacks::sample_id))))
        .into_boxed();
    if let Some(offices) = super::advice_view::own_tree(act, Verb::ReadQuality) {
        query = query.filter(quality_samples::office_id.eq_any(offices));
    }
    let rows: Vec<SampleRow> =
        query.order(quality_samples::id).limit(limit).select(SampleRow::as_select()).load(connection)?;
    Ok(rows.iter().map(|row| row.view(act)).collect())
}
