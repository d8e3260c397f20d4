//! What the host says in the environment, and whether this plugin can work with it.

use std::ffi::OsString;
use std::fmt::Display;
use std::io::Write as _;
use std::os::unix::process::parent_id;
use std::process::ExitCode;

use crate::hclog;
use crate::socket::SocketPlace;

/// What host and plugin have agreed on beforehand.
#[derive(Debug, Clone, Copy)]
pub struct Handshake<'a> {
    /// The environment variable that tells a plugin from a program started by hand.
    pub cookie_key: &'a str,
    /// What the host sets it to.
    pub cookie_value: &'a str,
    /// The versions of the plugin's own services that it can serve.
    pub protocol_versions: &'a [u32],
}

/// The host that started this process, and what it asks for.
#[derive(Debug)]
pub struct Host {
    pub(crate) protocol_version: u32,
    pub(crate) socket: SocketPlace,
    /// Whether it reads a seventh field of the handshake line.
    pub(crate) asks_for_multiplexing: bool,
    /// The process to live and die with.
    pub(crate) process: u32,
}

/// Why this process cannot be the plugin of whoever started it. Its text is one sentence that says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The cookie is missing or wrong: nobody's plugin, but started by hand.
    #[error(
        "this program is a plugin, of no use by itself: start the program that it is made for, which starts the \
         plugin with {cookie_key} set in its environment"
    )]
    NotAPlugin {
        /// The environment variable that a host sets.
        cookie_key: String,
    },
    /// Host and plugin have no version of the plugin's services in common.
    #[error(
        "the host speaks version {offered} of this plugin's protocol and the plugin version {spoken}: use releases \
         of the two that have a version in common"
    )]
    NoCommonVersion {
        /// The host's versions, as it writes them.
        offered: String,
        /// The plugin's versions, written likewise.
        spoken: String,
    },
    /// The host wants TLS on the socket, with certificates that both sides make up for the occasion.
    ///
    /// Such hosts sign with the curve P-521 (`mtls.go`), so that it takes a second library for cryptography besides
    /// `ring`, for a socket that nobody but the plugin's user, and the group that the host names, can open.
    #[error(
        "the host asks for AutoMTLS (PLUGIN_CLIENT_CERT), which this plugin does not speak: set AutoMTLS to false in \
         the host's plugin.ClientConfig; the permissions of its file protect the socket"
    )]
    AutoMtls,
}

// === impl Host ===

impl Host {
    /// Reads what the host that started this process asks for.
    ///
    /// # Errors
    /// If nobody's plugin was started, or the host wants what this plugin cannot do.
    pub fn from_env(handshake: &Handshake<'_>) -> Result<Self, Refusal> {
        Self::read(handshake, |name| std::env::var_os(name))
    }

    /// The version of the plugin's own services that the host expects.
    #[must_use]
    pub fn protocol_version(&self) -> u32 {
        self.protocol_version
    }

    fn read(handshake: &Handshake<'_>, variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, Refusal> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        if set(handshake.cookie_key).is_none_or(|value| value != handshake.cookie_value) {
            return Err(Refusal::NotAPlugin { cookie_key: handshake.cookie_key.to_owned() });
        }
        if set("PLUGIN_CLIENT_CERT").is_some() {
            return Err(Refusal::AutoMtls);
        }
        let text = |name: &str| set(name).map(|value| value.to_string_lossy().into_owned());
        Ok(Self {
            protocol_version: negotiate(text("PLUGIN_PROTOCOL_VERSIONS"), handshake.protocol_versions)?,
            socket: SocketPlace {
                folder: set("PLUGIN_UNIX_SOCKET_DIR").map(Into::into),
                group: text("PLUGIN_UNIX_SOCKET_GROUP"),
            },
            asks_for_multiplexing: set("PLUGIN_MULTIPLEX_GRPC").is_some(),
            process: parent_id(),
        })
    }
}

// === impl Refusal ===

impl Refusal {
    /// Writes the sentence to stderr, for a human or for the host's log, and is the exit code to end with.
    #[must_use]
    pub fn report(&self) -> ExitCode {
        match self {
            Self::NotAPlugin { .. } => {
                // Nobody is left to tell if stderr is closed.
                let _ = writeln!(std::io::stderr(), "{self}");
            }
            Self::NoCommonVersion { .. } | Self::AutoMtls => hclog::report(self),
        }
        ExitCode::FAILURE
    }
}

/// The highest version that both speak. A host from before versions were negotiated says nothing and gets our lowest
/// one (`server.go`, `protocolVersion`), as does one without a common version there; here that is refused, because
/// nothing good comes of it.
fn negotiate(offered: Option<String>, spoken: &[u32]) -> Result<u32, Refusal> {
    let common = match &offered {
        None => spoken.iter().min(),
        Some(offered) => {
            let offered: Vec<u32> = offered.split(',').filter_map(|version| version.parse().ok()).collect();
            spoken.iter().filter(|version| offered.contains(version)).max()
        }
    };
    common.copied().ok_or_else(|| Refusal::NoCommonVersion {
        offered: offered.unwrap_or_else(|| "0".to_owned()),
        spoken: spoken.iter().map(u32::to_string).collect::<Vec<_>>().join(","),
    })
}

/// The line that tells the host where to call: core protocol, version of the services, network, address, protocol,
/// certificate. Hosts before v1.6 read six fields and would take a seventh for a part of the sixth, so it is for those
/// that ask (`server.go`, `Serve`).
pub(crate) fn line(protocol_version: u32, address: impl Display, asks_for_multiplexing: bool) -> String {
    let multiplexing = if asks_for_multiplexing { "|false" } else { "" };
    format!("1|{protocol_version}|unix|{address}|grpc|{multiplexing}\n")
}

#[cfg(test)]
mod tests;
