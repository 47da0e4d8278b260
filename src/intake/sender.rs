//! The sender as a citizen, and whether a case is theirs.

use super::inbound::Sender;
use crate::domain::citizens::{self, Citizen, CitizenInput, Identity, Phone};
use crate::error::Fields;

/// The sender in the form of a citizen, and the names of what could not be read of them.
///
/// A channel may tell an alphanumeric sender or half a number: that loses nobody their message, so it is left out.
pub(super) fn told(sender: &Sender, language: Option<&str>) -> (CitizenInput, Vec<String>) {
    let mut unread = Vec::new();
    let mut input = CitizenInput {
        national_id: filled(&sender.national_id),
        name: filled(&sender.name).map(|name| name.chars().take(200).collect()),
        mobile: filled(&sender.mobile),
        email: filled(&sender.email),
        address: filled(&sender.address),
        language: language.filter(|code| ["fa", "en"].contains(code)).map(str::to_owned),
        ..CitizenInput::default()
    };
    match filled(&sender.number).map(|number| Phone::parse(&number)) {
        Some(Ok(phone)) if phone.is_mobile() => {
            input.mobile.get_or_insert(phone.as_str().to_owned());
        }
        Some(Ok(phone)) => input.phone = Some(phone.as_str().to_owned()),
        Some(Err(_)) => unread.push("sender.number".to_owned()),
        None => {}
    }
    let mut fields = Fields::default();
    citizens::parse(&input, "sender", &mut fields);
    if let Err(crate::error::Error::Invalid(wrong)) = fields.finish() {
        for error in wrong {
            match error.field.as_str() {
                "sender.national_id" => input.national_id = None,
                "sender.mobile" => input.mobile = None,
                "sender.phone" => input.phone = None,
                "sender.email" => input.email = None,
                "sender.name" => input.name = None,
                _ => input.address = None,
            }
            unread.push(error.field);
        }
    }
    (input, unread)
}

/// The same, checked.
pub(super) fn identity(input: &CitizenInput) -> Identity {
    citizens::parse(input, "sender", &mut Fields::default())
}

fn filled(value: &Option<String>) -> Option<String> {
    let clean = |text: &String| text.chars().filter(|c| !c.is_control()).collect::<String>();
    value.as_ref().map(clean).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Whether a citizen is the sender: the same identifier, or a contact of theirs while no identifier says otherwise. Names
/// prove nothing.
pub(super) fn is_sender(citizen: &Citizen, who: &Identity) -> bool {
    if let (Some(known), Some(told)) = (&citizen.identifier, &who.identifier) {
        return known == told;
    }
    let same = |known: &Option<String>, told: &Option<String>| known.is_some() && known == told;
    same(&citizen.mobile, &who.mobile) || same(&citizen.phone, &who.phone) || same(&citizen.email, &who.email)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(number: &str) -> Sender {
        Sender { number: Some(number.into()), ..Sender::default() }
    }

    #[test]
    fn a_number_is_a_mobile_or_a_fixed_line_and_anything_else_is_noted() {
        let (input, unread) = told(&sender("۰۹۱۲ ۱۲۳ ۴۵۶۷"), None);
        assert_eq!((input.mobile.as_deref(), unread.len()), (Some("+989121234567"), 0));
        let (input, _) = told(&sender("031 3624 0000"), None);
        assert_eq!((input.phone.as_deref(), input.mobile), (Some("+983136240000"), None));
        let (input, unread) = told(&sender("IRANCELL"), Some("ku"));
        assert_eq!((input, unread), (CitizenInput::default(), vec!["sender.number".to_owned()]));
    }

    #[test]
    fn a_wrong_national_id_is_left_out_and_the_rest_stays() {
        let wrong = Sender {
            national_id: Some("1111111111".into()),
            name: Some(" مریم\u{0} ".into()),
            ..sender("09121234567")
        };
        let (input, unread) = told(&wrong, None);
        assert_eq!((input.national_id, input.name.as_deref()), (None, Some("مریم")));
        assert_eq!(unread, ["sender.national_id"]);
    }
}
