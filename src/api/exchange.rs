//! `/exchange`: a body's own system takes its referrals and gives its answers back, with a gateway key of its office.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, get, post, put, web};
use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};

use super::body::{Body, Query, id};
use super::caller::Caller;
use super::cases::{Outcome, with_disclosure};
use super::commit::{Reply, commit};
use super::page;
use super::problem::{Problem, ProblemBody};
use crate::app::App;
use crate::db::DbConnection;
use crate::db::types::{OfficeId, ReferralId, Time};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::{CaseRow, find_visible};
use crate::domain::confidentiality::Why;
use crate::domain::exchange::{self, Acceptance, Answered, Entry, ExchangeAnswer, Giving, Numbers, Progress};
use crate::domain::referrals::{self, ReferralRow};
use crate::domain::views::{self, AnswerView, CaseView, ReferralView};
use crate::error::{Error, FieldError, Result};

/// A body's own system, as which it acts and for which office.
#[derive(Debug, Clone)]
pub(super) struct System {
    actor: Actor,
    office: OfficeId,
}

impl FromRequest for System {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = Caller::from_request(request, payload);
        let app = request.app_data::<web::Data<App>>().cloned();
        Box::pin(async move {
            let caller = caller.await?;
            let app = app.ok_or_else(|| Error::internal("the application is not mounted"))?;
            let found = app.db.glance(move |connection| exchange::actor(connection, &caller.actor)).await?;
            let (_, office, actor) = found;
            Ok(Self { actor, office })
        })
    }
}

/// A referral as the body's own system reads it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ExchangeView {
    referral: ReferralView,
    case: CaseView,
    /// What the body noted of it.
    own: Numbers,
    /// The body's answers, oldest first, each with how far its approval is.
    answers: Vec<AnswerView>,
}

/// One entry of the feed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EntryView {
    /// Send the last one that was taken in as `after`.
    position: String,
    /// What happened; `connected` for what was open when the system was connected.
    event: String,
    at: Time,
    #[serde(flatten)]
    view: ExchangeView,
}

/// A page of the feed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FeedView {
    items: Vec<EntryView>,
    /// The position up to which was read: the next `after`, also where nothing was new.
    after: String,
    /// The same where there is more; null at the end of the feed.
    next_cursor: Option<String>,
}

/// From where the feed is read.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct FeedQuery {
    /// The position up to which everything was taken in; from the beginning when missing.
    after: Option<String>,
    /// 1 to 200; 50 when missing.
    limit: Option<i64>,
}

fn view(connection: &mut DbConnection, act: &Act, case: &CaseRow, row: &ReferralRow) -> Result<ExchangeView> {
    let case_view = views::case(connection, act, case)?;
    with(connection, act, case, row, case_view)
}

fn with(
    connection: &mut DbConnection,
    act: &Act,
    case: &CaseRow,
    row: &ReferralRow,
    case_view: CaseView,
) -> Result<ExchangeView> {
    let mut answers = views::answers(connection, act, case)?;
    answers.retain(|answer| answer.referral_id == row.id);
    Ok(ExchangeView {
        referral: views::referral(connection, act, case, row)?,
        case: case_view,
        own: exchange::numbers(connection, row.id)?,
        answers,
    })
}

/// What happened to the referrals of the office, in the order in which it is to be taken in. An entry is there once for each
/// event and shows the referral as it is now; no entry ever appears before one that was read.
#[utoipa::path(tag = "exchange", params(FeedQuery), security(("bearer" = [])), responses((status = 200, body = FeedView), (status = 403, body = ProblemBody)))]
#[get("/exchange/referrals")]
pub(super) async fn read_exchange_feed(
    app: web::Data<App>,
    system: System,
    query: Query<FeedQuery>,
) -> Outcome {
    let office = system.office;
    let limit = page::limit(query.0.limit)?;
    let after = query.0.after.as_deref().filter(|text| !text.is_empty()).map(str::parse::<i64>);
    let after = after.transpose().map_err(|_| {
        let (fa, en) =
            ("جایگاهی را بفرستید که خوراک پیش‌تر گفته است.", "Send a position that the feed told before.");
        Error::field(FieldError::new("after", "invalid", fa, en))
    })?;
    if app.db.glance(move |connection| exchange::unplaced(connection, office)).await? {
        app.write(system.actor.clone(), move |connection, act| exchange::place(connection, act, office))
            .await?;
    }
    let feed = app.read(system.actor, move |connection, act| {
        let (entries, last, has_more) = exchange::page(connection, act, office, after.unwrap_or(0), limit)?;
        let items = entries.into_iter().map(|entry| {
            let Entry { position, event, at, referral, case } = entry;
            let view = view(connection, act, &case, &referral)?;
            Ok(EntryView { position: position.to_string(), event, at, view })
        });
        Ok(FeedView {
            items: items.collect::<Result<Vec<_>>>()?,
            after: last.to_string(),
            next_cursor: has_more.then(|| last.to_string()),
        })
    });
    Ok(HttpResponse::Ok().json(feed.await?))
}

/// The referral, if it was sent to the office itself and its case may be seen.
fn own(connection: &mut DbConnection, act: &Act, office: OfficeId, id: ReferralId) -> Result<ReferralRow> {
    let row = referrals::find(connection, id)?;
    find_visible(connection, act, row.case_id)?;
    if row.office_id == office { Ok(row) } else { Err(Error::NotFound) }
}

/// One referral whole, as far as a handler of the office reads it. A reading of an identity is logged, and shown to the citizen.
#[utoipa::path(tag = "exchange", security(("bearer" = [])), responses((status = 200, body = ExchangeView), (status = 404, body = ProblemBody)))]
#[get("/exchange/referrals/{id}")]
pub(super) async fn read_exchange_referral(
    app: web::Data<App>,
    system: System,
    path: web::Path<String>,
) -> Outcome {
    let (referral, office): (ReferralId, _) = (id(&path)?, system.office);
    let row = app
        .glance(system.actor.clone(), move |connection, act| own(connection, act, office, referral))
        .await?;
    let caller = Caller { actor: system.actor, session: None };
    let view =
        with_disclosure(&app, caller, row.case_id, Why::Case, move |connection, act, case, disclosed| {
            let detail = views::detail(connection, act, case, disclosed)?;
            with(connection, act, case, &row, detail)
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}

type Verb<T> = fn(&mut DbConnection, &Act, OfficeId, ReferralId, &T) -> Result<()>;

/// Does a verb and tells the referral as it is then; once the office sees the case no longer, only the verb is told as done.
async fn done<T: Send + Sync + 'static>(
    app: web::Data<App>,
    system: System,
    path: &str,
    body: Body<T>,
    verb: Verb<T>,
) -> Outcome {
    let (referral, office): (ReferralId, _) = (id(path)?, system.office);
    Ok(commit(&app, system.actor, None, move |connection, act| {
        verb(connection, act, office, referral, &body.value)?;
        let row = referrals::find(connection, referral)?;
        let case = find_visible(connection, act, row.case_id)?;
        Reply::ok(&view(connection, act, &case, &row)?)
    })
    .await?)
}

/// Takes a referral up; done twice it is done once.
#[utoipa::path(tag = "exchange", request_body = Acceptance, security(("bearer" = [])), responses((status = 200, body = ExchangeView), (status = 409, body = ProblemBody)))]
#[post("/exchange/referrals/{id}/acceptance")]
pub(super) async fn accept_by_exchange(
    app: web::Data<App>,
    system: System,
    path: web::Path<String>,
    body: Body<Acceptance>,
) -> Outcome {
    done(app, system, &path, body, exchange::accept).await
}

/// Returns a referral with a coded reason; done twice it is done once.
#[utoipa::path(tag = "exchange", request_body = Giving, security(("bearer" = [])), responses((status = 200, body = ExchangeView), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/exchange/referrals/{id}/return")]
pub(super) async fn return_by_exchange(
    app: web::Data<App>,
    system: System,
    path: web::Path<String>,
    body: Body<Giving>,
) -> Outcome {
    done(app, system, &path, body, exchange::give_back).await
}

/// Says how far the body is, in its own word; a `note` becomes a note of the case, for staff only.
#[utoipa::path(tag = "exchange", request_body = Progress, security(("bearer" = [])), responses((status = 200, body = ExchangeView), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[put("/exchange/referrals/{id}/status")]
pub(super) async fn note_exchange_status(
    app: web::Data<App>,
    system: System,
    path: web::Path<String>,
    body: Body<Progress>,
) -> Outcome {
    done(app, system, &path, body, exchange::progress).await
}

/// Answers a referral under the body's own number. Where the office wants a second person the answer waits for one; else it
/// goes out at once. The same number with the same words again is the same answer.
#[utoipa::path(tag = "exchange", request_body = ExchangeAnswer, security(("bearer" = [])), responses((status = 201, body = AnswerView), (status = 200, description = "It came before", body = AnswerView), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/exchange/referrals/{id}/answers")]
pub(super) async fn answer_by_exchange(
    app: web::Data<App>,
    system: System,
    path: web::Path<String>,
    body: Body<ExchangeAnswer>,
) -> Outcome {
    let (referral, office): (ReferralId, _) = (id(&path)?, system.office);
    Ok(commit(&app, system.actor, None, move |connection, act| {
        let answered = exchange::answer(connection, act, office, referral, &body.value)?;
        let (row, is_new) = match answered {
            Answered::Taken(row) => (row, true),
            Answered::Known(row) => (row, false),
        };
        let case = find_visible(connection, act, row.case_id)?;
        let view = views::answer(connection, act, &case, &row)?;
        if is_new { Reply::created(&view) } else { Reply::ok(&view) }
    })
    .await?)
}
