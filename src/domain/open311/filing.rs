//! A request that another system sends becomes a case.

use diesel::prelude::*;
use rand::RngExt;

use super::services::{Service, service};
use crate::db::DbConnection;
use crate::db::schema::open311_requests as o;
use crate::db::types::{CaseId, GatewayId};
use crate::domain::actor::Act;
use crate::domain::cases::Channel;
use crate::domain::cases::register::{Place, Register, Registered};
use crate::domain::citizens::{CitizenInput, Phone};
use crate::domain::input;
use crate::error::{FieldError, Fields, Language, Result};

/// Longest description, in characters (GeoReport v2).
const DESCRIPTION_MAX: usize = 4000;
const URL_MAX: usize = 2000;

/// A request as it is sent; empty fields count as missing.
#[derive(Debug, Clone, Default)]
pub struct Request {
    pub service_code: Option<String>,
    pub lat: Option<String>,
    pub long: Option<String>,
    pub address_string: Option<String>,
    /// Code of a county or a province.
    pub address_id: Option<String>,
    pub email: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub phone: Option<String>,
    pub description: Option<String>,
    pub media_url: Option<String>,
    pub kind: Option<String>,
    pub national_id: Option<String>,
    pub province: Option<String>,
    pub county: Option<String>,
    pub remedy_sought: Option<String>,
    /// `yes` or `no`.
    pub public: Option<String>,
}

/// A request that was taken.
#[derive(Debug, Clone)]
pub struct Filed {
    pub case: CaseId,
    /// In place of the number, where the subject is still to be found.
    pub token: Option<String>,
    pub tracking_code: String,
    pub access_code: Option<String>,
    pub downgraded: bool,
}

/// Registers a request by `take`, the one door, and keeps who sent it and whether it may be shown.
///
/// # Errors
/// `NotFound` for an unknown service; `Invalid` with every wrong field, named as GeoReport names it.
pub fn file(
    connection: &mut DbConnection,
    act: &Act,
    gateway: GatewayId,
    request: &Request,
    language: Language,
    take: impl Fn(&mut DbConnection, &Act, &Register) -> Result<Registered>,
) -> Result<Filed> {
    let mut fields = Fields::default();
    let Some(code) = request.service_code.as_deref() else {
        fields.add(FieldError::required("service_code"));
        fields.finish()?;
        return Err(crate::error::Error::NotFound);
    };
    let service = service(&act.rules, code)?;
    let wish = wish(request, service, language, &mut fields);
    let is_public = public(request.public.as_deref(), &mut fields);
    fields.finish()?;
    let done = take(connection, act, &wish)?;
    let token = matches!(service, Service::Kind(_)).then(token);
    diesel::insert_into(o::table)
        .values((
            (o::case_id.eq(done.row.id), o::gateway_id.eq(gateway), o::service_code.eq(service.code())),
            (o::is_public.eq(is_public && !done.row.is_sealed), o::token.eq(&token)),
            (o::media_url.eq(&request.media_url), o::requested_at.eq(done.row.registered_at)),
        ))
        .execute(connection)?;
    Ok(Filed {
        case: done.row.id,
        token,
        tracking_code: done.row.tracking_code.clone(),
        downgraded: done.downgraded_from.is_some(),
        access_code: done.access_code,
    })
}

fn token() -> String {
    let mut bytes = [0_u8; 16];
    rand::rng().fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn public(told: Option<&str>, fields: &mut Fields) -> bool {
    match told {
        None | Some("no") => false,
        Some("yes") => true,
        Some(other) => {
            fields.add(FieldError::unknown("attribute[public]", other));
            false
        }
    }
}

fn wish(request: &Request, service: Service<'_>, language: Language, fields: &mut Fields) -> Register {
    let text = words(request, service, language, fields);
    let has_identity = request.national_id.is_some();
    let kind = match service {
        Service::Kind(kind) => kind.code.clone(),
        Service::Subject(_) => {
            request.kind.clone().unwrap_or_else(|| if has_identity { "request" } else { "report" }.into())
        }
    };
    let category = match service {
        Service::Subject(leaf) => Some(leaf.code.clone()),
        Service::Kind(_) => None,
    };
    let citizen = citizen(request, language);
    Register {
        kind,
        category,
        channel: Channel::Api.to_string(),
        text,
        anonymous: Some(citizen.is_none()),
        citizen,
        place: Some(place(request, fields)),
        remedy_sought: request.remedy_sought.clone(),
        ..Register::default()
    }
}

/// The description with the link of its picture; one who describes nothing names the service.
fn words(request: &Request, service: Service<'_>, language: Language, fields: &mut Fields) -> String {
    let told = input::optional_text("description", request.description.as_deref(), DESCRIPTION_MAX);
    let mut text = fields.take(told).flatten().unwrap_or_else(|| service.name(language));
    if let Some(url) = request.media_url.as_deref() {
        let is_link = (url.starts_with("http://") || url.starts_with("https://"))
            && url.len() <= URL_MAX
            && url.chars().all(|c| c.is_ascii_graphic());
        if is_link {
            text = format!("{text}\n{url}");
        } else {
            let (fa, en) =
                ("پیوندی مانند https://example.ir/a.jpg.", "A link such as https://example.ir/a.jpg.");
            fields.add(FieldError::new("media_url", "invalid", fa, en));
        }
    }
    text
}

fn citizen(request: &Request, language: Language) -> Option<CitizenInput> {
    let names = [request.first_name.as_deref(), request.last_name.as_deref()];
    let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let is_mobile = request
        .phone
        .as_deref()
        .and_then(|phone| Phone::parse(phone).ok())
        .is_none_or(|phone| phone.is_mobile());
    let (mobile, phone) =
        if is_mobile { (request.phone.clone(), None) } else { (None, request.phone.clone()) };
    let known = [&request.national_id, &request.email, &request.phone].into_iter().any(Option::is_some);
    (known || !name.is_empty()).then(|| CitizenInput {
        national_id: request.national_id.clone(),
        name: (!name.is_empty()).then_some(name),
        mobile,
        phone,
        email: request.email.clone(),
        language: Some(if language == Language::En { "en" } else { "fa" }.into()),
        ..CitizenInput::default()
    })
}

/// A place is needed: a point, an address, or the code of a county or province.
fn place(request: &Request, fields: &mut Fields) -> Place {
    let mut degrees = |field: &str, told: Option<&str>| {
        let told = told?;
        let read = told.parse::<f64>().map_err(|_| {
            let (fa, en) = ("درجه اعشاری بنویسید، مانند 32.65.", "Write decimal degrees such as 32.65.");
            FieldError::new(field, "invalid", fa, en)
        });
        fields.take(read)
    };
    let (lat, lon) = (degrees("lat", request.lat.as_deref()), degrees("long", request.long.as_deref()));
    let by_id = request.address_id.as_deref();
    let county = request.county.clone().or_else(|| by_id.filter(|id| id.len() == 4).map(str::to_owned));
    let province = request.province.clone().or_else(|| by_id.filter(|id| id.len() != 4).map(str::to_owned));
    let is_half = request.lat.is_some() != request.long.is_some();
    let is_nowhere =
        [&request.lat, &request.address_string, &county, &province].iter().all(|one| one.is_none());
    if is_half || is_nowhere {
        let (fa, en) = (
            "جا را بنویسید: lat و long با هم، یا address_string، یا address_id.",
            "Say where: lat and long together, or address_string, or address_id.",
        );
        fields.add(FieldError::new("address_string", "required", fa, en));
    }
    Place { province, county, address: request.address_string.clone(), lat, lon }
}
