//! A small world in play: a random tree, people who move, and one case that is about some of them.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample;

use super::{About, Conflict, desk, guard};
use crate::db::types::{OfficeId, Time, UserId};
use crate::domain::actor::{Posting, Role, Staff};
use crate::domain::cases::life::trials::{Play, Wish, wish};
use crate::domain::cases::life::{Barred, Fact, HopRole, Needs, NewHop};
use crate::domain::rulebook::{Level, Office, Offices};

pub(super) const CENTRE: OfficeId = OfficeId(1);
pub(super) const INSPECTION: OfficeId = OfficeId(2);
/// Offices 1 to so many; the wishes of a case in play name the same.
const OFFICES: i64 = 10;
/// People 1 to so many.
const PEOPLE: i64 = 6;
const ROLES: [Role; 4] = [Role::Classifier, Role::Handler, Role::Approver, Role::Appeal];

/// A tree by the parents of its offices from the third on; the first is the centre, the second inspects.
pub(super) fn tree(parents: &[i64]) -> Offices {
    let office = |id: i64| {
        let parent = match id {
            1 => None,
            2 => Some(1),
            // any office made before it but the one that inspects
            _ => Some(parents[usize::try_from(id - 3).unwrap()] % (id - 1) + 1)
                .map(|p| if p == 2 { 1 } else { p }),
        };
        Office {
            id: OfficeId(id),
            code: match id {
                1 => "CENTRE".into(),
                2 => "INSP".into(),
                _ => format!("O-{id}"),
            },
            parent: parent.map(OfficeId),
            level: if id == 1 { Level::Centre } else { Level::Organisation },
            fa: String::new(),
            en: String::new(),
            province: None,
            county: None,
            email: None,
            calendar: None,
            signpost_only: false,
            needs_approval: true,
        }
    };
    Offices::new((1..=OFFICES).map(office).collect())
}

/// What happens next.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// Somebody wishes something of the case.
    Wish(Wish),
    /// A person gets another role at another office, in place of or beside the old ones.
    Move { person: i64, role: Role, office: i64, keeps: bool },
    /// It is said anew whom the case is about.
    Name { office: Option<i64>, person: Option<i64> },
    /// It is about conduct, or not.
    Classify { conduct: bool },
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let moved = (1..=PEOPLE, sample::select(&ROLES[..]), 1..=OFFICES, any::<bool>())
        .prop_map(|(person, role, office, keeps)| Step::Move { person, role, office, keeps });
    let named = (option::of(1..=OFFICES), option::of(1..=PEOPLE))
        .prop_map(|(office, person)| Step::Name { office, person });
    prop_oneof![
        40 => wish().prop_map(Step::Wish),
        3 => moved,
        1 => named,
        1 => any::<bool>().prop_map(|conduct| Step::Classify { conduct }),
    ]
}

/// Parents of offices, first posts of people, whom the case is about, and whether it is about conduct.
pub(super) type Begin = (Vec<i64>, Vec<(Role, i64)>, (Option<i64>, Option<i64>), bool);

pub(super) fn begin() -> impl Strategy<Value = Begin> {
    (
        vec(0..100_i64, usize::try_from(OFFICES - 2).unwrap()),
        vec((sample::select(&ROLES[..]), 1..=OFFICES), usize::try_from(PEOPLE).unwrap()),
        (option::of(1..=OFFICES), option::of(1..=PEOPLE)),
        any::<bool>(),
    )
}

/// A posting in the history of the world; the last moment of it is none as long as it lasts.
#[derive(Debug, Clone)]
pub(super) struct Post {
    pub person: UserId,
    pub role: Role,
    pub office: OfficeId,
    pub from: Time,
    pub to: Option<Time>,
}

/// The world.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub posts: Vec<Post>,
    pub about: About,
    pub is_conduct: bool,
    pub filed_at: Time,
    pub now: i64,
}

impl World {
    /// The world at the filing, and the case at the desk that took it in; none where nobody could.
    pub(super) fn begin((parents, people, about, is_conduct): Begin) -> Option<(Self, Play)> {
        let first = |(person, (role, office)): (i64, (Role, i64))| Post {
            person: UserId(person),
            role,
            office: OfficeId(office),
            from: Time::from_microsecond(0),
            to: None,
        };
        let posts = (1..=PEOPLE).zip(people).map(first).collect();
        let about = About { office: about.0.map(OfficeId), user: about.1.map(UserId) };
        let world = Self { posts, about, is_conduct, filed_at: Time::from_microsecond(10), now: 10 };
        let offices = tree(&parents);
        let conflict = world.conflict();
        let office = match conflict.bars_office(&offices, CENTRE) {
            true => desk::nearest(&offices, &conflict, CENTRE, |_| true)?,
            false => CENTRE,
        };
        Some((world, Play::filed_at(office, offices, conflict)))
    }

    pub(super) fn now(&self) -> Time {
        Time::from_microsecond(self.now)
    }

    /// A person as the service would load them.
    pub(super) fn person(&self, id: UserId) -> Staff {
        let own = || self.posts.iter().filter(move |post| post.person == id);
        Staff {
            id,
            username: format!("p{id}"),
            assignments: own()
                .filter(|post| post.to.is_none())
                .map(|post| (post.role, post.office))
                .collect(),
            past: own()
                .filter_map(|post| Some(Posting { office: post.office, from: post.from, to: post.to? }))
                .collect(),
        }
    }

    /// What the service would load of the case.
    pub(super) fn conflict(&self) -> Conflict {
        if self.about == About::default() {
            return Conflict::default();
        }
        let held = |post: &&Post| {
            Some(post.person) == self.about.user
                && post.to.is_none_or(|to| post.from <= self.filed_at && self.filed_at <= to)
        };
        let held: Vec<&Post> = self.posts.iter().filter(held).collect();
        Conflict {
            filed_at: Some(self.filed_at),
            is_conduct: self.is_conduct,
            office: self.about.office,
            user: self.about.user,
            headed: held.iter().filter(|post| post.role == Role::Approver).map(|post| post.office).collect(),
            own: held.iter().map(|post| post.office).collect(),
        }
    }

    /// Takes a step as the service would, or leaves everything as it is.
    pub(super) fn take(&mut self, play: &mut Play, step: &Step) -> Option<Fact> {
        let before = (self.clone(), play.clone());
        self.now += 1;
        let fact = match step {
            Step::Wish(wish) => self.grant(play, wish),
            Step::Move { person, role, office, keeps } => {
                self.post(UserId(*person), *role, OfficeId(*office), *keeps);
                None
            }
            Step::Name { office, person } => {
                self.about = About { office: office.map(OfficeId), user: person.map(UserId) };
                None
            }
            Step::Classify { conduct } => {
                self.is_conduct = *conduct;
                None
            }
        };
        play.conflict = self.conflict();
        if self.settle(play).is_none() {
            (*self, *play) = before;
            return None;
        }
        fact
    }

    fn grant(&self, play: &mut Play, wish: &Wish) -> Option<Fact> {
        let is_barred = |user: UserId| play.conflict.bars_person(&play.offices, &self.person(user));
        if wish.actor().is_some_and(is_barred) {
            return None;
        }
        let mut trial = play.clone();
        let fact = trial.decide(wish).ok()?;
        let other = fact.hand().filter(|user| Some(*user) != wish.actor());
        if guard::sends_wrong(&play.conflict, &play.offices, &fact) || other.is_some_and(is_barred) {
            return None;
        }
        trial.take(fact.clone());
        *play = trial;
        Some(fact)
    }

    fn post(&mut self, person: UserId, role: Role, office: OfficeId, keeps: bool) {
        let now = self.now();
        let held = |post: &Post| post.person == person && post.to.is_none();
        if !keeps {
            self.posts.iter_mut().filter(|post| held(post)).for_each(|post| post.to = Some(now));
        }
        if !self.posts.iter().any(|post| held(post) && (post.role, post.office) == (role, office)) {
            self.posts.push(Post { person, role, office, from: now, to: None });
        }
    }

    /// What the recorder does after every act; none where nobody could take the case.
    fn settle(&self, play: &mut Play) -> Option<()> {
        let conflict = self.conflict();
        let people = play.life.people().into_iter();
        let people: BTreeSet<UserId> =
            people.filter(|user| conflict.bars_person(&play.offices, &self.person(*user))).collect();
        let offices = guard::barred_offices(&play.life, &conflict, &play.offices);
        let Some(taint) = play.life.taint(&Barred { offices, people }) else { return Some(()) };
        let free = |from| desk::nearest(&play.offices, &conflict, from, |_| true);
        let fact = match taint.needs {
            Needs::Nothing => Fact::cleared(taint, play.life.holder, None),
            Needs::Desk(from) => {
                let office = free(from)?;
                Fact::cleared(taint, office, None)
            }
            Needs::Appeal(from) => {
                let office = free(from)?;
                let hop = NewHop {
                    referral: play.id().into(),
                    parent: None,
                    from: play.life.against(),
                    office,
                    role: HopRole::Appeal,
                    due_at: None,
                };
                Fact::cleared(taint, office, Some(hop))
            }
        };
        play.take(fact);
        Some(())
    }
}
