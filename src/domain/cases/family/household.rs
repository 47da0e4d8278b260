//! How many households some persons are (rules.md §3.2, mass petition: five persons of five households).
//!
//! Two persons are of one household when they name the same head, when one of them is the head that the other
//! names, or when they live at the same postal code and no different address is told. Whom nothing links is a
//! household of their own: a list without postal codes is not thereby turned down.

use std::collections::{BTreeMap, BTreeSet};

/// What is told of one person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// The person's identifier with its sort, such as `N:0013542419`.
    pub identifier: Option<String>,
    /// The identifier of the head of the household.
    pub head: Option<String>,
    /// Ten digits; one dwelling each.
    pub postal_code: Option<String>,
    /// In the form in which it is searched.
    pub address: Option<String>,
}

/// The number of households among these persons, each of whom is named once.
pub fn households(persons: &[Person]) -> usize {
    let mut homes: Vec<usize> = (0..persons.len()).collect();
    let mut by_head: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, person) in persons.iter().enumerate() {
        // whoever is named as a head is at home with those who named them
        for head in [&person.identifier, &person.head].into_iter().flatten() {
            match by_head.get(head.as_str()) {
                Some(other) => join(&mut homes, *other, at),
                None => {
                    by_head.insert(head, at);
                }
            }
        }
    }
    for (at, person) in persons.iter().enumerate() {
        for (other, neighbour) in persons.iter().enumerate().take(at) {
            if is_same_home(person, neighbour) {
                join(&mut homes, other, at);
            }
        }
    }
    (0..persons.len()).map(|at| root(&homes, at)).collect::<BTreeSet<_>>().len()
}

fn is_same_home(one: &Person, other: &Person) -> bool {
    let is_same_code = one.postal_code.is_some() && one.postal_code == other.postal_code;
    is_same_code && (one.address.is_none() || other.address.is_none() || one.address == other.address)
}

fn root(homes: &[usize], mut at: usize) -> usize {
    while homes[at] != at {
        at = homes[at];
    }
    at
}

fn join(homes: &mut [usize], one: usize, other: usize) {
    let (one, other) = (root(homes, one), root(homes, other));
    homes[one.max(other)] = one.min(other);
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    fn person(
        identifier: &str,
        head: Option<&str>,
        postal_code: Option<&str>,
        address: Option<&str>,
    ) -> Person {
        let text = |value: Option<&str>| value.map(str::to_owned);
        Person {
            identifier: Some(identifier.to_owned()),
            head: text(head),
            postal_code: text(postal_code),
            address: text(address),
        }
    }

    #[test]
    fn whom_nothing_links_is_a_household_of_their_own() {
        assert_eq!(households(&[]), 0);
        assert_eq!(households(&[person("1", None, None, None), person("2", None, None, None)]), 2);
    }

    #[test]
    fn a_head_and_those_who_name_them_are_one_household() {
        let family = [
            person("1", Some("9"), None, None),
            person("2", Some("9"), Some("1111111111"), None),
            person("9", None, None, None),
            person("3", None, Some("1111111111"), None),
        ];
        assert_eq!(households(&family), 1);
    }

    #[test]
    fn one_postal_code_is_one_household_unless_the_addresses_differ() {
        let code = Some("1111111111");
        let same = [person("1", None, code, Some("a")), person("2", None, code, Some("a"))];
        let apart = [person("1", None, code, Some("a")), person("2", None, code, Some("b"))];
        let unsaid = [person("1", None, code, Some("a")), person("2", None, code, None)];
        assert_eq!((households(&same), households(&apart), households(&unsaid)), (1, 2, 1));
    }

    proptest! {
        #[test]
        fn the_order_of_a_list_does_not_matter_and_one_more_person_adds_at_most_one(
            told in vec((option::of(0..6_u8), option::of(0..4_u8), option::of(0..2_u8)), 0..12)
        ) {
            let list: Vec<Person> = told.iter().enumerate().map(|(at, (head, code, address))| Person {
                identifier: Some(at.to_string()),
                head: head.map(|head| head.to_string()),
                postal_code: code.map(|code| code.to_string()),
                address: address.map(|address| address.to_string()),
            }).collect();
            let mut turned = list.clone();
            turned.reverse();
            prop_assert_eq!(households(&list), households(&turned));
            prop_assert!(households(&list) <= list.len());
            if let Some((_, fewer)) = list.split_last() {
                prop_assert!(households(&list) <= households(fewer) + 1);
            }
        }
    }
}
