//! The course of a call from its events: pure, and the same in whatever order and however often they come.

use crate::db::types::Time;
use crate::text_enum;

text_enum! {
    /// What an exchange reports (the generic CTI shape).
    pub enum EventKind {
        /// It rings, in a queue or at somebody's desk.
        NewCall = "newCall",
        Answer = "answer",
        Hangup = "hangup",
    }
}

text_enum! {
    /// Who rang whom.
    pub enum Direction { In = "in", Out = "out" }
}

text_enum! {
    /// How far a call is.
    pub enum CallState {
        Ringing = "ringing", Talking = "talking",
        /// It was answered, and is over.
        Ended = "ended",
        /// It is over and nobody answered.
        Missed = "missed",
    }
}

impl CallState {
    /// Whether somebody may still be at the line.
    pub fn is_open(self) -> bool {
        matches!(self, CallState::Ringing | CallState::Talking)
    }
}

/// One event of a call, as an exchange tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallEvent {
    pub kind: EventKind,
    /// The exchange's id of the call.
    pub call_id: String,
    pub direction: Direction,
    pub from: Option<String>,
    pub to: Option<String>,
    /// Agents as the exchange names them: extensions or user names.
    pub agents: Vec<String>,
    pub queue: Option<String>,
    pub cause: Option<String>,
    /// When it happened; when it came, where the exchange does not tell.
    pub at: Option<Time>,
}

impl CallEvent {
    /// By what the same event is known again.
    pub fn mark(&self) -> String {
        let agents = if self.kind == EventKind::Hangup { String::new() } else { self.agents.join(",") };
        format!("{} {agents}", self.kind).trim_end().chars().take(300).collect()
    }
}

/// What is known of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Course {
    pub rung_at: Option<Time>,
    pub answered_at: Option<Time>,
    pub ended_at: Option<Time>,
    /// Who answered last, as the exchange names them, and when: a call may be handed on.
    pub agent: Option<(Time, String)>,
    /// Why it ended.
    pub cause: Option<String>,
}

impl Course {
    /// Lays an event over what is known.
    pub fn apply(&mut self, event: &CallEvent, at: Time) {
        let earlier = |known: Option<Time>| Some(known.map_or(at, |known| known.min(at)));
        match event.kind {
            EventKind::NewCall => self.rung_at = earlier(self.rung_at),
            EventKind::Answer => {
                self.answered_at = earlier(self.answered_at);
                let told = event.agents.first().map(|name| (at, name.clone()));
                self.agent = self.agent.take().max(told);
            }
            EventKind::Hangup => {
                let is_first = self.ended_at.is_none_or(|known| at < known);
                let is_same = self.ended_at == Some(at);
                if is_first {
                    self.cause.clone_from(&event.cause);
                } else if is_same {
                    self.cause = self.cause.take().max(event.cause.clone());
                }
                self.ended_at = earlier(self.ended_at);
            }
        }
    }

    /// How far the call is.
    pub fn state(&self) -> CallState {
        match (self.answered_at, self.ended_at) {
            (None, None) => CallState::Ringing,
            (Some(_), None) => CallState::Talking,
            (Some(_), Some(_)) => CallState::Ended,
            (None, Some(_)) => CallState::Missed,
        }
    }

    /// Seconds that the caller waited, to the answer or to the end; none where the exchange told too little.
    pub fn waited(&self) -> Option<i32> {
        seconds(self.rung_at?, self.answered_at.or(self.ended_at)?)
    }

    /// Seconds that was spoken.
    pub fn length(&self) -> Option<i32> {
        seconds(self.answered_at?, self.ended_at?)
    }
}

fn seconds(from: Time, to: Time) -> Option<i32> {
    let micros = to.as_microsecond() - from.as_microsecond();
    i32::try_from(micros / 1_000_000).ok().filter(|_| micros >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn event(kind: EventKind, at: i64, agent: Option<&str>, cause: Option<&str>) -> CallEvent {
        CallEvent {
            kind,
            call_id: "1".into(),
            direction: Direction::In,
            from: None,
            to: None,
            agents: agent.map(str::to_owned).into_iter().collect(),
            queue: None,
            cause: cause.map(str::to_owned),
            at: Some(Time::from_microsecond(at * 1_000_000)),
        }
    }

    fn course(events: &[CallEvent]) -> Course {
        let mut course = Course::default();
        events.iter().for_each(|event| course.apply(event, event.at.unwrap()));
        course
    }

    #[test]
    fn a_call_waits_is_answered_and_has_a_length() {
        let events = [
            event(EventKind::NewCall, 10, None, None),
            event(EventKind::Answer, 22, Some("201"), None),
            event(EventKind::Hangup, 82, None, Some("normalClearing")),
        ];
        let course = course(&events);
        assert_eq!(
            (course.state(), course.waited(), course.length()),
            (CallState::Ended, Some(12), Some(60))
        );
        assert_eq!(course.agent.map(|(_, name)| name).as_deref(), Some("201"));
    }

    #[test]
    fn who_gives_up_was_missed_and_a_time_that_runs_back_is_no_wait() {
        let gave_up = course(&[
            event(EventKind::NewCall, 10, None, None),
            event(EventKind::Hangup, 40, None, Some("cancel")),
        ]);
        assert_eq!(
            (gave_up.state(), gave_up.waited(), gave_up.length()),
            (CallState::Missed, Some(30), None)
        );
        let turned = course(&[
            event(EventKind::Answer, 5, Some("201"), None),
            event(EventKind::NewCall, 10, None, None),
        ]);
        assert_eq!((turned.state(), turned.waited()), (CallState::Talking, None));
    }

    fn any_event() -> impl Strategy<Value = CallEvent> {
        let kinds = prop::sample::select(EventKind::ALL.to_vec());
        let agents = prop::sample::select(vec![None, Some("201"), Some("202")]);
        let causes = prop::sample::select(vec![None, Some("cancel"), Some("busy")]);
        (kinds, 0..20_i64, agents, causes).prop_map(|(kind, at, agent, cause)| event(kind, at, agent, cause))
    }

    proptest! {
        #[test]
        fn neither_order_nor_repetition_of_events_matters(
            (events, mixed) in prop::collection::vec(any_event(), 0..8)
                .prop_flat_map(|events| (Just(events.clone()), Just([events.clone(), events].concat()).prop_shuffle()))
        ) {
            prop_assert_eq!(course(&events), course(&mixed));
        }
    }
}
