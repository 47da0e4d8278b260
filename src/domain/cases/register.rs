//! Register: a case comes to be, with its tracking code and acknowledgement in one transaction.

use diesel::prelude::*;
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::clocks::{self, Promise};
use super::docket::Docket;
pub use super::filing::Place;
use super::filing::{Filing, check};
use super::intake::intake_office;
use super::life::{Fact, Status, citizen_digest};
use super::record::{Head, Link, record, sha256_hex, widen_scope};
use super::row::{CaseRow, Priority, Representative};
use super::words::{self, Filed};
use super::{IntakeCode, TrackingCode};
use crate::db::DbConnection;
use crate::db::schema::cases;
use crate::db::types::{CaseId, CitizenId, EventId, OfficeId, Time};
use crate::domain::actor::Act;
use crate::domain::calendar::{JalaliDate, TEHRAN};
use crate::domain::citizens::{self, CitizenInput};
use crate::domain::notifications::{self, Facts, Outlet};
use crate::domain::phone;
use crate::domain::repeats::{self, Overrun, Seen, check_cap};
use crate::domain::vault::field;
use crate::domain::webhooks::{self, Told};
use crate::error::{Code, Error, Result};
use crate::on_both;

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
    /// User name of the member of staff complained of; not by the public form.
    #[serde(default)]
    pub about_user: Option<String>,
    /// Name of the person complained of, where no account is known.
    #[serde(default)]
    pub about_person: Option<String>,
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
    /// Why staff register it although the citizen reached the day's cap.
    #[serde(default)]
    pub override_reason: Option<String>,
    /// The telephone call in which it is told: its id here or that of the exchange; not by the public form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<String>,
}

/// A registered case, and the codes that only its citizen gets.
#[derive(Debug, Clone)]
pub struct Registered {
    pub row: CaseRow,
    /// Digits that open the case together with its tracking code; none when it was known already.
    pub access_code: Option<String>,
    /// The kind that was wished, where missing or wrong identity made a report of it.
    pub downgraded_from: Option<String>,
    /// Earlier cases of the same citizen and household; empty when it was known already.
    pub seen: Seen,
    /// By which way the acknowledgement goes out first; none where nobody can be reached.
    pub told_by: Option<Outlet>,
}

/// Registers a case, or finds the one that this `external_id` made before.
///
/// # Errors
/// `Invalid` with every wrong field; `Forbidden` where the actor may not register on this channel.
pub fn register(connection: &mut DbConnection, act: &Act, input: &Register) -> Result<Registered> {
    let filing = check(connection, act, input)?;
    let office = intake_office(connection, act, &filing)?;
    if let Some(row) = known(connection, &filing)? {
        // whoever may not see it learns no more than that it is there
        super::find_visible(connection, act, row.id).map_err(|_| Error::Conflict(Code::Duplicate))?;
        return Ok(Registered {
            row,
            access_code: None,
            downgraded_from: None,
            seen: Seen::default(),
            told_by: None,
        });
    }
    let call = match input.call_id.as_deref().filter(|call| !call.trim().is_empty()) {
        Some(call) => Some(phone::wanted(connection, act, call)?.map_err(Error::field)?),
        None => None,
    };
    let known = match &filing.citizen {
        Some(identity) => Some(citizens::recognise(connection, act, identity)?),
        None => None,
    };
    let (seen, overrun) = match &known {
        Some(known) => {
            let seen = repeats::see(connection, act, known, &filing.matter())?;
            let overrun = check_cap(act, known, &seen, filing.override_reason.as_deref())?;
            (seen, overrun)
        }
        None => (Seen::default(), None),
    };
    let citizen = known.map(|known| known.citizen);
    let access_code = format!("{:08}", rand::rng().random_range(0..100_000_000));
    let (mut row, event) =
        file(connection, act, &filing, office, citizen.as_ref().map(|c| c.id), &access_code)?;
    let facts = Facts { due: Some(row.due_at), access_code: Some(access_code.clone()), ..Facts::default() };
    let is_downgraded = filing.downgraded_from.is_some();
    notifications::registered(connection, act, &row, citizen.as_ref(), event, &facts, is_downgraded)?;
    let told_by =
        citizen.as_ref().and_then(|citizen| notifications::outlets(citizen, row.channel).first().copied());
    repeats::keep(connection, act, row.id, &seen.found)?;
    if let Some(Overrun { filed, cap, reason }) = overrun {
        let mut docket = Docket::of_row(connection, act, row)?;
        let fact = Fact::CapOverridden { filed, cap, reason };
        record(connection, act, &mut docket, &[fact], Some(office))?;
        row = docket.row;
    }
    if let Some(call) = call {
        row = phone::link(connection, act, row, &call)?;
    }
    metrics::counter!("samad_cases_registered_total", "channel" => filing.channel.as_str()).increment(1);
    Ok(Registered {
        row,
        access_code: Some(access_code),
        downgraded_from: filing.downgraded_from,
        seen,
        told_by,
    })
}

/// Files a checked matter that belongs to another case; gives its row and its first event.
pub(super) fn file(
    connection: &mut DbConnection,
    act: &Act,
    filing: &Filing,
    office: OfficeId,
    citizen: Option<CitizenId>,
    access_code: &str,
) -> Result<(CaseRow, EventId)> {
    let is_urgent = filing.priority != Priority::Normal;
    let (category, channel) = (filing.category.as_deref(), filing.channel);
    let matter = clocks::Promised { kind: &filing.kind, category, is_urgent, channel };
    let promise = clocks::promise(act, office, filing.received_at, matter)?;
    insert(connection, act, filing, office, citizen, access_code, &promise)
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
        tracking_code: code.as_str().to_owned(),
        office,
        kind: filing.kind.clone(),
        channel: filing.channel.to_string(),
        text_sha256: sha256_hex(filing.text.as_bytes()),
        downgraded_from: filing.downgraded_from.clone(),
        category: filing.category.clone().filter(|_| !filing.is_sealed),
        due_at: Some(promise.due_at),
        citizen_digest: citizen.map(|citizen| citizen_digest(&act.keys, id, citizen)),
    };
    let link = Link::new(act, id, &Head { seq: 0, hash: String::new() }, &fact, Some(office))?;
    let mut row = new_row(act, filing, id, &code, office, promise)?;
    row.access_hash = act.keys.digest("access-code", &[code.as_str(), access_code]);
    row.citizen_id = citizen;
    row.last_hash.clone_from(&link.head().hash);
    // on the connection itself: walking so wide a statement through both backends costs as much as running it
    on_both!(connection, |c| diesel::insert_into(cases::table).values(&row).execute(c))?;
    let event = link.insert(connection)?;
    widen_scope(connection, act, id, &[office])?;
    match filing.is_sealed {
        true => words::keep(connection, &act.vault, id, &filing.words())?,
        false => words::index(connection, id, &filing.words())?,
    }
    webhooks::tell(connection, act, &row, &[Told { event, seq: 1, name: fact.name() }])?;
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
) -> Result<CaseRow> {
    let seal = |field, text: &Option<String>| act.vault.seal_some(field, id, text.as_deref());
    Ok(CaseRow {
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
        filed: if filing.is_sealed { Filed::sealed() } else { Filed::in_clear(&filing.words()) },
        citizen_id: None,
        representative: seal(field!(cases::representative), &filing.representative)?,
        is_anonymous: filing.is_anonymous,
        is_sealed: filing.is_sealed,
        about_office_id: filing.about.office,
        province: filing.place.province.clone(),
        county: filing.place.county.clone(),
        address: seal(field!(cases::address), &filing.place.address)?,
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
        about_user_id: filing.about.user,
        about_person: seal(field!(cases::about_person), &filing.about_person)?,
    })
}
