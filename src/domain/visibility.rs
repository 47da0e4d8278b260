//! Who sees a case: the one predicate, for list, detail, search, count and export.
//!
//! Staff see a case when their office, or an office below it, registered it, holds it, or ever held a
//! referral of it; the centre sees all. A sealed case is seen only by roles that may, in an office that is
//! itself involved or at the centre, and never by the office complained of or an office below it
//! (requirement tag S4.7). A citizen sees the one case that was proved. Not visible means 404.

use diesel::dsl::exists;
use diesel::expression::BoxableExpression;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::db::connection::MultiBackend;
use crate::db::prepared::OneOf;
use crate::db::schema::{case_scopes, cases};
use crate::db::types::OfficeId;
use crate::domain::actor::{Act, Actor, Staff};
use crate::domain::conflict::condition;
use crate::domain::rulebook::{Reach, Rulebook, Verb};

/// A condition on `cases`, to be put into a query's WHERE.
pub type Predicate = Box<dyn BoxableExpression<cases::table, MultiBackend, SqlType = Bool>>;

/// The condition under which a row of `cases` is visible to the actor.
pub fn visible(act: &Act) -> Predicate {
    match &act.actor {
        Actor::System => always(),
        Actor::Citizen { case } => Box::new(cases::id.eq(*case)),
        Actor::Gateway { office, .. } => Box::new(cases::intake_office_id.eq(*office)),
        Actor::Public => never(),
        Actor::Staff(staff) => visible_to_staff(&act.rules, staff),
    }
}

fn always() -> Predicate {
    Box::new(cases::id.is_not_null())
}

fn never() -> Predicate {
    Box::new(cases::id.is_null())
}

fn visible_to_staff(rules: &Rulebook, staff: &Staff) -> Predicate {
    let readers = Readers::of(rules, staff);
    if readers.offices.is_empty() {
        return never();
    }
    let open: Predicate =
        if readers.sees_all {
            Box::new(cases::is_sealed.eq(false))
        } else {
            Box::new(cases::is_sealed.eq(false).and(exists(case_scopes::table.filter(
                case_scopes::case_id.eq(cases::id).and(case_scopes::office_id.one_of(readers.offices)),
            ))))
        };
    let involved: Predicate = if readers.sees_all_sealed {
        always()
    } else if readers.sealed_at.is_empty() {
        never()
    } else {
        Box::new(exists(
            case_scopes::table.filter(
                case_scopes::case_id
                    .eq(cases::id)
                    .and(case_scopes::office_id.one_of(readers.sealed_at))
                    .and(case_scopes::is_direct.eq(true)),
            ),
        ))
    };
    Box::new(open.or(cases::is_sealed.eq(true).and(involved)).and(condition::is_free(rules, staff)))
}

/// Where a person may read: plain cases, and sealed ones.
struct Readers {
    offices: Vec<OfficeId>,
    sees_all: bool,
    sealed_at: Vec<OfficeId>,
    sees_all_sealed: bool,
}

impl Readers {
    fn of(rules: &Rulebook, staff: &Staff) -> Self {
        let centre = rules.offices.centre();
        let at = |verb: Verb| -> Vec<OfficeId> {
            staff
                .assignments
                .iter()
                .filter(|(role, _)| rules.reach(*role, verb) != Reach::None)
                .map(|a| a.1)
                .collect()
        };
        let (offices, sealed_at) = (at(Verb::ReadCase), at(Verb::ReadSealed));
        Self {
            sees_all: offices.contains(&centre),
            sees_all_sealed: sealed_at.contains(&centre),
            offices,
            sealed_at,
        }
    }
}
