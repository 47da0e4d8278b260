//! Register: a case comes to be, with its tracking code and acknowledgement in one transaction.

use diesel::prelude::*;
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::clocks::{self, Promise};
use super::life::{Fact, Status};
use super::record::{Head, Link, sha256_hex, widen_scope};
use super::row::{CaseRow, Channel, Priority, Representative};
use super::{IntakeCode, TrackingCode};
use crate::db::schema::cases;
use crate::db::types::{CaseId, CitizenId, EventId, OfficeId, Time};
use crate::db::{DbConnection, fulltext};
use crate::domain::actor::{Act, Actor};
use crate::domain::calendar::{JalaliDate, TEHRAN};
use crate::domain::citizens::{self, CitizenInput};
use crate::domain::input;
use crate::domain::notifications::{self, Facts};
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::domain::text::search_key;
use crate::error::{Code, Error, FieldError, Fields, Result};
use crate::on_both;

/// Where it happened.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Two-digit code of the province.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub province: Option<String>,
    /// Four-digit code of the county.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub county: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Latitude in degrees, −90 to 90.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// Longitude in degrees, −180 to 180.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lon: Option<f64>,
}

/// What is told when a case is registered (design §5).
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// Code of the kind: request, complaint, report, proposal …
    pub kind: String,
    /// Code of the channel: phone, sms, fax, web, email, letter, visit …
    pub channel: String,
    /// The citizen's words, at most 20,000 characters.
    pub text: String,
    #[serde(default)]
    pub subject: Option<String>,
    /// Code of the category, where it is known.
    #[serde(default)]
    pub category: Option<String>,
    #[serde(default)]
    pub citizen: Option<CitizenInput>,
    /// Nobody is named; a complaint then becomes a report.
    #[serde(default)]
    pub anonymous: Option<bool>,
    #[serde(default)]
    pub representative: Option<Representative>,
    #[serde(default)]
    pub place: Option<Place>,
    /// Code of the office complained of.
    #[serde(default)]
    pub about_office: Option<String>,
    /// Hide the identity from handlers.
    #[serde(default)]
    pub sealed: Option<bool>,
    #[serde(default)]
    pub remedy_sought: Option<String>,
    /// The channel's own id of this message; the same one is registered once.
    #[serde(default)]
    pub external_id: Option<String>,
    /// When the channel got it; the clock runs from then.
    #[serde(default)]
    pub received_at: Option<Time>,
    /// How much of a hurry there is: normal, urgent, immediate.
    #[serde(default)]
    pub priority: Option<String>,
}

/// A registered case, and the codes that only its citizen gets.
#[derive(Debug, Clone)]
pub struct Registered {
    pub row: CaseRow,
    /// Digits that open the case together with its tracking code; none when it was known already.
    pub access_code: Option<String>,
    /// The kind that was wished, where missing or wrong identity made a report of it.
    pub downgraded_from: Option<String>,
}

/// The checked input.
struct Filing {
    kind: String,
    downgraded_from: Option<String>,
    channel: Channel,
    text: String,
    subject: Option<String>,
    category: Option<String>,
    remedy_sought: Option<String>,
    citizen: Option<citizens::Identity>,
    representative: Option<String>,
    place: Place,
    about_office: Option<OfficeId>,
    is_sealed: bool,
    is_anonymous: bool,
    external_id: Option<String>,
    received_at: Time,
    priority: Priority,
}

/// Registers a case, or finds the one that this `external_id` made before.
///
/// # Errors
/// `Invalid` with every wrong field; `Forbidden` where the actor may not register on this channel.
pub fn register(connection: &mut DbConnection, act: &Act, input: &Register) -> Result<Registered> {
    let filing = check(act, input)?;
    let office = intake_office(act, &filing)?;
    if let Some(row) = known(connection, &filing)? {
        // whoever may not see it learns no more than that it is there
        super::find_visible(connection, act, row.id).map_err(|_| Error::Conflict(Code::Duplicate))?;
        return Ok(Registered { row, access_code: None, downgraded_from: None });
    }
    let citizen = match &filing.citizen {
        Some(identity) => Some(citizens::find_or_create(connection, act, identity)?),
        None => None,
    };
    let access_code = format!("{:08}", rand::rng().random_range(0..100_000_000));
    let promise = clocks::promise(
        act,
        office,
        filing.received_at,
        &filing.kind,
        filing.category.as_deref(),
        filing.priority != Priority::Normal,
    )?;
    let (row, event) =
        insert(connection, act, &filing, office, citizen.as_ref().map(|c| c.id), &access_code, &promise)?;
    let facts = Facts { due: Some(row.due_at), access_code: Some(access_code.clone()), ..Facts::default() };
    let is_downgraded = filing.downgraded_from.is_some();
    notifications::registered(connection, act, &row, citizen.as_ref(), event, &facts, is_downgraded)?;
    metrics::counter!("samad_cases_registered_total", "channel" => filing.channel.as_str()).increment(1);
    Ok(Registered { row, access_code: Some(access_code), downgraded_from: filing.downgraded_from })
}

fn check(act: &Act, input: &Register) -> Result<Filing> {
    let mut fields = Fields::default();
    let rules = &act.rules;
    let kind = fields.take(rules.kind("kind", &input.kind).map(|kind| kind.code.clone()));
    let channel = fields.take(input::choice::<Channel>("channel", &input.channel));
    let text = fields.take(input::text("text", &input.text, input::TEXT_MAX));
    let subject =
        fields.take(input::optional_text("subject", input.subject.as_deref(), input::LINE_MAX)).flatten();
    let remedy_sought =
        fields.take(input::optional_text("remedy_sought", input.remedy_sought.as_deref(), 2000)).flatten();
    let leaf = input.category.as_deref().and_then(|code| fields.take(rules.category("category", code)));
    let about_office = input
        .about_office
        .as_deref()
        .and_then(|code| fields.take(rules.offices.find("about_office", code)))
        .map(|office| office.id);
    let place = check_place(act, input.place.as_ref(), &mut fields);
    let external_id =
        fields.take(input::optional_text("external_id", input.external_id.as_deref(), 200)).flatten();
    let received_at = check_received(act, input.received_at, &mut fields);
    let priority = input
        .priority
        .as_deref()
        .and_then(|value| fields.take(input::choice::<Priority>("priority", value)))
        .unwrap_or(Priority::Normal);
    let representative = check_representative(input.representative.as_ref(), &mut fields);
    let is_anonymous = input.anonymous.unwrap_or(false);
    let (citizen, is_identified) = check_citizen(input, is_anonymous, &mut fields);
    fields.finish()?;
    let (Some(kind), Some(channel), Some(text)) = (kind, channel, text) else {
        return Err(Error::internal("a required field was lost"));
    };
    // a complaint needs identity; without it the matter is taken as a report and the sender is told
    let downgraded_from = (kind == "complaint" && !is_identified).then(|| kind.clone());
    Ok(Filing {
        kind: if downgraded_from.is_some() { "report".into() } else { kind },
        downgraded_from,
        channel,
        text,
        subject,
        category: leaf.map(|leaf| leaf.code.clone()),
        remedy_sought,
        citizen,
        representative,
        place,
        about_office,
        is_sealed: input.sealed.unwrap_or(false) || leaf.is_some_and(|leaf| leaf.sealed),
        is_anonymous,
        external_id,
        received_at,
        priority,
    })
}

/// The identity, and whether it is one by which a complaint can be taken.
fn check_citizen(
    input: &Register,
    is_anonymous: bool,
    fields: &mut Fields,
) -> (Option<citizens::Identity>, bool) {
    let Some(given) = input.citizen.as_ref().filter(|_| !is_anonymous) else { return (None, false) };
    let mut own = Fields::default();
    let identity = citizens::parse(given, "citizen", &mut own);
    let Err(Error::Invalid(wrong)) = own.finish() else {
        let is_identified = identity.identifier.is_some();
        return ((!identity.is_empty()).then_some(identity), is_identified);
    };
    // a wrong identifier makes a complaint a report; any other wrong field must be mended
    let is_lenient = input.kind == "complaint";
    for error in wrong {
        let is_identifier = error.field.ends_with("national_id") || error.field.ends_with("foreign_id");
        if !(is_lenient && is_identifier) {
            fields.add(error);
        }
    }
    ((!identity.is_empty()).then_some(identity), false)
}

pub(super) fn check_place(act: &Act, place: Option<&Place>, fields: &mut Fields) -> Place {
    let Some(place) = place else { return Place::default() };
    let mut checked = Place { lat: place.lat, lon: place.lon, ..Place::default() };
    if let Some(code) = place.county.as_deref() {
        match act.rules.counties.get(code) {
            Some(county) => {
                checked.county = Some(county.code.clone());
                checked.province = Some(county.province.clone());
            }
            None => fields.add(FieldError::unknown("place.county", code)),
        }
    }
    if let Some(code) = place.province.as_deref() {
        match act.rules.provinces.get(code) {
            Some(_) if checked.province.as_deref().is_some_and(|of_county| of_county != code) => {
                fields.add(FieldError::new(
                    "place.county",
                    "other_province",
                    "این شهرستان در استان نام‌برده نیست.",
                    "This county is not in the province named.",
                ));
            }
            Some(_) => checked.province = Some(code.to_owned()),
            None => fields.add(FieldError::unknown("place.province", code)),
        }
    }
    checked.address = fields
        .take(input::optional_text("place.address", place.address.as_deref(), input::LINE_MAX))
        .flatten();
    for (field, value, bound) in [("place.lat", place.lat, 90.0), ("place.lon", place.lon, 180.0)] {
        if value.is_some_and(|degrees| !degrees.is_finite() || degrees.abs() > bound) {
            let (fa, en) =
                (format!("درجه میان −{bound} و {bound}."), format!("Degrees between −{bound} and {bound}."));
            fields.add(FieldError::new(field, "out_of_range", fa, en));
        }
    }
    checked
}

fn check_received(act: &Act, received: Option<Time>, fields: &mut Fields) -> Time {
    let oldest = act.now.plus_days(-366 * 5);
    match received {
        Some(at) if at > act.now.plus_seconds(300) => {
            let (fa, en) = ("زمان دریافت در آینده است.", "The time of receipt lies in the future.");
            fields.add(FieldError::new("received_at", "in_the_future", fa, en));
        }
        Some(at) if at < oldest => {
            let (fa, en) =
                ("زمان دریافت بیش از پنج سال پیش است.", "The time of receipt is more than five years ago.");
            fields.add(FieldError::new("received_at", "too_old", fa, en));
        }
        Some(at) => return at.min(act.now),
        None => {}
    }
    act.now
}

fn check_representative(given: Option<&Representative>, fields: &mut Fields) -> Option<String> {
    let given = given?;
    let name = fields.take(input::text("representative.name", &given.name, input::LINE_MAX));
    let proof = fields.take(input::text("representative.proof", &given.proof, input::LINE_MAX));
    let as_citizen = CitizenInput {
        national_id: given.national_id.clone(),
        mobile: given.mobile.clone(),
        ..CitizenInput::default()
    };
    let identity = citizens::parse(&as_citizen, "representative", fields);
    let checked = Representative {
        name: name?,
        national_id: given.national_id.as_ref().and(identity.identifier.clone()),
        mobile: identity.mobile,
        proof: proof?,
    };
    serde_json::to_string(&checked).ok()
}

/// Which office takes a new case in: that of the staff or gateway, else the governorate of the place, unless
/// the case is about it.
fn intake_office(act: &Act, filing: &Filing) -> Result<OfficeId> {
    let offices = &act.rules.offices;
    match &act.actor {
        Actor::Staff(_) => policy::allow_anywhere(act, Verb::Register),
        Actor::Gateway { office, channels, .. } => {
            if channels.iter().any(|channel| channel == "*" || channel == filing.channel.as_str()) {
                Ok(*office)
            } else {
                Err(Error::Forbidden(Code::Forbidden))
            }
        }
        Actor::Public | Actor::System | Actor::Citizen { .. } => Ok(filing
            .place
            .province
            .as_deref()
            .and_then(|code| offices.by_code(&format!("GOV-{code}")))
            // nobody takes in what is said about themselves (tag S4.7)
            .filter(|office| filing.about_office.is_none_or(|about| !offices.is_within(office.id, about)))
            .map_or(offices.centre(), |office| office.id)),
    }
}

fn known(connection: &mut DbConnection, filing: &Filing) -> Result<Option<CaseRow>> {
    let Some(external) = &filing.external_id else { return Ok(None) };
    Ok(cases::table
        .filter(cases::channel.eq(filing.channel).and(cases::external_id.eq(external)))
        .select(CaseRow::as_select())
        .first(connection)
        .optional()?)
}

/// A tracking code that no case has yet.
fn free_code(connection: &mut DbConnection, act: &Act, province: Option<&str>) -> Result<TrackingCode> {
    let zone = jiff::tz::TimeZone::get(TEHRAN).map_err(Error::internal)?;
    let today = JalaliDate::of(act.now.timestamp(), &zone).map_err(Error::internal)?;
    let mut rng = rand::rng();
    let intake = province.and_then(|code| code.parse().ok()).and_then(IntakeCode::province);
    for _ in 0..50 {
        let intake = intake.unwrap_or_else(|| IntakeCode::national(&mut rng));
        let code = TrackingCode::generate(today, intake, &mut rng);
        let taken: i64 =
            cases::table.filter(cases::tracking_code.eq(code.as_str())).count().get_result(connection)?;
        if taken == 0 {
            return Ok(code);
        }
    }
    Err(Error::internal("no free tracking code was found in fifty tries"))
}

fn insert(
    connection: &mut DbConnection,
    act: &Act,
    filing: &Filing,
    office: OfficeId,
    citizen: Option<CitizenId>,
    access_code: &str,
    promise: &Promise,
) -> Result<(CaseRow, EventId)> {
    let id: CaseId = act.id();
    let code = free_code(connection, act, filing.place.province.as_deref())?;
    let fact = Fact::CaseRegistered {
        office,
        kind: filing.kind.clone(),
        channel: filing.channel.to_string(),
        text_sha256: sha256_hex(filing.text.as_bytes()),
        downgraded_from: filing.downgraded_from.clone(),
    };
    let link = Link::new(act, id, &Head { seq: 0, hash: String::new() }, &fact, Some(office))?;
    let mut row = new_row(act, filing, id, &code, office, promise);
    row.access_hash = act.keys.digest("access-code", &[code.as_str(), access_code]);
    row.citizen_id = citizen;
    row.last_hash.clone_from(&link.head().hash);
    // on the connection itself: walking so wide a statement through both backends costs as much as running it
    on_both!(connection, |c| diesel::insert_into(cases::table).values(&row).execute(c))?;
    let event = link.insert(connection, act, id, Some(office))?;
    widen_scope(connection, act, id, &[office])?;
    let words = format!("{} {}", filing.subject.as_deref().unwrap_or_default(), filing.text);
    fulltext::index(connection, id, search_key(&words))?;
    Ok((row, event))
}

/// The row of a new case, at version 1 with its first event.
fn new_row(
    act: &Act,
    filing: &Filing,
    id: CaseId,
    code: &TrackingCode,
    office: OfficeId,
    promise: &Promise,
) -> CaseRow {
    CaseRow {
        id,
        tracking_code: code.as_str().to_owned(),
        access_hash: String::new(),
        version: 1,
        status: Status::Registered,
        resume_status: None,
        kind: filing.kind.clone(),
        channel: filing.channel,
        category: filing.category.clone(),
        priority: filing.priority,
        language: citizens::language_of(filing.citizen.as_ref()).to_owned(),
        subject: filing.subject.clone(),
        text: filing.text.clone(),
        remedy_sought: filing.remedy_sought.clone(),
        citizen_id: None,
        representative: filing.representative.clone(),
        is_anonymous: filing.is_anonymous,
        is_sealed: filing.is_sealed,
        about_office_id: filing.about_office,
        province: filing.place.province.clone(),
        county: filing.place.county.clone(),
        address: filing.place.address.clone(),
        lat: filing.place.lat,
        lon: filing.place.lon,
        external_id: filing.external_id.clone(),
        intake_office_id: office,
        registered_by: act.actor.user(),
        holder_office_id: office,
        holder_user_id: None,
        lead_referral_id: None,
        asked_levels: String::new(),
        transfers: 0,
        reopenings: 0,
        dismissal: None,
        outcome: None,
        outcome_reason: None,
        outcome_text: None,
        remedy: None,
        received_at: filing.received_at,
        registered_at: act.now,
        due_at: promise.due_at,
        outer_at: promise.outer_at,
        triage_started_at: Some(filing.received_at),
        triage_due_at: Some(promise.triage_due_at),
        triage_fired: None,
        triage_next_at: Some(promise.triage_next_at),
        paused_at: None,
        wait_until: None,
        answered_at: None,
        window_until: None,
        closed_at: None,
        last_seq: 1,
        last_hash: String::new(),
        updated_at: act.now,
        objections: 0,
        rating: None,
        remedy_until: None,
    }
}
