//! `/webhooks`: subscriptions to events, their secret, and the log of what was sent.

use actix_web::{HttpResponse, get, patch, post, web};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::body::{Body, IdempotencyKey, Query, id};
use super::caller::Caller;
use super::cases::Outcome;
use super::changes::{once, put_forward, wish};
use super::commit::{Reply, commit};
use super::page::{self, Page, PageQuery, keyset};
use super::problem::ProblemBody;
use crate::app::App;
use crate::db::DbConnection;
use crate::db::types::DeliveryId;
use crate::domain::actor::Act;
use crate::domain::changes::ChangeView;
use crate::domain::definitions::{self, log};
use crate::domain::rulebook::{Verb, Webhook};
use crate::domain::webhooks::{self, DeliveryRow, DeliveryState, NOUN, Standing, TryRow};
use crate::domain::{input, policy};
use crate::error::{Error, Result};

/// A subscription and how its subscriber answers.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WebhookView {
    #[serde(flatten)]
    webhook: Webhook,
    version: i32,
    standing: Standing,
}

fn allow(act: &Act) -> Result<()> {
    policy::allow_anywhere(act, Verb::Configure).map(drop)
}

fn read(body: &Value) -> Result<Webhook> {
    serde_json::from_value(body.clone()).map_err(|error| Error::Internal(Box::new(error)))
}

/// The subscription in force of this code.
fn known(connection: &mut DbConnection, code: &str) -> Result<(Webhook, i32)> {
    let row = definitions::find(connection, NOUN, code)?;
    Ok((read(&Value::Object(row.fields()))?, row.version))
}

/// Lists subscriptions, each with how its subscriber answers.
#[utoipa::path(tag = "webhooks", params(PageQuery), security(("bearer" = [])), responses((status = 200, body = Page<WebhookView>), (status = 403, body = ProblemBody)))]
#[get("/webhooks")]
pub(super) async fn list_webhooks(app: web::Data<App>, caller: Caller, query: Query<PageQuery>) -> Outcome {
    let page = app.read(caller.actor, move |connection, act| {
        allow(act)?;
        let limit = query.0.limit()?;
        let rows = definitions::list(connection, NOUN, query.0.cursor(), limit + 1)?;
        let page = keyset(rows, limit, |row| row.code.clone(), |row| row);
        let items = page.items.into_iter().map(|row| {
            let standing = webhooks::standing(connection, &row.code)?;
            Ok(WebhookView { webhook: read(&Value::Object(row.fields()))?, version: row.version, standing })
        });
        Ok(Page { items: items.collect::<Result<Vec<_>>>()?, next_cursor: page.next_cursor })
    });
    Ok(HttpResponse::Ok().json(page.await?))
}

/// Proposes a subscription; another person approves it. Beside the row's fields: `valid_from`, `valid_to`, `because`.
#[utoipa::path(tag = "webhooks", request_body = Webhook, security(("bearer" = [])), responses((status = 202, body = ChangeView), (status = 201, description = "Where no second person is asked for"), (status = 422, body = ProblemBody)))]
#[post("/webhooks")]
pub(super) async fn create_webhook(
    app: web::Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Body<Map<String, Value>>,
) -> Outcome {
    app.glance(caller.actor.clone(), |_, act| allow(act)).await?;
    let once = once(key, "webhooks", &body.digest);
    put_forward(app, caller, once, wish(NOUN, None, body.value)?).await
}

/// Proposes a change of a subscription: `active: false` rests it, a `generation` higher by one makes a new secret. Beside the
/// row's fields: `valid_from`, `valid_to`, `because`, or `end: true` alone.
#[utoipa::path(tag = "webhooks", request_body(content = Object), security(("bearer" = [])), responses((status = 202, body = ChangeView), (status = 200, description = "Where no second person is asked for"), (status = 422, body = ProblemBody)))]
#[patch("/webhooks/{code}")]
pub(super) async fn change_webhook(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<Map<String, Value>>,
) -> Outcome {
    app.glance(caller.actor.clone(), |_, act| allow(act)).await?;
    put_forward(app, caller, None, wish(NOUN, Some(path.into_inner()), body.value)?).await
}

/// The secret by which a subscriber verifies what it is sent.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SecretView {
    /// `whsec_` and the key in base64, as Standard Webhooks writes it.
    secret: String,
    generation: u32,
}

/// Tells a subscription's secret; that it was read is logged.
#[utoipa::path(tag = "webhooks", security(("bearer" = [])), responses((status = 200, body = SecretView), (status = 404, body = ProblemBody)))]
#[post("/webhooks/{code}/secret")]
pub(super) async fn read_webhook_secret(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Outcome {
    Ok(commit(&app, caller.actor, None, move |connection, act| {
        allow(act)?;
        let (webhook, _) = known(connection, &path)?;
        log(connection, act, "read_secret", &format!("{NOUN}:{}", webhook.code), "")?;
        let secret = webhooks::secret(&act.keys, &webhook.code, webhook.generation);
        Reply::ok(&SecretView { secret, generation: webhook.generation })
    })
    .await?)
}

/// Which deliveries.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct DeliveriesQuery {
    /// `queued`, `delivered`, `failed` or `withheld`; all when missing.
    state: Option<String>,
    /// 1 to 200; 50 when missing.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// The log of a subscription, the newest first; also of one that has ended.
#[utoipa::path(tag = "webhooks", params(DeliveriesQuery), security(("bearer" = [])), responses((status = 200, body = Page<DeliveryRow>), (status = 403, body = ProblemBody)))]
#[get("/webhooks/{code}/deliveries")]
pub(super) async fn list_webhook_deliveries(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    query: Query<DeliveriesQuery>,
) -> Outcome {
    let page = app.read(caller.actor, move |connection, act| {
        allow(act)?;
        let limit = page::limit(query.0.limit)?;
        let state = query.0.state.as_deref().map(|text| input::choice::<DeliveryState>("state", text));
        let state = state.transpose().map_err(Error::field)?;
        let malformed = |_| Error::Malformed(crate::error::Code::InvalidCursor);
        let before = query.0.cursor.as_deref().map(str::parse).transpose().map_err(malformed)?;
        let rows = webhooks::list(connection, &path, state, before, limit + 1)?;
        Ok(keyset(rows, limit, |row| row.id.to_string(), |row| row))
    });
    Ok(HttpResponse::Ok().json(page.await?))
}

/// A delivery with what it says and every try at it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DeliveryDetail {
    #[serde(flatten)]
    delivery: DeliveryRow,
    body: Value,
    tries: Vec<TryRow>,
}

/// One delivery: what it says, and every try at it.
#[utoipa::path(tag = "webhooks", security(("bearer" = [])), responses((status = 200, body = DeliveryDetail), (status = 404, body = ProblemBody)))]
#[get("/webhooks/{code}/deliveries/{id}")]
pub(super) async fn read_webhook_delivery(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, String)>,
) -> Outcome {
    let view = app.read(caller.actor, move |connection, act| {
        allow(act)?;
        let (code, delivery) = path.into_inner();
        let delivery = webhooks::find(connection, &code, id(&delivery)?)?;
        let (body, tries) = webhooks::tries(connection, delivery.id)?;
        Ok(DeliveryDetail { delivery, body, tries })
    });
    Ok(HttpResponse::Ok().json(view.await?))
}

/// Sends one delivery again, under the same id.
#[utoipa::path(tag = "webhooks", security(("bearer" = [])), responses((status = 200, body = DeliveryRow), (status = 404, body = ProblemBody)))]
#[post("/webhooks/{code}/deliveries/{id}/replay")]
pub(super) async fn replay_webhook_delivery(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, String)>,
) -> Outcome {
    let nudge = app.nudges.webhooks.clone();
    let reply = commit(&app, caller.actor, None, move |connection, act| {
        allow(act)?;
        let delivery: DeliveryId = id(&path.1)?;
        known(connection, &path.0)?;
        let row = webhooks::replay(connection, act, &path.0, delivery)?;
        log(connection, act, "replay", &format!("{NOUN}:{}", path.0), &delivery.to_string())?;
        Reply::ok(&row)
    });
    let reply = reply.await?;
    nudge.notify_one();
    Ok(reply)
}

/// How many were laid into the outbox again.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReplayView {
    replayed: usize,
}

/// Sends everything again that was given up.
#[utoipa::path(tag = "webhooks", security(("bearer" = [])), responses((status = 200, body = ReplayView), (status = 404, body = ProblemBody)))]
#[post("/webhooks/{code}/replay")]
pub(super) async fn replay_webhook(app: web::Data<App>, caller: Caller, path: web::Path<String>) -> Outcome {
    let nudge = app.nudges.webhooks.clone();
    let reply = commit(&app, caller.actor, None, move |connection, act| {
        allow(act)?;
        known(connection, &path)?;
        let replayed = webhooks::replay_failed(connection, act, &path)?;
        log(connection, act, "replay", &format!("{NOUN}:{path}"), &replayed.to_string())?;
        Reply::ok(&ReplayView { replayed })
    });
    let reply = reply.await?;
    nudge.notify_one();
    Ok(reply)
}

/// Sends a subscriber an event about nothing, to try it.
#[utoipa::path(tag = "webhooks", security(("bearer" = [])), responses((status = 201, body = DeliveryRow), (status = 404, body = ProblemBody)))]
#[post("/webhooks/{code}/ping")]
pub(super) async fn ping_webhook(app: web::Data<App>, caller: Caller, path: web::Path<String>) -> Outcome {
    let nudge = app.nudges.webhooks.clone();
    let reply = commit(&app, caller.actor, None, move |connection, act| {
        allow(act)?;
        known(connection, &path)?;
        Reply::created(&webhooks::ping(connection, act, &path)?)
    });
    let reply = reply.await?;
    nudge.notify_one();
    Ok(reply)
}
