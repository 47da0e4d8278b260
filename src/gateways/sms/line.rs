//! One provider's address, our key and our line there, and the call by its dialect.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::{RequestBuilder, StatusCode};

use super::described::Plan;
use super::fault::{Fault, of_network};
use super::service::Service;
use super::{Pulled, described, http, kannel, kavenegar, magfa, melipayamak, smsir};
use crate::config::sms::SmsLine;
use crate::db::types::MessageId;
use crate::domain::keys::Keys;
use crate::domain::notifications::DeliveryState;
use crate::domain::notifications::outbox::Letter;
use crate::domain::sms::Alarm;
use crate::gateways::rest::Rest;
use crate::gateways::{DEMO, Sending};

/// How a provider is spoken to.
#[derive(Debug)]
pub(super) enum Dialect {
    Http,
    Kannel,
    Kavenegar,
    Melipayamak,
    SmsIr,
    Magfa,
    Described(Box<Plan>),
}

/// A gateway with its name. Its `Debug` shows no key.
pub struct Line {
    pub(super) name: String,
    pub(super) dialect: Dialect,
    pub(super) client: reqwest::Client,
    pub(super) url: String,
    pub(super) key: String,
    /// The sender's number; empty for the provider's default.
    pub(super) line: String,
    /// Where delivery reports come in.
    pub(super) public_url: String,
    pub(super) services: BTreeMap<String, Service>,
    pub(super) is_polled: bool,
    secret: String,
    rest: Rest,
    /// What is known of whether the provider takes our calls; none before the first.
    standing: Mutex<Option<Option<Alarm>>>,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Line {
    /// # Errors
    /// One line that names the wrong setting.
    pub(super) fn new(name: &str, told: &SmsLine, public_url: &str) -> Result<Self, String> {
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .connect_timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| format!("sms: no HTTP client can be made: {error}"))?;
        let dialect = match told.provider.as_str() {
            "http" => Dialect::Http,
            "kannel" => Dialect::Kannel,
            "kavenegar" => Dialect::Kavenegar,
            "melipayamak" => Dialect::Melipayamak,
            "smsir" => Dialect::SmsIr,
            "magfa" => Dialect::Magfa,
            "described" => Dialect::Described(Box::new(Plan::new(name, told)?)),
            other => return Err(format!("sms.provider (SAMAD__SMS__PROVIDER): '{other}' is not known")),
        };
        let is_template = matches!(dialect, Dialect::Described(_));
        if !(told.url.is_empty() || is_template || reqwest::Url::parse(&told.url).is_ok()) {
            return Err(format!(
                "sms.url of the gateway '{name}' (SAMAD__SMS__URL): not an address such as https://gateway/send"
            ));
        }
        Ok(Self {
            name: name.to_owned(),
            dialect,
            client,
            url: told.url.trim_end_matches('/').to_owned(),
            key: told.key.clone(),
            line: told.line.clone(),
            public_url: public_url.trim_end_matches('/').to_owned(),
            services: Service::all(name, &told.templates)?,
            is_polled: told.poll,
            secret: told.secret.clone(),
            rest: Rest::default(),
            standing: Mutex::default(),
        })
    }

    /// The provider's address, its own where none is set.
    pub(super) fn base<'a>(&'a self, own: &'a str) -> &'a str {
        if self.url.is_empty() { own } else { &self.url }
    }

    /// User and password of a key `user:password`.
    pub(super) fn account(&self) -> (&str, &str) {
        self.key.split_once(':').unwrap_or((self.key.as_str(), ""))
    }

    /// What a provider answers, whatever its status.
    pub(super) async fn ask(&self, request: RequestBuilder) -> Result<(StatusCode, String), Fault> {
        let reply = request.send().await.map_err(|error| of_network(&error))?;
        let status = reply.status();
        Ok((status, reply.text().await.map_err(|error| of_network(&error))?))
    }

    /// Sends one letter by this line or by `line` of the same account.
    pub(super) async fn send(&self, letter: &Letter, line: &str) -> Sending {
        if let Some(answer) = self.rest.answer() {
            return answer;
        }
        let sent = match &self.dialect {
            Dialect::Http => http::send(self, letter, line).await,
            Dialect::Kannel => kannel::send(self, letter, line).await,
            Dialect::Kavenegar => kavenegar::send(self, letter, line).await,
            Dialect::Melipayamak => melipayamak::send(self, letter, line).await,
            Dialect::SmsIr => smsir::send(self, letter, line).await,
            Dialect::Magfa => magfa::send(self, letter, line).await,
            Dialect::Described(plan) => described::send(self, plan, letter, line).await,
        };
        self.note(sent.as_ref().map(|_| ()));
        let sending = match sent {
            Ok(carrier_id) => Sending::Accepted { carrier_id },
            Err(fault) => fault.sending(),
        };
        self.rest.note(&sending);
        sending
    }

    /// How far messages got that the provider knows by these ids; those that it does not tell are left out.
    pub(super) async fn states(&self, ids: &[String]) -> Result<Vec<(String, DeliveryState)>, Fault> {
        let told = match &self.dialect {
            Dialect::Http | Dialect::Kannel => Ok(Vec::new()),
            Dialect::Kavenegar => kavenegar::states(self, ids).await,
            Dialect::Melipayamak => melipayamak::states(self, ids).await,
            Dialect::SmsIr => smsir::states(self, ids).await,
            Dialect::Magfa => magfa::states(self, ids).await,
            Dialect::Described(plan) => described::states(self, plan, ids).await,
        };
        self.note(told.as_ref().map(|_| ()));
        told
    }

    /// One page of received messages; an empty one where there are no more.
    pub(super) async fn received(&self, page: usize, is_anew: bool) -> Result<Vec<Pulled>, Fault> {
        let told = match &self.dialect {
            Dialect::Kavenegar => kavenegar::received(self, page, is_anew).await,
            Dialect::Melipayamak => melipayamak::received(self, page).await,
            Dialect::SmsIr => smsir::received(self, page).await,
            Dialect::Http | Dialect::Kannel | Dialect::Magfa | Dialect::Described(_) => Ok(Vec::new()),
        };
        self.note(told.as_ref().map(|_| ()));
        told
    }

    /// What a code of the provider means; none for one that means nothing to us.
    pub fn state_of(&self, code: &str) -> Option<DeliveryState> {
        let number = || code.trim().parse().ok();
        match &self.dialect {
            Dialect::Http => None,
            Dialect::Kannel => kannel::delivery_state(number()?),
            Dialect::Kavenegar => kavenegar::delivery_state(number()?),
            Dialect::Melipayamak => melipayamak::delivery_state(number()?),
            Dialect::SmsIr => smsir::delivery_state(number()?),
            Dialect::Magfa => magfa::delivery_state(number()?),
            Dialect::Described(plan) => plan.states.get(code.trim()).copied(),
        }
    }

    /// Whether it is ever told how far a message got; without that nobody waits for it.
    pub(super) fn tells_states(&self) -> bool {
        match &self.dialect {
            Dialect::Http => false,
            Dialect::Described(plan) => !plan.states.is_empty(),
            _ => true,
        }
    }

    /// Whether the provider must be asked for states.
    pub(super) fn is_asked_for_states(&self) -> bool {
        match &self.dialect {
            Dialect::Http | Dialect::Kannel => false,
            Dialect::Described(plan) => plan.is_asked,
            Dialect::Kavenegar | Dialect::Melipayamak | Dialect::SmsIr | Dialect::Magfa => true,
        }
    }

    /// Whether a report carries its secret: that of the message, or of the registered address.
    pub fn is_secret(&self, message: MessageId, given: &str) -> bool {
        let is_own = !self.secret.is_empty() && is_same(&self.secret, given);
        is_own || is_same(&delivery_secret(&self.key, message), given)
    }

    /// Where the provider reports what became of a message; `status` is its own place-holder for the state.
    pub(super) fn report_url(&self, message: MessageId, status: &str) -> String {
        let (base, name, secret) = (&self.public_url, &self.name, delivery_secret(&self.key, message));
        format!("{base}/api/v1/channels/sms/{name}/delivery?id={message}&status={status}&secret={secret}")
    }

    fn note(&self, outcome: Result<(), &Fault>) {
        let alarm = outcome.err().and_then(Fault::alarm);
        // one that is away says nothing of whether it would take us
        if outcome.is_ok() || alarm.is_some() {
            *self.standing.lock().unwrap_or_else(PoisonError::into_inner) = Some(alarm);
        }
    }

    /// What the last call told of whether the provider takes us; none before the first call.
    pub(super) fn standing(&self) -> Option<Option<Alarm>> {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The secret that a delivery report of this message must carry; derived from the gateway's key.
pub fn delivery_secret(sms_key: &str, message: MessageId) -> String {
    let mut digest = Keys::new(sms_key.as_bytes()).digest("sms-delivery", &[&message.to_string()]);
    digest.truncate(32);
    digest
}

/// Takes the same time for every wrong one.
fn is_same(known: &str, given: &str) -> bool {
    let differing = known.bytes().zip(given.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    known.len() == given.len() && differing == 0
}

/// What a demonstration answers.
pub(super) const WITHHELD: Sending = Sending::Withheld(DEMO);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_good_for_one_message_and_the_registered_one_for_all() {
        let told = SmsLine {
            provider: "kannel".into(),
            key: "app:secret".into(),
            secret: "registered".into(),
            ..SmsLine::default()
        };
        let line = Line::new("kannel", &told, "http://x").unwrap();
        let secret = delivery_secret("app:secret", MessageId(7));
        assert!(line.is_secret(MessageId(7), &secret));
        assert!(!line.is_secret(MessageId(8), &secret));
        assert!(line.is_secret(MessageId(8), "registered"));
        assert!(!line.is_secret(MessageId(7), ""));
    }
}
