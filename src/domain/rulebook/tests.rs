//! Every number that the code asks the register for is in the register, and stands nowhere else (tag S2.1).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{BUILT_IN, NEEDED_NUMBERS, NEEDED_SPANS, Narrowing, Rulebook, RulebookCache, rules_of, with};
use crate::db::IdMaker;
use crate::domain::seed::Files;
use crate::domain::seed::tests::{database, now, seed};

/// Sources of the service without those of tests.
fn sources() -> Vec<(PathBuf, String)> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("tests.rs")
                && !path.components().any(|part| part.as_os_str() == "tests")
            {
                let text = std::fs::read_to_string(&path).unwrap();
                let own = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
                found.push((path, own));
            }
        }
    }
    found
}

/// The subjects that the code names where it asks for a limit.
fn asked(text: &str) -> Vec<String> {
    let mut subjects = Vec::new();
    for call in [
        ".span(",
        ".required_span(",
        ".number(",
        ".limit(",
        "due(act, office, ",
        "due(act, body, ",
        "due(act, above, ",
    ] {
        for (at, _) in text.match_indices(call) {
            let rest = text[at + call.len()..].trim_start();
            if let Some(subject) = rest.strip_prefix('"').and_then(|rest| rest.split('"').next()) {
                subjects.push(subject.to_owned());
            }
        }
    }
    subjects
}

#[test]
fn every_number_that_the_code_asks_for_is_in_the_register_and_has_no_second_copy() {
    let needed: BTreeSet<&str> = NEEDED_SPANS
        .into_iter()
        .chain(NEEDED_NUMBERS)
        .chain(BUILT_IN.map(|(subject, _)| subject))
        .chain(["answer"])
        .collect();
    let mut found = BTreeSet::new();
    for (path, text) in sources() {
        for subject in asked(&text) {
            assert!(
                needed.contains(subject.as_str()),
                "{}: '{subject}' is not needed by name",
                path.display()
            );
            found.insert(subject);
        }
        let copies = ["unwrap_or(Span::", "unwrap_or(crate::domain::deadlines::Span::"];
        let copy = copies.iter().find(|copy| text.contains(**copy));
        assert_eq!(copy, None, "{}: a limit beside the register; ask with required_span", path.display());
    }
    let expected = ["answer", "appeal", "extension_max_percent", "outer", "question_wait", "transfers_max"];
    assert!(expected.iter().all(|subject| found.contains(*subject)), "the calls were not found: {found:?}");
}

/// Tag S2.2iii: what a rule looks at is kind, category, place and urgency, and nothing else reaches it; the same
/// rows read again give the same route and the same limit.
#[test]
fn the_same_inputs_give_the_same_route_and_limit_under_rules_that_were_read_again() {
    let (_directory, mut connection) = database();
    seed(&mut connection, &Files::embedded(), &IdMaker::new(1, 0));
    let rules = RulebookCache::default().current(&mut connection).unwrap();
    let again = with(&mut connection, &rules, &[]).unwrap();
    let day = rules_of(&mut connection, &rules, now().plus_days(-400)).unwrap();
    let pick = |codes: Vec<String>| proptest::sample::select(codes);
    let inputs = (
        pick(rules.kinds.keys().cloned().collect()),
        pick(rules.categories.keys().cloned().collect()),
        proptest::option::of(pick(rules.counties.keys().cloned().collect())),
        proptest::bool::ANY,
    );
    let told = |rules: &Rulebook, kind: &str, category: &str, county: Option<&str>, is_urgent: bool| {
        let province = county.and_then(|code| code.get(0..2));
        let route = rules.route(kind, category, province, county);
        let route = route.map(|route| (route.rule.code.clone(), route.office.code.clone()));
        let asked = Narrowing { kind: Some(kind), category: Some(category), level: None, is_urgent };
        (route, rules.limit("answer", asked).cloned())
    };
    let mut runner = proptest::test_runner::TestRunner::default();
    runner
        .run(&inputs, |(kind, category, county, is_urgent)| {
            let first = told(&rules, &kind, &category, county.as_deref(), is_urgent);
            proptest::prop_assert!(first.0.is_some() && first.1.is_some());
            for other in [&again, &day] {
                proptest::prop_assert_eq!(
                    &told(other, &kind, &category, county.as_deref(), is_urgent),
                    &first
                );
            }
            Ok(())
        })
        .unwrap();
}
