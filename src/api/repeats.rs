//! Repeats: what came before, asked before a case is registered or read of one that is; and closing as a repeat.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};

use super::body::{Body, IdempotencyKey, IfMatch, id};
use super::caller::Caller;
use super::case_verbs::case_verb;
use super::cases::{Outcome, with_case};
use super::commit::{Once, Reply, commit};
use super::page::Page;
use super::problem::{ProblemBody, language};
use crate::app::App;
use crate::db::DbConnection;
use crate::db::types::CaseId;
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::register::Place;
use crate::domain::cases::repeat::{self, CloseAsRepeat};
use crate::domain::citizens::{self, CitizenInput, Recognised};
use crate::domain::contact_plans;
use crate::domain::repeats::{self, Matter, Seen};
use crate::domain::rulebook::Verb;
use crate::domain::views::{self, CaseView, DeskPlan, RepeatView, SimilarView};
use crate::domain::{input, policy};
use crate::error::{FieldError, Fields, Language, Result};

/// What is about to be registered, as far as it is known.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Draft {
    /// Identifiers and contacts of the citizen; one at least.
    pub citizen: CitizenInput,
    pub text: Option<String>,
    pub subject: Option<String>,
    pub category: Option<String>,
    pub place: Option<Place>,
}

/// What the desk should know before it registers.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
pub struct DeskView {
    /// Earlier cases of the same citizen and household on the same matter, the most alike first.
    pub similar: Vec<SimilarView>,
    /// The citizen's contact plan, with what to do now. It never refuses a filing.
    pub contact_plan: Option<DeskPlan>,
}

/// A draft's repeats, and where the citizen stands today.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DraftView {
    #[serde(flatten)]
    desk: DeskView,
    /// Cases that the citizen registered on this day.
    today: usize,
    /// From this many on a reason is asked for.
    day_cap: i64,
    /// Whether the case can be registered only with `override_reason`.
    reason_needed: bool,
}

/// What is shown to staff of what was seen; nothing to anybody else.
pub(super) fn desk(
    connection: &mut DbConnection,
    act: &Act,
    seen: &Seen,
    reader: Language,
) -> Result<DeskView> {
    if !matches!(act.actor, Actor::Staff(_)) {
        return Ok(DeskView::default());
    }
    let plan = contact_plans::in_force(connection, act, &seen.own)?;
    Ok(DeskView {
        similar: views::similar(connection, act, &seen.found, reader)?,
        contact_plan: plan.map(|plan| views::desk_plan(act, &plan, reader)),
    })
}

/// Earlier cases of this citizen and household on this matter, before anything is registered. Reading them is
/// logged with each citizen.
#[utoipa::path(tag = "cases", request_body = Draft, security(("bearer" = [])), responses((status = 200, body = DraftView), (status = 422, body = ProblemBody)))]
#[post("/cases/similar")]
pub(super) async fn find_similar(app: web::Data<App>, caller: Caller, body: Body<Draft>) -> Outcome {
    let reader = language();
    Ok(commit(&app, caller.actor, None, move |connection, act| {
        policy::allow_anywhere(act, Verb::Register)?;
        let (known, matter) = draft(connection, act, &body.value)?;
        let seen = repeats::see(connection, act, &known, &matter)?;
        let day_cap = act.rules.number("same_day_max")?;
        let reason_needed = i64::try_from(seen.today).is_ok_and(|today| today >= day_cap);
        let desk = desk(connection, act, &seen, reader)?;
        Reply::ok(&DraftView { desk, today: seen.today, day_cap, reason_needed })
    })
    .await?)
}

fn draft(connection: &mut DbConnection, act: &Act, draft: &Draft) -> Result<(Recognised, Matter)> {
    let mut fields = Fields::default();
    let identity = citizens::parse(&draft.citizen, "citizen", &mut fields);
    if draft.citizen == CitizenInput::default() {
        fields.add(FieldError::required("citizen"));
    }
    let text = fields.take(input::optional_text("text", draft.text.as_deref(), input::TEXT_MAX)).flatten();
    let subject = input::optional_text("subject", draft.subject.as_deref(), input::LINE_MAX);
    let subject = fields.take(subject).flatten();
    let leaf = draft.category.as_deref().and_then(|code| fields.take(act.rules.category("category", code)));
    if text.is_none() && draft.category.is_none() {
        fields.add(FieldError::new(
            "text",
            "required",
            "متن یا موضوع (category) را بنویسید تا تکراری‌ها پیدا شوند.",
            "Give the text or the category, so that repeats can be found.",
        ));
    }
    let county = draft.place.as_ref().and_then(|place| place.county.as_deref());
    let county = county.and_then(|code| match act.rules.counties.get(code) {
        Some(county) => Some(county.code.as_str()),
        None => fields.take(Err(FieldError::unknown("place.county", code))),
    });
    fields.finish()?;
    let category = leaf.map(|leaf| leaf.code.as_str());
    let matter = Matter::new(category, county, subject.as_deref(), text.as_deref().unwrap_or_default());
    Ok((citizens::resemble(connection, act, &identity)?, matter))
}

/// Earlier and later cases of the same citizen and household on the same matter, as far as they may be seen.
#[utoipa::path(tag = "cases", security(("bearer" = [])), responses((status = 200, body = Page<RepeatView>), (status = 404, body = ProblemBody)))]
#[get("/cases/{id}/repeats")]
pub(super) async fn list_repeats(app: web::Data<App>, caller: Caller, path: web::Path<String>) -> Outcome {
    let reader = language();
    let items =
        with_case(&app, caller, &path, move |c, act, row| views::repeats_of(c, act, row, reader)).await?;
    Ok(HttpResponse::Ok().json(Page::whole(items)))
}

/// A supervisor closes the third identical filing after two notified answers.
#[utoipa::path(tag = "cases", request_body = CloseAsRepeat, security(("bearer" = [])), responses((status = 200, body = CaseView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/cases/{id}/closure-as-repeat")]
pub(super) async fn close_as_repeat(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<CloseAsRepeat>,
) -> Outcome {
    let (case, expected): (CaseId, _) = (id(&path)?, version.required()?);
    let once = Once::of(key, &format!("POST /cases/{case}/closure-as-repeat"), &body.digest);
    case_verb(&app, caller.actor, once, move |c, act| {
        repeat::close_as_repeat(c, act, case, expected, &body.value)
    })
    .await
}
