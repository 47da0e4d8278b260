//! `/cases`: register, list and read.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};

use super::body::{Body, IdempotencyKey, Query, id};
use super::caller::Caller;
use super::commit::{Once, Reply, commit};
use super::page::{Page, limit};
use super::problem::{Problem, language};
use super::repeats::{DeskView, desk};
use crate::app::App;
use crate::db::types::CaseId;
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::list::{self, Cursor, Filter, Sort};
use crate::domain::cases::register::{Register, Registered};
use crate::domain::cases::{Docket, find_visible};
use crate::domain::confidentiality::{Disclosure, Why, disclose};
use crate::domain::intake::communications::{self, CommunicationView};
use crate::domain::intake::{Form, Refusal};
use crate::domain::rulebook::Verb;
use crate::domain::views::{self, Action, CaseView, EventView, MessageView, NoteView, ReferralView};
use crate::domain::{input, policy, users};
use crate::error::{Code, Error, FieldError, Fields, Language, Result};
use crate::intake;

pub(super) type Outcome = Result<HttpResponse, Problem>;

/// A registered case: the case, and what only its citizen is told.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RegisteredView {
    #[serde(flatten)]
    case: CaseView,
    /// Opens the case together with its tracking code; told once.
    access_code: Option<String>,
    /// What the sender should be told, such as a complaint taken as a report.
    notices: Vec<NoticeView>,
    /// For staff: earlier cases of the same citizen and household on the same matter, and the contact plan.
    #[serde(flatten)]
    desk: DeskView,
}

impl RegisteredView {
    pub(super) fn of(
        connection: &mut crate::db::DbConnection,
        act: &Act,
        done: Registered,
        shown: Language,
    ) -> Result<Self> {
        let Registered { row, access_code, downgraded_from, seen, .. } = done;
        let notices = super::problem::LANGUAGE.sync_scope(shown, || notices(downgraded_from.as_deref()));
        let desk = desk(connection, act, &seen, shown)?;
        Ok(Self { case: views::case(connection, act, &row)?, access_code, notices, desk })
    }
}

/// Something to tell the sender.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NoticeView {
    pub code: &'static str,
    pub message: String,
}

/// What to tell of a downgrade, in the reader's language.
pub(super) fn notices(downgraded_from: Option<&str>) -> Vec<NoticeView> {
    downgraded_from
        .map(|_| NoticeView {
            code: "downgraded_to_report",
            message: match language() {
                crate::error::Language::Fa => "شکایت بدون هویت درست به‌عنوان گزارش ثبت شد.".into(),
                crate::error::Language::En => {
                    "Without a valid identity the complaint was taken as a report.".into()
                }
            },
        })
        .into_iter()
        .collect()
}

/// Registers a case on any channel.
#[utoipa::path(tag = "cases", request_body = Register, security(("bearer" = [])),
    responses((status = 201, body = RegisteredView), (status = 200, description = "Known by its external_id", body = RegisteredView), (status = 422, body = super::problem::ProblemBody)))]
#[post("/cases")]
pub(super) async fn register_case(
    app: web::Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Body<Register>,
) -> Outcome {
    let once = Once::of(key, "POST /cases", &body.digest);
    let wish = body.value;
    let refused = (caller.actor.clone(), wish.clone());
    let shown = language();
    let done = commit(&app, caller.actor, once, move |connection, act| {
        let done = intake::file(connection, act, Form::Case, &wish)?;
        let is_new = done.access_code.is_some();
        let view = RegisteredView::of(connection, act, done, shown)?;
        if is_new { Reply::created(&view) } else { Reply::ok(&view) }
    })
    .await;
    if let Err(error) = &done {
        keep_refused(&app, refused, error).await?;
    }
    Ok(done?)
}

/// What a gateway hands over and nobody is there to mend is told as wrong, and kept.
async fn keep_refused(app: &App, (actor, wish): (Actor, Register), error: &Error) -> Result<()> {
    // a repeated key is another call's business, and known cases are no failures
    let is_repeated = matches!(error, Error::Conflict(Code::KeyReused | Code::Duplicate));
    if is_repeated || !intake::is_kept(&actor, error) {
        return Ok(());
    }
    let refusal = Refusal::of(error);
    let keep = move |connection: &mut crate::db::DbConnection, act: &Act| {
        intake::refuse_filing(connection, act, Form::Case, &wish, &refusal).map(|_| ())
    };
    app.write(actor, keep).await
}

/// Filters of the list.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// One status or several, with commas.
    status: Option<String>,
    kind: Option<String>,
    channel: Option<String>,
    category: Option<String>,
    /// Code of the office that holds the case.
    office: Option<String>,
    province: Option<String>,
    county: Option<String>,
    /// User name of the person who holds the case.
    holder: Option<String>,
    /// Id of the citizen.
    citizen: Option<String>,
    overdue: Option<bool>,
    sealed: Option<bool>,
    /// Words, or a tracking code.
    q: Option<String>,
    /// Registered at or after (RFC 3339 or a date).
    from: Option<String>,
    /// Registered before (RFC 3339 or a date).
    to: Option<String>,
    /// due_at, -due_at, registered_at, -registered_at, updated_at, -updated_at.
    sort: Option<String>,
    /// 1 to 200; 50 when missing.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// Lists visible cases.
#[utoipa::path(tag = "cases", params(ListQuery), security(("bearer" = [])),
    responses((status = 200, body = Page<CaseView>), (status = 422, body = super::problem::ProblemBody)))]
#[get("/cases")]
pub(super) async fn list_cases(app: web::Data<App>, caller: Caller, query: Query<ListQuery>) -> Outcome {
    let page = app
        .read(caller.actor, move |connection, act| {
            policy::allow_reading(act)?;
            let query = query.0;
            let sort: Sort = match query.sort.as_deref() {
                Some(sort) => input::choice("sort", sort).map_err(Error::field)?,
                None => Sort::RegisteredAtDown,
            };
            let limit = limit(query.limit)?;
            let cursor =
                query.cursor.as_deref().map(|text| Cursor::decode(text, sort.as_str())).transpose()?;
            let filter = filter(connection, act, query)?;
            let (rows, next) = list::list(connection, act, &filter, sort, limit, cursor.as_ref())?;
            let items = views::cases(connection, act, &rows)?;
            Ok(Page { items, next_cursor: next.map(|cursor| cursor.encode()) })
        })
        .await?;
    Ok(HttpResponse::Ok().json(page))
}

fn filter(connection: &mut crate::db::DbConnection, act: &Act, query: ListQuery) -> Result<Filter> {
    let mut fields = Fields::default();
    let status = query.status.as_deref().map_or_else(Vec::new, |list| {
        list.split(',').filter_map(|one| fields.take(input::choice("status", one.trim()))).collect()
    });
    let holder = match query.holder.as_deref() {
        Some(name) => match users::by_username(connection, name)? {
            Some(user) => Some(user.id),
            None => fields.take(Err(FieldError::unknown("holder", name))),
        },
        None => None,
    };
    let filter = Filter {
        status,
        kind: query
            .kind
            .and_then(|code| fields.take(act.rules.kind("kind", &code).map(|kind| kind.code.clone()))),
        channel: query.channel.and_then(|code| fields.take(input::choice("channel", &code))),
        category: query.category.and_then(|code| {
            fields.take(act.rules.category("category", &code).map(|leaf| leaf.code.clone()))
        }),
        office: query
            .office
            .and_then(|code| fields.take(act.rules.offices.find("office", &code)).map(|office| office.id)),
        province: query.province,
        county: query.county,
        holder,
        citizen: query.citizen.map(|text| id(&text)).transpose()?,
        overdue: query.overdue,
        sealed: query.sealed,
        words: query.q.filter(|words| !words.trim().is_empty()),
        from: query.from.and_then(|text| fields.take(super::page::time("from", &text))),
        to: query.to.and_then(|text| fields.take(super::page::time("to", &text))),
    };
    fields.finish()?;
    Ok(filter)
}

/// Reads through a visible case.
pub(super) async fn with_case<T, F>(app: &web::Data<App>, caller: Caller, case: &str, read: F) -> Result<T>
where
    F: FnOnce(&mut crate::db::DbConnection, &Act, &crate::domain::cases::CaseRow) -> Result<T>
        + Send
        + 'static,
    T: Send + 'static,
{
    let case: CaseId = id(case)?;
    app.glance(caller.actor, move |connection, act| {
        policy::allow_reading(act)?;
        let row = find_visible(connection, act, case)?;
        read(connection, act, &row)
    })
    .await
}

/// Reads what names or quotes the citizen of a visible case: first the reading is logged and committed, then it is shown. A
/// reply that fails after that leaves its line in the log; without the line nothing is shown.
pub(super) async fn with_disclosure<T, F>(
    app: &web::Data<App>,
    caller: Caller,
    case: CaseId,
    why: Why,
    read: F,
) -> Result<T>
where
    F: FnOnce(&mut crate::db::DbConnection, &Act, &crate::domain::cases::CaseRow, &Disclosure) -> Result<T>
        + Send
        + 'static,
    T: Send + 'static,
{
    let disclosed = app
        .write(caller.actor.clone(), move |connection, act| {
            policy::allow_reading(act)?;
            if why == Why::Messages {
                policy::allow_anywhere(act, Verb::ReadIdentity)?;
            }
            let row = find_visible(connection, act, case)?;
            disclose(connection, act, &row, why)
        })
        .await?;
    app.glance(caller.actor, move |connection, act| {
        let row = find_visible(connection, act, case)?;
        read(connection, act, &row, &disclosed)
    })
    .await
}

/// One case, with its ETag. A reading of its identity, or of the original words of a sealed case, is logged.
#[utoipa::path(tag = "cases", security(("bearer" = [])), responses((status = 200, body = CaseView), (status = 404, body = super::problem::ProblemBody)))]
#[get("/cases/{id}")]
pub(super) async fn read_case(app: web::Data<App>, caller: Caller, path: web::Path<String>) -> Outcome {
    let view = with_disclosure(&app, caller, id(&path)?, Why::Case, views::detail).await?;
    Ok(Reply::ok(&view)?.into_response())
}

/// The referrals of a case, oldest first.
#[utoipa::path(tag = "cases", security(("bearer" = [])), responses((status = 200, body = Page<ReferralView>)))]
#[get("/cases/{id}/referrals")]
pub(super) async fn list_referrals(app: web::Data<App>, caller: Caller, path: web::Path<String>) -> Outcome {
    let items = with_case(&app, caller, &path, views::referrals).await?;
    Ok(HttpResponse::Ok().json(Page::whole(items)))
}

/// The answers of a case, oldest first.
#[utoipa::path(tag = "cases", security(("bearer" = [])), responses((status = 200, body = Page<views::AnswerView>)))]
#[get("/cases/{id}/answers")]
pub(super) async fn list_answers(app: web::Data<App>, caller: Caller, path: web::Path<String>) -> Outcome {
    let items = with_case(&app, caller, &path, views::answers).await?;
    Ok(HttpResponse::Ok().json(Page::whole(items)))
}

/// The timeline of a case, from its first event on.
#[utoipa::path(tag = "cases", security(("bearer" = [])), responses((status = 200, body = Page<EventView>)))]
#[get("/cases/{id}/timeline")]
pub(super) async fn read_timeline(app: web::Data<App>, caller: Caller, path: web::Path<String>) -> Outcome {
    let items = with_case(&app, caller, &path, views::timeline).await?;
    Ok(HttpResponse::Ok().json(Page::whole(items)))
}

/// What was sent and received on a case, with its delivery state.
#[utoipa::path(tag = "cases", security(("bearer" = [])), responses((status = 200, body = Page<MessageView>)))]
#[get("/cases/{id}/messages")]
pub(super) async fn list_messages(app: web::Data<App>, caller: Caller, path: web::Path<String>) -> Outcome {
    let items = with_disclosure(&app, caller, id(&path)?, Why::Messages, views::messages).await?;
    Ok(HttpResponse::Ok().json(Page::whole(items)))
}

/// What came in and went out on a case, oldest first: when, by which way, and whether it arrived.
#[utoipa::path(tag = "cases", security(("bearer" = [])), responses((status = 200, body = Page<CommunicationView>)))]
#[get("/cases/{id}/communications")]
pub(super) async fn list_communications(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Outcome {
    let items = with_disclosure(&app, caller, id(&path)?, Why::Messages, communications::of_case).await?;
    Ok(HttpResponse::Ok().json(Page::whole(items)))
}

/// The notes that staff left on a case.
#[utoipa::path(tag = "cases", security(("bearer" = [])), responses((status = 200, body = Page<NoteView>)))]
#[get("/cases/{id}/notes")]
pub(super) async fn list_notes(app: web::Data<App>, caller: Caller, path: web::Path<String>) -> Outcome {
    let items = with_case(&app, caller, &path, views::notes).await?;
    Ok(HttpResponse::Ok().json(Page::whole(items)))
}

/// The verbs that this actor may use now, and why not the others.
#[utoipa::path(tag = "cases", security(("bearer" = [])), responses((status = 200, body = Page<Action>)))]
#[get("/cases/{id}/actions")]
pub(super) async fn list_actions(app: web::Data<App>, caller: Caller, path: web::Path<String>) -> Outcome {
    let shown = language();
    let items = with_case(&app, caller, &path, move |c, act, row| {
        let docket = Docket::read(c, act, row.id)?;
        views::actions(c, act, &docket, shown)
    })
    .await?;
    Ok(HttpResponse::Ok().json(Page::whole(items)))
}
