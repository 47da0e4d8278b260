//! The score of a call: 0 to 100 from the weighted checklist; pure.

use std::collections::{BTreeMap, BTreeSet};

use super::AnsweredItem;
use crate::domain::rulebook::CheckItem;
use crate::error::{FieldError, Fields};

/// The score of the answers and what was answered, by item; every item must be answered once.
///
/// 100 · Σ weight·value/most ÷ Σ weight, rounded to a whole number; `value` is 0, 1 or 2 of 2 for a score and 0 or
/// 1 of 1 for yes or no.
pub(super) fn score(
    items: &[&CheckItem],
    answers: &[AnsweredItem],
    fields: &mut Fields,
) -> (i32, BTreeMap<String, u32>) {
    let mut given: BTreeMap<String, u32> = BTreeMap::new();
    let mut named = BTreeSet::new();
    for (index, answer) in answers.iter().enumerate() {
        let field = format!("answers[{index}]");
        if !named.insert(answer.item.as_str()) {
            let (fa, en) = ("این پرسش دو بار پاسخ گرفته است.", "This item is answered twice.");
            fields.add(FieldError::new(format!("{field}.item"), "twice", fa, en));
            continue;
        }
        match items.iter().find(|item| item.code == answer.item) {
            None => fields.add(FieldError::unknown(format!("{field}.item"), &answer.item)),
            Some(item) => {
                if let Some(value) = fields.take(value(item, answer, &field)) {
                    given.insert(item.code.clone(), value);
                }
            }
        }
    }
    let missing: Vec<&str> =
        items.iter().map(|item| item.code.as_str()).filter(|code| !named.contains(code)).collect();
    if !missing.is_empty() {
        let list = missing.join(", ");
        fields.add(FieldError::new(
            "answers",
            "missing_items",
            format!("این پرسش‌ها پاسخ ندارند: {list}"),
            format!("These items have no answer: {list}."),
        ));
    }
    (percent(items, &given), given)
}

fn value(item: &CheckItem, answer: &AnsweredItem, field: &str) -> Result<u32, FieldError> {
    match (item.scale.as_str(), answer.score, answer.yes) {
        ("yes_no", None, Some(yes)) => Ok(u32::from(yes)),
        ("yes_no", ..) => Err(FieldError::new(
            format!("{field}.yes"),
            "required",
            "پاسخ این پرسش بله یا خیر است: yes را true یا false بفرستید.",
            "This item is answered by yes or no: send yes as true or false.",
        )),
        (_, Some(score @ 0..=2), None) => Ok(u32::try_from(score).unwrap_or(0)),
        (_, Some(_), None) => Err(FieldError::new(
            format!("{field}.score"),
            "out_of_range",
            "امتیاز ۰ (نه)، ۱ (تا حدی) یا ۲ (بله) است.",
            "A score is 0 (no), 1 (partly) or 2 (yes).",
        )),
        (..) => Err(FieldError::new(
            format!("{field}.score"),
            "required",
            "پاسخ این پرسش امتیاز ۰ تا ۲ است: score بفرستید.",
            "This item is answered by a score of 0 to 2: send score.",
        )),
    }
}

fn percent(items: &[&CheckItem], given: &BTreeMap<String, u32>) -> i32 {
    // halves, so that both scales count in whole numbers
    let halves = |item: &CheckItem| {
        let value = given.get(&item.code).copied().unwrap_or(0);
        u64::from(item.weight) * u64::from(if item.scale == "yes_no" { value * 2 } else { value })
    };
    let all: u64 = items.iter().map(|item| 2 * u64::from(item.weight)).sum();
    let got: u64 = items.iter().map(|item| halves(item)).sum();
    i32::try_from((200 * got + all) / (2 * all.max(1))).unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(code: &str, scale: &str, weight: u32) -> CheckItem {
        let text = String::new;
        CheckItem {
            code: code.into(),
            order: 1,
            scale: scale.into(),
            weight,
            fa: text(),
            en: text(),
            source: text(),
        }
    }

    fn told(item: &str, score: Option<i64>, yes: Option<bool>) -> AnsweredItem {
        AnsweredItem { item: item.into(), score, yes }
    }

    #[test]
    fn the_score_is_the_weighted_share_of_what_could_be_reached() {
        let (a, b, c) = (item("a", "score", 30), item("b", "yes_no", 10), item("c", "score", 20));
        let items = [&a, &b, &c];
        for (values, wanted) in
            [((2, true, 2), 100), ((0, false, 0), 0), ((1, true, 0), 42), ((2, false, 1), 67)]
        {
            let mut fields = Fields::default();
            let answers = [
                told("a", Some(values.0), None),
                told("b", None, Some(values.1)),
                told("c", Some(values.2), None),
            ];
            let (score, given) = score(&items, &answers, &mut fields);
            assert!(fields.finish().is_ok());
            assert_eq!((score, given.len()), (wanted, 3));
        }
    }

    #[test]
    fn a_missing_a_double_and_a_wrong_answer_are_each_named() {
        let (a, b) = (item("a", "score", 1), item("b", "yes_no", 1));
        let mut fields = Fields::default();
        let answers = [told("a", Some(3), None), told("a", Some(1), None), told("x", None, None)];
        score(&[&a, &b], &answers, &mut fields);
        let crate::error::Error::Invalid(wrong) = fields.finish().unwrap_err() else { panic!() };
        let named: Vec<(&str, &str)> = wrong.iter().map(|error| (error.field.as_str(), error.code)).collect();
        let wanted = [
            ("answers[0].score", "out_of_range"),
            ("answers[1].item", "twice"),
            ("answers[2].item", "unknown"),
            ("answers", "missing_items"),
        ];
        assert_eq!(named, wanted);
    }
}
