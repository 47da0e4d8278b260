//! `/phone`: where an agent sits, the calls of the desk, the screen of one call; and the calls of a case.

use actix_web::{HttpResponse, delete, get, put, web};
use serde::Deserialize;

use super::body::{Body, Query, id};
use super::caller::Caller;
use super::cases::{Outcome, with_case};
use super::commit::{Reply, commit};
use super::page::Page;
use super::problem::{ProblemBody, language};
use crate::app::App;
use crate::db::types::PhoneCallId;
use crate::domain::input;
use crate::domain::phone::{self, CallView, Card, CaseCall, SeatView, Sit};
use crate::error::Error;

/// Where the caller sits; null where nowhere.
#[utoipa::path(tag = "phone", security(("bearer" = [])), responses((status = 200, body = Option<SeatView>), (status = 403, body = ProblemBody)))]
#[get("/phone/seat")]
pub(super) async fn read_seat(app: web::Data<App>, caller: Caller) -> Outcome {
    Ok(HttpResponse::Ok().json(app.glance(caller.actor, phone::seat_of).await?))
}

/// Sits down at an extension, so that its calls open on this screen.
#[utoipa::path(tag = "phone", request_body = Sit, security(("bearer" = [])), responses((status = 200, body = SeatView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[put("/phone/seat")]
pub(super) async fn take_seat(app: web::Data<App>, caller: Caller, body: Body<Sit>) -> Outcome {
    Ok(commit(&app, caller.actor, None, move |connection, act| {
        Reply::ok(&phone::sit(connection, act, &body.value)?)
    })
    .await?)
}

/// Gets up.
#[utoipa::path(tag = "phone", security(("bearer" = [])), responses((status = 204), (status = 403, body = ProblemBody)))]
#[delete("/phone/seat")]
pub(super) async fn leave_seat(app: web::Data<App>, caller: Caller) -> Outcome {
    app.write(caller.actor, phone::leave).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Which calls.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct CallQuery {
    /// ringing, talking, ended, missed.
    state: Option<String>,
    /// `true`: only those whose agent is unknown.
    unclaimed: Option<bool>,
}

/// The newest hundred calls of the caller's desk, with masked numbers.
#[utoipa::path(tag = "phone", params(CallQuery), security(("bearer" = [])), responses((status = 200, body = Page<CallView>), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[get("/phone/calls")]
pub(super) async fn list_calls(app: web::Data<App>, caller: Caller, query: Query<CallQuery>) -> Outcome {
    let reader = language();
    let items = app
        .read(caller.actor, move |connection, act| {
            let state = query.0.state.as_deref().map(|state| input::choice("state", state)).transpose();
            let unclaimed = query.0.unclaimed.unwrap_or(false);
            phone::list(connection, act, state.map_err(Error::field)?, unclaimed, reader)
        })
        .await?;
    Ok(HttpResponse::Ok().json(Page::whole(items)))
}

/// The screen of a call, for its agent; each citizen that is shown is logged as read. A call whose agent is unknown may be
/// opened by every agent of the desk.
#[utoipa::path(tag = "phone", security(("bearer" = [])), responses((status = 200, body = Card), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
#[get("/phone/calls/{id}")]
pub(super) async fn read_call(app: web::Data<App>, caller: Caller, path: web::Path<String>) -> Outcome {
    let (call, reader): (PhoneCallId, _) = (id(&path)?, language());
    let card =
        app.write(caller.actor, move |connection, act| phone::card(connection, act, call, reader)).await?;
    Ok(HttpResponse::Ok().json(card))
}

/// The calls in which a case was registered or spoken of: id, queue, wait, length, agent.
#[utoipa::path(tag = "cases", security(("bearer" = [])), responses((status = 200, body = Page<CaseCall>), (status = 404, body = ProblemBody)))]
#[get("/cases/{id}/calls")]
pub(super) async fn list_case_calls(app: web::Data<App>, caller: Caller, path: web::Path<String>) -> Outcome {
    let items = with_case(&app, caller, &path, phone::of_case).await?;
    Ok(HttpResponse::Ok().json(Page::whole(items)))
}
