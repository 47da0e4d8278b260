//! Objection, appeal and rating: by the citizen with the look-up token, or taken down by staff; and the
//! decision on an appeal.

use actix_web::{HttpResponse, get, post, web};
use serde::Serialize;

use super::body::{Body, IdempotencyKey, IfMatch, id};
use super::caller::{Caller, CitizenCaller};
use super::case_verbs::case_verb;
use super::cases::{Outcome, with_disclosure};
use super::commit::{Once, Reply, commit};
use super::page::Page;
use super::problem::{ProblemBody, language};
use super::public::own_case;
use crate::app::App;
use crate::db::DbConnection;
use crate::db::types::CaseId;
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::remedies::{self, Appeal, Decide, Object, ObjectionRow, Rate};
use crate::domain::cases::{Docket, Expected};
use crate::domain::confidentiality::Why;
use crate::domain::referrals::{self, ConsentGiven};
use crate::domain::views::{self, AppealView, CaseView, CitizenAction, PublicCase};
use crate::error::{Language, Result};

/// The case after a citizen's word, and what is open now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RemedyView {
    case: PublicCase,
    actions: Vec<CitizenAction>,
    /// After a poor rating: that an appeal is open, and how.
    message: Option<String>,
}

fn view(connection: &mut DbConnection, act: &Act, docket: &Docket, reader: Language) -> Result<RemedyView> {
    let actions = views::citizen_actions(connection, act, docket.row.clone(), reader)?;
    let message = views::poor_rating_words(act, &actions, docket.row.rating, reader);
    Ok(RemedyView { case: views::public_case(connection, act, &docket.row, reader)?, actions, message })
}

/// Runs one of the citizen's verbs.
async fn say<F>(app: &web::Data<App>, case: CaseId, once: Option<Once>, status: u16, verb: F) -> Outcome
where
    F: Fn(&mut DbConnection, &Act) -> Result<Docket> + Send + 'static,
{
    let reader = language();
    Ok(commit(app, Actor::Citizen { case }, once, move |connection, act| {
        verb(connection, act)?;
        // who speaks for a group is shown the case of its own
        let docket = Docket::read(connection, act, case)?;
        let view = view(connection, act, &docket, reader)?;
        if status == 201 { Reply::created(&view) } else { Reply::ok(&view) }
    })
    .await?)
}

/// The citizen objects to the answer; the same body answers once more.
#[utoipa::path(tag = "public", request_body = Object, security(("bearer" = [])), responses((status = 201, body = RemedyView), (status = 409, body = ProblemBody)))]
#[post("/public/cases/{tracking_code}/objection")]
pub(super) async fn object_to_answer(
    app: web::Data<App>,
    citizen: CitizenCaller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Object>,
) -> Outcome {
    let case = own_case(&app, &citizen, &path).await?;
    let once = Once::of(key, &format!("POST /public/cases/{case}/objection"), &body.digest);
    let wish = Object { channel: Some("web".into()), ..body.value };
    say(&app, case, once, 201, move |c, act| remedies::object(c, act, case, Expected::Any, &wish)).await
}

/// The citizen appeals; the level above decides.
#[utoipa::path(tag = "public", request_body = Appeal, security(("bearer" = [])), responses((status = 201, body = RemedyView), (status = 409, body = ProblemBody)))]
#[post("/public/cases/{tracking_code}/appeal")]
pub(super) async fn appeal_answer(
    app: web::Data<App>,
    citizen: CitizenCaller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Appeal>,
) -> Outcome {
    let case = own_case(&app, &citizen, &path).await?;
    let once = Once::of(key, &format!("POST /public/cases/{case}/appeal"), &body.digest);
    let wish = Appeal { channel: Some("web".into()), ..body.value };
    say(&app, case, once, 201, move |c, act| remedies::appeal(c, act, case, Expected::Any, &wish)).await
}

/// The citizen rates an answered or closed case, 1 to 5; a poor rating opens the appeal.
#[utoipa::path(tag = "public", request_body = Rate, security(("bearer" = [])), responses((status = 200, body = RemedyView), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/public/cases/{tracking_code}/rating")]
pub(super) async fn rate_case(
    app: web::Data<App>,
    citizen: CitizenCaller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Rate>,
) -> Outcome {
    let case = own_case(&app, &citizen, &path).await?;
    let once = Once::of(key, &format!("POST /public/cases/{case}/rating"), &body.digest);
    let wish = Rate { channel: Some("web".into()), ..body.value };
    say(&app, case, once, 200, move |c, act| remedies::rate(c, act, case, Expected::Any, &wish)).await
}

/// The citizen agrees to a second extension, or does not.
#[utoipa::path(tag = "public", request_body = ConsentGiven, security(("bearer" = [])), responses((status = 200, body = RemedyView), (status = 409, body = ProblemBody)))]
#[post("/public/cases/{tracking_code}/extension-consent")]
pub(super) async fn consent_to_extension(
    app: web::Data<App>,
    citizen: CitizenCaller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<ConsentGiven>,
) -> Outcome {
    let case = own_case(&app, &citizen, &path).await?;
    let once = Once::of(key, &format!("POST /public/cases/{case}/extension-consent"), &body.digest);
    say(&app, case, once, 200, move |c, act| referrals::consent(c, act, case, Expected::Any, &body.value))
        .await
}

/// Takes down what the citizen says to a second extension: who said it, and by which channel.
#[utoipa::path(tag = "cases", request_body = ConsentGiven, security(("bearer" = [])), responses((status = 200, body = CaseView), (status = 409, body = ProblemBody)))]
#[post("/cases/{id}/extension-consent")]
pub(super) async fn record_consent(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<ConsentGiven>,
) -> Outcome {
    let (case, expected): (CaseId, _) = (id(&path)?, version.required()?);
    let once = Once::of(key, &format!("POST /cases/{case}/extension-consent"), &body.digest);
    case_verb(&app, caller.actor, once, move |c, act| referrals::consent(c, act, case, expected, &body.value))
        .await
}

/// Takes down an objection on the citizen's word.
#[utoipa::path(tag = "cases", request_body = Object, security(("bearer" = [])), responses((status = 200, body = CaseView), (status = 409, body = ProblemBody)))]
#[post("/cases/{id}/objection")]
pub(super) async fn record_objection(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<Object>,
) -> Outcome {
    let (case, expected): (CaseId, _) = (id(&path)?, version.required()?);
    let once = Once::of(key, &format!("POST /cases/{case}/objection"), &body.digest);
    case_verb(&app, caller.actor, once, move |c, act| remedies::object(c, act, case, expected, &body.value))
        .await
}

/// Takes down an appeal on the citizen's word.
#[utoipa::path(tag = "cases", request_body = Appeal, security(("bearer" = [])), responses((status = 200, body = CaseView), (status = 409, body = ProblemBody)))]
#[post("/cases/{id}/appeal")]
pub(super) async fn record_appeal(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<Appeal>,
) -> Outcome {
    let (case, expected): (CaseId, _) = (id(&path)?, version.required()?);
    let once = Once::of(key, &format!("POST /cases/{case}/appeal"), &body.digest);
    case_verb(&app, caller.actor, once, move |c, act| remedies::appeal(c, act, case, expected, &body.value))
        .await
}

/// A rating that was taken down, and what to tell the caller.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RatedView {
    case: CaseView,
    /// After a poor rating: that an appeal is open, and how.
    message: Option<String>,
}

/// Takes down a rating by call, or by an SMS digit.
#[utoipa::path(tag = "cases", request_body = Rate, security(("bearer" = [])), responses((status = 200, body = RatedView), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/cases/{id}/rating")]
pub(super) async fn record_rating(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Rate>,
) -> Outcome {
    let case: CaseId = id(&path)?;
    let once = Once::of(key, &format!("POST /cases/{case}/rating"), &body.digest);
    let reader = language();
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        let docket = remedies::rate(connection, act, case, Expected::Any, &body.value)?;
        let actions = views::citizen_actions(connection, act, docket.row.clone(), reader)?;
        let message = views::poor_rating_words(act, &actions, docket.row.rating, reader);
        Reply::ok(&RatedView { case: views::case(connection, act, &docket.row)?, message })
    })
    .await?)
}

/// Decides on the appeal of a case: upheld, partly or dismissed, with grounds and a consequence.
#[utoipa::path(tag = "cases", request_body = Decide, security(("bearer" = [])), responses((status = 200, body = CaseView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/cases/{id}/appeal-decision")]
pub(super) async fn decide_appeal(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<Decide>,
) -> Outcome {
    let (case, expected): (CaseId, _) = (id(&path)?, version.required()?);
    let once = Once::of(key, &format!("POST /cases/{case}/appeal-decision"), &body.digest);
    case_verb(&app, caller.actor, once, move |c, act| remedies::decide(c, act, case, expected, &body.value))
        .await
}

/// The citizen's objections on a case, oldest first.
#[utoipa::path(tag = "cases", security(("bearer" = [])), responses((status = 200, body = Page<ObjectionRow>)))]
#[get("/cases/{id}/objections")]
pub(super) async fn list_objections(app: web::Data<App>, caller: Caller, path: web::Path<String>) -> Outcome {
    let items = with_disclosure(&app, caller, id(&path)?, Why::Objections, |c, act, row, _| {
        views::objections(c, act, row)
    })
    .await?;
    Ok(HttpResponse::Ok().json(Page::whole(items)))
}

/// The citizen's appeals on a case with their decisions, oldest first.
#[utoipa::path(tag = "cases", security(("bearer" = [])), responses((status = 200, body = Page<AppealView>)))]
#[get("/cases/{id}/appeals")]
pub(super) async fn list_appeals(app: web::Data<App>, caller: Caller, path: web::Path<String>) -> Outcome {
    let items =
        with_disclosure(&app, caller, id(&path)?, Why::Appeals, |c, act, row, _| views::appeals(c, act, row))
            .await?;
    Ok(HttpResponse::Ok().json(Page::whole(items)))
}
