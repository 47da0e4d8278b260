//! Lines of a sheet: each form is keyed once, by its number in the stack, and shows what became of it.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::sheets;
use crate::db::DbConnection;
use crate::db::schema::{cases, desk_sheet_lines as l, intake_items as i};
use crate::db::types::{CaseId, DeskSheetId, IntakeItemId, Time};
use crate::domain::actor::Act;
use crate::domain::intake::ItemState;
use crate::domain::visibility;
use crate::error::{Error, FieldError, Result};

/// Of which sheet a form is, and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub sheet: DeskSheetId,
    /// 1 for the first.
    pub line: i32,
}

impl Line {
    /// What the form is known by at the door: it is taken once, however often it is keyed.
    pub fn external_id(self) -> String {
        format!("sheet:{}:{}", self.sheet, self.line)
    }
}

/// A form was keyed and taken in; where it cannot be, all of it is taken back with the transaction.
///
/// # Errors
/// A field error on `line` outside the stack; `sheet_closed`; `NotFound`.
pub fn keyed(
    connection: &mut DbConnection,
    act: &Act,
    line: Line,
    item: IntakeItemId,
    kind: &str,
) -> Result<()> {
    let sheet = sheets::open(connection, act, line.sheet)?;
    super::within("line", line.line, 1, sheets::FORMS_MAX).map_err(Error::field)?;
    if line.line > sheet.total {
        return Err(Error::field(FieldError::new(
            "line",
            "beyond_total",
            format!("این دسته {} فرم دارد؛ شمار اعلام‌شده را اصلاح کنید.", sheet.total),
            format!("The stack has {} forms; correct the declared total.", sheet.total),
        )));
    }
    diesel::insert_into(l::table)
        .values((
            (l::sheet_id.eq(line.sheet), l::line.eq(line.line), l::item_id.eq(item)),
            (l::kind.eq(kind), l::at.eq(act.now)),
        ))
        .execute(connection)?;
    Ok(())
}

/// A line with what became of its form.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LineView {
    pub line: i32,
    /// As the desk told it.
    pub kind: String,
    /// Of the communication log.
    pub item: IntakeItemId,
    pub state: ItemState,
    /// Where the actor sees the case.
    pub case_id: Option<CaseId>,
    pub tracking_code: Option<String>,
    pub at: Time,
}

/// The lines of a sheet after `after`.
pub fn list(
    connection: &mut DbConnection,
    act: &Act,
    sheet: DeskSheetId,
    after: Option<i32>,
    limit: i64,
) -> Result<Vec<LineView>> {
    sheets::find(connection, act, sheet)?;
    type Row = (i32, String, IntakeItemId, Time, ItemState, Option<CaseId>);
    let rows: Vec<Row> = l::table
        .inner_join(i::table)
        .filter(l::sheet_id.eq(sheet).and(l::line.gt(after.unwrap_or(0))))
        .order(l::line)
        .limit(limit)
        .select((l::line, l::kind, l::item_id, l::at, i::state, i::case_id))
        .load(connection)?;
    let named: Vec<CaseId> = rows.iter().filter_map(|row| row.5).collect();
    let seen: Vec<(CaseId, String)> = cases::table
        .filter(cases::id.eq_any(named))
        .filter(visibility::visible(act))
        .select((cases::id, cases::tracking_code))
        .load(connection)?;
    let view = |(line, kind, item, at, state, case): Row| {
        let seen = seen.iter().find(|(id, _)| Some(*id) == case);
        let (case_id, tracking_code) = seen.map(|(id, code)| (*id, code.clone())).unzip();
        LineView { line, kind, item, state, case_id, tracking_code, at }
    };
    Ok(rows.into_iter().map(view).collect())
}
