//! Logs and metrics of the process. Logs carry ids and durations, never names, phones or texts.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::config::Log;

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

/// Starts logging; a second call changes nothing.
pub fn start_logs(log: &Log) {
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(is_terminal);
    // logs may have been started by an embedding test
    let _ = if log.format == "json" {
        builder.json().flatten_event(true).try_init()
    } else {
        builder.compact().try_init()
    };
}

/// Starts the recorder of metrics; a second call changes nothing.
pub fn start_metrics() {
    if METRICS.get().is_none()
        && let Ok(handle) = PrometheusBuilder::new().install_recorder()
    {
        let _ = METRICS.set(handle);
    }
}

/// All metrics in Prometheus' text form; none before the recorder was started.
pub fn metrics() -> Option<String> {
    METRICS.get().map(PrometheusHandle::render)
}
