//! A request as it is shown: whole to the key that filed it, without names, numbers and the exact place to everybody.

use serde::Serialize;

use super::requests::Stored;
use super::services;
use crate::db::DbConnection;
use crate::db::types::{CaseId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::CaseRow;
use crate::domain::cases::life::Status;
use crate::domain::confidentiality::known;
use crate::domain::vault::field;
use crate::error::{Language, Result};

/// A request in the words of GeoReport v2.
#[derive(Debug, Clone, Serialize)]
pub struct RequestView {
    pub service_request_id: CaseId,
    /// `open` or `closed`.
    pub status: &'static str,
    /// The outcome; to the one who filed it also the answer.
    pub status_notes: Option<String>,
    pub service_name: String,
    pub service_code: String,
    pub description: String,
    pub agency_responsible: Option<String>,
    pub service_notice: Option<String>,
    pub requested_datetime: Time,
    /// When it was closed, once it is.
    pub updated_datetime: Time,
    /// The promise to the citizen.
    pub expected_datetime: Time,
    pub address: Option<String>,
    /// Code of the county, else of the province.
    pub address_id: Option<String>,
    pub zipcode: Option<String>,
    pub lat: Option<f64>,
    pub long: Option<f64>,
    pub media_url: Option<String>,
}

pub(super) fn view(
    connection: &mut DbConnection,
    act: &Act,
    stored: &Stored,
    row: &CaseRow,
    is_own: bool,
    language: Language,
) -> Result<RequestView> {
    let code = row.category.clone().unwrap_or_else(|| stored.service_code.clone());
    let name = services::service(&act.rules, &code).map(|service| service.name(language));
    let holder = act.rules.offices.get(row.holder_office_id);
    let in_words = |fa: &str, en: &str| if language == Language::En { en.to_owned() } else { fa.to_owned() };
    let text = row.words(connection, &act.vault)?.text;
    let description = match is_own {
        true => text,
        false => known::masker(connection, act, row)?.propose(&text),
    };
    let outcome = row.outcome.as_deref().map(|code| act.rules.outcome_name(code, language));
    let answer = row.outcome_text.clone().filter(|_| is_own);
    let notes: Vec<String> = outcome.into_iter().chain(answer).collect();
    // about a hundred metres
    let rough = |degrees: f64| if is_own { degrees } else { (degrees * 1000.0).round() / 1000.0 };
    Ok(RequestView {
        service_request_id: row.id,
        status: if row.status == Status::Closed { "closed" } else { "open" },
        status_notes: (!notes.is_empty()).then(|| notes.join("\n")),
        service_name: name.unwrap_or_else(|_| code.clone()),
        service_code: code,
        description,
        agency_responsible: holder.map(|office| in_words(&office.fa, &office.en)),
        service_notice: None,
        requested_datetime: stored.requested_at,
        updated_datetime: row.closed_at.unwrap_or(row.updated_at),
        expected_datetime: row.due_at,
        address: address(connection, act, row, is_own, language)?,
        address_id: row.county.clone().or_else(|| row.province.clone()),
        zipcode: None,
        lat: row.lat.map(rough),
        long: row.lon.map(rough),
        media_url: stored.media_url.clone().filter(|_| is_own),
    })
}

/// The address as it was told; to everybody the names of county and province.
fn address(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    is_own: bool,
    language: Language,
) -> Result<Option<String>> {
    if is_own && row.address.is_some() {
        return act.vault.open_some(connection, field!(cases::address), row.id, row.address.as_ref());
    }
    let pick = |fa: &str, en: &str| if language == Language::En { en.to_owned() } else { fa.to_owned() };
    let county = row.county.as_deref().and_then(|code| act.rules.counties.get(code));
    let county = county.map(|row| pick(&row.fa, row.en.as_deref().unwrap_or(&row.fa)));
    let province = row.province.as_deref().and_then(|code| act.rules.provinces.get(code));
    let province = province.map(|row| pick(&row.fa, &row.en));
    let parts: Vec<String> = county.into_iter().chain(province).collect();
    Ok((!parts.is_empty()).then(|| parts.join(pick("، ", ", ").as_str())))
}
