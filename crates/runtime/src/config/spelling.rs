//! How the key of a setting is spelled where it is not a key.

/// Starts the environment variable of every setting.
pub(super) const ENV_PREFIX: &str = "JAEGER_DYNAMODB_";

/// Without the leading dashes.
pub(super) fn flag(key: &str) -> String {
    key.replace('_', "-")
}

pub(super) fn variable(key: &str) -> String {
    format!("{ENV_PREFIX}{}", key.to_uppercase())
}
