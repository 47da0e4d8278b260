//! The citizen's side of the web, without an account: filings that are not sent yet, and a telephone that is proved by
//! a one-time code.
//!
//! Nothing here tells whether a number or a draft is known to whoever has not proved it.

pub mod drafts;
pub mod own;
pub mod phones;

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::schema::{drafts as d, phone_proofs as p};
use crate::db::types::Time;
use crate::error::Result;

/// Throws away what is past its time; gives the number of rows.
pub fn forget(connection: &mut DbConnection, now: Time) -> Result<usize> {
    let drafts = diesel::delete(d::table.filter(d::expires_at.lt(now.plus_seconds(-drafts::KEPT_SECONDS))))
        .execute(connection)?;
    let proofs = diesel::delete(p::table.filter(p::expires_at.lt(now))).execute(connection)?;
    Ok(drafts + proofs)
}
