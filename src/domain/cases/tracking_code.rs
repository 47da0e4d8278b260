//! The code under which a citizen finds a case again, made for a phone keypad and for reading aloud.
//!
//! Eleven digits `YY PP RRRRRR C`: the Jalali year, where the case was taken in, six random digits and a check
//! digit. It is not a secret: who has only the code must still prove who they are.

use std::fmt;

use rand::{CryptoRng, RngExt};

use crate::domain::calendar::JalaliDate;
use crate::domain::text::{checked_text, machine_field};

const LENGTH: usize = 11;

/// A tracking code whose check digit is right. Displayed and stored as eleven Latin digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TrackingCode(String);

/// Where a case was taken in, as the two digits of its tracking code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IntakeCode(u8);

/// Why a text is not a tracking code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TrackingCodeError {
    #[error("a tracking code has only digits")]
    NotDigits,
    #[error("a tracking code has 11 digits, this has {found}")]
    WrongLength { found: usize },
    #[error("a digit of the tracking code is wrong or two are swapped")]
    CheckDigit,
}

checked_text!(TrackingCode, TrackingCodeError);

impl TrackingCode {
    /// A new code for a case received on `day`. It may already be in use: a million codes share a year and an intake,
    /// so the caller draws again when the store refuses it.
    pub fn generate(day: JalaliDate, intake: IntakeCode, rng: &mut impl CryptoRng) -> Self {
        let random: u32 = rng.random_range(0..1_000_000);
        let body = format!("{:02}{:02}{random:06}", day.year().rem_euclid(100), intake.0);
        let check = check_digit(body.bytes());
        Self(format!("{body}{check}"))
    }

    /// Reads a code typed in Latin, Persian or Arabic digits, with blanks, dashes or invisible marks anywhere.
    pub fn parse(text: &str) -> Result<Self, TrackingCodeError> {
        let code = machine_field(text);
        if !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(TrackingCodeError::NotDigits);
        }
        if code.len() != LENGTH {
            return Err(TrackingCodeError::WrongLength { found: code.len() });
        }
        let (body, check) = code.split_at(LENGTH - 1);
        if check != check_digit(body.bytes()).to_string() {
            return Err(TrackingCodeError::CheckDigit);
        }
        Ok(Self(code))
    }

    /// `04 23 123456 7`, for people. Inside Persian text it needs `isolate_ltr` or `<bdi dir="ltr">` around it.
    pub fn grouped(&self) -> String {
        let code = &self.0;
        format!("{} {} {} {}", &code[..2], &code[2..4], &code[4..10], &code[10..])
    }
}

impl IntakeCode {
    /// Intake by a province, by its ISO 3166-2:IR number 0 to 30; any other number has no code.
    pub fn province(number: u8) -> Option<Self> {
        (number <= 30).then_some(Self(number))
    }

    /// National intake: any of 31 to 99, at random, so that it has sixty-nine times the codes of a province.
    pub fn national(rng: &mut impl CryptoRng) -> Self {
        Self(rng.random_range(31..=99))
    }
}

impl fmt::Display for TrackingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The check digit of ISO/IEC 7064 MOD 11,10 for ASCII digits: it catches every single wrong digit, and 97.8 % of
/// the swaps of two neighbours.
fn check_digit(digits: impl Iterator<Item = u8>) -> u8 {
    let product = digits.fold(10, |product, digit| {
        let sum = (product + (digit - b'0')) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (11 - product) % 10
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    fn codes() -> impl Strategy<Value = TrackingCode> {
        (1400..1500i16, 0..=30u8, any::<u64>()).prop_map(|(year, province, seed)| {
            let day = JalaliDate::new(year, 8, 20).unwrap();
            let intake = IntakeCode::province(province).unwrap();
            TrackingCode::generate(day, intake, &mut StdRng::seed_from_u64(seed))
        })
    }

    #[test]
    fn the_check_digit_is_that_of_the_standard() {
        // the example of ISO/IEC 7064 for MOD 11,10: 0794 has the check digit 5
        assert_eq!(check_digit(b"0794".iter().copied()), 5);
    }

    #[test]
    fn a_code_carries_its_year_and_intake() {
        let day = JalaliDate::new(1404, 8, 20).unwrap();
        let mut rng = StdRng::seed_from_u64(1);
        let code = TrackingCode::generate(day, IntakeCode::province(3).unwrap(), &mut rng);
        assert!(code.as_str().starts_with("0403"), "{code}");
        for _ in 0..200 {
            let code = TrackingCode::generate(day, IntakeCode::national(&mut rng), &mut rng).to_string();
            assert!((31..=99).contains(&code[2..4].parse::<u8>().unwrap()), "{code}");
        }
        assert_eq!(IntakeCode::province(31), None);
    }

    #[test]
    fn a_code_is_read_as_people_write_it() {
        let body = "0423123456";
        let code = TrackingCode::parse(&format!("{body}{}", check_digit(body.bytes()))).unwrap();
        assert!(code.grouped().starts_with("04 23 123456 "));
        let grouped = code.grouped();
        let persian = crate::domain::text::persian_digits(&grouped);
        for text in [
            grouped.clone(),
            persian.clone(),
            format!("\u{2066}{persian}\u{2069}"),
            grouped.replace(' ', "-"),
        ] {
            assert_eq!(TrackingCode::parse(&text), Ok(code.clone()), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_code_says_why() {
        assert_eq!(TrackingCode::parse("1234"), Err(TrackingCodeError::WrongLength { found: 4 }));
        assert_eq!(TrackingCode::parse("0423123456a"), Err(TrackingCodeError::NotDigits));
        assert_eq!(TrackingCode::parse(""), Err(TrackingCodeError::WrongLength { found: 0 }));
    }

    /// One swap in 45, 2.2 % of those of unequal digits, goes unseen.
    #[test]
    fn nearly_every_swap_of_neighbours_is_caught() {
        let (mut swaps, mut missed) = (0, 0);
        let mut rng = StdRng::seed_from_u64(7);
        for _ in 0..20_000 {
            let day = JalaliDate::new(rng.random_range(1400..1500), 1, 1).unwrap();
            let code =
                TrackingCode::generate(day, IntakeCode(rng.random_range(0..100)), &mut rng).to_string();
            for at in 0..LENGTH - 1 {
                let mut digits = code.clone().into_bytes();
                digits.swap(at, at + 1);
                let swapped = String::from_utf8(digits).unwrap();
                swaps += u32::from(swapped != code);
                missed += u32::from(swapped != code && TrackingCode::parse(&swapped).is_ok());
            }
        }
        assert!(missed * 40 < swaps, "{missed} of {swaps} swaps missed");
    }

    proptest! {
        #[test]
        fn every_new_code_is_valid(code in codes()) {
            prop_assert_eq!(TrackingCode::parse(code.as_str()), Ok(code.clone()));
            prop_assert_eq!(TrackingCode::parse(&code.grouped()), Ok(code));
        }

        #[test]
        fn every_single_wrong_digit_is_caught(code in codes()) {
            for at in 0..LENGTH {
                for wrong in (b'0'..=b'9').filter(|wrong| *wrong != code.as_str().as_bytes()[at]) {
                    let mut digits = code.as_str().to_owned().into_bytes();
                    digits[at] = wrong;
                    let typed = String::from_utf8(digits).unwrap();
                    prop_assert_eq!(TrackingCode::parse(&typed), Err(TrackingCodeError::CheckDigit));
                }
            }
        }
    }
}
