//! `/meetings`: public meetings of officials, as their desks plan them and as citizens find them.

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;

use crate::api::body::{Body, IdempotencyKey, Query, id};
use crate::api::caller::Caller;
use crate::api::commit::{Once, Reply, commit};
use crate::api::page::{Page, keyset, limit, time};
use crate::api::problem::{Problem, ProblemBody, language};
use crate::app::App;
use crate::db::types::MeetingId;
use crate::domain::actor::Actor;
use crate::domain::visits::meeting_list::{self, After};
use crate::domain::visits::meetings::{self, MeetingView, PlanMeeting};
use crate::error::{Error, FieldError};

/// Plans a public meeting.
#[utoipa::path(tag = "visits", request_body = PlanMeeting, security(("bearer" = [])), responses((status = 201, body = MeetingView), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/meetings")]
pub(in crate::api) async fn plan_meeting(
    app: web::Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Body<PlanMeeting>,
) -> Result<HttpResponse, Problem> {
    let once = Once::of(key, "POST /meetings", &body.digest);
    let reader = language();
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        Reply::created(&meetings::plan(connection, act, &body.value, reader)?)
    })
    .await?)
}

/// Which meetings.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct MeetingsQuery {
    /// Those that begin from then on; a day or a time, now when missing.
    from: Option<String>,
    /// 1 to 200; 50 when missing.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// Meetings of the offices for which the reader plans or books, by their time.
#[utoipa::path(tag = "visits", params(MeetingsQuery), security(("bearer" = [])), responses((status = 200, body = Page<MeetingView>), (status = 403, body = ProblemBody)))]
#[get("/meetings")]
pub(in crate::api) async fn list_meetings(
    app: web::Data<App>,
    caller: Caller,
    query: Query<MeetingsQuery>,
) -> Result<HttpResponse, Problem> {
    let MeetingsQuery { from, limit: wished, cursor } = query.0;
    let (size, reader) = (limit(wished)?, language());
    let from = from.map(|text| time("from", &text).map_err(Error::field)).transpose()?;
    let from = from.unwrap_or_else(|| app.clock.now());
    let after: Option<After> = cursor.map(|text| text.parse()).transpose()?;
    let rows = app
        .read(caller.actor, move |c, act| meeting_list::of_staff(c, act, from, after, size + 1, reader))
        .await?;
    Ok(HttpResponse::Ok().json(keyset(rows, size, key, |row| row)))
}

fn key(row: &MeetingView) -> String {
    After { starts_at: row.starts_at, id: row.id }.to_string()
}

/// A meeting with its slots.
#[utoipa::path(tag = "visits", security(("bearer" = [])), responses((status = 200, body = MeetingView), (status = 404, body = ProblemBody)))]
#[get("/meetings/{id}")]
pub(in crate::api) async fn read_meeting(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (meeting, reader): (MeetingId, _) = (id(&path)?, language());
    let view = app
        .read(caller.actor, move |connection, act| {
            let meeting = meetings::find(connection, act, meeting)?;
            meetings::view(connection, act, meeting, reader)
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}

/// Why a meeting does not take place.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CancelMeeting {
    /// Citizens read it.
    reason: String,
}

/// Cancels a meeting with all its appointments; each citizen is told.
#[utoipa::path(tag = "visits", request_body = CancelMeeting, security(("bearer" = [])), responses((status = 200, body = MeetingView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/meetings/{id}/cancellation")]
pub(in crate::api) async fn cancel_meeting(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<CancelMeeting>,
) -> Result<HttpResponse, Problem> {
    let (meeting, reader): (MeetingId, _) = (id(&path)?, language());
    Ok(commit(&app, caller.actor, None, move |connection, act| {
        Reply::ok(&meetings::cancel(connection, act, meeting, &body.value.reason, reader)?)
    })
    .await?)
}

/// Which public meetings.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PublicMeetingsQuery {
    /// Two-digit code of a province; all when missing.
    province: Option<String>,
    /// 1 to 200; 50 when missing.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// Meetings to come that citizens may book, with their free places.
#[utoipa::path(tag = "public", params(PublicMeetingsQuery), responses((status = 200, body = Page<MeetingView>), (status = 422, body = ProblemBody)))]
#[get("/public/meetings")]
pub(in crate::api) async fn list_public_meetings(
    app: web::Data<App>,
    query: Query<PublicMeetingsQuery>,
) -> Result<HttpResponse, Problem> {
    let PublicMeetingsQuery { province, limit: wished, cursor } = query.0;
    let (size, reader) = (limit(wished)?, language());
    let after: Option<After> = cursor.map(|text| text.parse()).transpose()?;
    let rows = app
        .read(Actor::Public, move |connection, act| {
            let province = province.as_deref();
            if let Some(code) = province.filter(|code| !act.rules.provinces.contains_key(*code)) {
                return Err(Error::field(FieldError::unknown("province", code)));
            }
            meeting_list::of_public(connection, act, province, after, size + 1, reader)
        })
        .await?;
    Ok(HttpResponse::Ok().json(keyset(rows, size, key, |row| row)))
}

/// One of them.
#[utoipa::path(tag = "public", responses((status = 200, body = MeetingView), (status = 404, body = ProblemBody)))]
#[get("/public/meetings/{id}")]
pub(in crate::api) async fn read_public_meeting(
    app: web::Data<App>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (meeting, reader): (MeetingId, _) = (id(&path)?, language());
    let view = app
        .read(Actor::Public, move |connection, act| {
            let meeting = meetings::find_public(connection, meeting)?;
            meetings::view(connection, act, meeting, reader)
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}
