//! Events of an exchange in the generic CTI shape: JSON or a form with `event` (newCall, answer, hangup), `callId`, `from`,
//! `to`, `direction`, `user`, `queue`, `cause`, `answeringNumber`; further ones of its dialects are passed over.

use std::collections::BTreeMap;

use serde_json::Value;

use super::form::{Raw, json, named};
use crate::db::types::Time;
use crate::domain::phone::{CallEvent, Direction, EventKind};
use crate::domain::text::latin_digits;
use crate::error::{FieldError, Fields, Result};

/// Longest value that is kept of an exchange.
const LONGEST: usize = 200;

/// Reads an event; none for one that a dialect has beside the three, such as `dtmf` or `hold`.
///
/// # Errors
/// `Malformed`, or `Invalid` with the wrong fields.
pub fn call_event(raw: &Raw) -> Result<Option<CallEvent>> {
    let told = values(raw)?;
    let get = |names: &[&str]| {
        let found = names.iter().find_map(|name| told.get(*name));
        let text: Option<String> =
            found.map(|text| text.chars().filter(|c| !c.is_control()).take(LONGEST).collect());
        text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let mut fields = Fields::default();
    let name = get(&["event", "type"]);
    let call_id = get(&["callId", "call_id", "callid"]);
    if name.is_none() {
        fields.add(FieldError::required("event"));
    }
    let kind = name.and_then(|name| EventKind::ALL.iter().copied().find(|kind| is_named(*kind, &name)));
    if kind.is_some() && call_id.is_none() {
        fields.add(FieldError::required("callId"));
    }
    let direction = match get(&["direction"]).map(|told| told.to_lowercase()).as_deref() {
        None | Some("in" | "inbound") => Direction::In,
        Some("out" | "outbound") => Direction::Out,
        Some(_) => {
            fields.add(FieldError::new("direction", "unknown", "in یا out.", "in or out."));
            Direction::In
        }
    };
    let at = get(&["at", "timestamp", "time"]).and_then(|told| {
        let read = time(&told);
        if read.is_none() {
            let fa = "زمان RFC 3339 یا شمار ثانیه‌ها از ۱۹۷۰.";
            fields.add(FieldError::new("at", "invalid", fa, "An RFC 3339 time, or seconds since 1970."));
        }
        read
    });
    fields.finish()?;
    let (Some(kind), Some(call_id)) = (kind, call_id) else { return Ok(None) };
    let number = |names: &[&str]| get(names).map(|number| latin_digits(&number));
    Ok(Some(CallEvent {
        kind,
        call_id,
        direction,
        from: number(&["from", "caller"]),
        to: number(&["to", "called"]),
        agents: agents(
            kind,
            get(&["user", "user[]", "users"]),
            get(&["answeringNumber", "answering_number"]),
        ),
        queue: get(&["queue"]),
        cause: get(&["cause"]),
        at,
    }))
}

/// `newCall`, `new_call`, `new-call` and `NEWCALL` are one.
fn is_named(kind: EventKind, told: &str) -> bool {
    let told: String = told.chars().filter(char::is_ascii_alphanumeric).collect();
    told.eq_ignore_ascii_case(kind.as_str())
}

/// Who is rung, or who answered: an extension that answered says more than a name.
fn agents(kind: EventKind, users: Option<String>, answering: Option<String>) -> Vec<String> {
    let listed = |list: String| -> Vec<String> {
        let each = list.split(',').map(|one| latin_digits(one.trim()));
        each.filter(|one| !one.is_empty()).take(20).collect()
    };
    match kind {
        EventKind::NewCall => users.map(listed).unwrap_or_default(),
        EventKind::Answer => {
            let first = |list: String| listed(list).into_iter().next();
            answering.and_then(first).or(users.and_then(first)).into_iter().collect()
        }
        EventKind::Hangup => Vec::new(),
    }
}

fn values(raw: &Raw) -> Result<BTreeMap<String, String>> {
    if raw.media_type != "application/json" {
        return named(raw);
    }
    let object: BTreeMap<String, Value> = json(raw)?;
    let plain = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let read = |(name, value): (String, Value)| {
        let text = match &value {
            Value::Array(list) => list.iter().filter_map(plain).collect::<Vec<_>>().join(","),
            one => plain(one)?,
        };
        Some((name, text))
    };
    Ok(object.into_iter().filter_map(read).collect())
}

fn time(told: &str) -> Option<Time> {
    let seconds = || {
        let seconds: f64 = told.parse().ok()?;
        // some exchanges count milliseconds
        let seconds = if seconds > 1e11 { seconds / 1000.0 } else { seconds };
        (seconds > 0.0 && seconds < 1e11).then(|| Time::from_microsecond((seconds * 1e6) as i64))
    };
    told.parse().ok().or_else(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::intake::Form;
    use crate::error::Error;

    fn event(media_type: &str, body: &str) -> Result<Option<CallEvent>> {
        let bytes = body.as_bytes().to_vec();
        call_event(&Raw { form: Form::Call, gateway: None, media_type: media_type.into(), bytes })
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[test]
    fn json_and_a_form_say_the_same() {
        let json = r#"{"event":"answer","callId":17,"from":"۰۲۱ ۸۸۷۷","to":"111","user":["Ali"],"answeringNumber":"201","queue":"111","at":"2026-06-10T06:00:00Z"}"#;
        let form = "event=answer&callId=17&from=%DB%B0%DB%B2%DB%B1+%DB%B8%DB%B8%DB%B7%DB%B7&to=111&user[]=Ali&answeringNumber=201&queue=111&at=1781071200";
        let read = event("application/json", json).unwrap().unwrap();
        assert_eq!(Some(read.clone()), event(FORM, form).unwrap());
        assert_eq!(
            (read.kind, read.call_id.as_str(), read.from.as_deref()),
            (EventKind::Answer, "17", Some("021 8877"))
        );
        assert_eq!(read.agents, ["201"]);
    }

    #[test]
    fn what_a_dialect_has_beside_the_three_is_passed_over() {
        for name in ["dtmf", "hold", "transfer"] {
            assert_eq!(event(FORM, &format!("event={name}&callId=1&digit=5")).unwrap(), None);
        }
        let rings = event("application/json", r#"{"event":"new_call","callId":"1","user":["201","202"]}"#);
        let rings = rings.unwrap().unwrap();
        assert_eq!((rings.kind, rings.agents.len()), (EventKind::NewCall, 2));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |body: &str| match event(FORM, body).unwrap_err() {
            Error::Invalid(fields) => fields.iter().map(|field| field.field.clone()).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        assert_eq!(wrong("callId=1"), ["event"]);
        assert_eq!(wrong("event=newCall"), ["callId"]);
        assert_eq!(wrong("event=hangup&direction=up&at=noon"), ["callId", "direction", "at"]);
        assert!(event("text/plain", "x").is_err());
    }
}
