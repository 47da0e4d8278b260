//! What each event of the timeline brought about, and the rule behind it.

use diesel::prelude::*;

use super::reckoning::reckon;
use super::route::root_lead;
use super::{Event, Walk};
use crate::db::schema::{answers, clock_changes};
use crate::db::types::{AnswerId, OfficeId, Time};
use crate::domain::cases::life::{Fact, NewHop};
use crate::domain::notifications::date;
use crate::domain::rulebook::{BUILT_IN, Narrowing};
use crate::error::{Language, Result};

/// A limit that nothing narrows.
const GENERAL: Narrowing<'static> = Narrowing { kind: None, category: None, level: None, is_urgent: false };

impl Walk<'_> {
    /// The promise to the citizen, the outer limit and the desk's own limit: by the last classification before the
    /// case first went out, or else by the registration.
    pub(super) fn promises(&mut self, events: &[Event]) -> Result<()> {
        let row = self.row;
        let (mut at, mut kind, mut category) = (row.registered_at, row.kind.clone(), row.category.clone());
        let mut is_urgent = row.priority != crate::domain::cases::Priority::Normal;
        for event in events.iter().take_while(|event| !matches!(event.fact, Fact::CaseReferred { .. })) {
            if let Fact::CaseClassified { kind: k, category: c, priority, .. } = &event.fact {
                (at, kind, category) = (event.at, k.clone(), Some(c.clone()));
                is_urgent = priority != "normal";
            }
        }
        let level = self.act.rules.offices.get(row.intake_office_id).map(|office| office.level.as_str());
        let asked = Narrowing { kind: Some(&kind), category: category.as_deref(), level, is_urgent };
        let given = (!self.was_moved(events)?).then_some(row.due_at);
        let is_trip = row.channel == crate::domain::cases::Channel::Trip;
        let subject = self.rules(at)?.answer_subject(is_trip, asked);
        self.laid("due", subject, asked, (at, row.received_at, row.intake_office_id), given)?;
        let outer = row.outer_at.filter(|_| given.is_some());
        self.laid(
            "outer",
            "outer",
            asked,
            (row.registered_at, row.received_at, row.intake_office_id),
            outer,
        )?;
        let desk = Narrowing { level, is_urgent, ..GENERAL };
        self.laid("triage", "triage", desk, (row.registered_at, row.received_at, row.intake_office_id), None)
    }

    /// A limit laid on a calendar: when its rule was applied, from when it runs, and on whose calendar.
    fn laid(
        &mut self,
        what: &'static str,
        subject: &str,
        asked: Narrowing<'_>,
        (at, from, office): (Time, Time, OfficeId),
        given: Option<Time>,
    ) -> Result<()> {
        let rule = self.limit(subject, asked, at)?;
        let rules = self.rules(at)?;
        let span = rules.limit(subject, asked).and_then(|limit| limit.span.as_deref()?.parse().ok());
        let reckoning = span.map(|span| reckon(&rules, office, from, span)).transpose()?;
        self.push_time(what, at, rule, reckoning, given);
        Ok(())
    }

    /// Whether the first promise was moved since: by a pause, an extension or another round.
    fn was_moved(&mut self, events: &[Event]) -> Result<bool> {
        use clock_changes as c;
        let moves: i64 = c::table
            .filter(c::case_id.eq(self.row.id).and(c::change.ne_all(["start", "pause"])))
            .count()
            .get_result(self.connection)?;
        let is_round = |event: &Event| {
            matches!(
                event.fact,
                Fact::ObjectionRaised { .. }
                    | Fact::AppealRaised { .. }
                    | Fact::AppealDecided { .. }
                    | Fact::CaseReopened { .. }
            )
        };
        Ok(moves > 0 || events.iter().any(is_round))
    }

    /// What one event brought about.
    pub(super) fn event(&mut self, event: &Event, events: &[Event]) -> Result<()> {
        let at = event.at;
        let office = event.office.unwrap_or(self.row.intake_office_id);
        match &event.fact {
            Fact::CaseClassified { priority, .. } if priority != "normal" => {
                let words = (format!("اولویت: {priority}"), format!("Priority: {priority}, set by a person"));
                self.push("priority", at, words, None);
            }
            Fact::CaseReferred { hops, rule } => self.referred(event, events, hops, rule.as_deref())?,
            Fact::ReferralReturned { reason, .. } => self.reason("return", &["return"], reason, at)?,
            Fact::ReferralTransferred { .. } | Fact::RulingAsked { .. } => {
                let rule = self.number("transfers_max", at)?;
                self.stated("transfer", at, rule);
            }
            Fact::CitizenAsked { wait_until, .. } => {
                self.laid("question", "question_wait", GENERAL, (at, at, office), Some(*wait_until))?;
            }
            Fact::DeadlineExtended { due_at, reason, .. } => self.extended(at, *due_at, reason)?,
            Fact::DeadlinePassed { percent, .. } => {
                let subject = BUILT_IN.iter().find(|(_, number)| *number == i64::from(*percent));
                if let Some((subject, _)) = subject {
                    let rule = self.number(subject, at)?;
                    self.stated("lateness", at, rule);
                }
            }
            Fact::AnswerApproved { answer, is_interim, .. } => {
                self.answered(at, office, *answer, *is_interim)?;
            }
            Fact::CaseClosed { reason, outcome, .. } => self.closed(at, outcome, reason.as_deref())?,
            Fact::CaseReopened { reason, .. } => self.reason("reopening", &["reopen"], reason, at)?,
            _ => self.remedy(event)?,
        }
        Ok(())
    }

    /// What the citizen's remedies brought about: each with its limit on the calendar of the office that has it.
    fn remedy(&mut self, event: &Event) -> Result<()> {
        let (what, hop) = match &event.fact {
            Fact::ObjectionRaised { hop, .. } | Fact::AppealDecided { hop: Some(hop), .. } => {
                ("additional_answer", hop)
            }
            Fact::AppealRaised { hop, .. } => ("appeal", hop),
            _ => return Ok(()),
        };
        let place = (event.at, event.at, hop.office);
        self.laid(what, what, self.level_of(hop.office), place, hop.due_at)
    }

    /// The reason of a closing, and the window for what may still be done about it.
    fn closed(&mut self, at: Time, outcome: &str, reason: Option<&str>) -> Result<()> {
        if let Some(reason) = reason {
            self.reason("reason", &["decline", "dismiss"], reason, at)?;
        }
        if matches!(outcome, "withdrawn" | "merged") {
            return Ok(());
        }
        let given = self.row.remedy_until.filter(|_| self.row.closed_at == Some(at));
        let office = self.row.holder_office_id;
        self.laid("remedy_window", "objection_window", self.level_of(office), (at, at, office), given)
    }

    fn level_of(&self, office: OfficeId) -> Narrowing<'static> {
        let level = self.act.rules.offices.get(office).map(|office| office.level.as_str());
        Narrowing { level, ..GENERAL }
    }

    fn stated(&mut self, what: &'static str, at: Time, rule: Option<crate::domain::register::Entry>) {
        if let Some(rule) = rule {
            self.push(what, at, (rule.text_fa.clone(), rule.text_en.clone()), Some(rule));
        }
    }

    /// A coded reason of one of these uses; free words have no rule and are not explained by one.
    fn reason(&mut self, what: &'static str, uses: &[&str], code: &str, at: Time) -> Result<()> {
        for of in uses {
            let rule = self.entry("reason", &format!("{of}.{code}"), at)?;
            if rule.is_some() {
                self.stated(what, at, rule);
                return Ok(());
            }
        }
        Ok(())
    }

    fn referred(
        &mut self,
        event: &Event,
        events: &[Event],
        hops: &[NewHop],
        rule: Option<&str>,
    ) -> Result<()> {
        if let Some(hop) = root_lead(hops) {
            self.route(event, events, hop, rule)?;
        }
        for hop in hops.iter().filter(|hop| hop.parent.is_some() || root_lead(hops) != Some(hop)) {
            let Some(due) = hop.due_at else { continue };
            let rule = self.number("inner_share", event.at)?;
            let office = self.act.rules.offices.code(hop.office);
            let words = (
                format!("مهلت {office} درون مهلت دستگاه محوری است"),
                format!("The deadline of {office} lies inside the lead's"),
            );
            self.push("referral_due", event.at, words, rule);
            if let Some(last) = self.found.last_mut() {
                last.until = Some(due);
            }
        }
        Ok(())
    }

    fn extended(&mut self, at: Time, due: Time, reason: &str) -> Result<()> {
        let rule = self.number("extension_max_percent", at)?;
        let coded = self.entry("reason", &format!("extension.{reason}"), at)?;
        let (why_fa, why_en) = coded.map_or((reason.to_owned(), reason.to_owned()), |row| (row.fa, row.en));
        let words = (
            format!("مهلت تا {} تمدید شد: {why_fa}", date(Some(due), Language::Fa)),
            format!("Extended until {}: {why_en}", date(Some(due), Language::En)),
        );
        self.push("extension", at, words, rule);
        if let Some(last) = self.found.last_mut() {
            last.until = Some(due);
        }
        Ok(())
    }

    fn answered(&mut self, at: Time, office: OfficeId, answer: AnswerId, is_interim: bool) -> Result<()> {
        let reason: Option<String> = answers::table
            .find(answer)
            .select(answers::reason_code)
            .first(self.connection)
            .optional()?
            .flatten();
        if let Some(reason) = reason {
            self.reason("reason", &["decline", "dismiss"], &reason, at)?;
        }
        if is_interim {
            let rule = self.limit("outer", GENERAL, at)?;
            self.stated("interim_answer", at, rule);
        } else if self.row.answered_at == Some(at) {
            let given = self.row.window_until;
            self.laid("reply_window", "reply_window", GENERAL, (at, at, office), given)?;
        }
        Ok(())
    }

    /// The times by which clocks were moved: what a pause gave back, and anything else that was logged.
    pub(super) fn pauses(&mut self) -> Result<()> {
        use clock_changes as c;
        type Moved = (String, Time, Option<Time>, Option<Time>, Option<String>);
        let rows: Vec<Moved> = c::table
            .filter(c::case_id.eq(self.row.id).and(c::referral_id.is_null()))
            .order(c::id)
            .select((c::change, c::at, c::due_before, c::due_after, c::reason))
            .load(self.connection)?;
        for (change, at, before, after, reason) in rows {
            let told = |language| (date(before, language), date(after, language));
            let ((from_fa, to_fa), (from_en, to_en)) = (told(Language::Fa), told(Language::En));
            let is_credit = change == "resume";
            let why = reason.unwrap_or(change);
            let (fa, en) = match is_credit {
                true => ("زمانی که ساعت ایستاده بود برگشت", "The time that the clock stood was given back"),
                false => ("مهلت جابه‌جا شد", "The deadline was moved"),
            };
            let words = (
                format!("{fa}: از {from_fa} به {to_fa} ({why})"),
                format!("{en}: from {from_en} to {to_en} ({why})"),
            );
            let rule = if is_credit { self.entry("right", "question_reply", at)? } else { None };
            self.push("pause", at, words, rule);
            if let Some(last) = self.found.last_mut() {
                last.until = after;
            }
        }
        Ok(())
    }
}
