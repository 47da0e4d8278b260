//! `/public`: file and follow a case without an account; codes and rules that anyone may read.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};

use super::body::{Body, IdempotencyKey, Query};
use super::caller::CitizenCaller;
use super::cases::{NoticeView, notices};
use super::citizen_web::proof;
use super::client::address;
use super::commit::{Once, Reply, commit};
use super::problem::{LANGUAGE, Problem, ProblemBody, language};
use super::token::{self, Purpose};
use crate::app::App;
use crate::db::DbConnection;
use crate::db::types::{CaseId, Time};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::ask::{self, Reply as CitizenReply};
use crate::domain::cases::close::{self, Withdraw};
use crate::domain::cases::life::Status;
use crate::domain::cases::lookup::{self, Lookup};
use crate::domain::cases::register::Register;
use crate::domain::cases::{CaseRow, Expected, TrackingCode, find_visible};
use crate::domain::history::{Receipt, Tombstone, receipt, tombstone};
use crate::domain::intake::Form;
use crate::domain::privacy::correction_requests::{self, OwnWish};
use crate::domain::rulebook::Rulebook;
use crate::domain::users::{self, Attempt};
use crate::domain::views::{self, CitizenAction, OwnReadView, PublicCase, PublicEvent};
use crate::error::{Code, Error, Language, Result};
use crate::intake;

/// A filed case, and what the citizen keeps of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FiledView {
    tracking_code: String,
    /// Opens the case together with its tracking code; told once.
    access_code: Option<String>,
    kind: String,
    status: String,
    registered_at: Time,
    due_at: Time,
    notices: Vec<NoticeView>,
    /// The signed proof of filing; `samad verify --receipt` checks it.
    receipt: Receipt,
}

impl FiledView {
    pub(super) fn tracking_code(&self) -> &str {
        &self.tracking_code
    }
}

/// Files a case by the web, without an account; above a rate with a proof of work.
#[utoipa::path(tag = "public", request_body = Register, responses((status = 201, body = FiledView), (status = 422, body = ProblemBody), (status = 428, body = ProblemBody)))]
#[post("/public/cases")]
pub(super) async fn file_case(
    app: web::Data<App>,
    request: HttpRequest,
    key: IdempotencyKey,
    body: Body<PublicFiling>,
) -> Result<HttpResponse, Problem> {
    proof::demand(&app, &request, key.0.as_deref()).await?;
    let once = Once::of(key, "POST /public/cases", &body.digest);
    let wish = of_the_web(body.value.0);
    let reader = language();
    Ok(commit(&app, Actor::Public, once, move |connection, act| {
        Reply::created(&filed(connection, act, &wish, reader)?.1)
    })
    .await?)
}

/// What only staff may say of a filing is left out.
pub(super) fn of_the_web(wish: Register) -> Register {
    Register { channel: "web".into(), received_at: None, priority: None, override_reason: None, ..wish }
}

/// Files by the web; gives the case and what its citizen keeps of it.
///
/// # Errors
/// Those of `intake::file`; `duplicate` where the same `external_id` was filed before.
pub(super) fn filed(
    connection: &mut DbConnection,
    act: &Act,
    wish: &Register,
    reader: Language,
) -> Result<(CaseId, FiledView)> {
    let done = intake::file(connection, act, Form::PublicCase, wish)?;
    if done.access_code.is_none() {
        return Err(Error::Conflict(Code::Duplicate));
    }
    let receipt = receipt::issue(connection, act, done.row.id)?;
    let view = FiledView {
        tracking_code: done.row.tracking_code,
        access_code: done.access_code,
        kind: done.row.kind,
        status: done.row.status.to_string(),
        registered_at: done.row.registered_at,
        due_at: done.row.due_at,
        notices: notices_of(done.downgraded_from.as_deref(), done.seen.has_own_open, reader),
        receipt,
    };
    Ok((done.row.id, view))
}

/// What an unproven filer is told: of a downgrade, and that the own record, told in full, has an open case on the
/// matter; no code, no date, and nothing of anybody else.
fn notices_of(downgraded_from: Option<&str>, has_own_open: bool, reader: Language) -> Vec<NoticeView> {
    let mut list = LANGUAGE.sync_scope(reader, || notices(downgraded_from));
    list.extend(has_own_open.then(|| NoticeView {
        code: "own_open_case",
        message: match reader {
            Language::Fa => "درباره همین موضوع پرونده بازی دارید؛ برای پیگیری یا افزودن مطلب از کد رهگیری همان استفاده کنید. نیازی به ثبت دوباره نیست.".into(),
            Language::En => "You have an open case on this; use its code to follow it or to add to it. You need not file again.".into(),
        },
    }));
    list
}

/// A filing by the web; its channel need not be named.
#[derive(Debug)]
pub struct PublicFiling(Register);

impl<'de> Deserialize<'de> for PublicFiling {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut map = serde_json::Map::deserialize(deserializer)?;
        map.entry("channel").or_insert_with(|| "web".into());
        let bytes = serde_json::to_vec(&map).map_err(serde::de::Error::custom)?;
        serde_json::from_slice(&bytes).map(Self).map_err(serde::de::Error::custom)
    }
}

/// A case as its citizen sees it, and the token for further words.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LookupView {
    pub(super) case: PublicCase,
    pub(super) timeline: Vec<PublicEvent>,
    /// What the citizen may do now, and why not the rest.
    pub(super) actions: Vec<CitizenAction>,
    /// Which offices read the citizen's identity, or the original words of a sealed case: the newest twenty readings.
    pub(super) identity_reads: Vec<OwnReadView>,
    /// Corrections of the own record that were asked for, with their state and until when they are decided.
    corrections: Vec<OwnWish>,
    /// The signed proofs of what was erased of the case; empty where nothing was.
    erased: Vec<Tombstone>,
    /// Bearer token for the calls under `/public/cases/{tracking_code}`.
    token: String,
    /// Seconds that the token is good for.
    expires_in: i64,
}

/// Readings that a look-up shows; the rest has a list of its own.
const READS_SHOWN: i64 = 20;

/// Looks a case up by its code and a second factor. A wrong pair and an unknown code get the same reply.
#[utoipa::path(tag = "public", request_body = Lookup, responses((status = 200, body = LookupView), (status = 404, body = ProblemBody), (status = 429, body = ProblemBody)))]
#[post("/public/lookups")]
pub(super) async fn look_up(
    app: web::Data<App>,
    request: HttpRequest,
    body: Body<Lookup>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(opened(&app, &request, body.value, language()).await?))
}

/// The case of a pair, for the API and for the page; wrong pairs are counted, and too many are refused.
///
/// # Errors
/// `not_found` for a wrong pair, `too_many_requests`, or a field error where no second factor was given.
pub(super) async fn opened(
    app: &web::Data<App>,
    request: &HttpRequest,
    wish: Lookup,
    reader: Language,
) -> Result<LookupView> {
    let from = address(request, &app.config.trusted_proxies());
    let rule = Attempt { free: app.config.limits.lookup_tries, first_lock_seconds: 60, forget_seconds: 3600 };
    let code = one_spelling(&wish.tracking_code);
    let asked_from = from.clone();
    let asked_code = code.clone();
    let found = app
        .glance(Actor::Public, move |connection, act| {
            let asked = [("lookup-code", asked_code.as_str()), ("lookup-address", asked_from.as_str())];
            let retry_after = users::retry_after(connection, act, asked)?;
            if retry_after > 0 {
                return Err(Error::TooMany { code: Code::TooManyRequests, retry_after });
            }
            let Some(row) = lookup::find(connection, act, &wish)? else { return Ok(None) };
            shown(connection, act, row, reader).map(Some)
        })
        .await?;
    let Some(shown) = found else {
        note_wrong_pair(app, code, from, rule).await?;
        return Err(Error::NotFound);
    };
    look_up_view(app, shown)
}

/// An opened case, before its token is made.
pub(super) struct Shown {
    id: CaseId,
    case: PublicCase,
    timeline: Vec<PublicEvent>,
    reads: Vec<OwnReadView>,
    actions: Vec<CitizenAction>,
    corrections: Vec<OwnWish>,
    erased: Vec<Tombstone>,
}

/// What a citizen who proved a case is shown of it.
pub(super) fn shown(
    connection: &mut DbConnection,
    act: &Act,
    row: CaseRow,
    reader: Language,
) -> Result<Shown> {
    let case = views::public_case(connection, act, &row, reader)?;
    let timeline = views::public_timeline(connection, act, row.id, reader)?;
    let id = row.id;
    let reads = views::own_reads(connection, act, &row, None, READS_SHOWN, reader)?;
    // only a case on which one was asked has any
    let corrections = match timeline.iter().any(|line| line.event == "correction_asked") {
        true => correction_requests::own(connection, act, id)?,
        false => Vec::new(),
    };
    // what was erased went after the closing
    let erased = match row.status {
        Status::Closed => tombstone::of_case(connection, id)?,
        _ => Vec::new(),
    };
    let actions = views::citizen_actions(connection, act, row, reader)?;
    Ok(Shown { id, case, timeline, reads, actions, corrections, erased })
}

/// The same with the token for further words.
pub(super) fn look_up_view(app: &App, shown: Shown) -> Result<LookupView> {
    let Shown { id, case, timeline, reads: identity_reads, actions, corrections, erased } = shown;
    let expires_in = app.config.tokens.citizen_seconds;
    let token = token::issue(app, Purpose::Citizen, id.to_string(), None, expires_in)?;
    Ok(LookupView { case, timeline, actions, identity_reads, corrections, erased, token, expires_in })
}

/// A code as it is counted: other digits and separators buy no further tries.
fn one_spelling(code: &str) -> String {
    TrackingCode::parse(code).map_or_else(|_| code.to_owned(), |code| code.as_str().to_owned())
}

/// Counts a wrong pair against the code and, ten times as patiently, against the address.
pub(super) async fn note_wrong_pair(
    app: &web::Data<App>,
    code: String,
    from: String,
    rule: Attempt,
) -> Result<()> {
    let of_address = Attempt { free: rule.free.saturating_mul(10), ..rule };
    app.write(Actor::Public, move |connection, act| {
        users::note_failure(connection, act, "lookup-code", &code, rule)?;
        users::note_failure(connection, act, "lookup-address", &from, of_address)
    })
    .await
}

/// The case of the token must be the one in the path.
pub(super) async fn own_case(app: &web::Data<App>, citizen: &CitizenCaller, code: &str) -> Result<CaseId> {
    let (case, code) = (citizen.case, code.to_owned());
    app.glance(Actor::Citizen { case }, move |connection, act| {
        let row = find_visible(connection, act, case)?;
        if row.tracking_code == code { Ok(row.id) } else { Err(Error::NotFound) }
    })
    .await
}

/// The citizen says something; where a question waits, this is its reply.
#[utoipa::path(tag = "public", request_body = CitizenReply, security(("bearer" = [])), responses((status = 201, body = PublicCase), (status = 409, body = ProblemBody)))]
#[post("/public/cases/{tracking_code}/messages")]
pub(super) async fn send_message(
    app: web::Data<App>,
    citizen: CitizenCaller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<CitizenReply>,
) -> Result<HttpResponse, Problem> {
    let case = own_case(&app, &citizen, &path).await?;
    let once = Once::of(key, &format!("POST /public/cases/{case}/messages"), &body.digest);
    let (reader, wish) = (language(), CitizenReply { text: body.value.text, channel: Some("web".into()) });
    Ok(commit(&app, Actor::Citizen { case }, once, move |connection, act| {
        ask::reply(connection, act, case, &wish)?;
        let row = find_visible(connection, act, case)?;
        Reply::created(&views::public_case(connection, act, &row, reader)?)
    })
    .await?)
}

/// The citizen takes the case back; `confirm` must be true.
#[utoipa::path(tag = "public", request_body = Withdraw, security(("bearer" = [])), responses((status = 200, body = PublicCase), (status = 409, body = ProblemBody)))]
#[post("/public/cases/{tracking_code}/withdrawal")]
pub(super) async fn take_back(
    app: web::Data<App>,
    citizen: CitizenCaller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Withdraw>,
) -> Result<HttpResponse, Problem> {
    let case = own_case(&app, &citizen, &path).await?;
    let once = Once::of(key, &format!("POST /public/cases/{case}/withdrawal"), &body.digest);
    let reader = language();
    Ok(commit(&app, Actor::Citizen { case }, once, move |connection, act| {
        let docket = close::withdraw(connection, act, case, Expected::Any, &body.value)?;
        Reply::ok(&views::public_case(connection, act, &docket.row, reader)?)
    })
    .await?)
}

/// Reads the rules in force and answers with a list that browsers may keep for a while.
async fn listed<T: Serialize>(
    app: web::Data<App>,
    read: impl FnOnce(&Rulebook) -> Vec<T>,
) -> Result<HttpResponse, Problem> {
    let within = app.clone();
    let rules = app.db.glance(move |connection| within.rules.current(connection)).await?;
    let items = serde_json::json!({ "items": read(&rules), "next_cursor": null });
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "public, max-age=300")).json(items))
}

/// Kinds of cases and how each may end.
#[utoipa::path(tag = "public", responses((status = 200)))]
#[get("/public/kinds")]
pub(super) async fn list_kinds(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    listed(app, |rules| rules.kinds.values().cloned().collect()).await
}

/// The subject tree.
#[utoipa::path(tag = "public", responses((status = 200)))]
#[get("/public/categories")]
pub(super) async fn list_public_categories(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    listed(app, |rules| rules.categories.values().cloned().collect()).await
}

/// A public office.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct PublicOffice {
    code: String,
    parent: Option<String>,
    level: String,
    name_fa: String,
    name_en: String,
    province: Option<String>,
    county: Option<String>,
}

/// The tree of offices.
#[utoipa::path(tag = "public", responses((status = 200)))]
#[get("/public/offices")]
pub(super) async fn list_public_offices(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    listed(app, |rules| {
        let offices = rules.offices.all().map(|office| PublicOffice {
            code: office.code.clone(),
            parent: office.parent.map(|id| rules.offices.code(id)),
            level: office.level.to_string(),
            name_fa: office.fa.clone(),
            name_en: office.en.clone(),
            province: office.province.clone(),
            county: office.county.clone(),
        });
        offices.collect()
    })
    .await
}

/// Holidays of the national calendar.
#[utoipa::path(tag = "public", responses((status = 200)))]
#[get("/public/holidays")]
pub(super) async fn list_holidays(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let items = app.read(Actor::Public, |c, act| crate::domain::definitions::bodies(c, act, "holiday"));
    let items = serde_json::json!({ "items": items.await?, "next_cursor": null });
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "public, max-age=300")).json(items))
}

/// Which statistics.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct StatisticsQuery {
    /// Two-digit code of a province; all when missing.
    province: Option<String>,
}

/// How many cases in each status, kind and channel. Small counts are not told.
#[utoipa::path(tag = "public", params(StatisticsQuery), responses((status = 200)))]
#[get("/public/statistics")]
pub(super) async fn read_statistics(
    app: web::Data<App>,
    query: Query<StatisticsQuery>,
) -> Result<HttpResponse, Problem> {
    let counts = app.read(Actor::Public, move |connection, act| {
        let smallest = act.rules.number("public_count_min")?;
        crate::domain::statistics::public(connection, query.0.province.as_deref(), smallest)
    });
    let counts = counts.await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "public, max-age=300")).json(counts))
}
