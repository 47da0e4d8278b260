//! Tells the citizen of a step of a plan, on one of the citizen's cases: an event of its timeline and a notice.

use diesel::prelude::*;

use super::{Measure, PlanRow};
use crate::db::DbConnection;
use crate::db::dialect::for_update;
use crate::db::schema::cases;
use crate::db::types::{CaseId, CitizenId};
use crate::domain::actor::Act;
use crate::domain::cases::life::{Fact, PlanStep};
use crate::domain::cases::{CaseRow, Docket, record};
use crate::domain::citizens;
use crate::domain::notifications::{self, Facts};
use crate::error::{Code, Error, Language, Result};

/// On which case the citizen was told, and whether a notice can be sent; else it is handed over by letter.
pub(super) struct Told {
    pub(super) case: CaseId,
    pub(super) is_sent: bool,
}

/// The newest case of a citizen, one that is not sealed where there is any.
pub(super) fn case_of(connection: &mut DbConnection, citizen: CitizenId) -> Result<Option<CaseId>> {
    let of = |is_sealed: bool| {
        cases::table
            .filter(cases::citizen_id.eq(citizen).and(cases::is_sealed.eq(is_sealed)))
            .order(cases::id.desc())
            .select(cases::id)
    };
    let open: Option<CaseId> = of(false).first(connection).optional()?;
    match open {
        Some(case) => Ok(Some(case)),
        None => Ok(of(true).first(connection).optional()?),
    }
}

fn is_theirs(connection: &mut DbConnection, case: CaseId, person: CitizenId) -> Result<bool> {
    let of: Option<CitizenId> = cases::table.find(case).select(cases::citizen_id).first(connection)?;
    Ok(of == Some(person))
}

/// Records a step on the case of the plan and queues the notice; `grounds` are those of a review.
pub(super) fn of(
    connection: &mut DbConnection,
    act: &Act,
    plan: &PlanRow,
    step: PlanStep,
    grounds: Option<&str>,
) -> Result<Told> {
    let person = citizens::standing(connection, plan.citizen_id)?;
    let case = match plan.case_id {
        Some(case) if is_theirs(connection, case, person)? => case,
        // the case went back with its record, or there was none yet
        Some(_) | None => case_of(connection, person)?.ok_or(Error::Conflict(Code::CitizenWithoutCase))?,
    };
    let _: CaseId = for_update(cases::table.find(case).select(cases::id)).get_result(connection)?;
    let row: CaseRow = cases::table.find(case).select(CaseRow::as_select()).first(connection)?;
    let mut docket = Docket::of_row(connection, act, row)?;
    let fact = Fact::ContactPlanNoticed { plan: plan.id, step };
    let event = record(connection, act, &mut docket, &[fact], None)?;
    let citizen = citizens::load(connection, &act.vault, person)?;
    let reader = if citizen.language == "en" { Language::En } else { Language::Fa };
    let (template, text, reason) = match step {
        PlanStep::Set => ("contact_plan_set", words(act, plan, reader), Some(plan.reasons.clone())),
        PlanStep::Stands | PlanStep::Lifted if grounds.is_some() => {
            ("contact_plan_reviewed", outcome(step, reader).to_owned(), grounds.map(str::to_owned))
        }
        PlanStep::Lifted | PlanStep::Expired => ("contact_plan_ended", String::new(), None),
        // the citizen asked and knows
        PlanStep::ReviewAsked | PlanStep::Stands => return Ok(Told { case, is_sent: false }),
    };
    let facts = Facts {
        office: plan.contact_office_id,
        until: Some(plan.review_at),
        text: Some(text),
        reason,
        ..Facts::default()
    };
    notifications::to_citizen(connection, act, &docket.row, event, template, &facts)?;
    Ok(Told { case, is_sent: !notifications::outlets(&citizen, docket.row.channel).is_empty() })
}

fn outcome(step: PlanStep, reader: Language) -> &'static str {
    match (step, reader) {
        (PlanStep::Lifted, Language::Fa) => "نتیجه: این ترتیب برداشته شد.",
        (PlanStep::Lifted, Language::En) => "Result: the arrangement is lifted.",
        (_, Language::Fa) => "نتیجه: این ترتیب تا تاریخ بازبینی می‌ماند.",
        (_, Language::En) => "Result: the arrangement stands until its review date.",
    }
}

/// The measures of a plan as the citizen reads them, one a line.
pub(super) fn words(act: &Act, plan: &PlanRow, reader: Language) -> String {
    let office = plan.contact_office_id.and_then(|id| act.rules.offices.get(id));
    let office = office.map_or("", |office| office.name(reader));
    let subjects = plan.subjects.as_deref().unwrap_or_default();
    let line = |measure: Measure| match (measure, reader) {
        (Measure::SingleContact, Language::Fa) => format!("• برای همه کارهای خود با «{office}» تماس بگیرید."),
        (Measure::SingleContact, Language::En) => format!("• Turn to {office} for all your matters."),
        (Measure::WritingOnly, Language::Fa) => "• درخواست‌های خود را بنویسید؛ پاسخ نیز نوشته می‌شود.".into(),
        (Measure::WritingOnly, Language::En) => {
            "• Put your matters in writing; they are answered in writing.".into()
        }
        (Measure::SubjectLimits, Language::Fa) => {
            format!("• درباره این موضوع‌ها تنها مطلب تازه بررسی می‌شود: {subjects}")
        }
        (Measure::SubjectLimits, Language::En) => {
            format!("• On these subjects only new facts are examined: {subjects}")
        }
        (Measure::WarningLetter, Language::Fa) => {
            "• خواهش می‌کنیم رفتاری که در دلیل آمده است تکرار نشود.".into()
        }
        (Measure::WarningLetter, Language::En) => {
            "• We ask that the conduct told in the reasons does not go on.".into()
        }
    };
    plan.measures().into_iter().map(line).collect::<Vec<_>>().join("\n")
}
