//! The rows of a case against what its events tell of them: whoever edits a row behind the service's back would have
//! to write the history anew.

use std::fmt::Debug;

use super::Known;
use super::erasures::Erasures;
use super::finding::{Report, What};
use super::history::History;
use super::rows::{Answer, Sent, Standing, Worded};
use super::told::{Told, Written};
use crate::db::types::CitizenId;
use crate::domain::cases::life::{Fact, Hop, Proposal, citizen_digest};

/// What of one row differs from its events.
#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    /// A column against what it should hold.
    fn check<T: PartialEq + Debug>(&mut self, column: &str, row: &T, told: &T) {
        if row != told {
            self.0.push(format!("{column} is {row:?}, not {told:?}"));
        }
    }

    /// The same where the events tell it.
    fn check_told<T: PartialEq + Debug>(&mut self, column: &str, row: &T, told: Option<&T>) {
        if let Some(told) = told {
            self.check(column, row, told);
        }
    }
}

impl History<'_> {
    /// The facts of all events; none where one is missing or cannot be read, which is found elsewhere.
    fn facts(&self) -> Option<Vec<Fact>> {
        let in_order = self.events.iter().zip(1..).all(|(event, seq)| event.line.seq == seq);
        let read = |payload: &str| serde_json::from_str(payload).ok();
        in_order.then(|| self.events.iter().map(|event| read(&event.line.payload)).collect()).flatten()
    }

    /// Whether the rows of the case say what its events say.
    pub fn check_rows(&self, known: &Known, erasures: &Erasures, report: &mut Report) {
        let Some(row) = self.standing else { return };
        let Some(facts) = self.facts().filter(|facts| !facts.is_empty()) else {
            report.unread += 1;
            return;
        };
        let told = Told::of(&facts);
        self.check_case(row, &told, erasures, report);
        self.check_citizen(row, &told, known, erasures, report);
        self.check_referrals(&told, report);
        self.check_answers(&told, report);
        self.check_objections(&told, erasures, report);
        self.check_appeals(&told, erasures, report);
        self.check_ratings(&told, report);
        self.check_notes(&told, erasures, report);
    }

    fn differs(&self, row: &str, differences: Differences, report: &mut Report) {
        if !differences.0.is_empty() {
            let detail = format!("{row} does not say what the events say: {}", differences.0.join("; "));
            report.add(What::Row, self.place(None), detail);
        }
    }

    /// Every row has its event, and every event its row.
    fn check_there<K: PartialEq + std::fmt::Display>(
        &self,
        noun: &str,
        rows: impl Iterator<Item = K>,
        told: impl Iterator<Item = K>,
        report: &mut Report,
    ) {
        let (rows, told): (Vec<K>, Vec<K>) = (rows.collect(), told.collect());
        for id in rows.iter().filter(|id| !told.contains(id)) {
            report.add(What::Row, self.place(None), format!("{noun} {id} was put in: no event tells of it"));
        }
        for id in told.iter().filter(|id| !rows.contains(id)) {
            report.add(What::Row, self.place(None), format!("{noun} {id} is gone"));
        }
    }

    fn check_case(&self, row: &Standing, told: &Told, erasures: &Erasures, report: &mut Report) {
        let (life, mut d) = (&told.life, Differences::default());
        d.check("status", &row.status, &life.status);
        d.check("resume_status", &row.resume_status, &life.resume);
        d.check("outcome", &row.outcome, &life.outcome);
        d.check("kind", &row.kind, &told.kind);
        d.check("channel", &row.channel, &told.channel);
        d.check_told("category", &row.category.as_ref(), told.category.as_ref().map(Some).as_ref());
        d.check_told("priority", &row.priority, told.priority.as_ref());
        d.check("holder_office_id", &row.holder_office_id, &life.holder);
        d.check("holder_user_id", &row.holder_user_id, &life.holder_user);
        d.check("lead_referral_id", &row.lead_referral_id, &life.lead);
        let asked = life.asked.iter().cloned().collect::<Vec<_>>().join(" ");
        d.check("asked_levels", &row.asked_levels, &asked);
        d.check("transfers", &i64::from(row.transfers), &i64::from(life.transfers));
        d.check("reopenings", &i64::from(row.reopenings), &i64::from(life.reopenings));
        d.check("objections", &i64::from(row.objections), &i64::from(life.objections));
        d.check("rating", &row.rating, &life.rating.map(i32::from));
        let proposed: Option<Proposal> =
            row.dismissal.as_deref().and_then(|json| serde_json::from_str(json).ok());
        if !(erasures.hold_text() && row.dismissal.is_none()) {
            d.check("dismissal", &proposed, &life.dismissal);
        }
        if let Some(first) = self.events.first() {
            d.check("registered_at", &row.registered_at.to_string(), &first.line.at.to_string());
            d.check("intake_office_id", &Some(row.intake_office_id), &first.line.office);
        }
        match told.due_at {
            Some(due_at) => d.check("due_at", &row.due_at.to_string(), &due_at.to_string()),
            None => report.untold.dues += 1,
        }
        self.differs("the case", d, report);
    }

    /// The citizen's link, which only the root key can prove.
    fn check_citizen(
        &self,
        row: &Standing,
        told: &Told,
        known: &Known,
        erasures: &Erasures,
        report: &mut Report,
    ) {
        let digest =
            |citizen: CitizenId| known.root.as_ref().map(|keys| citizen_digest(keys, self.id, citizen));
        match (row.citizen_id, &told.citizen_digest) {
            (None, None) => {}
            (Some(_), None) => report.untold.citizens += 1,
            (None, Some(_)) if erasures.hold_identity() => {}
            (None, Some(_)) => {
                let detail = "the case is cut from its citizen, and no signed tombstone says so";
                report.add(What::Row, self.place(None), detail);
            }
            (Some(citizen), Some(told)) => match digest(citizen) {
                Some(own) if own != *told => {
                    let detail = format!("the case is put to citizen {citizen}, who did not file it");
                    report.add(What::Row, self.place(None), detail);
                }
                Some(_) => {}
                None => report.untold.citizens += 1,
            },
        }
    }

    fn check_referrals(&self, told: &Told, report: &mut Report) {
        let (rows, hops) = (self.own.sent, &told.life.hops);
        self.check_there("referral", rows.iter().map(|row| row.id), hops.keys().copied(), report);
        for row in rows {
            if let Some(hop) = hops.get(&row.id) {
                self.check_referral(row, hop, told, report);
            }
        }
    }

    fn check_referral(&self, row: &Sent, hop: &Hop, told: &Told, report: &mut Report) {
        let mut d = Differences::default();
        d.check("parent_id", &row.parent_id, &hop.parent);
        d.check("from_office_id", &row.from_office_id, &hop.from);
        d.check("office_id", &row.office_id, &hop.office);
        d.check("role", &row.role, &hop.role);
        d.check("state", &row.state, &hop.state);
        d.check("user_id", &row.user_id, &hop.user);
        d.check("extensions", &i64::from(row.extensions), &i64::from(hop.extensions));
        match told.dues.get(&row.id) {
            Some(due) => {
                let text = |time: Option<crate::db::types::Time>| time.map(|time| time.to_string());
                d.check("due_at", &text(row.due_at), &text(*due));
            }
            None => report.untold.dues += 1,
        }
        self.differs(&format!("referral {}", row.id), d, report);
    }

    /// The words of answers are compared with their digests by [`Self::check_words`].
    fn check_answers(&self, told: &Told, report: &mut Report) {
        let rows = self.own.answers;
        let put_in = rows.iter().filter(|row| !told.answers.contains_key(&row.id));
        for row in put_in {
            let detail = format!("answer {} was put in: no event tells of it", row.id);
            report.add(What::Row, self.place(None), detail);
        }
        for row in rows {
            if let Some(written) = told.answers.get(&row.id) {
                self.check_answer(row, written, report);
            }
        }
    }

    fn check_answer(&self, row: &Answer, written: &Written, report: &mut Report) {
        let mut d = Differences::default();
        d.check("referral_id", &row.referral_id, &written.referral);
        d.check("author_id", &row.author_id, &written.author);
        d.check_told("is_interim", &row.is_interim, written.is_interim.as_ref());
        d.check("state", &row.state.as_str(), &written.state);
        d.check("decided_by", &row.decided_by, &written.by);
        d.check_told("outcome", &row.outcome, written.outcome.as_ref());
        self.differs(&format!("answer {}", row.id), d, report);
    }

    fn check_objections(&self, told: &Told, erasures: &Erasures, report: &mut Report) {
        let rows = self.own.objections;
        let ids = rows.iter().map(|worded| worded.row.id);
        self.check_there("objection", ids, told.objections.keys().copied(), report);
        for Worded { row, words } in rows {
            let Some((referral, channel, text_sha256)) = told.objections.get(&row.id) else { continue };
            let (name, mut d) = (format!("objection {}", row.id), Differences::default());
            d.check("referral_id", &row.referral_id, referral);
            d.check("channel", &row.channel, channel);
            self.differs(&name, d, report);
            self.check_told(&format!("the words of {name}"), words, text_sha256, erasures, report);
        }
    }

    fn check_appeals(&self, told: &Told, erasures: &Erasures, report: &mut Report) {
        let rows = self.own.appeals;
        self.check_there(
            "appeal",
            rows.iter().map(|worded| worded.row.id),
            told.appeals.keys().copied(),
            report,
        );
        for Worded { row, words } in rows {
            let Some(raised) = told.appeals.get(&row.id) else { continue };
            let (name, mut d) = (format!("appeal {}", row.id), Differences::default());
            let ruled = raised.ruled.as_ref();
            d.check("cause", &row.cause, &raised.cause);
            d.check("channel", &row.channel, &raised.channel);
            d.check("result", &row.result, &ruled.map(|ruled| ruled.result));
            d.check("consequence", &row.consequence, &ruled.map(|ruled| ruled.consequence));
            d.check("outcome", &row.outcome, &ruled.and_then(|ruled| ruled.outcome.clone()));
            d.check("decided_by", &row.decided_by, &ruled.map(|ruled| ruled.by));
            self.differs(&name, d, report);
            self.check_told(&format!("the words of {name}"), words, &raised.text_sha256, erasures, report);
            if let Some(ruled) = ruled {
                let (what, grounds) = (format!("the grounds of {name}"), row.grounds.as_deref());
                let grounds = grounds.unwrap_or_default();
                self.check_text(&what, grounds, &ruled.grounds_sha256, erasures, report);
            }
        }
    }

    fn check_ratings(&self, told: &Told, report: &mut Report) {
        let rows = self.own.ratings;
        let ids = told.ratings.values().map(|(id, ..)| *id);
        self.check_there("rating", rows.iter().map(|row| row.id), ids, report);
        for row in rows {
            let of_round = told.ratings.iter().find(|(_, (id, ..))| *id == row.id);
            let Some((round, (_, score, channel))) = of_round else { continue };
            let mut d = Differences::default();
            d.check("round", &i64::from(row.round), &i64::from(*round));
            d.check("score", &row.score, &i32::from(*score));
            d.check("channel", &row.channel, channel);
            self.differs(&format!("rating {}", row.id), d, report);
        }
    }

    fn check_notes(&self, told: &Told, erasures: &Erasures, report: &mut Report) {
        let rows = self.own.notes;
        self.check_there("note", rows.iter().map(|worded| worded.row.id), told.notes.keys().copied(), report);
        for Worded { row, words } in rows {
            match told.notes.get(&row.id) {
                Some(Some(digest)) => {
                    let what = format!("the words of note {}", row.id);
                    self.check_told(&what, words, digest, erasures, report);
                }
                Some(None) => report.untold.texts += 1,
                None => {}
            }
        }
    }
}
