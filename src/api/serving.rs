//! How the bytes of a file go out: as a download and nothing else, whole or in a range (RFC 9110 §14).

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_RANGE, CONTENT_SECURITY_POLICY, Charset, ContentDisposition,
    DispositionParam, DispositionType, ExtendedValue, Header, IF_RANGE, Range, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse};

use crate::app::App;
use crate::domain::cases::attach::Attachment;
use crate::domain::files::Scan;
use crate::error::{Code, Error, Result};

/// The reply with the bytes of a file, once it is known that the reader may have them.
///
/// # Errors
/// `file_scanning`, `file_quarantined`, `file_infected`; `range_not_satisfiable`.
pub(super) async fn serve(app: &App, request: &HttpRequest, file: &Attachment) -> Result<HttpResponse> {
    match file.scan() {
        Scan::Clean | Scan::Unscanned => {}
        Scan::Scanning => return Err(Error::Conflict(Code::FileScanning)),
        Scan::Quarantined => return Err(Error::Conflict(Code::FileQuarantined)),
        Scan::Infected => return Err(Error::Conflict(Code::FileInfected)),
    }
    let size = u64::try_from(file.size).unwrap_or(0);
    let range = asked_range(request, size)?;
    let status = if range.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let bytes = app.file_bytes(&file.sha256, range.clone()).await?;
    let mut reply = HttpResponse::build(status);
    if let Some(range) = range {
        reply.insert_header((CONTENT_RANGE, format!("bytes {}-{}/{size}", range.start, range.end - 1)));
    }
    Ok(reply
        .content_type(file.media_type.as_str())
        .insert_header(disposition(&file.name))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .insert_header((CACHE_CONTROL, "private, no-store"))
        .insert_header((ACCEPT_RANGES, "bytes"))
        .body(bytes))
}

/// The one range that was asked for; none where the whole is to be sent: no range, several, an unknown unit, or one that
/// holds only for a version that this service does not name.
fn asked_range(request: &HttpRequest, size: u64) -> Result<Option<std::ops::Range<u64>>> {
    if request.headers().contains_key(IF_RANGE) {
        return Ok(None);
    }
    let Ok(Range::Bytes(ranges)) = Range::parse(request) else { return Ok(None) };
    let [range] = ranges.as_slice() else { return Ok(None) };
    match range.to_satisfiable_range(size) {
        Some((first, last)) => Ok(Some(first..last + 1)),
        None => Err(Error::Malformed(Code::RangeNotSatisfiable)),
    }
}

/// A download under its own name, told twice: in letters that every program reads, and as it is (RFC 6266).
fn disposition(name: &str) -> ContentDisposition {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ');
    let plain = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let own = ExtendedValue {
        charset: Charset::Ext("UTF-8".into()),
        language_tag: None,
        value: name.as_bytes().to_vec(),
    };
    ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(plain), DispositionParam::FilenameExt(own)],
    }
}
