//! What the rows of a case say, as far as its events tell the same.

use diesel::prelude::*;

use super::pages::FiledWords;
use crate::db::DbConnection;
use crate::db::schema::{answers, appeals, cases, notes, objections, ratings, referrals};
use crate::db::sealed::Sealed;
use crate::db::types::{
    AnswerId, AppealId, CaseId, CitizenId, NoteId, ObjectionId, OfficeId, RatingId, ReferralId, Time, UserId,
};
use crate::domain::cases::life::{AppealCause, AppealResult, Consequence, HopRole, HopState, Status};
use crate::domain::vault::{Vault, field};
use crate::error::Result;

/// Where a case stands, by its row.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = cases)]
pub struct Standing {
    pub status: Status,
    pub resume_status: Option<Status>,
    pub kind: String,
    pub channel: String,
    pub category: Option<String>,
    pub priority: String,
    pub citizen_id: Option<CitizenId>,
    pub intake_office_id: OfficeId,
    pub holder_office_id: OfficeId,
    pub holder_user_id: Option<UserId>,
    pub lead_referral_id: Option<ReferralId>,
    pub asked_levels: String,
    pub transfers: i32,
    pub reopenings: i32,
    pub objections: i32,
    pub rating: Option<i32>,
    pub dismissal: Option<String>,
    pub outcome: Option<String>,
    pub registered_at: Time,
    pub due_at: Time,
}

/// A referral.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = referrals)]
pub struct Sent {
    pub case_id: CaseId,
    pub id: ReferralId,
    pub parent_id: Option<ReferralId>,
    pub from_office_id: OfficeId,
    pub office_id: OfficeId,
    pub role: HopRole,
    pub state: HopState,
    pub user_id: Option<UserId>,
    pub extensions: i32,
    pub due_at: Option<Time>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = answers)]
pub struct Answer {
    pub case_id: CaseId,
    pub id: AnswerId,
    pub referral_id: ReferralId,
    pub text: String,
    pub is_interim: bool,
    pub outcome: Option<String>,
    pub state: String,
    pub author_id: UserId,
    pub decided_by: Option<UserId>,
}

/// An objection.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = objections)]
pub struct Objection {
    pub case_id: CaseId,
    pub id: ObjectionId,
    pub referral_id: ReferralId,
    pub text: Sealed,
    pub channel: String,
}

/// An appeal, decided or not.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = appeals)]
pub struct Appeal {
    pub case_id: CaseId,
    pub id: AppealId,
    pub cause: AppealCause,
    pub text: Sealed,
    pub channel: String,
    pub result: Option<AppealResult>,
    pub consequence: Option<Consequence>,
    pub outcome: Option<String>,
    pub grounds: Option<String>,
    pub decided_by: Option<UserId>,
}

/// The rating of a round.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = ratings)]
pub struct Rating {
    pub case_id: CaseId,
    pub id: RatingId,
    pub round: i32,
    pub score: i32,
    pub channel: String,
}

/// A note.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = notes)]
pub struct Note {
    pub case_id: CaseId,
    pub id: NoteId,
    pub author_id: UserId,
    pub text: Sealed,
}

/// A row with its words, which are stored sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worded<T> {
    pub row: T,
    pub words: FiledWords,
}

/// The rows of a range of cases, each sort ordered by case.
#[derive(Debug, Default)]
pub struct Rows {
    sent: Vec<Sent>,
    answers: Vec<Answer>,
    objections: Vec<Worded<Objection>>,
    appeals: Vec<Worded<Appeal>>,
    ratings: Vec<Rating>,
    notes: Vec<Worded<Note>>,
}

/// The rows of one case.
#[derive(Debug, Clone, Copy, Default)]
pub struct Own<'a> {
    pub sent: &'a [Sent],
    pub answers: &'a [Answer],
    pub objections: &'a [Worded<Objection>],
    pub appeals: &'a [Worded<Appeal>],
    pub ratings: &'a [Rating],
    pub notes: &'a [Worded<Note>],
}

/// The rows of a table whose case is in the range, ordered by case and id.
macro_rules! within {
    ($connection:expr, $table:ident, $row:ty, $after:expr, $until:expr) => {
        $table::table
            .filter($table::case_id.gt($after).and($table::case_id.le($until)))
            .order(($table::case_id, $table::id))
            .select(<$row>::as_select())
            .load($connection)?
    };
}

/// The same with their words opened.
macro_rules! worded {
    ($connection:expr, $vault:expr, $table:ident, $row:ty, $after:expr, $until:expr) => {{
        let rows: Vec<$row> = within!($connection, $table, $row, $after, $until);
        let open = |row: $row| {
            let words = FiledWords::opened($vault, |vault| {
                vault.open($connection, field!($table::text), row.id, &row.text)
            });
            Worded { row, words }
        };
        rows.into_iter().map(open).collect()
    }};
}

impl Rows {
    /// Those of the cases above `after` up to `until`; sealed words open with `vault`.
    pub fn read(
        connection: &mut DbConnection,
        vault: Option<&Vault>,
        after: CaseId,
        until: CaseId,
    ) -> Result<Self> {
        Ok(Self {
            sent: within!(connection, referrals, Sent, after, until),
            answers: within!(connection, answers, Answer, after, until),
            objections: worded!(connection, vault, objections, Objection, after, until),
            appeals: worded!(connection, vault, appeals, Appeal, after, until),
            ratings: within!(connection, ratings, Rating, after, until),
            notes: worded!(connection, vault, notes, Note, after, until),
        })
    }

    /// Those of one case.
    pub fn of(&self, id: CaseId) -> Own<'_> {
        Own {
            sent: of(&self.sent, id, |row| row.case_id),
            answers: of(&self.answers, id, |row| row.case_id),
            objections: of(&self.objections, id, |worded| worded.row.case_id),
            appeals: of(&self.appeals, id, |worded| worded.row.case_id),
            ratings: of(&self.ratings, id, |row| row.case_id),
            notes: of(&self.notes, id, |worded| worded.row.case_id),
        }
    }
}

/// The rows of one case among rows that are ordered by case.
pub fn of<T>(rows: &[T], id: CaseId, case: impl Fn(&T) -> CaseId) -> &[T] {
    let start = rows.partition_point(|row| case(row) < id);
    let end = start + rows[start..].partition_point(|row| case(row) == id);
    &rows[start..end]
}
