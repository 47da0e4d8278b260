//! Names of sealed columns and of those that are looked up.

/// A sealed column; its names are part of what a sealed value is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    pub table: &'static str,
    pub column: &'static str,
}

/// `field!(citizens::name)`: a column of the schema, of the sealed type; any other does not compile.
macro_rules! field {
    ($table:ident::$column:ident) => {{
        const _: () = $crate::domain::vault::Field::is_sealed(&$crate::db::schema::$table::$column);
        $crate::domain::vault::Field { table: stringify!($table), column: stringify!($column) }
    }};
}

pub(crate) use field;

/// Columns of the sealed type, be they optional or not.
pub trait SealedColumn {}

impl<C> SealedColumn for C
where
    C: diesel::Expression,
    C::SqlType: diesel::sql_types::IntoNullable<Nullable = diesel::sql_types::Nullable<crate::db::sealed::SealedText>>,
{
}

impl Field {
    /// Compiles only for sealed columns.
    pub const fn is_sealed<C: SealedColumn>(_: &C) {}
}

/// What citizens are looked up by. Each has an index key of its own, so that equal values of two columns cannot
/// be told to be equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// A national, legal-entity or foreign identifier with its sort, such as `N:0013542419`.
    Identifier,
    /// E.164.
    Mobile,
    /// E.164.
    Phone,
    /// In lower case.
    Email,
    /// The head of a household, as an identifier.
    HouseholdHead,
    /// Postal code and folded address.
    Household,
}

impl Look {
    pub(super) const ALL: [Look; 6] =
        [Look::Identifier, Look::Mobile, Look::Phone, Look::Email, Look::HouseholdHead, Look::Household];

    /// The name that the key of this index is derived with.
    pub(super) fn purpose(self) -> &'static str {
        match self {
            Look::Identifier => "citizens.identifier",
            Look::Mobile => "citizens.mobile",
            Look::Phone => "citizens.phone",
            Look::Email => "citizens.email",
            Look::HouseholdHead => "citizens.household_head",
            Look::Household => "citizens.household",
        }
    }
}
