//! `/desks/{desk}`: tickets of a counter's queue, and who is called next.

use actix_web::{HttpResponse, get, post, put, web};
use serde::Deserialize;

use crate::api::body::{Body, IdempotencyKey, Query, id};
use crate::api::caller::Caller;
use crate::api::commit::{Once, Reply, commit};
use crate::api::page::{Page, keyset, limit};
use crate::api::problem::{Problem, ProblemBody};
use crate::app::App;
use crate::db::types::TicketId;
use crate::domain::input;
use crate::domain::visits::tickets::{self, Drawn, Ticket, TicketState};
use crate::error::{Code, Error};

/// At which office the desk is.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AtDesk {
    /// Code of the office; the own one when missing.
    office: Option<String>,
}

/// Draws the next number of a desk today; a visit that is entered with desk and number (`POST /channels/visits`) settles it.
#[utoipa::path(tag = "visits", request_body = AtDesk, security(("bearer" = [])), responses((status = 201, body = Drawn), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/desks/{desk}/tickets")]
pub(in crate::api) async fn draw_ticket(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<AtDesk>,
) -> Result<HttpResponse, Problem> {
    let (desk, office) = (path.into_inner(), body.value.office);
    let once = Once::of(key, &format!("POST /desks/{desk}/tickets"), &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        Reply::created(&tickets::draw(connection, act, &desk, office.as_deref())?)
    })
    .await?)
}

/// Calls whoever waits longest at a desk today.
#[utoipa::path(tag = "visits", request_body = AtDesk, security(("bearer" = [])), responses((status = 201, body = Ticket), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/desks/{desk}/calls")]
pub(in crate::api) async fn call_next_ticket(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<AtDesk>,
) -> Result<HttpResponse, Problem> {
    let (desk, office) = (path.into_inner(), body.value.office);
    let once = Once::of(key, &format!("POST /desks/{desk}/calls"), &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        Reply::created(&tickets::call_next(connection, act, &desk, office.as_deref())?)
    })
    .await?)
}

/// Which tickets.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct TicketsQuery {
    /// Code of the office; the own one when missing.
    office: Option<String>,
    /// As `2026-06-10`; today when missing.
    day: Option<String>,
    /// `waiting`, `called`, `served` or `absent`; all when missing.
    state: Option<String>,
    /// 1 to 200; 50 when missing.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// The queue of a desk on a day, by number.
#[utoipa::path(tag = "visits", params(TicketsQuery), security(("bearer" = [])), responses((status = 200, body = Page<Ticket>), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[get("/desks/{desk}/tickets")]
pub(in crate::api) async fn list_tickets(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    query: Query<TicketsQuery>,
) -> Result<HttpResponse, Problem> {
    let TicketsQuery { office, day, state, limit: wished, cursor } = query.0;
    let (desk, size) = (path.into_inner(), limit(wished)?);
    let after: Option<i32> =
        cursor.map(|text| text.parse().map_err(|_| Error::Malformed(Code::InvalidCursor))).transpose()?;
    let rows = app
        .read(caller.actor, move |connection, act| {
            // whoever may not see the queue learns nothing of its fields
            tickets::list(connection, act, &desk, office.as_deref(), (None, None), after, 0)?;
            let state = state.map(|text| input::choice::<TicketState>("state", &text)).transpose();
            let state = state.map_err(Error::field)?;
            tickets::list(connection, act, &desk, office.as_deref(), (day, state), after, size + 1)
        })
        .await?;
    let page = keyset(rows, size, |row| row.number.to_string(), |row| row);
    Ok(HttpResponse::Ok().json(page))
}

/// What a ticket is to be.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SettleTicket {
    /// `absent` (called, and nobody came), `waiting` (back into the queue), `called` or `served`.
    state: String,
}

/// Sets a ticket right: nobody came, somebody came after all, or it was served without a case.
#[utoipa::path(tag = "visits", request_body = SettleTicket, security(("bearer" = [])), responses((status = 200, body = Ticket), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[put("/tickets/{id}")]
pub(in crate::api) async fn settle_ticket(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<SettleTicket>,
) -> Result<HttpResponse, Problem> {
    let (ticket, told): (TicketId, _) = (id(&path)?, body.value.state);
    Ok(commit(&app, caller.actor, None, move |connection, act| {
        let state = tickets::find(connection, act, ticket)
            .and_then(|_| input::choice::<TicketState>("state", &told).map_err(Error::field))?;
        Reply::ok(&tickets::settle(connection, act, ticket, state)?)
    })
    .await?)
}
