//! `/gateways`: which systems call, and with which key.

use actix_web::{HttpResponse, get, patch, post, web};
use serde::Deserialize;
use serde_json::Value;

use super::body::{Body, id};
use super::caller::Caller;
use super::commit::{Reply, commit};
use super::page::Page;
use super::problem::{Problem, ProblemBody};
use crate::app::App;
use crate::db::types::GatewayId;
use crate::domain::changes::{self, Action, GATEWAY, Terms, Wish};
use crate::domain::gateways::{self, GatewayView, NewGateway};
use crate::domain::rulebook::Verb;
use crate::domain::{definitions, policy};
use crate::error::{Error, FieldError, Result};

/// Lists gateway keys, without their secrets.
#[utoipa::path(tag = "configuration", security(("bearer" = [])), responses((status = 200, body = Page<GatewayView>), (status = 403, body = ProblemBody)))]
#[get("/gateways")]
pub(super) async fn list_gateways(app: web::Data<App>, caller: Caller) -> Result<HttpResponse, Problem> {
    let items = app
        .glance(caller.actor, move |connection, act| {
            policy::allow_anywhere(act, Verb::ManageGateways)?;
            Ok(gateways::list(connection)?.into_iter().map(|row| row.view(act, None)).collect::<Vec<_>>())
        })
        .await?;
    Ok(HttpResponse::Ok().json(Page::whole(items)))
}

/// Makes a gateway key; it is told once, and works when another person approved it.
#[utoipa::path(tag = "configuration", request_body = NewGateway, security(("bearer" = [])), responses((status = 202, body = GatewayView), (status = 201, body = GatewayView, description = "Where no second person is asked for"), (status = 422, body = ProblemBody)))]
#[post("/gateways")]
pub(super) async fn create_gateway(
    app: web::Data<App>,
    caller: Caller,
    body: Body<NewGateway>,
) -> Result<HttpResponse, Problem> {
    let four_eyes = app.config.configuration.four_eyes;
    Ok(commit(&app, caller.actor, None, move |connection, act| {
        policy::allow_anywhere(act, Verb::ManageGateways)?;
        let made = gateways::create(connection, act, &body.value)?;
        definitions::log(connection, act, "create", &format!("gateway:{}", made.id), "")?;
        let wish = Wish {
            noun: GATEWAY.to_owned(),
            code: Some(made.id.to_string()),
            action: Action::Create,
            body: Value::Null,
            terms: Terms::default(),
        };
        let change = changes::propose(connection, act, &wish)?;
        if four_eyes {
            return Reply::accepted(&GatewayView { change: Some(change.id), ..made });
        }
        changes::agree_alone(connection, act, change.id)?;
        let row = gateways::find(connection, made.id)?;
        Reply::created(&row.view(act, made.key))
    })
    .await?)
}

/// What may change of a gateway key.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayChange {
    /// `true` ends the key at once; it cannot be opened again.
    pub revoked: bool,
}

/// Ends a gateway key.
#[utoipa::path(tag = "configuration", request_body = GatewayChange, security(("bearer" = [])), responses((status = 200, body = GatewayView), (status = 404, body = ProblemBody)))]
#[patch("/gateways/{id}")]
pub(super) async fn change_gateway(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<GatewayChange>,
) -> Result<HttpResponse, Problem> {
    let gateway: GatewayId = id(&path)?;
    Ok(commit(&app, caller.actor, None, move |connection, act| {
        policy::allow_anywhere(act, Verb::ManageGateways)?;
        if !body.value.revoked {
            let (fa, en) =
                ("کلید باطل‌شده باز نمی‌شود؛ کلید تازه بسازید.", "A key is only ended; make a new one.");
            return Err(Error::field(FieldError::new("revoked", "only_true", fa, en)));
        }
        let row = gateways::revoke(connection, act, gateway)?;
        definitions::log(connection, act, "revoke", &format!("gateway:{gateway}"), "")?;
        Reply::ok(&row.view(act, None))
    })
    .await?)
}
