//! Numbers that identify a person, a body or a place of delivery.
//!
//! Typed separators and Persian digits are accepted everywhere. The check-digit rules are those of the civil
//! registry and of the registry of legal entities; unknown place codes are never refused.

use crate::domain::text::{checked_text, machine_field, masked_debug};

/// The national ID of a natural person (کد ملی): ten digits with a right check digit.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct NationalId(String);

/// The national ID of a legal entity (شناسه ملی): eleven digits with a right check digit.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LegalEntityId(String);

/// A number by which a foreign national is known: the comprehensive number (شماره فراگیر), a passport or a card of
/// a refugee. Latin letters and digits; no check digit is public, so none is demanded.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ForeignId(String);

/// A postal code (کد پستی): ten digits, shown `12345-67890`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PostalCode(String);

/// Why a text is not the identifier that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    #[error("only digits are allowed here")]
    NotDigits,
    #[error("only Latin letters and digits are allowed here")]
    NotLettersAndDigits,
    #[error("this has {found} digits and needs {needed}")]
    WrongLength { found: usize, needed: &'static str },
    #[error("a number of equal digits belongs to nobody")]
    EqualDigits,
    #[error("the serial number in the fourth to ninth place cannot be zero")]
    EmptySerial,
    #[error("a digit is wrong: the check digit does not fit")]
    CheckDigit,
}

checked_text!(NationalId, IdentifierError);
checked_text!(LegalEntityId, IdentifierError);
checked_text!(ForeignId, IdentifierError);
checked_text!(PostalCode, IdentifierError);
masked_debug!(NationalId, 4);
masked_debug!(LegalEntityId, 4);
masked_debug!(ForeignId, 3);
masked_debug!(PostalCode, 2);

impl NationalId {
    /// Eight or nine digits are filled up with zeros in front, which old forms left out.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        let typed = digits(text)?;
        if !(8..=10).contains(&typed.len()) {
            return Err(IdentifierError::WrongLength { found: typed.len(), needed: "10" });
        }
        let id = format!("{typed:0>10}");
        refuse_fillers(&id)?;
        let values = values(&id);
        let sum: u32 = values[..9].iter().zip((2..=10).rev()).map(|(digit, weight)| digit * weight).sum();
        let rest = sum % 11;
        let check = if rest < 2 { rest } else { 11 - rest };
        if values[9] == check { Ok(Self(id)) } else { Err(IdentifierError::CheckDigit) }
    }
}

impl LegalEntityId {
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        const WEIGHTS: [u32; 10] = [29, 27, 23, 19, 17, 29, 27, 23, 19, 17];
        let id = digits(text)?;
        if id.len() != 11 {
            return Err(IdentifierError::WrongLength { found: id.len(), needed: "11" });
        }
        refuse_fillers(&id)?;
        let values = values(&id);
        let shift = values[9] + 2;
        let sum: u32 = values.iter().zip(WEIGHTS).map(|(digit, weight)| (digit + shift) * weight).sum();
        if values[10] == sum % 11 % 10 { Ok(Self(id)) } else { Err(IdentifierError::CheckDigit) }
    }
}

impl ForeignId {
    /// Five to twenty Latin letters and digits, in capitals.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        let id = machine_field(text).to_ascii_uppercase();
        if !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(IdentifierError::NotLettersAndDigits);
        }
        match id.len() {
            5..=20 => Ok(Self(id)),
            found => Err(IdentifierError::WrongLength { found, needed: "5 to 20" }),
        }
    }
}

impl PostalCode {
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        let code = digits(text)?;
        if code.len() == 10 {
            Ok(Self(code))
        } else {
            Err(IdentifierError::WrongLength { found: code.len(), needed: "10" })
        }
    }

    /// Whether it follows the pattern of the post; a code that does not is worth a question, not a refusal.
    pub fn is_usual(&self) -> bool {
        let code = self.0.as_bytes();
        let (route, place) = code.split_at(5);
        let usual_route =
            route[..4].iter().all(|digit| !matches!(digit, b'0' | b'2')) && !are_equal(&route[..4]);
        usual_route && !matches!(route[4], b'0' | b'2' | b'5') && !place.contains(&b'2')
    }

    /// `12345-67890`
    pub fn grouped(&self) -> String {
        format!("{}-{}", &self.0[..5], &self.0[5..])
    }
}

fn digits(text: &str) -> Result<String, IdentifierError> {
    let digits = machine_field(text);
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(digits)
    } else {
        Err(IdentifierError::NotDigits)
    }
}

/// Fillers pass the arithmetic of the check digit but were never issued.
fn refuse_fillers(id: &str) -> Result<(), IdentifierError> {
    if are_equal(id.as_bytes()) {
        return Err(IdentifierError::EqualDigits);
    }
    if &id[3..9] == "000000" {
        return Err(IdentifierError::EmptySerial);
    }
    Ok(())
}

fn are_equal(digits: &[u8]) -> bool {
    digits.windows(2).all(|pair| pair[0] == pair[1])
}

fn values(digits: &str) -> Vec<u32> {
    digits.bytes().map(|digit| u32::from(digit - b'0')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NATIONAL_IDS: [&str; 17] = [
        "0010000011",
        "0481234561",
        "1276543212",
        "0076229645",
        "2360001116",
        "4999001233",
        "0013542419",
        "9991000070",
        "9991000100",
        "9991000021",
        "9991000161",
        "9991000011",
        "9991234561",
        "9992000023",
        "9993456780",
        "9994000047",
        "9995678901",
    ];
    const LEGAL_IDS: [&str; 7] = [
        "10380284790",
        "14003000000",
        "14005893875",
        "99123456060",
        "99123456780",
        "99200010018",
        "99300020051",
    ];

    #[test]
    fn real_national_ids_pass_and_any_wrong_check_digit_does_not() {
        for id in NATIONAL_IDS {
            assert_eq!(NationalId::parse(id).unwrap().as_str(), id);
            for wrong in ('0'..='9').filter(|digit| !id.ends_with(*digit)) {
                assert_eq!(
                    NationalId::parse(&format!("{}{wrong}", &id[..9])),
                    Err(IdentifierError::CheckDigit)
                );
            }
        }
        assert_eq!(NationalId::parse("0490000001"), Err(IdentifierError::EmptySerial));
        assert_eq!(NationalId::parse("1234567890"), Err(IdentifierError::CheckDigit));
    }

    #[test]
    fn ten_equal_digits_are_nobody() {
        for digit in '0'..='9' {
            assert_eq!(NationalId::parse(&digit.to_string().repeat(10)), Err(IdentifierError::EqualDigits));
        }
        assert_eq!(NationalId::parse("0010000000"), Err(IdentifierError::EmptySerial));
    }

    #[test]
    fn a_national_id_is_read_as_people_type_it() {
        for text in
            ["۰۰۱۳۵۴۲۴۱۹", "٠٠١٣٥٤٢٤١٩", "001-354241-9", " 13542419 ", "013542419", "\u{200F}0013542419"]
        {
            assert_eq!(NationalId::parse(text).unwrap().as_str(), "0013542419");
        }
        let refused = |found| Err(IdentifierError::WrongLength { found, needed: "10" });
        assert_eq!(NationalId::parse("1354241"), refused(7));
        assert_eq!(NationalId::parse("00135424190"), refused(11));
        assert_eq!(NationalId::parse(""), refused(0));
        assert_eq!(NationalId::parse("00135x2419"), Err(IdentifierError::NotDigits));
    }

    #[test]
    fn real_legal_entities_pass_and_wrong_ones_say_why() {
        for id in LEGAL_IDS {
            assert_eq!(LegalEntityId::parse(id).unwrap().as_str(), id);
        }
        for id in ["10380285692", "10380284791"] {
            assert_eq!(LegalEntityId::parse(id), Err(IdentifierError::CheckDigit));
        }
        for id in ["10100000010", "99200000013", "99300000052"] {
            assert_eq!(LegalEntityId::parse(id), Err(IdentifierError::EmptySerial));
        }
        assert_eq!(LegalEntityId::parse("11111111111"), Err(IdentifierError::EqualDigits));
        let refused = Err(IdentifierError::WrongLength { found: 10, needed: "11" });
        assert_eq!(LegalEntityId::parse("1038028479"), refused);
    }

    #[test]
    fn a_foreigner_has_a_number_of_some_kind() {
        assert_eq!(ForeignId::parse("۱۲۳۴ ۵۶۷۸ ۹۰").unwrap().as_str(), "1234567890");
        assert_eq!(ForeignId::parse("p 0123-4567").unwrap().as_str(), "P01234567");
        assert_eq!(ForeignId::parse("12"), Err(IdentifierError::WrongLength { found: 2, needed: "5 to 20" }));
        assert_eq!(ForeignId::parse("گذرنامه 12"), Err(IdentifierError::NotLettersAndDigits));
    }

    #[test]
    fn a_postal_code_is_grouped_and_an_unusual_one_is_only_marked() {
        let code = PostalCode::parse("۱۳۴۵۶-۷۸۹۰۱").unwrap();
        assert_eq!((code.as_str(), code.grouped().as_str()), ("1345678901", "13456-78901"));
        assert!(code.is_usual());
        for unusual in ["1111178901", "1045678901", "1345578901", "1345678921", "2345678901"] {
            assert!(!PostalCode::parse(unusual).unwrap().is_usual(), "{unusual}");
        }
        assert!(PostalCode::parse("123456789").is_err());
    }

    #[test]
    fn an_identifier_is_never_printed_whole_and_is_a_plain_string_in_json() {
        let id = NationalId::parse("9991234561").unwrap();
        assert_eq!(format!("{id:?}"), "NationalId(***4561)");
        assert_eq!(serde_json::to_string(&id).unwrap(), r#""9991234561""#);
        assert_eq!(serde_json::from_str::<NationalId>(r#""۹۹۹۱۲۳۴۵۶۱""#).unwrap(), id);
        assert!(serde_json::from_str::<NationalId>(r#""9991234562""#).is_err());
    }

    proptest! {
        #[test]
        fn each_nine_digits_have_one_check_digit(serial in 1_000_000..999_999_999u32) {
            let stem = format!("{serial:09}");
            let valid = (0..=9).filter(|digit| NationalId::parse(&format!("{stem}{digit}")).is_ok()).count();
            prop_assert_eq!(valid, usize::from(&stem[3..] != "000000"));
        }

        #[test]
        fn no_text_breaks_a_parser(text in any::<String>()) {
            let _ = (NationalId::parse(&text), LegalEntityId::parse(&text), ForeignId::parse(&text), PostalCode::parse(&text));
        }
    }
}
