//! Published anchors: among themselves, and against the anchors of a receipt.

use std::collections::BTreeMap;

use super::Verdict;
use crate::domain::history::Anchor;

/// The published anchors by number, after each was compared with the one before.
pub fn by_number<'a>(
    anchors: &'a [Anchor],
    keys: &[String],
    verdict: &mut Verdict,
) -> BTreeMap<i32, &'a Anchor> {
    let mut known: BTreeMap<i32, &Anchor> = BTreeMap::new();
    for anchor in anchors {
        let faults = anchor.fault(keys).into_iter();
        verdict
            .wrong
            .extend(faults.map(|fault| format!("Anchor {} of {}: {fault}.", anchor.number, anchor.day)));
        if known.insert(anchor.number, anchor).is_some_and(|other| other != anchor) {
            verdict.wrong.push(format!("There are two different anchors with the number {}.", anchor.number));
        }
    }
    let ordered: Vec<&Anchor> = known.values().copied().collect();
    for pair in ordered.windows(2) {
        let faults = pair[1].fault_after(pair[0]).into_iter();
        verdict
            .wrong
            .extend(faults.map(|fault| format!("Anchor {} of {}: {fault}.", pair[1].number, pair[1].day)));
    }
    if let (Some(first), Some(last)) = (ordered.first(), ordered.last()) {
        verdict.proved.push(format!(
            "{} published anchors, of {} to {}, are signed and hold together.",
            ordered.len(),
            first.day,
            last.day
        ));
    }
    known
}

pub fn compare(anchor: &Anchor, published: &BTreeMap<i32, &Anchor>, name: &str, verdict: &mut Verdict) {
    let known = published.get(&anchor.number);
    let last = published.keys().next_back().copied().unwrap_or(0);
    match known {
        Some(known) if *known == anchor => verdict
            .proved
            .push(format!("{name}: its anchor {} of {} is the published one.", anchor.number, anchor.day)),
        Some(_) => verdict.wrong.push(format!(
            "{name}: its anchor {} of {} is not the published one: somebody was shown another history.",
            anchor.number, anchor.day
        )),
        None if anchor.number > last => verdict.open.push(format!(
            "{name}: the published anchors at hand end before its anchor {} of {}.",
            anchor.number, anchor.day
        )),
        None => verdict.wrong.push(format!(
            "{name}: its anchor {} of {} is not among the published ones.",
            anchor.number, anchor.day
        )),
    }
}
