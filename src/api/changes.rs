//! Changes of the configuration: proposed by one, agreed by another.

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::body::{Body, IdempotencyKey, Query, id};
use super::caller::Caller;
use super::cases::Outcome;
use super::commit::{Once, Reply, commit};
use super::page::{self, Page, keyset, time};
use super::problem::{Problem, ProblemBody};
use crate::app::App;
use crate::db::DbConnection;
use crate::db::types::{ChangeId, Time};
use crate::domain::actor::Act;
use crate::domain::changes::{self, Action, ChangeRow, ChangeView, Decision, Status, Terms, Wish};
use crate::domain::input;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{Error, FieldError, Fields, Result};

/// Which changes.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ChangesQuery {
    /// `proposed`, `approved`, `applied`, `rejected`, `withdrawn` or `failed`; all when missing.
    status: Option<String>,
    /// 1 to 200; 50 when missing.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// Administrators and auditors read changes.
pub(super) fn allow_reading(act: &Act) -> Result<()> {
    policy::allow_anywhere(act, Verb::Configure)
        .or_else(|_| policy::allow_anywhere(act, Verb::ReadAudit))
        .map(drop)
}

/// Changes of the configuration, the newest first.
#[utoipa::path(tag = "configuration", params(ChangesQuery), security(("bearer" = [])), responses((status = 200, body = Page<ChangeView>), (status = 403, body = ProblemBody)))]
#[get("/changes")]
pub(super) async fn list_changes(app: web::Data<App>, caller: Caller, query: Query<ChangesQuery>) -> Outcome {
    let query = query.0;
    let page = app.read(caller.actor, move |connection, act| {
        allow_reading(act)?;
        let limit = page::limit(query.limit)?;
        let status = query.status.as_deref().map(|text| input::choice::<Status>("status", text));
        let status = status.transpose().map_err(Error::field)?;
        let malformed = |_| Error::Malformed(crate::error::Code::InvalidCursor);
        let before = query.cursor.as_deref().map(str::parse::<ChangeId>).transpose().map_err(malformed)?;
        let rows = changes::list(connection, status, before, limit + 1)?;
        let page = keyset(rows, limit, |row: &ChangeRow| row.id.to_string(), |row| row);
        let items = changes::views(connection, act, page.items)?;
        Ok(Page { items, next_cursor: page.next_cursor })
    });
    Ok(HttpResponse::Ok().json(page.await?))
}

/// One change, with what differs and the last trial.
#[utoipa::path(tag = "configuration", security(("bearer" = [])), responses((status = 200, body = ChangeView), (status = 404, body = ProblemBody)))]
#[get("/changes/{id}")]
pub(super) async fn read_change(app: web::Data<App>, caller: Caller, path: web::Path<String>) -> Outcome {
    let view = app.read(caller.actor, move |connection, act| {
        allow_reading(act)?;
        let row = changes::find(connection, id(&path)?)?;
        changes::view(connection, act, row)
    });
    Ok(HttpResponse::Ok().json(view.await?))
}

type Verdict = fn(&mut DbConnection, &Act, ChangeId, &Decision) -> Result<ChangeRow>;

async fn decide(
    app: web::Data<App>,
    caller: Caller,
    path: &str,
    body: Body<Decision>,
    verdict: Verdict,
) -> Outcome {
    let path = path.to_owned();
    Ok(commit(&app, caller.actor, None, move |connection, act| {
        changes::allow_deciding(act)?;
        let row = verdict(connection, act, id(&path)?, &body.value)?;
        Reply::ok(&changes::view(connection, act, row)?)
    })
    .await?)
}

/// Approves a change that somebody else proposed; it holds at once or from its own time on.
#[utoipa::path(tag = "configuration", request_body = Decision, security(("bearer" = [])), responses((status = 200, body = ChangeView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/changes/{id}/approval")]
pub(super) async fn approve_change(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<Decision>,
) -> Outcome {
    decide(app, caller, &path, body, changes::approve).await
}

/// Rejects a change that somebody else proposed, with a reason.
#[utoipa::path(tag = "configuration", request_body = Decision, security(("bearer" = [])), responses((status = 200, body = ChangeView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/changes/{id}/rejection")]
pub(super) async fn reject_change(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<Decision>,
) -> Outcome {
    decide(app, caller, &path, body, changes::reject).await
}

/// Takes one's own proposal back, or any agreed change before its time.
#[utoipa::path(tag = "configuration", request_body = Decision, security(("bearer" = [])), responses((status = 200, body = ChangeView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/changes/{id}/withdrawal")]
pub(super) async fn withdraw_change(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<Decision>,
) -> Outcome {
    decide(app, caller, &path, body, changes::withdraw).await
}

/// A wish as a client writes it: the row's fields, with `valid_from`, `valid_to`, `because` and `end` beside them.
pub(super) fn wish(noun: &str, code: Option<String>, mut body: Map<String, Value>) -> Result<Wish> {
    let mut fields = Fields::default();
    let mut moment = |name: &str| -> Option<Time> {
        let told = match body.remove(name)? {
            Value::Null => return None,
            Value::String(text) => time(name, &text),
            other => time(name, &other.to_string()),
        };
        fields.take(told)
    };
    let (valid_from, valid_to) = (moment("valid_from"), moment("valid_to"));
    let because = match body.remove("because") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text),
        Some(_) => {
            fields.add(FieldError::new("because", "invalid", "متنی بنویسید.", "Write a text."));
            None
        }
    };
    let ends = body.remove("end") == Some(Value::Bool(true));
    if ends && !body.is_empty() {
        let (fa, en) = (
            "پایان دادن با تغییر فیلدها یک‌جا نمی‌شود.",
            "A row cannot end and change its fields at the same time.",
        );
        fields.add(FieldError::new("end", "alone", fa, en));
    }
    fields.finish()?;
    let action = match (&code, ends) {
        (None, _) => Action::Create,
        (Some(_), true) => Action::End,
        (Some(_), false) => Action::Change,
    };
    let terms = Terms { valid_from, valid_to, because };
    Ok(Wish { noun: noun.to_owned(), code, action, body: Value::Object(body), terms })
}

/// Keeps a wish as a proposal (202); where the settings ask for no second person it holds at once (201, 200).
pub(super) async fn put_forward(
    app: web::Data<App>,
    caller: Caller,
    once: Option<Once>,
    wish: Wish,
) -> Result<HttpResponse, Problem> {
    let four_eyes = app.config.configuration.four_eyes;
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        let row = changes::propose(connection, act, &wish)?;
        if four_eyes {
            return Reply::accepted(&changes::view(connection, act, row)?);
        }
        let row = changes::agree_alone(connection, act, row.id)?;
        let status = row.status;
        let view = changes::view(connection, act, row)?;
        match (status, wish.action) {
            (Status::Applied, Action::Create) => Reply::created(&view.row_with_version()),
            (Status::Applied, _) => Reply::ok(&view.row_with_version()),
            _ => Reply::accepted(&view),
        }
    })
    .await?)
}

/// The key of a creating call.
pub(super) fn once(key: IdempotencyKey, path: &str, digest: &str) -> Option<Once> {
    Once::of(key, &format!("POST /{path}"), digest)
}
