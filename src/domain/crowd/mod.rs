//! A crowd of invented cases, written straight into the tables, to measure with a full database.
//!
//! They lie two years deep, spread over provinces, offices, statuses and due times as real ones would; each has
//! its scopes, its search words and a chain of events that verifies and tells what its rows say, and most have a
//! citizen, sealed as usual. They are not played through the verbs, so a closed one has no answers; nothing rings for a
//! deadline that lies in the past already.

mod chains;
mod people;
pub mod words;
mod write;

use std::collections::HashSet;

use diesel::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::db::schema::{cases, users};
use crate::db::types::{AnswerId, CaseId, CitizenId, EventId, OfficeId, ReferralId, Time, UserId};
use crate::db::{DbConnection, IdMaker};
use crate::domain::actor::Act;
use crate::domain::calendar::{JalaliDate, TEHRAN};
use crate::domain::cases::life::{HopState, Status};
use crate::domain::cases::{Channel, IntakeCode, TrackingCode, scope_of};
use crate::domain::citizens::Citizen;
use crate::domain::rulebook::{Category, Province};
use crate::error::{Error, Result};
use chains::Linked;
use people::{Filer, People};
pub use write::write;

/// Days over which the cases lie.
const DEPTH_DAYS: i64 = 2 * 365;
/// Days in which most cases are still open.
const OPEN_DAYS: i64 = 45;
const DAY: i64 = 86_400;

/// Whether a database may be filled without asking: it holds no case, or it is a demonstration.
pub fn is_playground(connection: &mut DbConnection) -> Result<bool> {
    let demo: i64 = users::table.filter(users::username.eq("agent.centre")).count().get_result(connection)?;
    let first: Option<CaseId> = cases::table.select(cases::id).first(connection).optional()?;
    Ok(demo > 0 || first.is_none())
}

/// Invents cases, one after the other in time.
pub struct Crowd {
    rng: StdRng,
    ids: IdMaker,
    codes: HashSet<String>,
    zone: jiff::tz::TimeZone,
    start: Time,
    step_micros: i64,
    made: i64,
    people: People,
    provinces: Vec<Province>,
    categories: Vec<Category>,
    /// In whose name work is done; nobody works where the database knows nobody.
    worker: Option<UserId>,
}

/// One invented case.
#[derive(Debug, Clone)]
pub struct Invented {
    id: CaseId,
    referral: Option<ReferralId>,
    code: String,
    access_hash: String,
    status: Status,
    channel: Channel,
    category: Option<String>,
    text: String,
    citizen: Option<CitizenId>,
    /// The citizen, where this case is the first.
    person: Option<Citizen>,
    province: Option<String>,
    county: Option<String>,
    intake: OfficeId,
    holder: OfficeId,
    state: HopState,
    /// Who took the referral up.
    worker: Option<UserId>,
    /// The answer that stands.
    answer: Option<AnswerId>,
    at: Time,
    due_at: Time,
    now: Time,
    events: Vec<Linked>,
    scopes: Vec<(OfficeId, bool)>,
}

impl Crowd {
    /// A crowd of `count` cases up to the present; knows which tracking codes are taken.
    pub fn new(connection: &mut DbConnection, act: &Act, count: i64) -> Result<Self> {
        let codes: Vec<String> = cases::table.select(cases::tracking_code).load(connection)?;
        let mut categories: Vec<Category> = act.rules.categories.values().cloned().collect();
        // the first are the commonest: power, whose ministry has staff in the demonstration
        categories.sort_by_key(|leaf| leaf.group != "power");
        let worker = users::table.order(users::id).select(users::id).first(connection).optional()?;
        Ok(Self {
            rng: StdRng::from_rng(&mut rand::rng()),
            ids: act.ids.backdated(),
            codes: codes.into_iter().collect(),
            zone: jiff::tz::TimeZone::get(TEHRAN).map_err(Error::internal)?,
            start: act.now.plus_days(-DEPTH_DAYS),
            step_micros: (DEPTH_DAYS * DAY - 600) * 1_000_000 / count.max(1),
            made: 0,
            people: People::default(),
            provinces: act.rules.provinces.values().cloned().collect(),
            categories,
            worker,
        })
    }

    /// The next so many cases.
    pub fn next(&mut self, act: &Act, count: usize) -> Result<Vec<Invented>> {
        (0..count).map(|_| self.invent(act)).collect()
    }

    /// A place in a list of `len`, the first ones more often.
    fn skewed(&mut self, len: usize) -> usize {
        let draw: f64 = self.rng.random();
        ((draw * draw * len as f64) as usize).min(len.saturating_sub(1))
    }

    fn invent(&mut self, act: &Act) -> Result<Invented> {
        let at = Time::from_microsecond(self.start.as_microsecond() + self.made * self.step_micros);
        self.made += 1;
        let (province, county) = self.place(act);
        let offices = &act.rules.offices;
        let governorate = province.as_deref().and_then(|code| offices.by_code(&format!("GOV-{code}")));
        let intake =
            governorate.filter(|_| self.rng.random_bool(0.3)).map_or(offices.centre(), |office| office.id);
        let draw = self.skewed(self.categories.len());
        let category = self.categories.get(draw).map(|leaf| leaf.code.clone());
        let route = category.as_deref().and_then(|code| {
            act.rules
                .route("request", code, province.as_deref(), county.as_deref())
                .map(|route| route.office.id)
        });
        let route = route.filter(|office| *office != offices.centre());
        let status = self.status(act, at, route.is_some());
        let is_referred = matches!(status, Status::Referred | Status::Answered | Status::Closed);
        let route = route.filter(|_| is_referred);
        let (holder, referral) = (route.unwrap_or(intake), route.map(|_| self.id(at)));
        let state = match status {
            Status::Referred if self.worker.is_none() || self.rng.random_bool(0.5) => HopState::Sent,
            Status::Referred => HopState::Accepted,
            Status::Closed => HopState::Ended,
            Status::Registered | Status::Classified | Status::AwaitingCitizen | Status::Answered => {
                HopState::Answered
            }
        };
        let worker = self.worker.filter(|_| matches!(state, HopState::Accepted | HopState::Answered));
        let worker = worker.filter(|_| is_referred);
        let answer = (status == Status::Answered).then(|| self.id(at));
        let (id, newcomer) = (self.id(at), self.id(at));
        let (citizen, person) = match self.people.next(&mut self.rng, newcomer, at) {
            Filer::Nobody => (None, None),
            Filer::Known(id) => (Some(id), None),
            Filer::New(person) => (Some(person.id), Some(*person)),
        };
        let text = words::text(&mut self.rng, 60, self.made.unsigned_abs());
        let channels = [
            Channel::Phone,
            Channel::Web,
            Channel::Sms,
            Channel::Visit,
            Channel::Letter,
            Channel::Email,
            Channel::Fax,
        ];
        let channel = channels[self.skewed(channels.len())];
        let code = self.code(at, province.as_deref())?;
        let invented = Invented {
            events: Vec::new(),
            access_hash: act.keys.digest("access-code", &[&code, "00000000"]),
            category: category.filter(|_| status != Status::Registered),
            scopes: scope_of(offices, &[intake, holder]).into_iter().collect(),
            due_at: at.plus_seconds(self.rng.random_range(5 * DAY..30 * DAY)),
            now: act.now,
            id,
            referral,
            code,
            status,
            channel,
            text,
            citizen,
            person,
            province,
            county,
            intake,
            holder,
            state,
            worker,
            answer,
            at,
        };
        let ids = &self.ids;
        let events = chains::of(&invented, act, || EventId(ids.next_at(at.as_microsecond() / 1000)))?;
        Ok(Invented { events, ..invented })
    }

    fn id<T: From<i64>>(&self, at: Time) -> T {
        T::from(self.ids.next_at(at.as_microsecond() / 1000))
    }

    fn place(&mut self, act: &Act) -> (Option<String>, Option<String>) {
        if self.rng.random_bool(0.15) {
            return (None, None);
        }
        let draw = self.skewed(self.provinces.len());
        let Some(province) = self.provinces.get(draw).map(|province| province.code.clone()) else {
            return (None, None);
        };
        let counties: Vec<&String> = act
            .rules
            .counties
            .values()
            .filter(|county| county.province == province)
            .map(|county| &county.code)
            .collect();
        let county =
            counties.get(self.rng.random_range(0..counties.len().max(1))).map(|code| (*code).clone());
        (Some(province), county)
    }

    /// Old cases are closed; new ones stand anywhere, and the newest at the desk.
    fn status(&mut self, act: &Act, at: Time, has_route: bool) -> Status {
        let days = (act.now.as_microsecond() - at.as_microsecond()) / 1_000_000 / DAY;
        let draw = self.rng.random_range(0..100);
        match (days, draw) {
            (0..=1, 0..=59) => Status::Registered,
            (0..=1, _) => Status::Classified,
            (2..=OPEN_DAYS, 0..=4) => Status::Classified,
            (2..=OPEN_DAYS, 5..=69) if has_route => Status::Referred,
            (2..=OPEN_DAYS, 70..=74) if has_route && self.worker.is_some() => Status::Answered,
            (_, 0) if has_route => Status::Referred,
            _ => Status::Closed,
        }
    }

    fn code(&mut self, at: Time, province: Option<&str>) -> Result<String> {
        let day = JalaliDate::of(at.timestamp(), &self.zone).map_err(Error::internal)?;
        for _ in 0..200 {
            let intake = province.and_then(|code| code.parse().ok()).and_then(IntakeCode::province);
            let intake = intake
                .filter(|_| self.rng.random_bool(0.3))
                .unwrap_or_else(|| IntakeCode::national(&mut self.rng));
            let code = TrackingCode::generate(day, intake, &mut self.rng).to_string();
            if self.codes.insert(code.clone()) {
                return Ok(code);
            }
        }
        Err(Error::internal("the tracking codes of a year are used up"))
    }
}

impl Invented {
    fn is_closed(&self) -> bool {
        self.status == Status::Closed
    }

    fn ended_at(&self) -> Option<Time> {
        let is_over = matches!(self.status, Status::Closed | Status::Answered);
        is_over.then(|| self.due_at.min(self.now))
    }

    /// The points of a clock that passed have fired; the next is the due time itself.
    fn clock(&self, runs: bool) -> (Option<i32>, Option<Time>) {
        match (runs, self.due_at > self.now) {
            (true, true) => (Some(80), Some(self.due_at)),
            (true, false) => (Some(150), None),
            (false, _) => (None, None),
        }
    }
}

#[cfg(test)]
mod tests;
