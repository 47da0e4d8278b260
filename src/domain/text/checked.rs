//! The common outside of types that are checked text: parsed at the edge, plain strings in JSON.
//!
//! A checked type has `parse(&str)` and one `String`; this gives it the conversions that all of them share.
//! Personal ones print masked, so that a debug line never carries a phone or an identifier.

/// Gives `$name(String)`, whose `parse` fails with `$error`, its `as_str`, `FromStr` and serde as a plain string.
macro_rules! checked_text {
    ($name:ident, $error:ty) => {
        impl $name {
            /// The whole checked value, in its one normal form.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                Self::parse(text)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

/// Makes `{:?}` of `$name` show only the last `$shown` characters.
macro_rules! masked_debug {
    ($name:ident, $shown:literal) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), $crate::domain::text::mask(&self.0, $shown))
            }
        }
    };
}

pub(crate) use {checked_text, masked_debug};

/// `***` and the last `shown` characters of `text`, or only `***` when that would show half of it or more.
pub(crate) fn mask(text: &str, shown: usize) -> String {
    let length = text.chars().count();
    if shown * 2 >= length {
        return "***".to_owned();
    }
    format!("***{}", text.chars().skip(length - shown).collect::<String>())
}
