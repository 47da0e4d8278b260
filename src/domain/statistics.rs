//! Public counts: only sums, and none so small that it could point at a person.

use std::collections::BTreeMap;

use diesel::dsl::count_star;
use diesel::prelude::*;
use serde::Serialize;

use crate::db::DbConnection;
use crate::db::schema::cases;
use crate::error::Result;

/// Counts by code; null where there are fewer than `public_count_min` of the register.
pub type Counts = BTreeMap<String, Option<i64>>;

/// The public counts.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Statistics {
    pub by_status: Counts,
    pub by_kind: Counts,
    pub by_channel: Counts,
}

/// Counts all cases, or those of a province; counts below `smallest` are told as null.
pub fn public(connection: &mut DbConnection, province: Option<&str>, smallest: i64) -> Result<Statistics> {
    macro_rules! by {
        ($column:expr) => {{
            let mut query = cases::table.group_by($column).select(($column, count_star())).into_boxed();
            if let Some(province) = province {
                query = query.filter(cases::province.eq(province.to_owned()));
            }
            let rows: Vec<(String, i64)> = query.load(connection)?;
            rows.into_iter()
                .map(|(code, count)| (code, Some(count).filter(|count| *count >= smallest)))
                .collect()
        }};
    }
    Ok(Statistics {
        by_status: by!(cases::status),
        by_kind: by!(cases::kind),
        by_channel: by!(cases::channel),
    })
}
