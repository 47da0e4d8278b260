//! `/channels/visits/batches`: stacks of paper forms of people's desks, keyed in one by one, with totals that must match.

use actix_web::{HttpResponse, get, patch, post, web};
use serde::{Deserialize, Serialize};

use crate::api::body::{Body, IdempotencyKey, Query, id, parse};
use crate::api::caller::Caller;
use crate::api::channels::body_of;
use crate::api::commit::{Once, Reply, commit};
use crate::api::page::{Page, PageQuery, keyset};
use crate::api::problem::{Problem, ProblemBody};
use crate::app::App;
use crate::db::types::{CaseId, DeskSheetId, IntakeItemId};
use crate::domain::cases::Channel;
use crate::domain::intake::{ItemState, Refusal, RefusedField};
use crate::domain::visits::sheet_lines::{self, Line, LineView};
use crate::domain::visits::sheets::{self, Declare, Recount, SheetView};
use crate::error::{Code, Error, FieldError, Result};
use crate::intake::{Delivery, Visit, form_of_sheet};

/// Most forms of one call.
const FORMS_OF_CALL: usize = 100;

/// Declares a stack of paper forms with its totals.
#[utoipa::path(tag = "visits", request_body = Declare, security(("bearer" = [])), responses((status = 201, body = SheetView), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/channels/visits/batches")]
pub(in crate::api) async fn declare_sheet(
    app: web::Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Body<Declare>,
) -> Result<HttpResponse, Problem> {
    let once = Once::of(key, "POST /channels/visits/batches", &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        Reply::created(&sheets::declare(connection, act, &body.value)?)
    })
    .await?)
}

/// Stacks of the offices for which the reader keys, the newest first.
#[utoipa::path(tag = "visits", params(PageQuery), security(("bearer" = [])), responses((status = 200, body = Page<SheetView>), (status = 403, body = ProblemBody)))]
#[get("/channels/visits/batches")]
pub(in crate::api) async fn list_sheets(
    app: web::Data<App>,
    caller: Caller,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (size, before): (_, Option<DeskSheetId>) = (query.0.limit()?, query.0.after()?);
    let rows = app.read(caller.actor, move |c, act| sheets::list(c, act, before, size + 1)).await?;
    Ok(HttpResponse::Ok().json(keyset(rows, size, |row| row.id.to_string(), |row| row)))
}

/// A stack: what was declared, and what was keyed.
#[utoipa::path(tag = "visits", security(("bearer" = [])), responses((status = 200, body = SheetView), (status = 404, body = ProblemBody)))]
#[get("/channels/visits/batches/{id}")]
pub(in crate::api) async fn read_sheet(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let sheet: DeskSheetId = id(&path)?;
    let view = app.read(caller.actor, move |c, act| sheets::view(c, act, sheet)).await?;
    Ok(HttpResponse::Ok().json(view))
}

/// Corrects the declared totals of an open stack, with a reason.
#[utoipa::path(tag = "visits", request_body = Recount, security(("bearer" = [])), responses((status = 200, body = SheetView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[patch("/channels/visits/batches/{id}")]
pub(in crate::api) async fn recount_sheet(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<Recount>,
) -> Result<HttpResponse, Problem> {
    let sheet: DeskSheetId = id(&path)?;
    Ok(commit(&app, caller.actor, None, move |connection, act| {
        Reply::ok(&sheets::recount(connection, act, sheet, &body.value)?)
    })
    .await?)
}

/// Forms of a stack.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyForms {
    /// At most 100.
    forms: Vec<KeyForm>,
}

/// One form.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyForm {
    /// Its number in the stack, from 1; each is taken once.
    line: i32,
    /// What stands on it; where it comes from is told by the stack.
    visit: Visit,
}

/// What became of a form.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct KeyedView {
    line: i32,
    /// As `POST /channels/visits` tells it, or `refused`: to be mended and keyed again.
    state: String,
    /// Whether it was keyed before; then this is what it was told then.
    repeated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<IntakeItemId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    case_id: Option<CaseId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking_code: Option<String>,
    /// Code of the catalogue: why it was refused, or waits for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<RefusedField>,
}

/// What became of the forms, and how far the stack is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct KeyedForms {
    items: Vec<KeyedView>,
    batch: SheetView,
}

/// Keys forms of a stack. Each is taken or refused by itself; a call that is repeated takes nothing twice.
#[utoipa::path(tag = "visits", request_body = KeyForms, security(("bearer" = [])), responses((status = 200, body = KeyedForms), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 413, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/channels/visits/batches/{id}/forms")]
pub(in crate::api) async fn key_forms(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    mut payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let id: DeskSheetId = id(&path)?;
    let sheet = app.read(caller.actor.clone(), move |c, act| sheets::find(c, act, id)).await?;
    let (bytes, is_over) = body_of(&mut payload, app.config.server.intake_limit).await?;
    if is_over {
        return Err(Error::Malformed(Code::PayloadTooLarge).into());
    }
    let KeyForms { forms } = parse(&bytes)?;
    if forms.len() > FORMS_OF_CALL {
        return Err(Error::field(FieldError::new(
            "forms",
            "too_many",
            format!("در هر درخواست حداکثر {FORMS_OF_CALL} فرم."),
            format!("At most {FORMS_OF_CALL} forms in one call."),
        ))
        .into());
    }
    if sheet.closed_at.is_some() {
        return Err(Error::Conflict(Code::SheetClosed).into());
    }
    let mut items = Vec::with_capacity(forms.len());
    for form in forms {
        items.push(keyed(&app, &caller, id, sheet.channel, form).await?);
    }
    let batch = app.read(caller.actor, move |c, act| sheets::view(c, act, id)).await?;
    Ok(HttpResponse::Ok().json(KeyedForms { items, batch }))
}

async fn keyed(
    app: &App,
    caller: &Caller,
    sheet: DeskSheetId,
    channel: Channel,
    form: KeyForm,
) -> Result<KeyedView> {
    let KeyForm { line, visit } = form;
    let taken = match form_of_sheet(visit, Line { sheet, line }, channel) {
        Ok(inbound) => app.receive(caller.actor.clone(), inbound).await,
        Err(error) => Err(error),
    };
    match taken {
        Ok(done) => {
            let (reason, fields) = done.refusal.map(|refusal| (refusal.reason, refusal.fields)).unzip();
            Ok(KeyedView {
                line,
                state: done.state.to_string(),
                repeated: done.delivery == Delivery::Again,
                item: Some(done.item),
                case_id: done.case.filter(|_| done.state == ItemState::Registered),
                tracking_code: done.tracking_code,
                reason,
                fields: fields.unwrap_or_default(),
            })
        }
        Err(error @ (Error::Unavailable { .. } | Error::Internal(_) | Error::Away(_))) => Err(error),
        Err(error) => {
            let Refusal { reason, fields } = Refusal::of(&error);
            Ok(KeyedView {
                line,
                state: "refused".into(),
                repeated: false,
                item: None,
                case_id: None,
                tracking_code: None,
                reason: Some(reason),
                fields,
            })
        }
    }
}

/// The forms of a stack that were keyed, by number, with what became of each.
#[utoipa::path(tag = "visits", params(PageQuery), security(("bearer" = [])), responses((status = 200, body = Page<LineView>), (status = 404, body = ProblemBody)))]
#[get("/channels/visits/batches/{id}/forms")]
pub(in crate::api) async fn list_sheet_lines(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let sheet: DeskSheetId = id(&path)?;
    let (size, after): (_, Option<i32>) = (query.0.limit()?, query.0.after()?);
    let rows =
        app.read(caller.actor, move |c, act| sheet_lines::list(c, act, sheet, after, size + 1)).await?;
    Ok(HttpResponse::Ok().json(keyset(rows, size, |row| row.line.to_string(), |row| row)))
}

/// Closes a stack whose totals match.
#[utoipa::path(tag = "visits", security(("bearer" = [])), responses((status = 200, body = SheetView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/channels/visits/batches/{id}/closing")]
pub(in crate::api) async fn close_sheet(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let sheet: DeskSheetId = id(&path)?;
    Ok(commit(&app, caller.actor, None, move |connection, act| {
        Reply::ok(&sheets::close(connection, act, sheet)?)
    })
    .await?)
}
