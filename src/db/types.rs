//! Column types of our own: ids, times and enums, mapped the same way on both databases.
//!
//! Ids are 64-bit and time-ordered, strings on the outside. Times are UTC to the microsecond, the finest
//! that both databases keep. Enums are stored as their snake-case names.

use std::fmt;

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::pg::data_types::PgTimestamp;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Text, Timestamp};
use diesel::sqlite::Sqlite;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::connection::MultiBackend;

/// Defines id types: 64-bit inside, a decimal string outside.
macro_rules! id_types {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord,
                 diesel::deserialize::FromSqlRow, diesel::expression::AsExpression)]
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        pub struct $name(pub i64);

        impl From<i64> for $name {
            fn from(id: i64) -> Self { Self(id) }
        }

        impl<DB> FromSql<diesel::sql_types::BigInt, DB> for $name
        where DB: Backend, i64: FromSql<diesel::sql_types::BigInt, DB> {
            fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
                i64::from_sql(bytes).map(Self)
            }
        }

        impl<DB> ToSql<diesel::sql_types::BigInt, DB> for $name
        where DB: Backend, i64: ToSql<diesel::sql_types::BigInt, DB> {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                self.0.to_sql(out)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> { text.parse().map(Self) }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(|_| serde::de::Error::custom("an id is a string of digits"))
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some("^[0-9]+$"))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    )*};
}

id_types! {
    /// A case.
    CaseId,
    /// A citizen: natural person, legal entity or foreigner.
    CitizenId,
    /// An office of the tree.
    OfficeId,
    /// A member of staff.
    UserId,
    /// One hop of a case from an office to an office.
    ReferralId,
    /// An interim or final text of an office.
    AnswerId,
    /// A change of the configuration that two persons agree on.
    ChangeId,
    /// A citizen's objection to an answer.
    ObjectionId,
    /// A citizen's appeal to the level above.
    AppealId,
    /// A closure declared late.
    ClosureId,
    /// One recomputation of open cases for a closure.
    ClosureRunId,
    /// A wish for a second extension, which needs the citizen's consent.
    ExtensionRequestId,
    /// A point of a deadline that fired.
    DeadlinePointId,
    /// The demand for an interim answer.
    InterimDemandId,
    /// A warning to a superior.
    WarningId,
    /// A citizen's rating.
    RatingId,
    /// The tie of a case to the one that it follows or is a part of.
    FamilyLinkId,
    /// A systemic issue that many cases point to.
    ProblemId,
    /// An answer to a problem.
    ProblemAnswerId,
    /// A line of a problem's history.
    ProblemEventId,
    /// What the closing of a case found.
    LessonId,
    /// What an office was advised to change.
    RecommendationId,
    /// A sample of closed cases.
    SampleId,
    /// A call to the citizen of a closed case.
    CallbackId,
    /// A frequent-contact plan.
    ContactPlanId,
    /// A citizen's wish that a plan be reviewed.
    PlanReviewId,
    /// A question put to the citizen.
    QuestionId,
    /// One line of a case's timeline.
    EventId,
    /// One communication with a citizen or an office.
    MessageId,
    /// Letters that are printed together.
    LetterBatchId,
    /// One thing that came in by a channel.
    IntakeItemId,
    /// A page of it.
    ItemPageId,
    /// One step of what became of it.
    IntakeStepId,
    /// A file that came with it.
    IntakeFileId,
    /// An answer to an SMS; letters carry it in the place of a message's.
    SmsReplyId,
    /// What is being spoken of with a number.
    SmsDialogueId,
    /// A telephone call as an exchange reports it.
    PhoneCallId,
    /// Somebody who is to be rung back.
    PhoneCallbackId,
    /// A file that belongs to a case.
    AttachmentId,
    /// A file that comes in parts.
    UploadId,
    /// A filing by the web that is not sent yet.
    DraftId,
    /// A ticket of a counter's queue.
    TicketId,
    /// A public meeting of an official.
    MeetingId,
    /// A place in a slot of a meeting.
    AppointmentId,
    /// A stack of paper forms of a people's desk.
    DeskSheetId,
    /// A telephone that was, or is to be, proved by a one-time code.
    PhoneProofId,
    /// A note of staff on a case.
    NoteId,
    /// A request to see the identity behind a sealed case.
    IdentityRequestId,
    /// One reading of an identity or of a sealed text.
    ReadId,
    /// A family of refresh tokens: one sign-in on one device.
    SessionId,
    /// One enrolment of a second factor.
    FactorId,
    /// A key by which a gateway or another system calls us.
    GatewayId,
    /// A row of the configuration, of one version.
    DefinitionId,
    /// What one subscriber is told of one event.
    DeliveryId,
    /// A line of the audit log of configuration and access.
    AuditId,
    /// One change of a deadline.
    ClockChangeId,
    /// The proof of an erasure.
    TombstoneId,
    /// What stops an erasure.
    HoldId,
    /// A citizen's wish that their data be erased.
    ErasureRequestId,
    /// A citizen's data, asked for by the citizen.
    ExportId,
    /// A correction of a citizen's record.
    CorrectionId,
    /// A citizen's wish that the own record be corrected.
    CorrectionRequestId,
    /// Two records of one person, put together.
    CitizenMergeId,
}

/// Defines a closed set of names: an enum inside, its snake-case name in database, API and log.
#[macro_export]
macro_rules! text_enum {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord,
                 serde::Serialize, serde::Deserialize, utoipa::ToSchema,
                 diesel::deserialize::FromSqlRow, diesel::expression::AsExpression)]
        #[diesel(sql_type = diesel::sql_types::Text)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),* }

        impl $name {
            /// Every value.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// The name, as stored and shown to machines.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),* }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($text => Ok($name::$variant),)*
                    _ => Err(format!("one of: {}", Self::ALL.iter().map(|v| v.as_str()).collect::<Vec<_>>().join(", "))),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.pad(self.as_str()) }
        }

        impl<DB> diesel::deserialize::FromSql<diesel::sql_types::Text, DB> for $name
        where DB: diesel::backend::Backend, String: diesel::deserialize::FromSql<diesel::sql_types::Text, DB> {
            fn from_sql(bytes: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
                let text = <String as diesel::deserialize::FromSql<diesel::sql_types::Text, DB>>::from_sql(bytes)?;
                text.parse().map_err(|e: String| format!("'{text}' is not {e}").into())
            }
        }

        impl<DB> diesel::serialize::ToSql<diesel::sql_types::Text, DB> for $name
        where DB: diesel::backend::Backend, str: diesel::serialize::ToSql<diesel::sql_types::Text, DB> {
            fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, DB>) -> diesel::serialize::Result {
                <str as diesel::serialize::ToSql<diesel::sql_types::Text, DB>>::to_sql(self.as_str(), out)
            }
        }
    };
}

/// An instant in UTC, to the microsecond; RFC 3339 outside.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, FromSqlRow, AsExpression)]
#[diesel(sql_type = Timestamp)]
pub struct Time(jiff::Timestamp);

/// 2000-01-01T00:00:00Z in microseconds since 1970: where PostgreSQL's timestamps begin.
const POSTGRES_EPOCH: i64 = 946_684_800_000_000;

impl Time {
    /// Microseconds since 1970; out of the representable range is held at its ends.
    pub fn from_microsecond(micros: i64) -> Self {
        let held = micros
            .clamp(jiff::Timestamp::MIN.as_microsecond() + 1, jiff::Timestamp::MAX.as_microsecond() - 1);
        Self(jiff::Timestamp::from_microsecond(held).expect("held inside the range"))
    }

    /// Microseconds since 1970.
    pub fn as_microsecond(self) -> i64 {
        self.0.as_microsecond()
    }

    /// The instant for calendar arithmetic.
    pub fn timestamp(self) -> jiff::Timestamp {
        self.0
    }

    /// So many seconds later (earlier when negative).
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_microsecond(self.as_microsecond().saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// So many 24-hour days later.
    pub fn plus_days(self, days: i64) -> Self {
        self.plus_seconds(days * 86_400)
    }
}

impl From<jiff::Timestamp> for Time {
    fn from(timestamp: jiff::Timestamp) -> Self {
        Self::from_microsecond(timestamp.as_microsecond())
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for Time {
    type Err = jiff::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<jiff::Timestamp>().map(Self::from)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| serde::de::Error::custom("an RFC 3339 time such as 2026-11-21T08:30:00Z"))
    }
}

impl utoipa::PartialSchema for Time {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::DateTime)))
            .into()
    }
}

impl utoipa::ToSchema for Time {}

impl ToSql<Timestamp, Pg> for Time {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let value = PgTimestamp(self.as_microsecond() - POSTGRES_EPOCH);
        ToSql::<Timestamp, Pg>::to_sql(&value, &mut out.reborrow())
    }
}

impl FromSql<Timestamp, Pg> for Time {
    fn from_sql(bytes: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let PgTimestamp(micros) = FromSql::<Timestamp, Pg>::from_sql(bytes)?;
        Ok(Self::from_microsecond(micros + POSTGRES_EPOCH))
    }
}

impl ToSql<Timestamp, Sqlite> for Time {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        // fixed width, so that text order is time order
        const PRINTER: jiff::fmt::temporal::DateTimePrinter =
            jiff::fmt::temporal::DateTimePrinter::new().separator(b' ').precision(Some(6));
        let civil = jiff::tz::Offset::UTC.to_datetime(self.0);
        out.set_value(PRINTER.datetime_to_string(&civil));
        Ok(IsNull::No)
    }
}

impl FromSql<Timestamp, Sqlite> for Time {
    fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<Text, Sqlite>>::from_sql(value)?;
        let civil: jiff::civil::DateTime = text.parse()?;
        Ok(Self::from(jiff::tz::Offset::UTC.to_timestamp(civil)?))
    }
}

impl ToSql<Timestamp, MultiBackend> for Time {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((Timestamp, self));
        Ok(IsNull::No)
    }
}

impl FromSql<Timestamp, MultiBackend> for Time {
    fn from_sql(value: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        value.from_sql::<Self, Timestamp>()
    }
}
