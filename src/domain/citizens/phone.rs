//! Phone numbers, however people write them, as E.164.
//!
//! Numbers of Iran are accepted by length and first digits, because new prefixes appear before libraries know
//! them; numbers of other countries by libphonenumber. Short and emergency numbers belong to no citizen.

use phonenumber::{Mode, Type};

use crate::domain::text::{checked_text, machine_field, masked_debug};

const IRAN: &str = "+98";
const NATIONAL_LENGTH: usize = 10;
const LONGEST_SHORT_NUMBER: usize = 6;

/// The area codes of the 31 provinces in the order of their ISO 3166-2:IR numbers 00 to 30.
const AREA_CODES: [&str; 31] = [
    "086", "013", "011", "041", "044", "083", "061", "071", "034", "051", "031", "054", "087", "081", "038",
    "066", "084", "074", "077", "024", "023", "035", "076", "021", "045", "025", "028", "017", "058", "056",
    "026",
];

/// A phone number of a person or body in E.164, such as `+989121234567`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Phone(String);

/// Why a text is not a phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    #[error("no number is given")]
    Empty,
    #[error("a phone number has only digits, perhaps with a plus sign in front")]
    NotANumber,
    #[error("this is a short or emergency number; give the number of a line")]
    ShortNumber,
    #[error("the area code is missing, such as 021 in front of the eight digits")]
    NoAreaCode,
    #[error("no phone number of Iran or of another country looks like this")]
    Unknown,
}

checked_text!(Phone, PhoneError);
masked_debug!(Phone, 4);

impl Phone {
    /// Reads `0912…`, `912…`, `98912…`, `+98912…`, `0098912…`, fixed lines with their area code, and foreign numbers
    /// that start with `+` or `00`; in any digits, with blanks, dashes, dots and brackets.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let typed = machine_field(text).replace(['(', ')'], "");
        let typed = typed.strip_prefix("00").map_or_else(|| typed.clone(), |number| format!("+{number}"));
        let digits = typed.strip_prefix('+').unwrap_or(&typed);
        if digits.is_empty() {
            return Err(PhoneError::Empty);
        }
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(PhoneError::NotANumber);
        }
        match national_part(&typed) {
            Some(national) => in_iran(national),
            None => known_to_library(&typed),
        }
    }

    /// Whether SMS can be expected to reach it.
    pub fn is_mobile(&self) -> bool {
        match self.0.strip_prefix(IRAN) {
            Some(national) => national.starts_with('9'),
            None => phonenumber::parse(None, &self.0).is_ok_and(|number| {
                matches!(
                    number.number_type(&phonenumber::metadata::DATABASE),
                    Type::Mobile | Type::FixedLineOrMobile
                )
            }),
        }
    }

    /// The area code of the province of a fixed line in Iran, such as `021`; none for mobiles, which tell nothing of
    /// the place.
    pub fn province_area_code(&self) -> Option<&'static str> {
        area_code(self.0.strip_prefix(IRAN)?)
    }
}

/// The digits after the country or trunk prefix, where the number is one of Iran.
fn national_part(typed: &str) -> Option<&str> {
    let with_country = typed.strip_prefix(IRAN).or_else(|| {
        let long_enough = typed.len() >= "98".len() + NATIONAL_LENGTH;
        typed.strip_prefix("98").filter(|_| long_enough)
    });
    match with_country {
        Some(national) => Some(national.strip_prefix('0').unwrap_or(national)),
        None if typed.starts_with('+') => None,
        None => Some(typed.strip_prefix('0').unwrap_or(typed)),
    }
}

fn in_iran(national: &str) -> Result<Phone, PhoneError> {
    let number = format!("{IRAN}{national}");
    match national.len() {
        NATIONAL_LENGTH if national.starts_with('9') || area_code(national).is_some() => Ok(Phone(number)),
        ..=LONGEST_SHORT_NUMBER => Err(PhoneError::ShortNumber),
        8 => Err(PhoneError::NoAreaCode),
        _ => known_to_library(&number),
    }
}

fn known_to_library(number: &str) -> Result<Phone, PhoneError> {
    let number = phonenumber::parse(None, number).map_err(|_| PhoneError::Unknown)?;
    if !number.is_valid() {
        return Err(PhoneError::Unknown);
    }
    Ok(Phone(number.format().mode(Mode::E164).to_string()))
}

fn area_code(national: &str) -> Option<&'static str> {
    AREA_CODES.into_iter().find(|code| national.starts_with(&code[1..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn phone(text: &str) -> Phone {
        Phone::parse(text).unwrap()
    }

    #[test]
    fn a_mobile_is_one_value_however_it_is_written() {
        let ways = [
            "09121234567",
            "9121234567",
            "989121234567",
            "+989121234567",
            "00989121234567",
            "۰۹۱۲۱۲۳۴۵۶۷",
            "٠٩١٢١٢٣٤٥٦٧",
            "0912 123 45 67",
            "0912-123-4567",
            "+98 (0)912 123 4567",
            "\u{2066}+98 912 1234567\u{2069}",
            "۰۰۹۸ ۹۱۲ ۱۲۳ ۴۵۶۷",
        ];
        for text in ways {
            assert_eq!(phone(text).as_str(), "+989121234567", "{text}");
        }
        assert!(phone("09121234567").is_mobile());
        assert_eq!(phone("09121234567").province_area_code(), None);
    }

    #[test]
    fn a_new_mobile_prefix_is_not_refused() {
        assert!(phone("09771234567").is_mobile());
    }

    #[test]
    fn a_fixed_line_tells_its_province() {
        assert_eq!(phone("021-88776655").as_str(), "+982188776655");
        assert_eq!(phone("(031) 36 12 34 56").province_area_code(), Some("031"));
        assert_eq!(phone("+98 51 3812 3456").province_area_code(), Some("051"));
        assert!(!phone("02188776655").is_mobile());
    }

    #[test]
    fn foreign_numbers_are_accepted() {
        assert_eq!(phone("+93 70 123 4567").as_str(), "+93701234567");
        assert_eq!(phone("0044 20 7946 0958").as_str(), "+442079460958");
        assert!(phone("+93701234567").is_mobile());
        assert!(!phone("+442079460958").is_mobile());
        assert_eq!(phone("+442079460958").province_area_code(), None);
    }

    #[test]
    fn what_is_not_a_line_of_a_citizen_says_why() {
        for text in ["111", "۱۱۰", "112", "115", "125", "+98115", "1570", "021111"] {
            assert_eq!(Phone::parse(text), Err(PhoneError::ShortNumber), "{text}");
        }
        assert_eq!(Phone::parse("88776655"), Err(PhoneError::NoAreaCode));
        assert_eq!(Phone::parse("0912"), Err(PhoneError::ShortNumber));
        for text in ["0912123456", "091212345678", "+999123456789", "+98 12 3456 7890", "000000000000"] {
            assert_eq!(Phone::parse(text), Err(PhoneError::Unknown), "{text}");
        }
        for text in ["0912x234567", "0912+1234567", "ali@example.org"] {
            assert_eq!(Phone::parse(text), Err(PhoneError::NotANumber), "{text}");
        }
        assert_eq!(Phone::parse(" - "), Err(PhoneError::Empty));
        assert_eq!(Phone::parse("+"), Err(PhoneError::Empty));
    }

    #[test]
    fn a_phone_is_never_printed_whole() {
        assert_eq!(format!("{:?}", phone("09121234567")), "Phone(***4567)");
    }

    proptest! {
        #[test]
        fn every_mobile_of_iran_is_accepted(number in 9_000_000_000..9_999_999_999u64) {
            let phone = phone(&number.to_string());
            prop_assert_eq!(phone.as_str(), format!("+98{number}"));
            prop_assert_eq!(Phone::parse(phone.as_str()), Ok(phone));
        }

        #[test]
        fn what_was_read_once_is_read_again(text in r"[+]?[0-9]{3,15}") {
            if let Ok(phone) = Phone::parse(&text) {
                prop_assert_eq!(Phone::parse(phone.as_str()), Ok(phone));
            }
        }

        #[test]
        fn no_text_breaks_the_parser(text in any::<String>()) {
            let _ = Phone::parse(&text);
        }
    }
}
