//! Templates: complete in both languages and on every outlet, and an SMS says nothing private.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::Environment;

use super::Findings;
use crate::domain::notifications::SMS_VALUES;
use crate::domain::seed::files::{Files, Row};
use crate::domain::text::parts;

/// What an e-mail may carry besides.
const IN_EMAIL: [&str; 5] = ["reason", "text", "question", "instruction", "subject"];
/// The outlets that reach an audience.
const OUTLETS: [(&str, &str); 4] =
    [("citizen", "sms"), ("citizen", "email"), ("office", "email"), ("sender", "sms")];
const LANGUAGES: [&str; 2] = ["fa", "en"];
/// The notices that verbs and deadlines send, and to whom.
const NOTICES: [(&str, &str); 83] = [
    ("case_registered", "citizen"),
    ("case_downgraded", "citizen"),
    ("mail_too_large", "citizen"),
    ("sms_ask_identity", "sender"),
    ("my_code", "sender"),
    ("sms_identity_wrong", "sender"),
    ("sms_as_report", "sender"),
    ("sms_status", "sender"),
    ("sms_unknown_code", "sender"),
    ("sms_rated", "sender"),
    ("sms_nothing_to_rate", "sender"),
    ("sms_withdraw_ask", "sender"),
    ("sms_withdraw_kept", "sender"),
    ("sms_withdraw_closed", "sender"),
    ("sms_which", "sender"),
    ("sms_stopped", "sender"),
    ("sms_started", "sender"),
    ("appointment_booked", "citizen"),
    ("appointment_cancelled", "citizen"),
    ("case_referred", "citizen"),
    ("case_referred", "office"),
    ("file_unusable", "citizen"),
    ("question_asked", "citizen"),
    ("interim_answer", "citizen"),
    ("answer_approved", "citizen"),
    ("deadline_extended", "citizen"),
    ("case_closed", "citizen"),
    ("case_closed_no_reply", "citizen"),
    ("case_dismissed", "citizen"),
    ("case_withdrawn", "citizen"),
    ("case_closed_repeat", "citizen"),
    ("contact_plan_set", "citizen"),
    ("contact_plan_reviewed", "citizen"),
    ("contact_plan_ended", "citizen"),
    ("case_reopened", "citizen"),
    ("objection_raised", "citizen"),
    ("objection_raised", "office"),
    ("appeal_raised", "citizen"),
    ("appeal_raised", "office"),
    ("appeal_decided", "citizen"),
    ("appeal_decided", "office"),
    ("rating_poor", "citizen"),
    ("rating_poor", "office"),
    ("case_merged", "citizen"),
    ("case_merged", "office"),
    ("case_unmerged", "citizen"),
    ("case_unmerged", "office"),
    ("case_split", "citizen"),
    ("split_undone", "citizen"),
    ("group_joined", "citizen"),
    ("parts_closed", "office"),
    ("mass_closing_due", "office"),
    ("consent_asked", "citizen"),
    ("consent_refused", "office"),
    ("interim_system", "citizen"),
    ("interim_demanded", "office"),
    ("outer_superior", "office"),
    ("progress_notice", "citizen"),
    ("warning_issued", "office"),
    ("warning_raised", "office"),
    ("promise_moved", "citizen"),
    ("promise_moved_back", "citizen"),
    ("window_moved", "citizen"),
    ("deadline_moved", "office"),
    ("erasure_granted", "citizen"),
    ("erasure_refused", "citizen"),
    ("export_code", "citizen"),
    ("citizen_corrected", "citizen"),
    ("problem_solved", "citizen"),
    ("problem_dropped", "citizen"),
    ("problem_due", "office"),
    ("problem_late", "office"),
    ("recommendation_made", "office"),
    ("recommendation_due", "office"),
    ("recommendation_late", "office"),
    ("recommendation_refused", "office"),
    ("correction_refused", "citizen"),
    ("citizen_merged", "citizen"),
    ("citizen_unmerged", "citizen"),
    ("deadline_reminder", "office"),
    ("deadline_dunning", "office"),
    ("deadline_superior", "office"),
    ("deadline_centre", "office"),
];

pub(super) fn check(files: &Files, findings: &mut Findings) {
    let mut there: BTreeMap<(&str, &str), Vec<&Row>> = BTreeMap::new();
    for row in files.of("template") {
        let (Some(event), Some(audience)) = (row.text("event"), row.text("audience")) else { continue };
        there.entry((event, audience)).or_default().push(row);
        outlet(row, audience, findings);
        variables(row, findings);
        length(row, findings);
    }
    for (event, audience) in NOTICES {
        if !there.contains_key(&(event, audience)) {
            let words =
                format!("no template for {event} to {audience}; add it in fa and en for every channel");
            findings.add_to_file("templates.toml", words);
        }
    }
    there.into_iter().for_each(|((event, audience), rows)| complete(event, audience, &rows, findings));
}

fn outlet(row: &Row, audience: &str, findings: &mut Findings) {
    let channel = row.text("channel").unwrap_or_default();
    if !OUTLETS.contains(&(audience, channel)) {
        let words = format!(
            "no notice goes to {audience} by '{channel}'; write citizen by sms or email, office by email, or sender by sms"
        );
        findings.add(row, "channel", words);
    }
    let language = row.text("language").unwrap_or_default();
    if !LANGUAGES.contains(&language) {
        findings.add(row, "language", format!("unknown language '{language}'; write fa or en"));
    }
}

/// Every outlet of the audience in every language.
fn complete(event: &str, audience: &str, rows: &[&Row], findings: &mut Findings) {
    for (_, channel) in OUTLETS.iter().filter(|(of, _)| *of == audience) {
        for language in LANGUAGES {
            let is_there =
                |row: &&&Row| row.text("channel") == Some(channel) && row.text("language") == Some(language);
            if rows.iter().find(is_there).is_none() {
                let words =
                    format!("{event} to {audience} has no template by {channel} in {language}; add one");
                findings.add(rows[0], "event", words);
            }
        }
    }
}

/// Most parts that an SMS fills: each is paid for, and some phones show a third apart.
const PARTS_MAX: usize = 2;
/// Values as long as they usually are.
const USUAL: [(&str, &str); 11] = [
    ("code", "04231234560"),
    ("codes", "04231234560"),
    ("url", "https://samad.gov.ir/track"),
    ("rate_url", "https://samad.gov.ir/r/0423123456012345678"),
    ("office", "شرکت توزیع برق استان"),
    ("due", "1405/03/20"),
    ("until", "1405/03/20"),
    ("time", "۱۰:۳۰"),
    ("outcome", "پذیرفته شد"),
    ("access_code", "12345678"),
    ("status", "در دستگاه مسئول در دست رسیدگی است"),
];

/// A text too long for SMS is refused here, where somebody can shorten it, and not when it is sent.
fn length(row: &Row, findings: &mut Findings) {
    let (Some("sms"), Some(text)) = (row.text("channel"), row.text("body")) else { return };
    let is_english = row.text("language") == Some("en");
    let usual = |(name, value): (&'static str, &'static str)| match (is_english, name) {
        (true, "office") => (name, "Power Company of the Province"),
        (true, "outcome") => (name, "upheld"),
        (true, "time") => (name, "10:30"),
        (true, "status") => (name, "being worked on by the responsible body"),
        _ => (name, value),
    };
    let values: BTreeMap<&str, &str> = USUAL.map(usual).into();
    // one that is no template is found elsewhere
    let Ok(filled) = Environment::new().render_str(text, &values) else { return };
    let count = parts(&filled);
    if count > PARTS_MAX {
        let words = format!(
            "fills {count} parts as SMS and may fill {PARTS_MAX}; shorten it (a part holds 67 Persian or 153 Latin characters)"
        );
        findings.add(row, "body", words);
    }
}

fn variables(row: &Row, findings: &mut Findings) {
    let is_sms = row.text("channel") == Some("sms");
    for field in ["subject", "body"] {
        let Some(text) = row.text(field) else { continue };
        let used: BTreeSet<String> = match Environment::new().template_from_str(text) {
            Ok(template) => template.undeclared_variables(false).into_iter().collect(),
            Err(error) => {
                findings.add(row, field, format!("not a template: {error}; mend the braces"));
                continue;
            }
        };
        for name in used {
            let is_known =
                SMS_VALUES.contains(&name.as_str()) || !is_sms && IN_EMAIL.contains(&name.as_str());
            if !is_known {
                let sort = if is_sms { "an SMS" } else { "an e-mail" };
                let mut list = SMS_VALUES.to_vec();
                list.extend(IN_EMAIL.into_iter().filter(|_| !is_sms));
                findings.add(
                    row,
                    field,
                    format!("{sort} may not use '{name}'; it may use {}", list.join(", ")),
                );
            }
        }
    }
}
