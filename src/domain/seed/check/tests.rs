//! Each mistake is made in a copy of the files and must be named with its line.

use super::super::files::NATIONAL;
use super::*;

/// The problems of the national files after `from` became `to` in the first place after `anchor`, and the
/// line on which the change begins.
fn spoiled(file: &str, anchor: &str, from: &str, to: &str) -> (Vec<String>, usize) {
    let mut line = 0;
    let texts: Vec<(&str, String)> = NATIONAL
        .into_iter()
        .map(|(name, text)| {
            if name != file {
                return (name, text.to_owned());
            }
            let start = text.find(anchor).unwrap_or_else(|| panic!("{anchor} is not in {file}"));
            let at = start + text[start..].find(from).unwrap_or_else(|| panic!("{from} is not in {file}"));
            line = text[..at].matches('\n').count() + 1;
            (name, format!("{}{to}{}", &text[..at], &text[at + from.len()..]))
        })
        .collect();
    (problems(&Files::parse(texts.iter().map(|(name, text)| (*name, text.as_str())))), line)
}

/// The mistake is named first, with `words`, `below` lines under the changed text.
fn names(file: &str, anchor: &str, from: &str, to: &str, below: isize, words: &str) {
    let (found, line) = spoiled(file, anchor, from, to);
    let line = line.saturating_add_signed(below);
    let place = format!("{file}:{line}: ");
    let is_named = found.iter().any(|problem| problem.starts_with(&place) && problem.contains(words));
    assert!(is_named, "wanted {place}…{words}… and found {found:#?}");
}

#[test]
fn the_national_files_have_no_problem() {
    assert_eq!(problems(&Files::embedded()), Vec::<String>::new());
}

#[test]
fn a_wrong_tree_is_named() {
    let moi = "code = \"MOI\"";
    names(
        "offices.toml",
        moi,
        "parent = \"CENTRE\"",
        "parent = \"NOWHERE\"",
        0,
        "unknown parent office 'NOWHERE'",
    );
    names("offices.toml", moi, "parent = \"CENTRE\"\n", "", -3, "no parent");
    names(
        "offices.toml",
        "code = \"MEFA\"",
        "\"MEFA\"",
        "\"MOI\"",
        0,
        "office 'MOI' stands in offices.toml:",
    );
    names("offices.toml", moi, "parent = \"CENTRE\"", "parent = \"MOI\"", 0, "lies above itself");
    names("offices.toml", moi, "level = \"ministry\"", "level = \"empire\"", 0, "unknown level 'empire'");
    names(
        "offices.toml",
        "[[arm]]",
        "parent = \"MEFA\"",
        "parent = \"NOWHERE\"",
        0,
        "unknown office 'NOWHERE'",
    );
    names(
        "counties.toml",
        "code = \"0001\"",
        "province = \"00\"",
        "province = \"77\"",
        0,
        "unknown province '77'",
    );
    names("counties.toml", "code = \"0001\"", "\"0001\"", "\"9901\"", 0, "does not begin with its province");
}

#[test]
fn a_wider_circle_of_offices_is_named_at_each_of_them() {
    let (found, _) = spoiled(
        "offices.toml",
        "code = \"MOI\"",
        "parent = \"CENTRE\"\nfa = \"وزارت کشور\"",
        "parent = \"MEFA\"\nfa = \"وزارت کشور\"",
    );
    assert_eq!(found, Vec::<String>::new());
    let text = NATIONAL.iter().find(|(name, _)| *name == "offices.toml").unwrap().1;
    let moved = text.replacen("parent = \"CENTRE\"", "parent = \"MEFA\"", 1).replacen(
        "parent = \"CENTRE\"",
        "parent = \"MOI\"",
        1,
    );
    let texts = NATIONAL
        .into_iter()
        .map(|(name, text)| if name == "offices.toml" { (name, moved.as_str()) } else { (name, text) });
    let found = problems(&Files::parse(texts));
    assert_eq!(found.iter().filter(|problem| problem.contains("lies above itself")).count(), 2, "{found:#?}");
}

#[test]
fn a_wrong_category_or_kind_is_named() {
    let leaf = "code = \"loan.marriage\"";
    names("categories.toml", leaf, "lead = \"CBI\"\n", "", -5, "no lead");
    names("categories.toml", leaf, "lead = \"CBI\"", "lead = \"XYZ\"", 0, "unknown lead office 'XYZ'");
    names("categories.toml", leaf, "group = \"loan\"", "group = \"lone\"", 0, "unknown group 'lone'");
    names(
        "categories.toml",
        "code = \"loan.childbirth\"",
        "loan.childbirth",
        "loan.marriage",
        0,
        "stands in categories.toml:",
    );
    names("categories.toml", leaf, "fa = \"وام ازدواج\"\n", "", -3, "missing field `fa`");
    names("kinds.toml", "outcomes = ", "\"granted\"", "\"grunted\"", 0, "unknown outcome 'grunted'");
    names(
        "kinds.toml",
        "code = \"complaint\"",
        "downgrade_to = \"report\"",
        "downgrade_to = \"rapport\"",
        0,
        "unknown kind 'rapport'",
    );
}

#[test]
fn a_limit_rule_or_reason_without_source_or_sense_is_named() {
    let limit = "code = \"reply_window\"";
    names(
        "limits.toml",
        limit,
        "source = \"Indonesia, LAPOR!: 10 days, then closed\"\n",
        "",
        -6,
        "no source",
    );
    names("limits.toml", limit, "span = \"10d\"", "span = \"ten days\"", 0, "is not a limit");
    names("limits.toml", limit, "span = \"10d\"\n", "", -3, "without span or value");
    names("reasons.toml", "code = \"not_ours\"", "source = ", "origin = ", -6, "no source");
    names("routing.toml", "code = \"conduct\"", "source = ", "origin = ", -7, "no source");
    names(
        "routing.toml",
        "code = \"conduct\"",
        "to = \"above\"",
        "to = \"beyond\"",
        0,
        "unknown target 'beyond'",
    );
    names(
        "routing.toml",
        "code = \"conduct\"",
        "group = \"conduct\"",
        "group = \"x\"",
        0,
        "unknown group 'x'",
    );
    names(
        "routing.toml",
        "code = \"loan-marriage\"",
        "category = \"loan.marriage\"",
        "category = \"x\"",
        0,
        "unknown category 'x'",
    );
}

#[test]
fn there_is_exactly_one_default_rule() {
    let (found, _) = spoiled("routing.toml", "default = true", "default = true", "default = false");
    assert_eq!(
        found,
        ["routing.toml:1: no default rule; write default = true on the rule that catches the rest"]
    );
    let twice = "default = true\nto = \"above\"";
    let (found, _) = spoiled("routing.toml", "code = \"conduct\"", "to = \"above\"", twice);
    assert!(found[0].contains("a second default rule beside 'conduct'"), "{found:#?}");
}

#[test]
fn a_missing_or_talkative_template_is_named() {
    let sms = "event = \"case_registered\"\naudience = \"citizen\"\nchannel = \"sms\"\nlanguage = \"en\"";
    names("templates.toml", sms, "language = \"en\"", "language = \"fa\"", -4, "stands in templates.toml:");
    let (found, _) = spoiled("templates.toml", sms, "case_registered", "case_registrated");
    let has = |words: &str| found.iter().any(|problem| problem.contains(words));
    assert!(has("case_registered to citizen has no template by sms in en"), "{found:#?}");
    assert!(has("case_registrated to citizen has no template by email in fa"), "{found:#?}");
    names("templates.toml", sms, "{{ code }}", "{{ subject }}", 0, "an SMS may not use 'subject'");
    names("templates.toml", sms, "{{ code }}", "{{ code }", 0, "not a template");
}

#[test]
fn a_wrong_holiday_shift_or_role_is_named() {
    names(
        "calendars.toml",
        "# 1404",
        "date = \"1404/01/01\"",
        "date = \"1404/12/30\"",
        0,
        "'1404/12/30' is no Jalali date",
    );
    names("calendars.toml", "# 1404", "calendar = \"IR\"", "calendar = \"IQ\"", 0, "unknown calendar 'IQ'");
    names("calendars.toml", "[[shift]]", "07:30-14:30", "7 to 2", 0, "'7 to 2' is no slot");
    names("roles.toml", "code = \"agent\"", "\"advise\"", "\"advice\"", 0, "unknown verb 'advice'");
}

#[test]
fn a_broken_text_and_an_unknown_section_are_named() {
    names(
        "limits.toml",
        "[[limit]]",
        "code = \"answer.request\"",
        "code = answer.request",
        0,
        "not well-formed TOML",
    );
    names("limits.toml", "[[limit]]", "[[limit]]", "[[limmit]]", 0, "unknown section 'limmit'");
}

#[test]
fn a_rule_of_the_register_needs_a_source_and_dates_in_order() {
    let appeal = "code = \"appeal\"";
    names("rights.toml", appeal, "source = \"Korea", "was = \"Korea", -7, "no source");
    names("rights.toml", appeal, "limits = [\"appeal\"]", "limits = [\"none\"]", 0, "unknown limit 'none'");
    names("rights.toml", appeal, "verb = \"appeal\"", "verb = \"fly\"", 0, "unknown verb 'fly'");
    names(
        "limits.toml",
        "code = \"trip\"",
        "effective_from = \"1404/01/01\"",
        "effective_from = \"1404/01/01\"\neffective_to = \"1403/12/29\"",
        1,
        "ends before it begins",
    );
    names("limits.toml", "code = \"trip\"", "1404/01/01", "soon", 0, "no Jalali date");
}

#[test]
fn a_number_that_the_service_reckons_with_cannot_be_missing_or_differ_from_the_program() {
    let general = "subject = \"question_wait\"";
    let (found, _) = spoiled("limits.toml", general, "question_wait", "other");
    assert!(found.iter().any(|problem| problem.contains("no limit for 'question_wait'")), "{found:#?}");
    names("limits.toml", "code = \"superior\"", "value = 120", "value = 130", 0, "'superior' is 120");
    let (found, _) = spoiled("limits.toml", "code = \"answer.plan\"", "kind = \"plan\"", "kind = \"report\"");
    assert!(found.iter().any(|problem| problem.contains("no limit for answers to 'plan'")), "{found:#?}");
}

#[test]
fn a_cause_or_item_that_cannot_be_used_is_named() {
    let item = "code = \"contacted\"";
    names("quality.toml", item, "scale = \"yes_no\"", "scale = \"stars\"", 0, "unknown scale 'stars'");
    names("quality.toml", item, "weight = 10", "weight = 0", 0, "the weight is no whole number");
    let cause = "code = \"no_fault\"";
    names("quality.toml", cause, "fault = false\n", "", -4, "not complete");
}
