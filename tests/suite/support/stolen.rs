//! What somebody reads who stole the database: every file of SQLite as bytes, every row of every table as text.

use diesel::prelude::*;
use diesel::sql_types::Text;
use samad::db::{DbConnection, Location};
use samad::domain::text::{latin_digits, persian_digits, search_key};

use super::TestApp;

/// Everything that was stolen, piece by piece; what is no UTF-8 stands as a replacement character.
pub struct Stolen(Vec<(String, String)>);

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn lines(connection: &mut DbConnection, query: &str) -> Vec<String> {
    let rows: Vec<Line> = diesel::sql_query(query).load(connection).expect(query);
    rows.into_iter().map(|row| row.line).collect()
}

impl TestApp {
    /// The database as a thief has it, while the service runs.
    pub fn stolen(&self) -> Stolen {
        let mut pieces = self.look(|connection| Ok(rows(connection)));
        if let Location::Sqlite(path) = self.app.db.location() {
            for ending in ["", "-wal", "-shm"] {
                let path = format!("{}{ending}", path.display());
                let bytes = std::fs::read(&path).unwrap_or_default();
                assert!(!bytes.is_empty() || !ending.is_empty(), "{path} is empty");
                pieces.push((path, String::from_utf8_lossy(&bytes).into_owned()));
            }
        }
        Stolen(pieces)
    }

    /// Every row of every table as text, in an order of its own.
    pub fn rows(&self) -> Vec<(String, String)> {
        let mut rows = self.look(|connection| Ok(rows(connection)));
        rows.sort();
        rows
    }
}

fn rows(connection: &mut DbConnection) -> Vec<(String, String)> {
    let is_sqlite = matches!(connection, DbConnection::Sqlite(_));
    let tables = lines(
        connection,
        match is_sqlite {
            true => "SELECT name AS line FROM sqlite_master WHERE type = 'table'",
            false => {
                "SELECT table_name::text AS line FROM information_schema.tables \
                 WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
            }
        },
    );
    assert!(tables.len() > 20, "{tables:?}");
    let mut found = Vec::new();
    for table in tables {
        let query = match is_sqlite {
            true => {
                let columns =
                    lines(connection, &format!("SELECT name AS line FROM pragma_table_info('{table}')"));
                let text = |name: &String| {
                    format!(
                        "CASE typeof(\"{name}\") WHEN 'blob' THEN hex(\"{name}\") ELSE coalesce(\"{name}\", '') END"
                    )
                };
                let parts: Vec<String> = columns.iter().map(text).collect();
                format!("SELECT {} AS line FROM \"{table}\"", parts.join(" || '|' || "))
            }
            false => format!("SELECT t::text AS line FROM \"{table}\" t"),
        };
        found.extend(lines(connection, &query).into_iter().map(|row| (table.clone(), row)));
    }
    found
}

impl Stolen {
    /// Where a text stands, in any spelling; none when it is nowhere.
    pub fn place_of(&self, text: &str) -> Option<String> {
        spellings(text).into_iter().find_map(|spelling| {
            let (place, _) = self.0.iter().find(|(_, piece)| piece.contains(&spelling))?;
            Some(format!("{spelling} in {place}"))
        })
    }
}

/// How a name, a number or an address may be written: its words by themselves and in their search form; digits of
/// either script, grouped, with and without zeros, country code and trunk prefix.
fn spellings(text: &str) -> Vec<String> {
    let digits: String = latin_digits(text).chars().filter(char::is_ascii_digit).collect();
    let letters = text.chars().filter(|letter| letter.is_alphabetic()).count();
    if letters > 1 {
        let words = text.split(|letter: char| letter.is_whitespace() || "@،,".contains(letter));
        let mut all: Vec<String> = vec![text.into(), search_key(text), text.to_lowercase()];
        all.extend(
            words.filter(|word| word.chars().count() > 3).flat_map(|word| [word.into(), search_key(word)]),
        );
        return all;
    }
    let bare = digits.trim_start_matches('0');
    let national = bare.strip_prefix("98").filter(|_| text.contains('+')).unwrap_or(bare);
    let (start, end) = national.split_at(3);
    let grouped = format!("{start} {} {}", &end[..3], &end[3..]);
    [digits.as_str(), national, grouped.as_str(), &grouped.replace(' ', "-"), &digits.replacen("0", "", 1)]
        .iter()
        .flat_map(|digits| [(*digits).to_owned(), persian_digits(digits), arabic_digits(digits)])
        .collect()
}

fn arabic_digits(text: &str) -> String {
    let arabic = |digit: char| char::from_u32(digit as u32 - '0' as u32 + 0x660).unwrap_or(digit);
    text.chars().map(|letter| if letter.is_ascii_digit() { arabic(letter) } else { letter }).collect()
}
