//! How alike two texts are, whatever the spelling: shingles of one and two words of the folded text.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::domain::text::search_key;

/// Characters of a text that are compared; the matter is told at its beginning.
const COMPARED: usize = 2000;

/// The words of a text and its pairs of neighbouring words, as digests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shingles(HashSet<u64>);

impl Shingles {
    /// Of the first two thousand characters.
    pub fn of(text: &str) -> Self {
        let end = text.char_indices().nth(COMPARED).map_or(text.len(), |(at, _)| at);
        let key = search_key(&text[..end]);
        let words: Vec<&str> =
            key.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let single = words.iter().map(|word| digest(&[word]));
        Self(single.chain(words.windows(2).map(digest)).collect())
    }

    /// Jaccard's index: what both have, as a part of what either has; 0 to 1, and 0 where one is empty.
    pub fn likeness(&self, other: &Self) -> f64 {
        let both = self.0.intersection(&other.0).count();
        match self.0.len() + other.0.len() - both {
            0 => 0.0,
            either => both as f64 / either as f64,
        }
    }
}

fn digest(words: &[&str]) -> u64 {
    let mut hasher = DefaultHasher::new();
    words.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn likeness(one: &str, other: &str) -> f64 {
        Shingles::of(one).likeness(&Shingles::of(other))
    }

    #[test]
    fn spelling_habits_do_not_hide_a_repeat() {
        let one = "سه روز است که هر شب برق محله ما قطع می‌شود.";
        assert_eq!(likeness(one, "سه روز است كه هر شب برق محلة ما قطع مي‌شود!"), 1.0);
        assert!(likeness(one, "سلام، چهار روز است که هر شب برق محله ما قطع می‌شود") > 0.6);
    }

    #[test]
    fn another_matter_is_not_alike() {
        let one = "سه روز است که هر شب برق محله ما قطع می‌شود.";
        assert!(likeness(one, "برای فرزندم شناسنامه المثنی می‌خواهم و اداره ثبت پاسخ نمی‌دهد.") < 0.15);
        assert_eq!((likeness("", ""), likeness(one, "؟!")), (0.0, 0.0));
    }

    proptest! {
        #[test]
        fn likeness_is_a_part_and_the_same_both_ways(one in ".{0,80}", other in ".{0,80}") {
            let both = likeness(&one, &other);
            prop_assert!((0.0..=1.0).contains(&both));
            prop_assert_eq!(both, likeness(&other, &one));
            let self_likeness = likeness(&one, &one);
            prop_assert!(self_likeness == 1.0 || Shingles::of(&one).0.is_empty());
        }
    }
}
