//! Public counts: only sums, and none so small that it could point at a person.

use std::collections::BTreeMap;

use diesel::dsl::{count, count_star};
use diesel::prelude::*;
use serde::Serialize;

use crate::db::DbConnection;
use crate::db::schema::{cases, family_links};
use crate::error::Result;

/// Counts by code; null where there are fewer than `public_count_min` of the register.
pub type Counts = BTreeMap<String, Option<i64>>;

/// The public counts.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Statistics {
    pub by_status: Counts,
    pub by_kind: Counts,
    pub by_channel: Counts,
    /// How much that is, counted both ways.
    pub totals: Totals,
}

/// One matter may be many cases of many persons: each way of counting is told (requirement tag S4.5). Null where
/// there are fewer than five.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Totals {
    /// Every case with a tracking code of its own.
    pub cases: Option<i64>,
    /// Cases that follow no other: merged ones and members of a group count once, with the one that leads.
    pub matters: Option<i64>,
    /// Persons who filed or signed, each once.
    pub persons: Option<i64>,
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
        totals: totals(connection, province, smallest)?,
    })
}

fn totals(connection: &mut DbConnection, province: Option<&str>, smallest: i64) -> Result<Totals> {
    use crate::domain::cases::life::Relation;
    let all = || {
        let query = cases::table.into_boxed();
        match province {
            Some(province) => query.filter(cases::province.eq(province.to_owned())),
            None => query,
        }
    };
    let following = family_links::table
        .filter(family_links::left_at.is_null().and(family_links::relation.ne(Relation::Part)))
        .select(family_links::case_id);
    let told = |count: i64| Some(count).filter(|count| *count >= smallest);
    let all_cases: i64 = all().count().get_result(connection)?;
    let matters: i64 = all().filter(cases::id.ne_all(following)).count().get_result(connection)?;
    let persons: i64 = all().select(count(cases::citizen_id).aggregate_distinct()).get_result(connection)?;
    Ok(Totals { cases: told(all_cases), matters: told(matters), persons: told(persons) })
}
