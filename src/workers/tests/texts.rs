//! The texts as they go out.

use super::cast::{Cast, SUBJECT, TEXT};
use crate::db::types::OfficeId;
use crate::domain::actor::Actor;
use crate::domain::cases::{CaseRow, find_visible};
use crate::domain::notifications::{Facts, Links, Outlet, Rendered, render};
use crate::domain::text::parts;

const BASE: &str = "https://samad.example.ir";

fn facts(cast: &Cast) -> Facts {
    Facts {
        office: Some(OfficeId(3)),
        due: Some(cast.app.clock.now()),
        until: Some(cast.app.clock.now()),
        reason: Some("reason-marker".into()),
        outcome: Some("granted".into()),
        instruction: Some("instruction-marker".into()),
        text: Some("answer-marker".into()),
        access_code: Some("12345678".into()),
        codes: Some(["26061012344"; 10].join(", ")),
        ..Facts::default()
    }
}

/// Every template of an outlet, filled.
async fn every_text(cast: &Cast, outlet: Outlet, facts: Facts) -> Vec<(String, Rendered)> {
    let case = cast.case_of(Some("09121234567"), Some("citizen@example.ir")).await;
    let app = cast.app.clone();
    let read = cast.app.db.read(move |connection| {
        let act = app.act(connection, Actor::System)?;
        let row: CaseRow = find_visible(connection, &act, case)?;
        let links = Links { base_url: BASE, keys: &act.keys };
        let keys = act
            .rules
            .templates
            .keys()
            .filter(|(_, audience, channel, _)| channel == outlet.as_str() && audience != "sender");
        keys.map(|(event, audience, _, language)| {
            let (rules, vault) = (&act.rules, &act.vault);
            let text =
                render(connection, rules, &row, event, audience, outlet, language, &facts, links, vault)?;
            Ok((format!("{event} to {audience} in {language}"), text))
        })
        .collect()
    });
    read.await.unwrap()
}

#[tokio::test]
async fn no_sms_carries_the_subject_or_personal_data_or_more_than_two_parts() {
    let cast = Cast::new();
    let texts = every_text(&cast, Outlet::Sms, facts(&cast)).await;
    assert!(texts.len() >= 20, "the templates are there");
    for (name, text) in texts {
        for secret in [
            SUBJECT,
            TEXT,
            "name-marker",
            "address-marker",
            "reason-marker",
            "instruction-marker",
            "answer-marker",
            "9121234567",
            "citizen@example.ir",
        ] {
            assert!(!text.body.contains(secret), "{name} tells {secret}: {}", text.body);
        }
        assert!(parts(&text.body) <= 2, "{name} fills {} parts: {}", parts(&text.body), text.body);
        assert_eq!(text.subject, None, "{name}");
    }
}

#[tokio::test]
async fn no_text_shows_a_missing_fact_as_none() {
    let cast = Cast::new();
    for outlet in [Outlet::Sms, Outlet::Email] {
        for (name, text) in every_text(&cast, outlet, Facts::default()).await {
            assert!(!text.body.contains("none") && !text.body.contains("{{"), "{name}: {}", text.body);
            assert_eq!(text.subject.is_some(), outlet == Outlet::Email, "{name}");
        }
    }
}
