//! The same against real peers: Postfix and Kannel, started by `tests/suite/support/peers.sh`.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use super::cast::Cast;
use crate::domain::notifications::DeliveryState;
use crate::gateways::{Gateways, Sending, SmsGateway};
use crate::workers::drain;

/// A running peer; it ends with the value.
struct Peer<'a> {
    dir: &'a Path,
    name: &'static str,
    told: HashMap<String, String>,
}

fn script(command: &str, dir: &Path, name: &str) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite/support/peers.sh");
    let output = Command::new(path).arg(command).arg(dir).arg(name).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

impl<'a> Peer<'a> {
    fn start(dir: &'a Path, name: &'static str) -> Self {
        let told = script("start", dir, name);
        let told =
            told.lines().filter_map(|line| line.split_once('=')).map(|(k, v)| (k.into(), v.into())).collect();
        Self { dir, name, told }
    }
}

impl Drop for Peer<'_> {
    fn drop(&mut self) {
        script("stop", self.dir, self.name);
    }
}

/// What a file holds once it holds `words`.
fn text_with(path: &str, words: &str) -> String {
    for _ in 0..100 {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        if text.contains(words) {
            return text;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("'{words}' did not arrive in {path}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs root and the packages postfix and kannel"]
async fn notices_arrive_in_a_real_mailbox_and_at_a_real_sms_centre() {
    let dir = tempfile::Builder::new()
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .tempdir()
        .unwrap();
    let (mail, sms) = (Peer::start(dir.path(), "mail"), Peer::start(dir.path(), "sms"));
    let mut cast = Cast::new();
    let mut config = (*cast.app.config).clone();
    config.smtp.url = mail.told["SMTP_URL"].clone();
    config.sms.provider = "kannel".into();
    config.sms.url = sms.told["SMS_URL"].clone();
    config.sms.key = sms.told["SMS_KEY"].clone();
    cast.app.gateways = Gateways::new(&config).unwrap();
    cast.app.config = Arc::new(config.clone());
    cast.case_of(Some("09121234567"), None).await;
    for email in ["citizen@example.ir", "refuse@example.ir", "defer@example.ir"] {
        cast.case_of(None, Some(email)).await;
    }
    drain(&cast.app).await.unwrap();
    let states: Vec<_> =
        cast.messages().await.into_iter().map(|message| (message.state, message.error)).collect();
    let expected = [DeliveryState::Sent, DeliveryState::Sent, DeliveryState::Failed, DeliveryState::Queued];
    assert_eq!(states.iter().map(|(state, _)| *state).collect::<Vec<_>>(), expected, "{states:?}");
    let id = cast.messages().await[1].id;
    let letter =
        text_with(&format!("{}/citizen@example.ir", mail.told["MAIL_DIR"]), &format!("<samad.{id}@"));
    assert_eq!(letter.matches("Auto-Submitted: auto-generated").count(), 1);
    let text = text_with(&sms.told["SMS_FILE"], "+989121234567");
    assert_eq!(text.lines().count(), 1, "two parts are one message");
    assert!(text.contains("سامد: درخواست شما ثبت شد"), "{text}");
    config.sms.key = "samad:wrong".into();
    cast.app.gateways.sms = SmsGateway::new(&config).unwrap();
    cast.case_of(Some("09121234567"), None).await;
    drain(&cast.app).await.unwrap();
    let error = cast.messages().await.pop().unwrap().error.unwrap();
    assert!(error.starts_with("HTTP 403"), "{error}");
    assert!(matches!(cast.app.gateways.send(&letter_of(&cast)).await, Sending::Misconfigured(_)));
}

fn letter_of(cast: &Cast) -> crate::domain::notifications::outbox::Letter {
    crate::domain::notifications::outbox::Letter {
        message: cast.app.ids.next().into(),
        outlet: crate::domain::notifications::Outlet::Sms,
        address: "+989121234567".into(),
        language: crate::error::Language::En,
        rendered: crate::domain::notifications::Rendered { subject: None, body: "hello".into() },
    }
}
