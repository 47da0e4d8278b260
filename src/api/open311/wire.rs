//! The two forms of every answer: JSON by the Spark convention (lists bare, empty elements null), and XML.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::{Value, json};

use super::asked::Format;
use crate::error::{Code, Error, Language};

/// Name of the root element, and of the elements of a list at the root.
pub type List = (&'static str, &'static str);

pub const DISCOVERY: List = ("discovery", "");
pub const SERVICES: List = ("services", "service");
pub const DEFINITION: List = ("service_definition", "");
pub const REQUESTS: List = ("service_requests", "request");
pub const UPDATES: List = ("service_request_updates", "request_update");
const ERRORS: List = ("errors", "error");

/// Lists inside, by the name of their elements.
const INSIDE: [(&str, &str); 4] =
    [("endpoints", "endpoint"), ("formats", "format"), ("attributes", "attribute"), ("values", "value")];

/// An answer in its form.
pub fn written(status: StatusCode, value: &Value, list: List, format: Format) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    match format {
        Format::Json => response.content_type("application/json; charset=utf-8").body(value.to_string()),
        Format::Xml => {
            let mut text = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
            element(&mut text, list.0, value, list.1);
            response.content_type("text/xml; charset=utf-8").body(text)
        }
    }
}

/// Errors, each with the HTTP status as its code.
pub fn refused(error: &Error, format: Format, reader: Language) -> HttpResponse {
    if let Error::Internal(source) = error {
        tracing::error!(error = %source, "a call of Open311 failed");
    }
    let code = status(error);
    let wrong: &[crate::error::FieldError] = match error {
        Error::Invalid(wrong) => wrong,
        _ => &[],
    };
    let mut list: Vec<Value> = wrong
        .iter()
        .map(|field| {
            let words = if reader == Language::En { &field.en } else { &field.fa };
            json!({ "code": code, "description": format!("{}: {words}", field.field) })
        })
        .collect();
    if list.is_empty() {
        list.push(json!({ "code": code, "description": error.code().title(reader) }));
    }
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = written(status, &Value::Array(list), ERRORS, format);
    super::wait(error, &mut response);
    response
}

/// GeoReport knows 400 for wrong input and 403 for a wrong key.
fn status(error: &Error) -> u16 {
    match error.code() {
        Code::InvalidInput => 400,
        Code::Unauthenticated | Code::TokenExpired => 403,
        other => other.status(),
    }
}

fn element(text: &mut String, name: &str, value: &Value, inner: &str) {
    match value {
        Value::Null => text.push_str(&format!("<{name}/>")),
        Value::Array(items) => {
            let inner = INSIDE.iter().find(|(list, _)| *list == name).map_or(inner, |(_, one)| one);
            text.push_str(&format!("<{name}>"));
            items.iter().for_each(|item| element(text, inner, item, ""));
            text.push_str(&format!("</{name}>"));
        }
        Value::Object(fields) => {
            text.push_str(&format!("<{name}>"));
            fields.iter().for_each(|(field, value)| element(text, field, value, ""));
            text.push_str(&format!("</{name}>"));
        }
        Value::String(words) => text.push_str(&format!("<{name}>{}</{name}>", escaped(words))),
        Value::Bool(_) | Value::Number(_) => text.push_str(&format!("<{name}>{value}</{name}>")),
    }
}

/// Text of XML 1.0: what it reserves is escaped, what it does not know is left out.
fn escaped(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    for c in words.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\n' | '\t' => text.push(c),
            '\u{FFFE}' | '\u{FFFF}' => {}
            c if c.is_control() => {}
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_escapes_and_names_the_elements_of_lists() {
        let value =
            json!([{ "a": "<&\u{1}>", "values": [{ "key": "1", "name": null }], "on": true, "n": 1.5 }]);
        let mut text = String::new();
        element(&mut text, "services", &value, "service");
        assert_eq!(
            text,
            "<services><service><a>&lt;&amp;&gt;</a><values><value><key>1</key><name/></value></values>\
             <on>true</on><n>1.5</n></service></services>"
        );
    }
}
