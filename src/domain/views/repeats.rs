//! Repeats as staff see them: what came before, why it is held to be the same, and what can be done with it now.

use serde::Serialize;

use super::case::{OfficeView, office_view};
use super::shown;
use crate::db::DbConnection;
use crate::db::types::{CaseId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::CaseRow;
use crate::domain::cases::life::Status;
use crate::domain::citizens::Kin;
use crate::domain::definitions;
use crate::domain::notifications::date;
use crate::domain::policy;
use crate::domain::repeats::{self, Direction, Found, Ground, Kept};
use crate::domain::rulebook::Verb;
use crate::error::{Language, Result};

/// An earlier case of the same citizen or household on the same matter.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SimilarView {
    pub case_id: CaseId,
    pub tracking_code: String,
    pub status: Status,
    pub kind: String,
    pub category: Option<String>,
    pub subject: Option<String>,
    pub holder: OfficeView,
    pub registered_at: Time,
    pub due_at: Time,
    pub outcome: Option<String>,
    /// Whose it is: the same citizen's, or that of somebody of the household.
    pub relation: Kin,
    /// 0 to 1.
    pub likeness: f64,
    /// By what it is the same matter: subject and place, words.
    pub why: Vec<Ground>,
    /// What may be done with it now.
    pub may: Vec<Remark>,
}

/// One thing to do, in the reader's words, and the call that does it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Remark {
    /// `tell_status` or `add_message`.
    pub code: &'static str,
    pub text: String,
    pub method: Option<&'static str>,
    pub href: Option<String>,
}

/// A repeat that was kept with a case.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RepeatView {
    /// Whether the other case came before or after.
    pub direction: Direction,
    pub found_at: Time,
    #[serde(flatten)]
    pub case: SimilarView,
}

/// What was found for a filing, as far as the actor may see it; that it was read is logged with each citizen.
pub fn similar(
    connection: &mut DbConnection,
    act: &Act,
    found: &[Found],
    reader: Language,
) -> Result<Vec<SimilarView>> {
    let ids: Vec<CaseId> = found.iter().map(|found| found.case).collect();
    let rows = repeats::visible(connection, act, &ids)?;
    let mut read = std::collections::BTreeSet::new();
    let mut shown = Vec::new();
    for one in found {
        let Some(row) = rows.iter().find(|row| row.id == one.case) else { continue };
        if read.insert(one.citizen) {
            let subject = format!("citizen:{}", one.citizen);
            definitions::log(connection, act, "read", &subject, "similar cases")?;
        }
        shown.push(view(connection, act, row, one.relation, one.likeness, &one.grounds, reader)?);
    }
    Ok(shown)
}

/// The repeats of a case.
pub fn repeats_of(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    reader: Language,
) -> Result<Vec<RepeatView>> {
    let kept = repeats::of_case(connection, act, row)?;
    let one = |Kept { direction, relation, likeness, grounds, found_at, other }: Kept| {
        let case = view(connection, act, &other, relation, likeness, &grounds, reader)?;
        Ok(RepeatView { direction, found_at, case })
    };
    kept.into_iter().map(one).collect()
}

fn view(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    relation: Kin,
    likeness: u8,
    grounds: &[Ground],
    reader: Language,
) -> Result<SimilarView> {
    let holder = office_view(act, row.holder_office_id);
    Ok(SimilarView {
        case_id: row.id,
        tracking_code: row.tracking_code.clone(),
        status: row.status,
        kind: row.kind.clone(),
        category: row.category.clone(),
        subject: shown::subject(connection, act, row)?,
        registered_at: row.registered_at,
        due_at: row.due_at,
        outcome: row.outcome.clone(),
        relation,
        likeness: f64::from(likeness) / 100.0,
        why: grounds.to_vec(),
        may: remarks(act, row, relation, &holder, reader),
        holder,
    })
}

fn remarks(act: &Act, row: &CaseRow, relation: Kin, holder: &OfficeView, reader: Language) -> Vec<Remark> {
    let (is_open, due) = (row.status != Status::Closed, date(Some(row.due_at), reader));
    let say = |fa: String, en: String| if reader == Language::En { en } else { fa };
    let status = match (relation, is_open) {
        // a family is no one person: its cases are not told to its members
        (Kin::Household, _) => say(
            "از خانوار همین شهروند است؛ جزئیاتش را به او نگویید، مگر کد رهگیری را بگوید.".into(),
            "It is of the same household; tell this citizen nothing of it unless he gives its tracking code."
                .into(),
        ),
        (Kin::Citizen, true) => say(
            format!("وضعیت را بگویید: نزد «{}»، پاسخ تا {due}.", holder.name_fa),
            format!("Tell its status: with {}, answer by {due}.", holder.name_en),
        ),
        (Kin::Citizen, false) => say(
            "پاسخ پیشین را بگویید و بپرسید چه چیز تازه است.".into(),
            "Tell the answer that was given and ask what is new.".into(),
        ),
    };
    let mut list = vec![Remark { code: "tell_status", text: status, method: None, href: None }];
    if is_open && relation == Kin::Citizen && policy::allow(act, Verb::Reply, row.holder_office_id).is_ok() {
        list.push(Remark {
            code: "add_message",
            text: say(
                "گفته تازه را به همین پرونده بیفزایید؛ پرونده تازه لازم نیست.".into(),
                "Add the new words to this case; no new case is needed.".into(),
            ),
            method: Some("POST"),
            href: Some(format!("/api/v1/cases/{}/messages", row.id)),
        });
    }
    list
}
