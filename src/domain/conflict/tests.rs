//! Whatever happens in a random tree with random people who move, nobody with a conflict of interest has a part in
//! the case; and the condition in SQL hides exactly the cases from which the guard keeps a person.

use std::collections::BTreeSet;

use diesel::prelude::*;
use proptest::collection::vec;
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use super::trials::{Begin, CENTRE, INSPECTION, Post, Step, World, begin, step, tree};
use super::*;
use crate::db::types::{CaseId, ReferralId};
use crate::db::{DbConnection, IdMaker};
use crate::domain::actor::Role;
use crate::domain::cases::life::trials::Play;
use crate::domain::cases::life::{Fact, Life, Status};
use crate::domain::cases::{Channel, Priority};
use crate::domain::rulebook::RulebookCache;
use crate::domain::seed::Files;
use crate::domain::seed::tests::{database, seed};

/// The rule once more, in other words: by walking up parents, and by the history of everybody.
mod oracle {
    use super::*;

    fn is_below(offices: &Offices, office: OfficeId, above: OfficeId) -> bool {
        let up = |office: OfficeId| {
            offices.get(office).and_then(|row| row.parent).filter(|_| office != INSPECTION)
        };
        office == above || up(office).is_some_and(|parent| is_below(offices, parent, above))
    }

    /// Whether an office is complained of, below one, headed by whom it is about, or, for conduct, that person's.
    pub(super) fn bars_office(world: &World, offices: &Offices, office: OfficeId) -> bool {
        let at_filing_or_now = |post: &&Post| {
            let at_filing = post.from <= world.filed_at && post.to.is_none_or(|to| world.filed_at <= to);
            Some(post.person) == world.about.user && (at_filing || post.to.is_none())
        };
        world.about.office.is_some_and(|about| is_below(offices, office, about))
            || world.posts.iter().filter(at_filing_or_now).any(|post| {
                (post.role == Role::Approver && is_below(offices, office, post.office))
                    || (world.is_conduct && post.office == office)
            })
    }

    /// Whether a person is the one, is in such an office, or, for conduct, was in one at filing.
    pub(super) fn bars_person(world: &World, offices: &Offices, person: UserId) -> bool {
        let counts = |post: &&Post| {
            let then = post.from <= world.filed_at && post.to.is_none_or(|to| world.filed_at <= to);
            post.person == person && (post.to.is_none() || (world.is_conduct && then))
        };
        world.about.user == Some(person)
            || world.posts.iter().filter(counts).any(|post| bars_office(world, offices, post.office))
    }
}

/// What must hold after every step.
fn check(world: &World, play: &Play) {
    let life = &play.life;
    let office = |id: OfficeId| !oracle::bars_office(world, &play.offices, id);
    let person = |id: UserId| !oracle::bars_person(world, &play.offices, id);
    assert!(office(life.holder), "held by {}: {world:?} {life:?}", life.holder);
    assert!(life.holder_user.is_none_or(person), "held by a person: {world:?} {life:?}");
    assert!(life.dismissal.as_ref().is_none_or(|first| person(first.by)), "{world:?} {life:?}");
    for (id, hop) in life.hops.iter().filter(|(_, hop)| hop.state.is_open()) {
        assert!(office(hop.office), "{id} is out at {}: {world:?} {life:?}", hop.office);
        assert!(hop.user.is_none_or(person), "{id} is assigned wrongly: {world:?} {life:?}");
        assert!(hop.pending.is_none_or(|draft| person(draft.author)), "{id}: {world:?} {life:?}");
        let above = hop.parent.map(|parent| life.hops[&parent].state.is_open());
        assert!(
            above != Some(false) || hop.role == crate::domain::cases::life::HopRole::Copy,
            "{id} {life:?}"
        );
    }
    let leads: Vec<ReferralId> = life
        .open_children(None)
        .filter(|(_, hop)| {
            use crate::domain::cases::life::HopRole;
            matches!(hop.role, HopRole::Lead | HopRole::Appeal)
        })
        .map(|(id, _)| id)
        .collect();
    let is_out = life.status == Status::Referred || life.resume == Some(Status::Referred);
    assert_eq!(is_out, leads.len() == 1, "out exactly with an open lead: {life:?}");
}

/// What must hold of what was just granted: those whose hand it was were free.
fn check_fact(world: &World, play: &Play, fact: &Fact) {
    if let Some(user) = fact.hand() {
        assert!(!oracle::bars_person(world, &play.offices, user), "by {user}: {fact:?} {world:?}");
    }
    let sent: Vec<OfficeId> = match fact {
        Fact::CaseReferred { hops, .. } => hops.iter().map(|hop| hop.office).collect(),
        Fact::ReferralTransferred { to, .. } => vec![to.office],
        Fact::AppealRaised { hop, .. } => vec![hop.office],
        _ => Vec::new(),
    };
    for office in sent {
        assert!(!oracle::bars_office(world, &play.offices, office), "to {office}: {fact:?} {world:?}");
    }
}

fn run(begin: Begin, steps: &[Step], seen: &mut BTreeSet<&'static str>) {
    let Some((mut world, mut play)) = World::begin(begin) else { return };
    check(&world, &play);
    for step in steps {
        let was = world.clone();
        let facts = play.facts.len();
        if let Some(fact) = world.take(&mut play, step) {
            check_fact(&was, &play, &fact);
        }
        check(&world, &play);
        seen.extend(play.facts[facts..].iter().map(Fact::name));
    }
    let mut replayed = Life::registered(OfficeId(0));
    for fact in &play.facts {
        let stored = serde_json::to_string(fact).unwrap();
        replayed.apply(&serde_json::from_str(&stored).unwrap());
    }
    assert_eq!(replayed, play.life, "replaying the events gives another state");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_nobody_has_a_part_in_what_is_about_them(begin in begin(), steps in vec(step(), 1..80)) {
        run(begin, &steps, &mut BTreeSet::new());
    }
}

#[test]
fn random_steps_reach_every_turn() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for _ in 0..500 {
        let (begin, steps) = (begin(), vec(step(), 1..120)).new_tree(&mut runner).unwrap().current();
        run(begin, &steps, &mut seen);
    }
    for name in [
        "conflict_cleared",
        "case_referred",
        "referral_assigned",
        "referral_transferred",
        "answer_approved",
        "appeal_raised",
        "case_reopened",
    ] {
        assert!(seen.contains(name), "{name} is never reached: {seen:?}");
    }
}

fn filed() -> Time {
    Time::from_microsecond(5)
}

#[test]
fn a_case_goes_up_to_the_nearest_office_that_is_free() {
    // 1 centre, 2 inspection; 3 below the centre, 4 below 3, 5 below 4
    let offices = tree(&[0, 2, 3, 0, 0, 0, 0, 0]);
    assert_eq!(offices.with_ancestors(OfficeId(5)), [OfficeId(5), OfficeId(4), OfficeId(3), CENTRE]);
    let nearest = |about: i64, from: i64| {
        desk::nearest(&offices, &Conflict::with_office(OfficeId(about), filed()), OfficeId(from), |_| true)
    };
    assert_eq!(nearest(5, 5), Some(OfficeId(4)));
    assert_eq!(nearest(4, 5), Some(OfficeId(3)));
    assert_eq!(nearest(3, 5), Some(CENTRE));
    assert_eq!(nearest(1, 5), Some(INSPECTION));
    assert_eq!(nearest(1, 1), Some(INSPECTION));
    assert_eq!(nearest(2, 2), Some(CENTRE));
    let above = |about: i64| desk::above(&offices, &Conflict::with_office(OfficeId(about), filed()), CENTRE);
    assert_eq!((above(5), above(4), above(3)), (Some(OfficeId(4)), Some(OfficeId(3)), Some(INSPECTION)));
    assert_eq!((above(1), above(2)), (Some(INSPECTION), None));
    assert_eq!(desk::above(&offices, &Conflict::default(), CENTRE), Some(INSPECTION));
}

#[test]
fn an_office_that_was_below_stays_in_conflict_with_what_was_filed_before_it_moved() {
    let moved = Time::from_microsecond(10);
    let offices = tree(&[0; 8]).with_former_lines(vec![(OfficeId(4), OfficeId(3), moved)]);
    let about = |at: i64| Conflict::with_office(OfficeId(3), Time::from_microsecond(at));
    assert!(about(9).bars_office(&offices, OfficeId(4)) && about(10).bars_office(&offices, OfficeId(4)));
    assert!(!about(11).bars_office(&offices, OfficeId(4)));
}

const PEOPLE: i64 = 30;

/// Accounts with random postings, past ones and several at a time, in the national tree.
fn populate(connection: &mut DbConnection, offices: &[OfficeId], rng: &mut StdRng) {
    for id in 1..=PEOPLE {
        let roles = [Role::Handler, Role::Approver, Role::Classifier];
        let mut draw = || (*roles.choose(rng).unwrap(), *offices.choose(rng).unwrap());
        let posts: Vec<Vec<(Role, OfficeId)>> = vec![vec![draw()], vec![draw(), draw()], vec![draw()]];
        let turns = 1 + usize::try_from(id % 3).unwrap();
        let new = users::NewUser {
            username: format!("p{id}"),
            name: "n".into(),
            email: None,
            password_hash: String::new(),
            roles: posts[0].clone(),
        };
        users::create(connection, UserId(id), &new, Time::from_microsecond(0)).unwrap();
        for (turn, roles) in posts.iter().enumerate().take(turns).skip(1) {
            let at = Time::from_microsecond(i64::try_from(turn).unwrap() * 100);
            users::set_roles(connection, UserId(id), roles, at).unwrap();
        }
    }
}

/// A case about random people or offices, filed at a random time.
fn file(connection: &mut DbConnection, id: i64, offices: &[OfficeId], rng: &mut StdRng) {
    use crate::db::schema::cases as c;
    let office = rng.random_bool(0.6).then(|| *offices.choose(rng).unwrap());
    let user = rng.random_bool(0.6).then(|| UserId(rng.random_range(1..=PEOPLE)));
    let category = [None, Some("water.outage"), Some("conduct.delay")].choose(rng).copied().unwrap();
    let at = Time::from_microsecond(rng.random_range(0..250));
    diesel::insert_into(c::table)
        .values((
            (
                c::id.eq(CaseId(id)),
                c::tracking_code.eq(id.to_string()),
                c::access_hash.eq(""),
                c::version.eq(1),
            ),
            (c::status.eq(Status::Registered), c::kind.eq("complaint"), c::channel.eq(Channel::Web)),
            (
                c::category.eq(category),
                c::priority.eq(Priority::Normal),
                c::language.eq("fa"),
                c::text.eq(""),
            ),
            (c::is_anonymous.eq(false), c::is_sealed.eq(false), c::intake_office_id.eq(OfficeId(1))),
            (c::about_office_id.eq(office), c::about_user_id.eq(user), c::holder_office_id.eq(OfficeId(1))),
            (c::asked_levels.eq(""), c::transfers.eq(0), c::reopenings.eq(0)),
            (c::received_at.eq(at), c::registered_at.eq(at), c::due_at.eq(at), c::updated_at.eq(at)),
            (c::last_seq.eq(1), c::last_hash.eq("")),
        ))
        .execute(connection)
        .unwrap();
}

#[test]
fn the_condition_in_sql_hides_exactly_what_the_guard_keeps_a_person_from() {
    use crate::db::schema::cases;
    let (_directory, mut connection) = database();
    seed(&mut connection, &Files::embedded(), &IdMaker::new(1, 0));
    let rules = RulebookCache::default().current(&mut connection).unwrap();
    let offices: Vec<OfficeId> =
        ["CENTRE", "INSP", "MOEN", "MOEN-10", "MOEN-23", "MOHME", "GOV-10", "FAR-1002"]
            .iter()
            .map(|code| rules.offices.by_code(code).unwrap().id)
            .collect();
    let mut rng = StdRng::seed_from_u64(20_261_122);
    populate(&mut connection, &offices, &mut rng);
    (1..=300).for_each(|id| file(&mut connection, id, &offices, &mut rng));
    let rows: Vec<CaseRow> = cases::table.select(CaseRow::as_select()).load(&mut connection).unwrap();
    let (mut free, mut barred) = (0, 0);
    for id in 1..=PEOPLE {
        let person = users::staff(&mut connection, UserId(id)).unwrap().unwrap();
        let shown: Vec<CaseId> = cases::table
            .filter(condition::is_free(&rules, &person))
            .select(cases::id)
            .load(&mut connection)
            .unwrap();
        for row in &rows {
            let conflict = Conflict::of(&mut connection, &rules, row).unwrap();
            let is_shown = shown.contains(&row.id);
            assert_eq!(is_shown, !conflict.bars_person(&rules.offices, &person), "{person:?} {conflict:?}");
            if is_shown { free += 1 } else { barred += 1 }
        }
    }
    assert!(free > 1000 && barred > 1000, "{free} {barred}");
}

#[derive(QueryableByName)]
struct Detail {
    #[diesel(sql_type = diesel::sql_types::Text)]
    detail: String,
}

#[test]
fn an_inbox_weighs_only_open_cases_about_somebody() {
    let (_directory, mut connection) = database();
    let plan: Vec<Detail> = diesel::sql_query(
        "EXPLAIN QUERY PLAN SELECT cases.id FROM cases WHERE (cases.about_office_id IS NOT NULL OR \
         cases.about_user_id IS NOT NULL) AND (`cases`.`closed_at` IS NULL) AND (cases.about_user_id = 7 OR \
         cases.about_office_id IN (1, 2, 3))",
    )
    .load(&mut connection)
    .unwrap();
    let told = plan.iter().map(|line| line.detail.as_str()).collect::<Vec<_>>().join("; ");
    assert!(told.ends_with("INDEX cases_about"), "{told}");
}
