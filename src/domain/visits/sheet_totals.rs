//! Totals of a sheet: what the desk declared, what was keyed, and where the two differ.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde::Serialize;

use super::sheets::FORMS_MAX;
use super::within;
use crate::db::DbConnection;
use crate::db::schema::{desk_sheet_counts as k, desk_sheet_lines as l};
use crate::db::types::DeskSheetId;
use crate::domain::actor::Act;
use crate::error::{FieldError, Fields, Result};

/// Declared and keyed forms of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Count {
    pub kind: String,
    /// None where the desk did not count by kind.
    pub declared: Option<i32>,
    pub keyed: i32,
}

/// Counts by kind, where there are any, must make up the total.
pub(super) fn check_totals(act: &Act, total: i32, counts: &BTreeMap<String, i32>, fields: &mut Fields) {
    fields.take(within("total", total, 1, FORMS_MAX));
    let mut sum = 0_i64;
    for (kind, count) in counts {
        let field = format!("counts.{kind}");
        fields.take(act.rules.kind(&field, kind).map(|_| ()));
        sum += i64::from(fields.take(within(&field, *count, 0, FORMS_MAX)).unwrap_or(0));
    }
    if !counts.is_empty() && sum != i64::from(total) {
        fields.add(FieldError::new(
            "counts",
            "differs",
            format!("جمع شمارش‌ها {sum} است و با {total} نمی‌خواند؛ فرم‌ها را دوباره بشمارید."),
            format!("The counts make {sum} and not {total}; count the forms again."),
        ));
    }
}

pub(super) fn write_counts(
    connection: &mut DbConnection,
    id: DeskSheetId,
    counts: &BTreeMap<String, i32>,
) -> Result<()> {
    diesel::delete(k::table.filter(k::sheet_id.eq(id))).execute(connection)?;
    for (kind, declared) in counts {
        diesel::insert_into(k::table)
            .values((k::sheet_id.eq(id), k::kind.eq(kind), k::declared.eq(declared)))
            .execute(connection)?;
    }
    Ok(())
}

/// Declared and keyed forms by kind.
pub(super) fn counts(connection: &mut DbConnection, id: DeskSheetId) -> Result<Vec<Count>> {
    let declared: Vec<(String, i32)> =
        k::table.filter(k::sheet_id.eq(id)).select((k::kind, k::declared)).load(connection)?;
    let kinds: Vec<String> = l::table.filter(l::sheet_id.eq(id)).select(l::kind).load(connection)?;
    let mut all: BTreeMap<String, Count> = declared
        .into_iter()
        .map(|(kind, declared)| (kind.clone(), Count { kind, declared: Some(declared), keyed: 0 }))
        .collect();
    let is_counted = !all.is_empty();
    for kind in kinds {
        let fresh = Count { kind: kind.clone(), declared: is_counted.then_some(0), keyed: 0 };
        all.entry(kind).or_insert(fresh).keyed += 1;
    }
    Ok(all.into_values().collect())
}

/// What keeps a sheet from being closed, one by one.
pub(super) fn differences(total: i32, keyed: i32, counts: &[Count]) -> Vec<FieldError> {
    let differs = |field: String, declared: i32, keyed: i32| {
        (declared != keyed).then(|| {
            FieldError::new(
                field,
                "differs",
                format!("{declared} فرم اعلام و {keyed} فرم وارد شده است."),
                format!("{declared} forms were declared and {keyed} keyed."),
            )
        })
    };
    let by_kind = counts
        .iter()
        .filter_map(|count| differs(format!("counts.{}", count.kind), count.declared?, count.keyed));
    differs("total".into(), total, keyed).into_iter().chain(by_kind).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_is_told_and_uncounted_kinds_are_none() {
        let count = |kind: &str, declared, keyed| Count { kind: kind.into(), declared, keyed };
        let fields = |found: Vec<FieldError>| found.into_iter().map(|e| e.field).collect::<Vec<_>>();
        assert!(differences(3, 3, &[count("request", Some(3), 3)]).is_empty());
        assert!(differences(3, 3, &[count("request", None, 3)]).is_empty());
        let swapped = [count("request", Some(2), 1), count("complaint", Some(1), 2)];
        assert_eq!(fields(differences(3, 3, &swapped)), ["counts.request", "counts.complaint"]);
        assert_eq!(fields(differences(3, 2, &[count("request", Some(3), 2)])), ["total", "counts.request"]);
    }
}
