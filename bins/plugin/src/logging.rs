use jaeger_dynamodb_go_plugin::hclog::HclogLayer;
use jaeger_dynamodb_runtime::{
    config::{self, Value as _},
    exit::Failure,
    telemetry::LogFilter,
};
use tracing_subscriber::prelude::*;

use crate::settings::Settings;

/// Where Jaeger's operator says how much to log. The host's own flag is not visible to its plugin.
const LEVEL: &str = "GRPC_STORAGE_PLUGIN_LOG_LEVEL";

/// The filter of one of hclog's levels. The host means what its plugin says, not the libraries that the plugin is made of.
fn of_level(level: &str) -> Option<LogFilter> {
    let filter = match level.to_ascii_lowercase().as_str() {
        detailed @ ("trace" | "debug") => format!("info,jaeger_dynamodb={detailed}"),
        known @ ("info" | "warn" | "error" | "off") => known.to_owned(),
        _ => return None,
    };
    LogFilter::parse(&filter)
}

/// Logs for the host from now on.
pub(crate) fn start(settings: &Settings) -> Result<(), Failure> {
    let level = config::foreign_variable(LEVEL);
    let hosts = level.as_deref().and_then(of_level);
    let filter = hosts.as_ref().unwrap_or(&settings.log_level);
    let filter = filter.to_env_filter().map_err(|error| Failure::runtime("cannot start logging", error))?;
    tracing_subscriber::registry()
        .with(filter)
        .with(HclogLayer::stderr())
        .try_init()
        .map_err(|error| Failure::runtime("cannot start logging", error))?;
    if let Some(level) = level.filter(|_| hosts.is_none()) {
        tracing::warn!(level, "{LEVEL} is no level: trace, debug, info, warn, error or off");
    }
    Ok(())
}
