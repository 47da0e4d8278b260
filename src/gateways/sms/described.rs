//! A gateway that is described wholly by the settings: templates for what is said, expressions for what is answered.

use std::collections::BTreeMap;

use minijinja::{Environment, Value, context};
use reqwest::{Method, RequestBuilder, StatusCode};

use super::fault::{Fault, of_status, told, unreadable};
use super::kavenegar::receptor;
use super::line::Line;
use crate::config::sms::{Described, SmsLine};
use crate::domain::notifications::DeliveryState;
use crate::domain::notifications::outbox::Letter;
use crate::domain::sms::Alarm;
use crate::domain::text::parts;

/// The description, checked.
#[derive(Debug)]
pub(super) struct Plan {
    told: Described,
    method: Method,
    environment: Environment<'static>,
    pub(super) states: BTreeMap<String, DeliveryState>,
    pub(super) is_asked: bool,
}

/// Filters of the templates.
fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.add_filter("json", |text: String| serde_json::Value::String(text).to_string());
    environment.add_filter("urlencode", |text: String| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let encoded =
            |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
        text.bytes().map(encoded).collect::<String>()
    });
    environment
}

impl Plan {
    /// Checks every template and expression by trying it.
    ///
    /// # Errors
    /// One line that names the wrong setting.
    pub(super) fn new(name: &str, line: &SmsLine) -> Result<Self, String> {
        let told = line.http.clone();
        let wrong = |key: &str, what: String| format!("sms.gateways.{name}.{key}: {what}");
        let method = Method::from_bytes(told.method.as_bytes())
            .map_err(|_| wrong("http.method", format!("'{}' is no method such as POST", told.method)))?;
        if !["e164", "international", "national"].contains(&told.numbers.as_str()) {
            let what = format!("'{}' is not one of e164, international, national", told.numbers);
            return Err(wrong("http.numbers", what));
        }
        let mut states = BTreeMap::new();
        for (code, state) in &told.states {
            let state: DeliveryState = state.parse().map_err(|known| {
                wrong(&format!("http.states.{code}"), format!("'{state}' is not {known}"))
            })?;
            states.insert(code.clone(), state);
        }
        let is_asked = !told.status_url.is_empty();
        let plan = Self { told, method, environment: environment(), states, is_asked };
        plan.check(&line.url).map_err(|(key, what)| wrong(key, what))?;
        Ok(plan)
    }

    fn check(&self, url: &str) -> Result<(), (&'static str, String)> {
        let values =
            context! { to => "1", from => "1", text => "x", id => "1", key => "k", report_url => "u" };
        let address = self.fill(url, &values).map_err(|what| ("url", what))?;
        if reqwest::Url::parse(&address).is_err() {
            return Err(("url", "not an address such as https://gateway/send".into()));
        }
        let templates = [("http.body", &self.told.body), ("http.status_url", &self.told.status_url)];
        let headers = self.told.headers.values().map(|value| ("http.headers", value));
        for (key, template) in templates.into_iter().chain(headers) {
            self.fill(template, &values).map_err(|what| (key, what))?;
        }
        for (key, expression) in [
            ("http.success", &self.told.success),
            ("http.message_id", &self.told.message_id),
            ("http.retry", &self.told.retry),
            ("http.no_credit", &self.told.no_credit),
            ("http.bad_key", &self.told.bad_key),
            ("http.status", &self.told.status),
        ] {
            if !expression.is_empty() {
                self.environment
                    .compile_expression(expression)
                    .map_err(|error| (key, format!("not an expression: {error}")))?;
            }
        }
        Ok(())
    }

    fn fill(&self, template: &str, values: &Value) -> Result<String, String> {
        self.environment.render_str(template, values).map_err(|error| format!("not a template: {error}"))
    }

    /// The value of an expression over an answer; none where there is no expression or no value.
    fn value(&self, expression: &str, answer: &Value) -> Option<Value> {
        if expression.is_empty() {
            return None;
        }
        let value = self.environment.compile_expression(expression).ok()?.eval(answer).ok()?;
        (!value.is_undefined() && !value.is_none()).then_some(value)
    }

    fn holds(&self, expression: &str, answer: &Value) -> bool {
        self.value(expression, answer).is_some_and(|value| value.is_true())
    }

    fn judge(&self, status: StatusCode, words: &str) -> Result<Value, Fault> {
        let answer = answer(status, words);
        let reason = told("the gateway", status.as_u16(), words);
        if self.holds(&self.told.no_credit, &answer) {
            Err(Fault::Alarm(Alarm::NoCredit, reason))
        } else if self.holds(&self.told.bad_key, &answer) {
            Err(Fault::Alarm(Alarm::BadKey, reason))
        } else if self.holds(&self.told.retry, &answer) {
            Err(Fault::Deferred(reason))
        } else if self.holds(&self.told.success, &answer) {
            Ok(answer)
        } else if status.is_success() {
            Err(Fault::Refused(reason))
        } else {
            Err(of_status(status, words))
        }
    }

    fn number(&self, address: &str) -> String {
        match self.told.numbers.as_str() {
            "national" => receptor(address),
            "international" => address.trim_start_matches('+').to_owned(),
            _ => address.to_owned(),
        }
    }

    fn request(&self, line: &Line, values: &Value) -> Result<RequestBuilder, Fault> {
        let fill = |template: &str| self.fill(template, values).map_err(|_| unreadable());
        let mut request = line.client.request(self.method.clone(), fill(&line.url)?);
        for (name, value) in &self.told.headers {
            request = request.header(name, fill(value)?);
        }
        Ok(if self.told.body.is_empty() { request } else { request.body(fill(&self.told.body)?) })
    }
}

/// What the expressions see.
fn answer(status: StatusCode, words: &str) -> Value {
    let json: serde_json::Value = serde_json::from_str(words).unwrap_or_default();
    context! { http => status.as_u16(), body => words, json => Value::from_serialize(&json) }
}

pub(super) async fn send(
    line: &Line,
    plan: &Plan,
    letter: &Letter,
    from: &str,
) -> Result<Option<String>, Fault> {
    let text = letter.rendered.body.trim_end();
    if plan.told.parts > 0 && parts(text) > plan.told.parts {
        return Err(Fault::Refused(format!("the text fills more than {} parts", plan.told.parts)));
    }
    let values = context! {
        to => plan.number(&letter.address), from => from, text => text,
        id => letter.message.to_string(), key => line.key, report_url => line.report_url(letter.message, ""),
    };
    let (status, words) = line.ask(plan.request(line, &values)?).await?;
    let answer = plan.judge(status, &words)?;
    let id = plan.value(&plan.told.message_id, &answer).map(|id| id.to_string());
    Ok(id.map(|id| id.chars().take(100).collect()))
}

pub(super) async fn states(
    line: &Line,
    plan: &Plan,
    ids: &[String],
) -> Result<Vec<(String, DeliveryState)>, Fault> {
    let mut all = Vec::new();
    for id in ids {
        let values = context! { id => id, key => line.key };
        let fill = |template: &str| plan.fill(template, &values).map_err(|_| unreadable());
        let mut request = line.client.get(fill(&plan.told.status_url)?);
        for (name, value) in &plan.told.headers {
            request = request.header(name, fill(value)?);
        }
        let (status, words) = line.ask(request).await?;
        if !status.is_success() {
            return Err(of_status(status, &words));
        }
        let code = plan.value(&plan.told.status, &answer(status, &words)).map(|code| code.to_string());
        all.extend(code.and_then(|code| plan.states.get(&code).copied()).map(|state| (id.clone(), state)));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> SmsLine {
        SmsLine {
            provider: "described".into(),
            url: "https://sms.example.ir/send?to={{ to|urlencode }}".into(),
            http: Described {
                success: "http == 200 and json.code == 0".into(),
                message_id: "json.ids[0]".into(),
                no_credit: "json.code == 7".into(),
                retry: "json.code == 9".into(),
                states: BTreeMap::from([("DELIVRD".into(), "delivered".into())]),
                ..Described::default()
            },
            ..SmsLine::default()
        }
    }

    #[test]
    fn an_error_inside_a_200_is_an_error() {
        let plan = Plan::new("own", &line()).unwrap();
        let judged = |words: &str| plan.judge(StatusCode::OK, words);
        let answer = judged(r#"{"code": 0, "ids": [77]}"#).unwrap();
        assert_eq!(plan.value("json.ids[0]", &answer).unwrap().to_string(), "77");
        assert_eq!(judged(r#"{"code": 7}"#).unwrap_err().alarm(), Some(Alarm::NoCredit));
        assert!(matches!(judged(r#"{"code": 9}"#), Err(Fault::Deferred(_))));
        assert!(matches!(judged(r#"{"code": 4}"#), Err(Fault::Refused(_))));
        assert!(matches!(judged("sorry"), Err(Fault::Refused(_))));
        assert!(matches!(plan.judge(StatusCode::BAD_GATEWAY, ""), Err(Fault::Down(_))));
    }

    #[test]
    fn a_wrong_description_is_named() {
        let wrong = |change: fn(&mut SmsLine)| {
            let mut told = line();
            change(&mut told);
            Plan::new("own", &told).unwrap_err()
        };
        for (key, told) in [
            ("gateways.own.url", wrong(|line| line.url = "{{ to }}".into())),
            ("http.body", wrong(|line| line.http.body = "{{ to".into())),
            ("http.body", wrong(|line| line.http.body = "{{ to|rot13 }}".into())),
            ("http.success", wrong(|line| line.http.success = "json.code ==".into())),
            ("http.method", wrong(|line| line.http.method = "P T".into())),
            (
                "http.states.DELIVRD",
                wrong(|line| drop(line.http.states.insert("DELIVRD".into(), "here".into()))),
            ),
        ] {
            assert!(told.contains(key), "{told}");
        }
    }

    #[test]
    fn values_cannot_break_out_of_the_body() {
        let plan = Plan::new("own", &line()).unwrap();
        let values = context! { text => "a\"}, {\"b\n" };
        assert_eq!(plan.fill("{{ text|json }}", &values).unwrap(), r#""a\"}, {\"b\n""#);
        assert_eq!(plan.fill("{{ text|urlencode }}", &values).unwrap(), "a%22%7D%2C%20%7B%22b%0A");
    }
}
