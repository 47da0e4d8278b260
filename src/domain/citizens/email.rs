//! E-mail addresses, checked only for what every deliverable address has in common.

use std::fmt;

use crate::domain::text::{checked_text, latin_digits};

/// An e-mail address that can stand in a message header, in lower case, so that one mailbox is one value.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

/// Why a text is not an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailAddressError {
    #[error("an e-mail address has exactly one @, with something on both sides")]
    Shape,
    #[error("an e-mail address has at most 64 characters before the @ and 254 in all")]
    TooLong,
    #[error("an e-mail address has no blanks, quotes, brackets, commas, colons or control characters")]
    Characters,
    #[error("the part after the @ is not a domain")]
    Domain,
}

checked_text!(EmailAddress, EmailAddressError);

impl EmailAddress {
    /// Accepts the dotted addresses in use, also with letters of other scripts; refuses quoted ones.
    pub fn parse(text: &str) -> Result<Self, EmailAddressError> {
        let address = latin_digits(text.trim()).to_lowercase();
        if !address.chars().all(is_allowed) {
            return Err(EmailAddressError::Characters);
        }
        let (local, domain) = address.split_once('@').ok_or(EmailAddressError::Shape)?;
        if local.is_empty() || domain.is_empty() || domain.contains('@') {
            return Err(EmailAddressError::Shape);
        }
        if local.len() > 64 || address.len() > 254 {
            return Err(EmailAddressError::TooLong);
        }
        if local.split('.').any(str::is_empty) {
            return Err(EmailAddressError::Shape);
        }
        if !is_domain(domain) {
            return Err(EmailAddressError::Domain);
        }
        Ok(Self(address))
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress(***@{})", self.domain())
    }
}

fn is_allowed(letter: char) -> bool {
    letter.is_alphanumeric() || "@.!#$%&'*+-/=?^_`{|}~".contains(letter)
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|letter| letter.is_alphanumeric() || letter == '-')
    };
    (domain.contains('.') || domain == "localhost") && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn usual_addresses_are_accepted_in_lower_case() {
        for (typed, address) in [
            ("ali@example.org", "ali@example.org"),
            (" Ali.Rezaei+samad@Mail.Example.IR ", "ali.rezaei+samad@mail.example.ir"),
            ("root@localhost", "root@localhost"),
            ("user۱۲@example.org", "user12@example.org"),
            ("علی@نمونه.ایران", "علی@نمونه.ایران"),
        ] {
            assert_eq!(EmailAddress::parse(typed).unwrap().as_str(), address);
        }
    }

    #[test]
    fn what_cannot_be_delivered_says_why() {
        use EmailAddressError::{Characters, Domain, Shape, TooLong};
        let long = format!("{}@example.org", "a".repeat(65));
        for (text, error) in [
            ("", Shape),
            ("ali", Shape),
            ("@example.org", Shape),
            ("ali@", Shape),
            ("a@b@example.org", Shape),
            ("a..b@example.org", Shape),
            (".a@example.org", Shape),
            ("ali reza@example.org", Characters),
            ("a@example.org\r\nBcc: b@example.org", Characters),
            ("<a@example.org>", Characters),
            ("a,b@example.org", Characters),
            ("a@example", Domain),
            ("a@-example.org", Domain),
            ("a@example..org", Domain),
            ("a@example.org.", Domain),
            (&long, TooLong),
        ] {
            assert_eq!(EmailAddress::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn an_address_is_never_printed_whole() {
        let address = EmailAddress::parse("ali@example.org").unwrap();
        assert_eq!(format!("{address:?}"), "EmailAddress(***@example.org)");
    }

    proptest! {
        #[test]
        fn an_accepted_address_fits_a_header_line(text in any::<String>()) {
            if let Ok(address) = EmailAddress::parse(&text) {
                prop_assert!(!address.as_str().contains(|letter: char| letter.is_control() || letter.is_whitespace()));
                prop_assert_eq!(EmailAddress::parse(address.as_str()), Ok(address));
            }
        }
    }
}
