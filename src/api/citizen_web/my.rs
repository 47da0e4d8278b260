//! `/public/my`: a one-time code by SMS, and the cases of whoever holds the telephone. Known and unknown numbers are
//! answered alike, and tries are limited by number and by address.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{FromRequest, HttpRequest, HttpResponse, delete, get, post, web};
use serde::{Deserialize, Serialize};

use crate::api::body::{Body, Query};
use crate::api::caller::proved_phone;
use crate::api::citizen_web::proof;
use crate::api::client::address;
use crate::api::page::{Page, PageQuery, keyset};
use crate::api::problem::{Problem, ProblemBody, language};
use crate::api::public::{LookupView, look_up_view, shown};
use crate::api::token::{self, Purpose};
use crate::app::App;
use crate::db::types::{CaseId, PhoneProofId, Time};
use crate::domain::actor::Actor;
use crate::domain::citizens::{NationalId, Phone};
use crate::domain::users::{self, Attempt};
use crate::domain::web::own::{self, OwnCase};
use crate::domain::web::phones::{self, Proved};
use crate::error::{Code, Error, FieldError, Fields, Result};

/// Codes that a number may ask for before it must wait, each time twice as long.
const CODES: Attempt = Attempt { free: 3, first_lock_seconds: 120, forget_seconds: 3600 };
/// The same for an address, behind which many people may sit.
const CODES_OF_ADDRESS: Attempt = Attempt { free: 30, first_lock_seconds: 60, forget_seconds: 3600 };

/// Whoever proved a telephone.
pub struct PhoneCaller(PhoneProofId);

impl FromRequest for PhoneCaller {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        std::future::ready(proved_phone(request).map(Self).map_err(Problem))
    }
}

/// Whose code is wished.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AskCode {
    /// The mobile under which cases were filed.
    mobile: String,
}

/// What everybody is told who asks for a code.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AskedView {
    /// That a code goes out where the number is known.
    message: &'static str,
    /// Seconds that a code is good for.
    expires_in: i64,
}

fn mobile(text: &str) -> Result<Phone, FieldError> {
    if text.trim().is_empty() {
        return Err(FieldError::required("mobile"));
    }
    Phone::parse(text).ok().filter(Phone::is_mobile).ok_or_else(|| {
        FieldError::new(
            "mobile",
            "invalid",
            "شماره همراه، مانند 09121234567.",
            "A mobile number, such as 09121234567.",
        )
    })
}

/// Sends a one-time code by SMS where cases were filed under the number; the reply is the same for every number.
#[utoipa::path(tag = "public", request_body = AskCode, responses((status = 202, body = AskedView), (status = 422, body = ProblemBody), (status = 428, body = ProblemBody), (status = 429, body = ProblemBody)))]
#[post("/public/my/codes")]
pub(in crate::api) async fn ask_one_time_code(
    app: web::Data<App>,
    request: HttpRequest,
    body: Body<AskCode>,
) -> Result<HttpResponse, Problem> {
    let phone = mobile(&body.value.mobile).map_err(Error::field)?;
    proof::demand(&app, &request, None).await?;
    let from = address(&request, &app.config.trusted_proxies());
    let reader = language();
    let minutes = app
        .write(Actor::Public, move |connection, act| {
            let asked = [("my-code", phone.as_str()), ("my-code-address", from.as_str())];
            free_to_try(users::retry_after(connection, act, asked)?)?;
            users::note_failure(connection, act, "my-code", phone.as_str(), CODES)?;
            users::note_failure(connection, act, "my-code-address", &from, CODES_OF_ADDRESS)?;
            phones::ask(connection, act, &phone, reader)?;
            act.rules.number("web_code_minutes")
        })
        .await?;
    app.nudges.outbox.notify_one();
    let message = match reader {
        crate::error::Language::Fa => "اگر با این شماره پرونده‌ای ثبت شده باشد، کد یک‌بارمصرف با پیامک می‌رسد.",
        crate::error::Language::En => "If cases were filed under this number, a one-time code comes by SMS.",
    };
    Ok(HttpResponse::Accepted().json(AskedView { message, expires_in: 60 * minutes }))
}

fn free_to_try(retry_after: u64) -> Result<()> {
    match retry_after {
        0 => Ok(()),
        retry_after => Err(Error::TooMany { code: Code::TooManyRequests, retry_after }),
    }
}

/// A code as it came.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TellCode {
    mobile: String,
    /// Six digits; Persian digits are understood.
    code: String,
    /// Where several persons file under one number (`shared_number`), the one whose cases are wished.
    national_id: Option<String>,
}

/// The token for "my cases".
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MyTokenView {
    /// Bearer token for the calls under `/public/my`.
    token: String,
    expires_at: Time,
}

/// Takes a one-time code; gives the token for the calls under `/public/my`.
#[utoipa::path(tag = "public", request_body = TellCode, responses((status = 201, body = MyTokenView), (status = 401, body = ProblemBody), (status = 422, body = ProblemBody), (status = 429, body = ProblemBody)))]
#[post("/public/my/tokens")]
pub(in crate::api) async fn open_my_cases(
    app: web::Data<App>,
    request: HttpRequest,
    body: Body<TellCode>,
) -> Result<HttpResponse, Problem> {
    let told = body.value;
    let mut fields = Fields::default();
    let phone = fields.take(mobile(&told.mobile));
    let identifier = told.national_id.as_deref().filter(|text| !text.trim().is_empty());
    let identifier = identifier.and_then(|text| fields.take(identifier_of(text)));
    if told.code.trim().is_empty() {
        fields.add(FieldError::required("code"));
    }
    fields.finish()?;
    let Some(phone) = phone else { return Err(Error::internal("a checked number was lost").into()) };
    let from = address(&request, &app.config.trusted_proxies());
    match prove(&app, phone, told.code, identifier, from).await? {
        Proved::Yes { proof, until } => {
            let seconds = app.config.tokens.citizen_seconds;
            let token = token::issue(&app, Purpose::Phone, proof.to_string(), None, seconds)?;
            Ok(HttpResponse::Created()
                .insert_header((CACHE_CONTROL, "no-store"))
                .json(MyTokenView { token, expires_at: until }))
        }
        Proved::No => Err(Error::Unauthenticated(Code::WrongOneTimeCode).into()),
        Proved::IsShared => Err(Error::field(FieldError::new(
            "national_id",
            "shared_number",
            "با این شماره چند نفر پرونده دارند؛ کد ملی خود را هم بنویسید. همان کد پیامکی هنوز معتبر است.",
            "Several persons file under this number: give your national ID as well. The same code is still good.",
        ))
        .into()),
    }
}

/// Takes the code, and counts a wrong one against the number and, ten times as patiently, against the address.
async fn prove(
    app: &App,
    phone: Phone,
    code: String,
    identifier: Option<String>,
    from: String,
) -> Result<Proved> {
    let seconds = app.config.tokens.citizen_seconds;
    let tries =
        Attempt { free: app.config.limits.lookup_tries, first_lock_seconds: 60, forget_seconds: 3600 };
    let of_address = Attempt { free: tries.free.saturating_mul(10), ..tries };
    app.write(Actor::Public, move |connection, act| {
        let asked = [("my-token", phone.as_str()), ("my-token-address", from.as_str())];
        free_to_try(users::retry_after(connection, act, asked)?)?;
        let proved = phones::prove(connection, act, &phone, &code, identifier.clone(), seconds)?;
        match proved {
            Proved::No => {
                users::note_failure(connection, act, "my-token", phone.as_str(), tries)?;
                users::note_failure(connection, act, "my-token-address", &from, of_address)?;
            }
            Proved::Yes { .. } => {
                users::note_success(connection, act, "my-token", phone.as_str())?;
                users::note_success(connection, act, "my-code", phone.as_str())?;
            }
            Proved::IsShared => {}
        }
        Ok(proved)
    })
    .await
}

fn identifier_of(text: &str) -> Result<String, FieldError> {
    NationalId::parse(text).map(|id| format!("N:{}", id.as_str())).map_err(|_| {
        FieldError::new(
            "national_id",
            "invalid",
            "کد ملی ده رقم دارد و با رقم آخرش می‌خواند؛ آن را بازبینی کنید.",
            "A national ID has ten digits, the last of which checks the others; look at it again.",
        )
    })
}

/// Gives the token up before its time.
#[utoipa::path(tag = "public", security(("bearer" = [])), responses((status = 204), (status = 401, body = ProblemBody)))]
#[delete("/public/my/tokens")]
pub(in crate::api) async fn leave_my_cases(
    app: web::Data<App>,
    caller: PhoneCaller,
) -> Result<HttpResponse, Problem> {
    app.write(Actor::Public, move |connection, _| phones::give_up(connection, caller.0)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The cases of whoever holds the telephone, the newest first; of a confidential one no subject.
#[utoipa::path(tag = "public", params(PageQuery), security(("bearer" = [])), responses((status = 200, body = Page<OwnCase>), (status = 401, body = ProblemBody)))]
#[get("/public/my/cases")]
pub(in crate::api) async fn list_my_cases(
    app: web::Data<App>,
    caller: PhoneCaller,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (size, before): (_, Option<CaseId>) = (query.0.limit()?, query.0.after()?);
    let rows = app
        .read(Actor::Public, move |connection, act| own::list(connection, act, caller.0, before, size + 1))
        .await?;
    let page = keyset(rows, size, |row| row.id.to_string(), |row| row);
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(page))
}

/// Which of them.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OpenMyCase {
    tracking_code: String,
}

/// Opens one of them: what `POST /public/lookups` gives, with the token for further words, without a second factor.
#[utoipa::path(tag = "public", request_body = OpenMyCase, security(("bearer" = [])), responses((status = 200, body = LookupView), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
#[post("/public/my/lookups")]
pub(in crate::api) async fn look_up_my_case(
    app: web::Data<App>,
    caller: PhoneCaller,
    body: Body<OpenMyCase>,
) -> Result<HttpResponse, Problem> {
    let (code, reader) = (body.value.tracking_code, language());
    let opened = app
        .read(Actor::Public, move |connection, act| {
            let row = own::find(connection, act, caller.0, &code)?;
            shown(connection, act, row, reader)
        })
        .await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(look_up_view(&app, opened)?))
}
