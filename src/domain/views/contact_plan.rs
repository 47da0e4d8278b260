//! A contact plan as staff keep it, as the desk needs it, and as its citizen reads it.

use serde::Serialize;

use super::case::{OfficeView, office_view};
use crate::db::DbConnection;
use crate::db::types::{CitizenId, ContactPlanId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::contact_plans::{self, Measure, PlanRow, PlanState, ReviewResult, ReviewRow};
use crate::domain::notifications::date;
use crate::domain::users;
use crate::error::{Language, Result};

/// A plan.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PlanView {
    pub id: ContactPlanId,
    pub citizen_id: CitizenId,
    pub state: PlanState,
    pub reasons: String,
    pub measures: Vec<Measure>,
    pub contact_office: Option<OfficeView>,
    pub subjects: Option<String>,
    pub review_at: Time,
    /// The plan that this one renews.
    pub renews: Option<ContactPlanId>,
    /// User name.
    pub proposed_by: Option<String>,
    pub proposed_at: Time,
    /// User name of who confirmed or rejected it.
    pub decided_by: Option<String>,
    pub decided_at: Option<Time>,
    /// Whether a notice could be sent; else it is to be handed over by letter.
    pub told: bool,
    pub ended_at: Option<Time>,
    pub end_reason: Option<String>,
    pub review: Option<ReviewView>,
}

/// The review of a plan.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ReviewView {
    pub text: String,
    pub at: Time,
    pub result: Option<ReviewResult>,
    pub grounds: Option<String>,
    pub decided_at: Option<Time>,
}

impl From<ReviewRow> for ReviewView {
    fn from(row: ReviewRow) -> Self {
        let ReviewRow { text, at, result, grounds, decided_at, .. } = row;
        Self { text, at, result, grounds, decided_at }
    }
}

/// What the desk does now because of a plan.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DeskPlan {
    pub id: ContactPlanId,
    pub measures: Vec<Measure>,
    pub contact_office: Option<OfficeView>,
    pub review_at: Time,
    /// What to do now, in the reader's words.
    pub advice: Vec<String>,
}

/// A plan as its citizen reads it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct OwnPlan {
    pub reasons: String,
    pub measures: Vec<Measure>,
    pub contact_office: Option<OfficeView>,
    pub subjects: Option<String>,
    /// Since when it holds.
    pub since: Option<Time>,
    /// When it ends unless it is renewed with reasons.
    pub review_at: Time,
    pub review: Option<ReviewView>,
    /// Whether a review may still be asked for.
    pub may_ask_review: bool,
}

/// Plans as staff keep them.
pub fn plans(connection: &mut DbConnection, act: &Act, rows: Vec<PlanRow>) -> Result<Vec<PlanView>> {
    let people: Vec<UserId> =
        rows.iter().flat_map(|row| [Some(row.proposed_by), row.decided_by]).flatten().collect();
    let names = if people.is_empty() { Default::default() } else { users::names(connection, &people)? };
    let name = |id: UserId| names.get(&id).map(|(username, _)| username.clone());
    let view = |row: PlanRow| {
        let review = contact_plans::review_of(connection, row.id)?.map(ReviewView::from);
        Ok(PlanView {
            id: row.id,
            citizen_id: row.citizen_id,
            state: row.state,
            measures: row.measures(),
            contact_office: row.contact_office_id.map(|id| office_view(act, id)),
            review_at: row.review_at,
            renews: row.renews_id,
            proposed_by: name(row.proposed_by),
            proposed_at: row.proposed_at,
            decided_by: row.decided_by.and_then(name),
            decided_at: row.decided_at,
            told: row.is_told,
            ended_at: row.ended_at,
            reasons: row.reasons,
            subjects: row.subjects,
            end_reason: row.end_reason,
            review,
        })
    };
    rows.into_iter().map(view).collect()
}

/// One plan as staff keep it.
pub fn plan(connection: &mut DbConnection, act: &Act, row: PlanRow) -> Result<PlanView> {
    plans(connection, act, vec![row])?.pop().ok_or(crate::error::Error::NotFound)
}

/// What the desk does now.
pub fn desk_plan(act: &Act, row: &PlanRow, reader: Language) -> DeskPlan {
    let office = row.contact_office_id.map(|id| office_view(act, id));
    let say = |fa: String, en: String| if reader == Language::En { en } else { fa };
    let mut advice = vec![say(
        "مانند همیشه ثبت کنید؛ هر پرونده خوانده می‌شود.".into(),
        "Register it as always; each case is read.".into(),
    )];
    advice.extend(row.measures().into_iter().map(|measure| match measure {
        Measure::SingleContact => {
            let (fa, en) = office.as_ref().map_or(("", ""), |office| (&office.name_fa, &office.name_en));
            say(format!("بگویید رابط او «{fa}» است."), format!("Tell that {en} is the one contact."))
        }
        Measure::WritingOnly => say(
            "گفتگو را کوتاه کنید؛ پاسخ نوشته و فرستاده می‌شود.".into(),
            "Keep the call short; the answer comes in writing.".into(),
        ),
        Measure::SubjectLimits => {
            let subjects = row.subjects.as_deref().unwrap_or_default();
            say(
                format!("درباره این موضوع‌ها تنها بپرسید چه چیز تازه است: {subjects}"),
                format!("On these subjects ask only what is new: {subjects}"),
            )
        }
        Measure::WarningLetter => say(
            "به او نامه هشدار داده شده است؛ آرام بمانید و اگر رفتار تکرار شد یادداشت کنید.".into(),
            "A warning letter was sent; stay calm and note it if the conduct goes on.".into(),
        ),
    }));
    let until = date(Some(row.review_at), reader);
    advice.push(say(
        format!("تا {until} است و حق بازبینی دارد؛ اگر خواست، درخواستش را ثبت کنید."),
        format!("It holds until {until}, and a review may be asked for; take it down if so."),
    ));
    DeskPlan {
        id: row.id,
        measures: row.measures(),
        contact_office: office,
        review_at: row.review_at,
        advice,
    }
}

/// A plan as its citizen reads it.
pub fn own_plan(connection: &mut DbConnection, act: &Act, row: PlanRow) -> Result<OwnPlan> {
    let review = contact_plans::review_of(connection, row.id)?.map(ReviewView::from);
    Ok(OwnPlan {
        measures: row.measures(),
        contact_office: row.contact_office_id.map(|id| office_view(act, id)),
        since: row.decided_at,
        review_at: row.review_at,
        may_ask_review: review.is_none(),
        review,
        reasons: row.reasons,
        subjects: row.subjects,
    })
}
