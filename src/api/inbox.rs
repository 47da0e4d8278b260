//! `/inbox`: the actor's work, by due time, with counts per box.

use actix_web::{HttpResponse, get, web};
use serde::Deserialize;

use super::body::Query;
use super::caller::Caller;
use super::page::limit;
use super::problem::{Problem, ProblemBody};
use crate::app::App;
use crate::domain::cases::list::Cursor;
use crate::domain::views::{self, Inbox, Tray};
use crate::domain::{input, policy};
use crate::error::Error;

/// Which part of the inbox.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct InboxQuery {
    /// new, in_progress, due_today, overdue, waiting, to_approve, copies, triage, interim, appeals, problems, recommendations; all work of cases when missing.
    r#box: Option<String>,
    /// 1 to 200; 50 when missing.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// The actor's work.
#[utoipa::path(tag = "inbox", params(InboxQuery), security(("bearer" = [])), responses((status = 200, body = Inbox), (status = 422, body = ProblemBody)))]
#[get("/inbox")]
pub(super) async fn read_inbox(
    app: web::Data<App>,
    caller: Caller,
    query: Query<InboxQuery>,
) -> Result<HttpResponse, Problem> {
    let inbox = app
        .read(caller.actor, move |connection, act| {
            policy::allow_reading(act)?;
            let query = query.0;
            let tray: Option<Tray> = query
                .r#box
                .as_deref()
                .map(|name| input::choice("box", name))
                .transpose()
                .map_err(Error::field)?;
            let cursor = query.cursor.as_deref().map(|text| Cursor::decode(text, "inbox")).transpose()?;
            views::inbox(connection, act, tray, limit(query.limit)?, cursor.as_ref())
        })
        .await?;
    Ok(HttpResponse::Ok().json(inbox))
}
