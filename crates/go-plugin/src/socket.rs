//! A unix socket of the plugin's own, gone when the plugin is.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use tempfile::TempPath;
use tokio::net::UnixListener;

/// Where the host wants the socket, and who may open it.
#[derive(Debug, Default)]
pub(crate) struct SocketPlace {
    /// The folder for temporary files if it does not say.
    pub(crate) folder: Option<PathBuf>,
    /// Name or number of a group that may open it besides its owner.
    pub(crate) group: Option<String>,
}

/// A socket that accepts connections. Its file is unlinked with [`Socket::path`].
pub(crate) struct Socket {
    pub(crate) listener: UnixListener,
    pub(crate) path: TempPath,
}

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// The folder cannot be written, or its path is longer than that of a socket may be.
    #[error(
        "cannot open a socket in {}: {reason}; choose a writable folder of a short path with {}", folder.display(),
        if *.asked_for { "PLUGIN_UNIX_SOCKET_DIR" } else { "TMPDIR" }
    )]
    Open {
        /// Where it was to be.
        folder: PathBuf,
        /// Whether the host asked for that folder.
        asked_for: bool,
        /// What the system says.
        reason: io::Error,
    },
    /// The handshake line is text whose fields end at a `|`.
    #[error(
        "the path {0:?} cannot be told to the host, since it has a '|', a control character or no UTF-8: choose \
         another folder with TMPDIR"
    )]
    Untold(PathBuf),
    /// The group does not exist, or its members are not to be chosen by this user.
    #[error("cannot give the socket to the group {group:?} that PLUGIN_UNIX_SOCKET_GROUP asks for: {reason}")]
    Group {
        /// As the host names it.
        group: String,
        /// What the system says.
        reason: io::Error,
    },
}

// === impl SocketPlace ===

impl SocketPlace {
    /// Opens a socket under a new name.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub(crate) fn open(&self) -> Result<Socket, SocketError> {
        let folder = self.folder.clone().unwrap_or_else(std::env::temp_dir);
        let socket = tempfile::Builder::new()
            .prefix("plugin")
            .make_in(&folder, |path| UnixListener::bind(path))
            .map_err(|reason| SocketError::Open { folder, asked_for: self.folder.is_some(), reason })?;
        let (listener, path) = socket.into_parts();
        self.admit(&path)
            .map_err(|reason| SocketError::Group { group: self.group.clone().unwrap_or_default(), reason })?;
        Ok(Socket { listener, path })
    }

    /// Nobody but the owner, and the group if there is one, whatever the umask says.
    fn admit(&self, path: &Path) -> io::Result<()> {
        let Some(group) = &self.group else {
            return fs::set_permissions(path, Permissions::from_mode(0o600));
        };
        chown(path, None, Some(group_id(group)?))?;
        fs::set_permissions(path, Permissions::from_mode(0o660))
    }
}

// === impl Socket ===

impl Socket {
    /// The path as it stands in the handshake line.
    pub(crate) fn address(&self) -> Result<&str, SocketError> {
        let told = |path: &&str| !path.contains(|symbol: char| symbol == '|' || symbol.is_control());
        self.path.to_str().filter(told).ok_or_else(|| SocketError::Untold(self.path.to_path_buf()))
    }
}

/// A number is an id; a name is looked up where groups of this machine are listed, as Go does without cgo.
fn group_id(group: &str) -> io::Result<u32> {
    if let Ok(id) = group.parse() {
        return Ok(id);
    }
    listed_group(&fs::read_to_string("/etc/group")?, group)
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "not in /etc/group"))
}

fn listed_group(list: &str, name: &str) -> Option<u32> {
    list.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};

    use super::*;

    fn place(folder: &Path) -> SocketPlace {
        SocketPlace { folder: Some(folder.to_owned()), group: None }
    }

    #[tokio::test]
    async fn the_socket_is_in_the_folder_its_owners_alone_and_unlinked_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let socket = place(folder.path()).open().unwrap();
        let file = fs::metadata(&socket.path).unwrap();
        assert!(file.file_type().is_socket());
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
        assert_eq!(Path::new(socket.address().unwrap()).parent(), Some(folder.path()));
        drop(socket);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_group_that_is_asked_for_may_open_it() {
        let folder = tempfile::tempdir().unwrap();
        let own = fs::metadata(folder.path()).unwrap().gid();
        let socket = SocketPlace { group: Some(own.to_string()), ..place(folder.path()) }.open().unwrap();
        let file = fs::metadata(&socket.path).unwrap();
        assert_eq!((file.gid(), file.permissions().mode() & 0o777), (own, 0o660));
    }

    #[tokio::test]
    async fn an_unknown_group_is_refused_and_leaves_no_socket() {
        let folder = tempfile::tempdir().unwrap();
        let place = SocketPlace { group: Some("no such group".to_owned()), ..place(folder.path()) };
        let error = place.open().err().unwrap().to_string();
        assert!(error.contains("\"no such group\"") && error.contains("PLUGIN_UNIX_SOCKET_GROUP"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn folders_in_which_no_socket_can_be_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let long = folder.path().join("x".repeat(100));
        fs::create_dir(&long).unwrap();
        for impossible in [long, folder.path().join("missing")] {
            let error = place(&impossible).open().err().unwrap().to_string();
            assert!(error.contains(impossible.to_str().unwrap()), "{error}");
            assert!(error.contains("PLUGIN_UNIX_SOCKET_DIR"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_path_that_would_break_the_handshake_is_not_told() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a|b", "a\nb"] {
            let folder = folder.path().join(name);
            fs::create_dir(&folder).unwrap();
            let socket = place(&folder).open().unwrap();
            assert!(matches!(socket.address(), Err(SocketError::Untold(_))), "{name}");
        }
    }

    #[test]
    fn groups_are_found_by_their_name_alone() {
        let list = "root:x:0:\nstaff:x:50:ann,bob\nbroken\n";
        assert_eq!(listed_group(list, "staff"), Some(50));
        assert_eq!(listed_group(list, "x"), None);
        assert_eq!(listed_group(list, "broken"), None);
    }
}
