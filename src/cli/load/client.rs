//! How load is sent: over any HTTP by a pooled client, or over plain HTTP/1.1 by one that costs almost nothing,
//! so that on a small machine a benchmark measures the service and not its own client.

use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use serde_json::Value;
use tokio::net::TcpStream;

/// Longest wait for one reply.
const PATIENCE: Duration = Duration::from_secs(30);
/// Tries of a call that the service asks to repeat.
const TRIES: u32 = 6;

/// One call.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    pub method: &'a str,
    /// From `/api/v1` on, for example `/cases`.
    pub path: &'a str,
    pub token: Option<&'a str>,
    pub body: Option<&'a str>,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub retry_after: Option<u64>,
    pub body: Vec<u8>,
    pub took: Duration,
}

impl Reply {
    /// Whether it is a 2xx.
    pub fn is_fine(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The problem's code and its first wrong field, such as `invalid_input text control_characters`.
    pub fn problem(&self) -> String {
        let body = self.json();
        let code = body["code"].as_str().map_or_else(|| format!("HTTP {}", self.status), str::to_owned);
        match &body["errors"][0] {
            Value::Null => code,
            first => format!(
                "{code} {} {}",
                first["field"].as_str().unwrap_or("?"),
                first["code"].as_str().unwrap_or("?")
            ),
        }
    }
}

/// A client of one worker; connections are kept open.
pub enum Client {
    Any { http: reqwest::Client, base: String },
    Lean(Lean),
}

impl Client {
    /// A client for any HTTP URL.
    pub fn any(url: &str) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build()?;
        Ok(Self::Any { http, base: url.trim_end_matches('/').to_owned() })
    }

    /// The cheap one; plain `http://` only.
    pub fn lean(url: &str) -> anyhow::Result<Self> {
        let host =
            url.trim_end_matches('/').strip_prefix("http://").context("the benchmark speaks http:// only")?;
        Ok(Self::Lean(Lean { host: host.to_owned(), stream: None, buffer: Vec::new() }))
    }

    /// Another one to the same place.
    pub fn another(&self) -> Self {
        match self {
            Self::Any { http, base } => Self::Any { http: http.clone(), base: base.clone() },
            Self::Lean(lean) => {
                Self::Lean(Lean { host: lean.host.clone(), stream: None, buffer: Vec::new() })
            }
        }
    }

    /// Sends a call once.
    ///
    /// # Errors
    /// Only where no reply came.
    pub async fn call(&mut self, call: Call<'_>) -> anyhow::Result<Reply> {
        let start = Instant::now();
        let mut reply = match self {
            Self::Any { http, base } => pooled(http, base, call).await?,
            Self::Lean(lean) => lean.call(call).await?,
        };
        reply.took = start.elapsed();
        Ok(reply)
    }

    /// Sends a call, and again as often as the service asks to come back later.
    pub async fn insist(&mut self, call: Call<'_>) -> anyhow::Result<Reply> {
        let mut tried = 0;
        loop {
            tried += 1;
            let reply = self.call(call).await?;
            match reply.retry_after {
                Some(seconds) if matches!(reply.status, 429 | 503) && tried < TRIES => {
                    tokio::time::sleep(Duration::from_secs(seconds.min(30))).await;
                }
                _ => return Ok(reply),
            }
        }
    }
}

async fn pooled(http: &reqwest::Client, base: &str, call: Call<'_>) -> anyhow::Result<Reply> {
    let method: reqwest::Method = call.method.parse()?;
    let mut request = http.request(method, format!("{base}/api/v1{}", call.path));
    if let Some(token) = call.token {
        request = request.bearer_auth(token).header("If-Match", "*");
    }
    if let Some(body) = call.body {
        request = request.header("Content-Type", "application/json").body(body.to_owned());
    }
    let response = request.send().await?;
    let retry_after =
        response.headers().get("Retry-After").and_then(|value| value.to_str().ok()?.parse().ok());
    let status = response.status().as_u16();
    let body = response.bytes().await?.to_vec();
    Ok(Reply { status, retry_after, body, took: Duration::ZERO })
}

/// One kept connection; just enough HTTP/1.1 for our own service.
pub struct Lean {
    host: String,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

impl Lean {
    async fn call(&mut self, call: Call<'_>) -> anyhow::Result<Reply> {
        let request = self.request(call);
        let is_kept = self.stream.is_some();
        match tokio::time::timeout(PATIENCE, self.exchange(request.as_bytes())).await {
            Ok(Ok(reply)) => Ok(reply),
            // a kept connection may have been closed meanwhile, before the call was taken
            Ok(Err(_)) if is_kept && self.buffer.is_empty() => {
                self.stream = None;
                tokio::time::timeout(PATIENCE, self.exchange(request.as_bytes())).await?
            }
            Ok(Err(error)) => {
                self.stream = None;
                Err(error)
            }
            Err(_) => {
                self.stream = None;
                bail!("no reply in {PATIENCE:?}")
            }
        }
    }

    fn request(&self, call: Call<'_>) -> String {
        let body = call.body.unwrap_or_default();
        let mut text = format!("{} /api/v1{} HTTP/1.1\r\nHost: {}\r\n", call.method, call.path, self.host);
        if let Some(token) = call.token {
            text.push_str("If-Match: *\r\nAuthorization: Bearer ");
            text.push_str(token);
            text.push_str("\r\n");
        }
        if call.body.is_some() {
            text.push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()));
        }
        text.push_str("\r\n");
        text.push_str(body);
        text
    }

    async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Reply> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(&self.host)
                .await
                .with_context(|| format!("{} does not answer", self.host))?;
            stream.set_nodelay(true)?;
            self.stream = Some(stream);
        }
        let stream = self.stream.as_ref().ok_or_else(|| anyhow!("no connection"))?;
        let mut sent = 0;
        self.buffer.clear();
        while sent < request.len() {
            stream.writable().await?;
            match stream.try_write(&request[sent..]) {
                Ok(written) => sent += written,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
        let head = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end;
            }
            read_more(stream, &mut self.buffer).await?;
        };
        let (status, retry_after, length) = parse_head(&self.buffer[..head])?;
        let end = head + 4 + length;
        while self.buffer.len() < end {
            read_more(stream, &mut self.buffer).await?;
        }
        let body = self.buffer[head + 4..end].to_vec();
        Ok(Reply { status, retry_after, body, took: Duration::ZERO })
    }
}

async fn read_more(stream: &TcpStream, buffer: &mut Vec<u8>) -> anyhow::Result<()> {
    buffer.reserve(16 * 1024);
    loop {
        stream.readable().await?;
        let mut chunk = [0_u8; 16 * 1024];
        match stream.try_read(&mut chunk) {
            Ok(0) => bail!("the connection was closed"),
            Ok(read) => {
                buffer.extend_from_slice(&chunk[..read]);
                return Ok(());
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// Status, seconds to wait, and length of the body.
fn parse_head(head: &[u8]) -> anyhow::Result<(u16, Option<u64>, usize)> {
    let head = std::str::from_utf8(head).context("the reply's head is not text")?;
    let mut lines = head.split("\r\n");
    let status =
        lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).context("no HTTP status")?;
    let (mut retry_after, mut length) = (None, None);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok(),
            "retry-after" => retry_after = value.trim().parse().ok(),
            "transfer-encoding" => bail!("the reply has no length"),
            _ => {}
        }
    }
    let is_empty = matches!(status, 204 | 304);
    let length = if is_empty { 0 } else { length.context("the reply has no length")? };
    Ok((status, retry_after, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_read_by_its_head() {
        let head = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\ncontent-length: 12";
        assert_eq!(parse_head(head).unwrap(), (503, Some(2), 12));
        assert!(parse_head(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked").is_err());
        assert_eq!(parse_head(b"HTTP/1.1 204 No Content").unwrap().2, 0);
    }
}
