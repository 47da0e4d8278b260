//! Appointments: booked by the citizen with a look-up token, or by a desk; the list for the official, and the orders.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, delete, get, post, put, web};
use serde::Deserialize;

use crate::api::body::{Body, IdempotencyKey, id};
use crate::api::caller::{Caller, CitizenCaller};
use crate::api::commit::{Once, Reply, commit};
use crate::api::page::Page;
use crate::api::problem::{Problem, ProblemBody};
use crate::api::public::own_case;
use crate::app::App;
use crate::db::types::{AppointmentId, CaseId, MeetingId};
use crate::domain::actor::Actor;
use crate::domain::visits::appointments::{self, AppointmentView};
use crate::domain::visits::orders::{self, Order, OrderView, PlaceView};
use crate::error::{Error, FieldError};

/// The list for the official: by slot who comes, about what, and what was ordered. The reading of names is logged case by
/// case; cases that the reader does not see are left out.
#[utoipa::path(tag = "visits", security(("bearer" = [])), responses((status = 200, body = Page<PlaceView>), (status = 404, body = ProblemBody)))]
#[get("/meetings/{id}/appointments")]
pub(in crate::api) async fn list_places(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let meeting: MeetingId = id(&path)?;
    let shown = app.write(caller.actor.clone(), move |c, act| orders::to_read(c, act, meeting)).await?;
    let places = app.read(caller.actor, move |c, act| orders::places(c, act, meeting, &shown)).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(Page::whole(places)))
}

/// A place for a case.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BookAtDesk {
    /// Id of the case; a matter that is new is registered first.
    case: String,
    /// The first that is free when missing.
    slot: Option<i32>,
}

/// Books a place for a case at a desk of the meeting.
#[utoipa::path(tag = "visits", request_body = BookAtDesk, security(("bearer" = [])), responses((status = 201, body = AppointmentView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/meetings/{id}/appointments")]
pub(in crate::api) async fn book_at_desk(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<BookAtDesk>,
) -> Result<HttpResponse, Problem> {
    let meeting: MeetingId = id(&path)?;
    let once = Once::of(key, &format!("POST /meetings/{meeting}/appointments"), &body.digest);
    let BookAtDesk { case, slot } = body.value;
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        let case: CaseId = id(&case)?;
        Reply::created(&appointments::book(connection, act, meeting, case, slot)?)
    })
    .await?)
}

/// Why an appointment is cancelled.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CancelAppointment {
    /// The citizen reads it.
    reason: Option<String>,
}

/// Cancels an appointment; the citizen is told why.
#[utoipa::path(tag = "visits", request_body = CancelAppointment, security(("bearer" = [])), responses((status = 200, body = AppointmentView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/appointments/{id}/cancellation")]
pub(in crate::api) async fn cancel_appointment(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<CancelAppointment>,
) -> Result<HttpResponse, Problem> {
    let appointment: AppointmentId = id(&path)?;
    Ok(commit(&app, caller.actor, None, move |connection, act| {
        Reply::ok(&appointments::cancel(connection, act, appointment, body.value.reason.as_deref())?)
    })
    .await?)
}

/// Whether somebody came.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Attendance {
    attended: Option<bool>,
}

/// Notes whether the citizen came; may be set right.
#[utoipa::path(tag = "visits", request_body = Attendance, security(("bearer" = [])), responses((status = 200, body = AppointmentView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[put("/appointments/{id}/attendance")]
pub(in crate::api) async fn note_attendance(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<Attendance>,
) -> Result<HttpResponse, Problem> {
    let appointment: AppointmentId = id(&path)?;
    Ok(commit(&app, caller.actor, None, move |connection, act| {
        appointments::allow(connection, act, appointment)?;
        let attended = body.value.attended.ok_or_else(|| Error::field(FieldError::required("attended")))?;
        Reply::ok(&appointments::attend(connection, act, appointment, attended)?)
    })
    .await?)
}

/// What the official orders becomes a referral with a deadline.
#[utoipa::path(tag = "visits", request_body = Order, security(("bearer" = [])), responses((status = 201, body = OrderView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/appointments/{id}/orders")]
pub(in crate::api) async fn give_order(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Order>,
) -> Result<HttpResponse, Problem> {
    let appointment: AppointmentId = id(&path)?;
    let once = Once::of(key, &format!("POST /appointments/{appointment}/orders"), &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        Reply::created(&orders::give(connection, act, appointment, &body.value)?)
    })
    .await?)
}

/// The appointments of a case, the newest first.
#[utoipa::path(tag = "cases", security(("bearer" = [])), responses((status = 200, body = Page<AppointmentView>), (status = 404, body = ProblemBody)))]
#[get("/cases/{id}/appointments")]
pub(in crate::api) async fn list_appointments(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let case: CaseId = id(&path)?;
    let items = app.read(caller.actor, move |c, act| appointments::of_case(c, act, case)).await?;
    Ok(HttpResponse::Ok().json(Page::whole(items)))
}

/// A place that a citizen wishes.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BookAppointment {
    /// Id of the meeting.
    meeting: String,
    /// The first that is free when missing.
    slot: Option<i32>,
}

/// The citizen books a place at a public meeting for the own case.
#[utoipa::path(tag = "public", request_body = BookAppointment, security(("bearer" = [])), responses((status = 201, body = AppointmentView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/public/cases/{tracking_code}/appointments")]
pub(in crate::api) async fn book_appointment(
    app: web::Data<App>,
    citizen: CitizenCaller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<BookAppointment>,
) -> Result<HttpResponse, Problem> {
    let case = own_case(&app, &citizen, &path).await?;
    let once = Once::of(key, &format!("POST /public/cases/{case}/appointments"), &body.digest);
    let BookAppointment { meeting, slot } = body.value;
    Ok(commit(&app, Actor::Citizen { case }, once, move |connection, act| {
        let meeting: MeetingId = id(&meeting)?;
        Reply::created(&appointments::book(connection, act, meeting, case, slot)?)
    })
    .await?)
}

/// The citizen's appointments for the case, the newest first.
#[utoipa::path(tag = "public", security(("bearer" = [])), responses((status = 200, body = Page<AppointmentView>), (status = 404, body = ProblemBody)))]
#[get("/public/cases/{tracking_code}/appointments")]
pub(in crate::api) async fn list_own_appointments(
    app: web::Data<App>,
    citizen: CitizenCaller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let case = own_case(&app, &citizen, &path).await?;
    let actor = Actor::Citizen { case };
    let items = app.read(actor, move |c, act| appointments::of_case(c, act, case)).await?;
    Ok(HttpResponse::Ok().json(Page::whole(items)))
}

/// The citizen gives a place up; it is free for others.
#[utoipa::path(tag = "public", security(("bearer" = [])), responses((status = 200, body = AppointmentView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[delete("/public/cases/{tracking_code}/appointments/{id}")]
pub(in crate::api) async fn cancel_own_appointment(
    app: web::Data<App>,
    citizen: CitizenCaller,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (code, appointment) = path.into_inner();
    let case = own_case(&app, &citizen, &code).await?;
    let appointment: AppointmentId = id(&appointment)?;
    Ok(commit(&app, Actor::Citizen { case }, None, move |connection, act| {
        Reply::ok(&appointments::cancel(connection, act, appointment, None)?)
    })
    .await?)
}
