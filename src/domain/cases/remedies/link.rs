//! The rating link of a closing notice: whoever holds it may rate that one case, and do nothing else.

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::schema::cases;
use crate::domain::actor::Act;
use crate::domain::cases::{CaseRow, TrackingCode};
use crate::domain::keys::Keys;
use crate::error::Result;

/// Digits of the signature: 40 bits, and wrong ones are counted like wrong look-ups.
const SIGNATURE: usize = 10;

/// The signed part of a rating link, such as `14047392516-9f0c2a61d3`. Short, because an SMS carries it.
pub fn rating_token(keys: &Keys, code: &str) -> String {
    let signature = keys.digest("rating-link", &[code]);
    format!("{code}-{}", &signature[..SIGNATURE])
}

/// The case that a token names; none when it is forged or the case is gone.
pub fn by_rating_token(connection: &mut DbConnection, act: &Act, token: &str) -> Result<Option<CaseRow>> {
    let code = token.split_once('-').and_then(|(code, _)| TrackingCode::parse(code).ok());
    let Some(code) = code.filter(|code| rating_token(&act.keys, code.as_str()) == token) else {
        return Ok(None);
    };
    let row = cases::table.filter(cases::tracking_code.eq(code.as_str())).select(CaseRow::as_select());
    Ok(row.first(connection).optional()?)
}
