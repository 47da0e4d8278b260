//! Invented people: their names are made of two lists, their numbers belong to nobody.

use rand::{Rng, RngExt};

use crate::db::types::{CitizenId, Time};
use crate::domain::citizens::Citizen;

const GIVEN: [&str; 12] =
    ["مینا", "کاوه", "شیرین", "بهمن", "رویا", "آرش", "نیلوفر", "سهراب", "لاله", "فرهاد", "پروین", "داریوش"];
const FAMILY: [&str; 12] = [
    "آزمونی",
    "نمونه‌ای",
    "ساختگی",
    "فرضی‌پور",
    "پندارنیا",
    "انگاره",
    "گمانه‌زاده",
    "مثالی",
    "الگویی",
    "خیالی‌فر",
    "نامعلوم",
    "آزمایشی",
];

/// Draws who files a case: nobody known, somebody new, or one of those before.
#[derive(Debug, Default)]
pub(super) struct People {
    /// The last ones that were made.
    known: Vec<CitizenId>,
}

/// How many are remembered, to come again.
const MEMORY: usize = 4096;

/// Who files a case.
pub(super) enum Filer {
    Nobody,
    Known(CitizenId),
    New(Box<Citizen>),
}

impl People {
    /// The filer of the next case; `id` is the id of a new one.
    pub(super) fn next(&mut self, rng: &mut impl Rng, id: CitizenId, at: Time) -> Filer {
        match rng.random_range(0..10) {
            0..=1 => Filer::Nobody,
            2..=4 if !self.known.is_empty() => {
                Filer::Known(self.known[rng.random_range(0..self.known.len())])
            }
            _ => {
                if self.known.len() < MEMORY {
                    self.known.push(id);
                } else {
                    self.known[rng.random_range(0..MEMORY)] = id;
                }
                Filer::New(Box::new(person(rng, id, at)))
            }
        }
    }
}

/// Somebody with a foreigner's identifier made of the id, so that two runs never make the same.
fn person(rng: &mut impl Rng, id: CitizenId, at: Time) -> Citizen {
    let mut one_of = |names: &[&str]| names[rng.random_range(0..names.len())].to_owned();
    let name = format!("{} {}", one_of(&GIVEN), one_of(&FAMILY));
    Citizen {
        id,
        kind: "foreign".into(),
        identifier: Some(format!("F:X{id}")),
        name: Some(name),
        mobile: Some(format!("+98999{:07}", rng.random_range(0..10_000_000_u32))),
        phone: None,
        email: None,
        address: Some(format!("خیابان نمونه، پلاک {}", rng.random_range(1..900_u32))),
        postal_code: None,
        household_head: None,
        preferred_channel: None,
        language: "fa".into(),
        created_at: at,
        updated_at: at,
    }
}
