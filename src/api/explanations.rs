//! Why a case stands as it does, for staff who see it and for its citizen.

use actix_web::{HttpResponse, get, web};

use super::caller::{Caller, CitizenCaller};
use super::cases::{Outcome, with_case};
use super::problem::{ProblemBody, language};
use super::public::own_case;
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::cases::find_visible;
use crate::domain::explanation::{Explanation, Reader, explain};

/// Every limit, route, window and reason of a case with the rule of its day.
#[utoipa::path(tag = "cases", security(("bearer" = [])), responses((status = 200, body = Explanation), (status = 404, body = ProblemBody)))]
#[get("/cases/{id}/explanation")]
pub(super) async fn explain_case(app: web::Data<App>, caller: Caller, path: web::Path<String>) -> Outcome {
    let reader = language();
    let view = with_case(&app, caller, &path, move |connection, act, row| {
        explain(connection, act, row.clone(), Reader::Staff, reader)
    });
    Ok(HttpResponse::Ok().json(view.await?))
}

/// The same for the citizen of the case, without what offices have among themselves.
#[utoipa::path(tag = "public", security(("bearer" = [])), responses((status = 200, body = Explanation), (status = 404, body = ProblemBody)))]
#[get("/public/cases/{tracking_code}/explanation")]
pub(super) async fn explain_own_case(
    app: web::Data<App>,
    citizen: CitizenCaller,
    path: web::Path<String>,
) -> Outcome {
    let case = own_case(&app, &citizen, &path).await?;
    let reader = language();
    let view = app.read(Actor::Citizen { case }, move |connection, act| {
        let row = find_visible(connection, act, case)?;
        explain(connection, act, row, Reader::Citizen, reader)
    });
    Ok(HttpResponse::Ok().json(view.await?))
}
