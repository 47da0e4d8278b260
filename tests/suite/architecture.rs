//! The import rules of the house, read from the sources themselves.

use std::path::{Path, PathBuf};

/// Layers from left to right; one may import only what stands to the right of it.
const LAYERS: [&[&str]; 11] = [
    &["main"],
    &["cli"],
    &["server"],
    &["api", "workers"],
    &["app"],
    &["gateways", "intake"],
    &["domain"],
    &["telemetry"],
    &["clock", "config"],
    &["db"],
    &["error"],
];

struct Source {
    path: PathBuf,
    /// The module directly under the crate's root.
    module: String,
    /// The code without comments and without its own tests.
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inside = path.strip_prefix(&root).unwrap().to_owned();
                let module =
                    inside.iter().next().unwrap().to_string_lossy().trim_end_matches(".rs").to_owned();
                let text = std::fs::read_to_string(&path).unwrap();
                let own = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
                let code = own.lines().map(without_comment).collect::<Vec<_>>().join("\n");
                found.push(Source { path: inside, module, code });
            }
        }
    }
    assert!(found.len() > 100, "the sources were not found");
    found
}

fn without_comment(line: &str) -> &str {
    let is_comment = |at: usize| at == 0 || !line[..at].ends_with(':');
    line.find("//").filter(|at| is_comment(*at)).map_or(line, |at| &line[..at])
}

/// Top modules that the code names after `crate::`, one by one or in braces.
fn imports(code: &str) -> Vec<String> {
    let mut named = Vec::new();
    for (at, start) in code.match_indices("crate::") {
        let rest = &code[at + start.len()..];
        // `$crate::` stands in a macro for whoever uses it
        if at > 0 && code[..at].ends_with(|c: char| c == '$' || c.is_alphanumeric()) {
            continue;
        }
        match rest.strip_prefix('{') {
            Some(list) => named.extend(heads(&list[..closing(list)])),
            None => named.push(head(rest)),
        }
    }
    named
}

fn head(path: &str) -> String {
    path.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn heads(list: &str) -> Vec<String> {
    let mut depth = 0;
    list.split(|c| {
        depth += match c {
            '{' => 1,
            '}' => -1,
            _ => 0,
        };
        c == ',' && depth == 0
    })
    .map(head)
    .collect()
}

fn closing(list: &str) -> usize {
    let mut depth = 1;
    let end = list.char_indices().find(|(_, c)| {
        depth += match c {
            '{' => 1,
            '}' => -1,
            _ => 0,
        };
        depth == 0
    });
    end.map_or(list.len(), |(at, _)| at)
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

#[test]
fn a_dependency_points_right_only() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.module != "lib") {
        let own = layer(&source.module).unwrap_or_else(|| panic!("{} is in no layer", source.path.display()));
        for named in imports(&source.code) {
            // macros and what is no module of the root have no layer
            let Some(other) = layer(&named).filter(|_| named != source.module) else { continue };
            if other <= own {
                wrong.push(format!("{} imports {named}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Sources of a module that name one of these crates or paths.
fn naming(is_in: impl Fn(&Source) -> bool, words: &[&str]) -> Vec<String> {
    let names = |code: &str, word: &str| {
        code.match_indices(word).any(|(at, _)| {
            let before = code[..at].chars().next_back();
            before.is_none_or(|c| !(c.is_alphanumeric() || c == '_' || c == ':' || c == '.'))
        })
    };
    let all = sources();
    let of = all.iter().filter(|source| is_in(source));
    of.flat_map(|source| {
        let found = words.iter().filter(|word| names(&source.code, word));
        found.map(|word| format!("{} names {word}", source.path.display())).collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn the_domain_knows_no_transport_and_does_not_wait() {
    let words = ["actix", "askama", "lettre", "reqwest", "tokio", "async fn", "async move"];
    assert_eq!(naming(|source| source.module == "domain", &words), Vec::<String>::new());
}

#[test]
fn the_api_names_no_diesel() {
    assert_eq!(naming(|source| source.module == "api", &["diesel"]), Vec::<String>::new());
}

#[test]
fn what_is_of_one_database_stays_in_db() {
    let words = ["diesel::pg", "diesel::sqlite", "PgConnection", "SqliteConnection"];
    assert_eq!(naming(|source| source.module != "db", &words), Vec::<String>::new());
}

#[test]
fn gateways_open_no_connection() {
    // an id is only a name: `crate::db::types` opens nothing
    let words = ["crate::db::Db", "crate::db::schema", "crate::db::{", "diesel", "DbConnection", "r2d2"];
    assert_eq!(naming(|source| source.module == "gateways", &words), Vec::<String>::new());
}

#[test]
fn workers_and_server_hold_no_queries() {
    let is_edge = |source: &Source| {
        ["workers", "server", "app"].contains(&source.module.as_str())
            && !source.path.to_string_lossy().contains("tests")
    };
    assert_eq!(naming(is_edge, &["diesel"]), Vec::<String>::new());
}

#[test]
fn the_reader_of_imports_sees_them() {
    let code = "use crate::db::Db;\nuse crate::{api::Problem, domain::{cases, text}, error};\nlet x = $crate::gateways::X;";
    assert_eq!(imports(code), ["db", "api", "domain", "error"]);
    assert_eq!(without_comment("let x = 1; // diesel"), "let x = 1; ");
}
