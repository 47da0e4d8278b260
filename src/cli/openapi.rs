//! `samad openapi`: prints the document that the service gives at `/api/openapi.json`.

/// Prints the document as indented JSON.
pub fn run() -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(&crate::server::document())?);
    Ok(())
}
