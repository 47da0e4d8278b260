//! Which cases a sample takes: chance that anybody can repeat; pure.
//!
//! Each case gets the key SHA-256("samad-sample-v1\n" seed "\n" case id) in hexadecimal; a sample of n takes the n
//! smallest keys. In a stratified sample each office gives its share of n: n·N(office)/N, rounded down, and what is
//! left over goes one each to the largest remainders (Hamilton's method; ties: the office that was made first).
//! The same seed over the same set of cases gives the same list, in the same order, on any machine.

use std::collections::BTreeMap;

use crate::db::types::{CaseId, OfficeId};
use crate::domain::cases::sha256_hex;

/// A closed case that may be called back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Candidate {
    pub(super) case: CaseId,
    /// The office whose work it was.
    pub(super) office: OfficeId,
}

/// Draws `size` of the candidates; all of them where there are fewer.
pub(super) fn draw(seed: &str, set: &[Candidate], size: usize, is_stratified: bool) -> Vec<Candidate> {
    let mut ranked: Vec<(String, Candidate)> =
        set.iter().map(|candidate| (key(seed, candidate.case), *candidate)).collect();
    ranked.sort();
    if !is_stratified {
        return ranked.into_iter().take(size).map(|(_, candidate)| candidate).collect();
    }
    let mut left = shares(set, size);
    let taken = ranked.into_iter().filter(|(_, candidate)| match left.get_mut(&candidate.office) {
        Some(open) if *open > 0 => {
            *open -= 1;
            true
        }
        Some(_) | None => false,
    });
    taken.map(|(_, candidate)| candidate).collect()
}

fn key(seed: &str, case: CaseId) -> String {
    sha256_hex(format!("samad-sample-v1\n{seed}\n{case}").as_bytes())
}

/// How many of each office.
fn shares(set: &[Candidate], size: usize) -> BTreeMap<OfficeId, usize> {
    let mut sizes: BTreeMap<OfficeId, usize> = BTreeMap::new();
    set.iter().for_each(|candidate| *sizes.entry(candidate.office).or_default() += 1);
    let (all, size) = (set.len().max(1), size.min(set.len()));
    let mut shares: BTreeMap<OfficeId, usize> =
        sizes.iter().map(|(office, count)| (*office, size * count / all)).collect();
    let mut rest = size - shares.values().sum::<usize>();
    let mut by_remainder: Vec<(usize, OfficeId)> =
        sizes.iter().map(|(office, count)| (size * count % all, *office)).collect();
    by_remainder.sort_by_key(|(remainder, office)| (std::cmp::Reverse(*remainder), *office));
    for (_, office) in by_remainder {
        if rest == 0 {
            break;
        }
        *shares.entry(office).or_default() += 1;
        rest -= 1;
    }
    shares
}

/// A digest by which two sets of candidates are compared: SHA-256 of their ids in order, one a line.
pub(super) fn digest(set: &[Candidate]) -> String {
    let mut ids: Vec<CaseId> = set.iter().map(|candidate| candidate.case).collect();
    ids.sort();
    sha256_hex(ids.iter().map(|id| format!("{id}\n")).collect::<String>().as_bytes())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn set(offices: &[usize]) -> Vec<Candidate> {
        let mut id = 0;
        let mut all = Vec::new();
        for (office, count) in (1..).zip(offices) {
            for _ in 0..*count {
                id += 1;
                all.push(Candidate { case: CaseId(id), office: OfficeId(office) });
            }
        }
        all
    }

    proptest! {
        #[test]
        fn the_same_seed_and_set_give_the_same_list_in_whatever_order_the_set_is_read(
            offices in proptest::collection::vec(0..40_usize, 1..6), size in 0..100_usize,
            is_stratified: bool, seed in "[a-z0-9]{1,12}",
        ) {
            let mut all = set(&offices);
            let first = draw(&seed, &all, size, is_stratified);
            all.reverse();
            prop_assert_eq!(&draw(&seed, &all, size, is_stratified), &first);
            prop_assert_eq!(digest(&all), digest(&set(&offices)));
            prop_assert_eq!(first.len(), size.min(all.len()));
            prop_assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), first.len());
        }

        #[test]
        fn each_office_gives_its_share_to_within_one(
            offices in proptest::collection::vec(1..60_usize, 1..6), size in 1..80_usize,
        ) {
            let all = set(&offices);
            let drawn = draw("seed", &all, size, true);
            let size = size.min(all.len());
            for (office, count) in (1..).zip(&offices) {
                let got = drawn.iter().filter(|one| one.office == OfficeId(office)).count();
                let exact = size * count / all.len();
                prop_assert!(got == exact || got == exact + 1, "{} of {} instead of {}", got, count, exact);
            }
        }
    }

    #[test]
    fn another_seed_draws_others_and_every_case_comes_up_about_as_often() {
        let all = set(&[50]);
        assert_ne!(draw("one", &all, 10, false), draw("two", &all, 10, false));
        let mut times: BTreeMap<CaseId, usize> = BTreeMap::new();
        for seed in 0..1000 {
            for one in draw(&seed.to_string(), &all, 10, false) {
                *times.entry(one.case).or_default() += 1;
            }
        }
        // 1000 draws of a fifth: 200 each, standard deviation 12.6
        assert!(times.values().all(|count| (140..=260).contains(count)), "{times:?}");
    }
}
