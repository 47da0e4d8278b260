//! Look-up: a case by its code and a second factor, for its citizen.
//!
//! Whether a code exists cannot be learned: an unknown code and a wrong factor take the same way.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::{CaseRow, TrackingCode};
use crate::db::DbConnection;
use crate::db::schema::cases;
use crate::domain::actor::Act;
use crate::domain::citizens::{self, Citizen, CitizenInput};
use crate::domain::text::latin_digits;
use crate::error::{Error, FieldError, Fields, Result};
use crate::on_both;

/// A tracking code and one second factor.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// Eleven digits; Persian digits, spaces and dashes are understood.
    pub tracking_code: String,
    #[serde(default)]
    pub access_code: Option<String>,
    /// The mobile of the citizen, or its last four digits.
    #[serde(default)]
    pub mobile: Option<String>,
    #[serde(default)]
    pub national_id: Option<String>,
}

/// The case of this pair; none when either is wrong.
///
/// # Errors
/// A field error when no second factor was given.
pub fn find(connection: &mut DbConnection, act: &Act, wish: &Lookup) -> Result<Option<CaseRow>> {
    if wish.access_code.is_none() && wish.mobile.is_none() && wish.national_id.is_none() {
        return Err(Error::field(FieldError::new(
            "access_code",
            "required",
            "کد دسترسی، شماره همراه یا کد ملی را هم بنویسید.",
            "Give the access code, the mobile or the national ID as well.",
        )));
    }
    let Ok(code) = TrackingCode::parse(&wish.tracking_code) else { return Ok(None) };
    // on the connection itself: the busiest read of all
    let row: Option<CaseRow> = on_both!(connection, |c| cases::table
        .filter(cases::tracking_code.eq(code.as_str()))
        .select(CaseRow::as_select())
        .first(c)
        .optional())?;
    let Some(row) = row else { return Ok(None) };
    let is_right = match &wish.access_code {
        Some(given) => {
            let given = latin_digits(given.trim());
            act.keys.digest("access-code", &[code.as_str(), &given]) == row.access_hash
        }
        None => is_citizen(connection, act, &row, wish)?,
    };
    Ok(is_right.then_some(row))
}

fn is_citizen(connection: &mut DbConnection, act: &Act, row: &CaseRow, wish: &Lookup) -> Result<bool> {
    let Some(id) = row.citizen_id else { return Ok(false) };
    let citizen = citizens::load(connection, &act.vault, id)?;
    if is_of(&citizen, wish) {
        return Ok(true);
    }
    // filed under a record that was merged since: what opened it then opens it still
    Ok(citizens::filed_under(connection, &act.vault, row.id)?.iter().any(|former| is_of(former, wish)))
}

fn is_of(citizen: &Citizen, wish: &Lookup) -> bool {
    if let Some(mobile) = wish.mobile.as_deref() {
        let digits: String = latin_digits(mobile).chars().filter(char::is_ascii_digit).collect();
        let stored = citizen.mobile.as_deref().unwrap_or_default();
        let by_ending = digits.len() == 4 && stored.ends_with(&digits);
        return !stored.is_empty() && (by_ending || parsed(wish).mobile.as_deref() == Some(stored));
    }
    let wished = parsed(wish).identifier;
    wished.is_some() && wished == citizen.identifier
}

fn parsed(wish: &Lookup) -> citizens::Identity {
    let told = CitizenInput {
        mobile: wish.mobile.clone(),
        national_id: wish.national_id.clone(),
        ..CitizenInput::default()
    };
    citizens::parse(&told, "lookup", &mut Fields::default())
}
