//! Column types of what must not be read in a stolen database: sealed values and blind indexes.
//!
//! Both have an SQL type of their own, so that a plain text cannot be written into such a column by mistake: it
//! does not compile. What is inside is made and opened by the vault of the domain; here it is only carried.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{HasSqlType, SqlType, Text};
use diesel::sqlite::Sqlite;

use super::connection::MultiBackend;

/// The SQL type of columns that hold sealed values.
#[derive(Debug, Clone, Copy, SqlType, QueryId)]
#[diesel(sqlite_type(name = "Text"), postgres_type(oid = 25, array_oid = 1009))]
pub struct SealedText;

/// The SQL type of columns that hold keyed digests of sealed values.
#[derive(Debug, Clone, Copy, SqlType, QueryId)]
#[diesel(sqlite_type(name = "Text"), postgres_type(oid = 25, array_oid = 1009))]
pub struct BlindText;

/// A sealed value: `v1.<number of its data key>.<nonce, ciphertext and tag in base64url>`.
#[derive(Clone, PartialEq, Eq, FromSqlRow, AsExpression)]
#[diesel(sql_type = SealedText)]
pub struct Sealed(String);

/// A keyed digest by which a sealed value is found: `<number of its key>.<digest in base64url>`.
#[derive(Clone, PartialEq, Eq, FromSqlRow, AsExpression)]
#[diesel(sql_type = BlindText)]
pub struct Blind(String);

/// The form of sealed values that is written now.
const FORM: &str = "v1";

impl Sealed {
    /// Carries what was sealed under the data key of this number.
    pub fn new(key: i64, content: &[u8]) -> Self {
        Self(format!("{FORM}.{key}.{}", BASE64_URL_SAFE_NO_PAD.encode(content)))
    }

    /// The number of the data key, and what was sealed under it; none for anything that is not sealed.
    pub fn parts(&self) -> Option<(i64, Vec<u8>)> {
        let (key, content) = self.0.strip_prefix(FORM)?.strip_prefix('.')?.split_once('.')?;
        Some((key.parse().ok()?, BASE64_URL_SAFE_NO_PAD.decode(content).ok()?))
    }

    /// Whether it was sealed under the data key of this number.
    pub fn is_under(&self, key: i64) -> bool {
        self.0.starts_with(&Self::prefix(key))
    }

    /// How every value under this data key begins.
    pub fn prefix(key: i64) -> String {
        format!("{FORM}.{key}.")
    }

    /// The text of a value that was written before values were sealed; none for a sealed one.
    pub fn as_plain(&self) -> Option<&str> {
        self.parts().is_none().then_some(self.0.as_str())
    }
}

impl Blind {
    /// Carries a digest under the key of this number.
    pub fn new(key: i64, digest: &[u8]) -> Self {
        Self(format!("{}{}", Self::prefix(key), BASE64_URL_SAFE_NO_PAD.encode(digest)))
    }

    /// Whether it was made under the key of this number.
    pub fn is_under(&self, key: i64) -> bool {
        self.0.starts_with(&Self::prefix(key))
    }

    /// How every digest under this key begins.
    pub fn prefix(key: i64) -> String {
        format!("{key}.")
    }
}

macro_rules! carried_text {
    ($($name:ident as $sql:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl HasSqlType<$sql> for MultiBackend {
            fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
                Self::lookup_sql_type::<$sql>(lookup)
            }
        }

        impl ToSql<$sql, Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                <str as ToSql<Text, Pg>>::to_sql(&self.0, out)
            }
        }

        impl ToSql<$sql, Sqlite> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                <str as ToSql<Text, Sqlite>>::to_sql(&self.0, out)
            }
        }

        impl ToSql<$sql, MultiBackend> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
                out.set_value(($sql, self));
                Ok(IsNull::No)
            }
        }

        impl FromSql<$sql, Pg> for $name {
            fn from_sql(bytes: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
                <String as FromSql<Text, Pg>>::from_sql(bytes).map(Self)
            }
        }

        impl FromSql<$sql, Sqlite> for $name {
            fn from_sql(bytes: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
                <String as FromSql<Text, Sqlite>>::from_sql(bytes).map(Self)
            }
        }

        impl FromSql<$sql, MultiBackend> for $name {
            fn from_sql(bytes: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
                bytes.from_sql::<Self, $sql>()
            }
        }
    )*};
}

carried_text!(Sealed as SealedText, Blind as BlindText);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_tells_its_key_and_nothing_to_a_log() {
        let sealed = Sealed::new(17, &[0, 255, 3]);
        assert_eq!(sealed.parts(), Some((17, vec![0, 255, 3])));
        assert!(sealed.is_under(17) && !sealed.is_under(1) && !sealed.is_under(7));
        assert_eq!((format!("{sealed:?}"), sealed.as_plain()), ("Sealed(…)".into(), None));
        assert!(Blind::new(3, &[1]).is_under(3));
    }

    #[test]
    fn what_is_not_sealed_has_no_parts() {
        for text in ["", "v1", "v1.", "v1.1", "v1.x.AAAA", "v2.1.AAAA", "v1.1.=", "مریم", "N:0013542419"]
        {
            assert_eq!(Sealed(text.into()).parts(), None, "{text}");
            assert_eq!(Sealed(text.into()).as_plain(), Some(text));
        }
    }
}
