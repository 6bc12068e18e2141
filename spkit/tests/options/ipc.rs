//! The file of an ipc listener, and its socket.

use std::{
    fs,
    os::unix::{
        fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _},
        net::{UnixListener, UnixStream},
    },
    path::Path,
};

use socket2::{Domain, SockAddr, Socket as System, Type};
use spkit::{
    ErrorKind, Listener, Socket,
    api::Options,
    options::MAX_PIPES,
    transports::options::{
        BACKLOG, IPC_GROUP, IPC_OWNER, IPC_PERMISSIONS, IPC_REMOVE_FILE, IPC_REMOVE_STALE,
        SYSTEM_SEND_BUFFER,
    },
};
use tempfile::TempDir;

use crate::{kernel, raw::hello, runtime, until, world::SOON};

struct Place {
    _directory: TempDir,
    path: String,
    pull: Socket,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s").display().to_string();
        Self {
            _directory: directory,
            path,
            pull: runtime().open("pull").unwrap(),
        }
    }

    fn listen(&self, set: impl Fn(&mut Options) -> spkit::Result<()>) -> spkit::Result<Listener> {
        self.pull.listen_with(&format!("ipc://{}", self.path), set)
    }

    fn mode(&self) -> u32 {
        fs::metadata(&self.path).unwrap().permissions().mode() & 0o777
    }
}

#[test]
pub(crate) fn the_file_has_the_mode_asked_for() {
    for (text, mode) in [("600", 0o600), ("0666", 0o666), ("777", 0o777), ("0", 0)] {
        let place = Place::new();
        place
            .listen(|own| own.set(IPC_PERMISSIONS, text.to_owned()))
            .unwrap();
        assert_eq!(place.mode(), mode);
    }
    // Otherwise the umask decides, as for the file of any other program.
    let place = Place::new();
    place.listen(|_| Ok(())).unwrap();
    let other = format!("{}-other", place.path);
    let _listener = UnixListener::bind(&other).unwrap();
    assert_eq!(
        place.mode(),
        fs::metadata(&other).unwrap().permissions().mode() & 0o777
    );
    for text in ["778", "1000", "rw", "-1", "+7"] {
        let error = Place::new()
            .listen(|own| own.set(IPC_PERMISSIONS, text.to_owned()))
            .unwrap_err();
        let says =
            format!("option `ipc-permissions` takes an octal mode of up to 777, not `{text}`");
        assert_eq!(error.context(), says);
    }
}

#[test]
fn a_name_without_a_file_has_no_rights_to_give() {
    let pull = runtime().open("pull").unwrap();
    let error = pull
        .listen_with("abstract://spkit-options", |own| {
            own.set(IPC_PERMISSIONS, "600".to_owned())
        })
        .unwrap_err();
    assert_eq!(
        error.context(),
        "option `ipc-permissions` is about the listener's file, and an abstract name has none"
    );
}

#[test]
pub(crate) fn the_file_is_given_away() {
    let place = Place::new();
    let given = place.listen(|own| {
        own.set(IPC_OWNER, 12_345)?;
        own.set(IPC_GROUP, 23_456)?;
        own.set(IPC_PERMISSIONS, "660".to_owned())
    });
    if rustix::process::geteuid().is_root() {
        given.unwrap();
        let file = fs::metadata(&place.path).unwrap();
        assert_eq!(
            (file.uid(), file.gid(), place.mode()),
            (12_345, 23_456, 0o660)
        );
        return;
    }
    let error = given.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.context().contains("`ipc-owner`"), "{error}");
    assert!(!Path::new(&place.path).exists(), "the file was left behind");
}

#[test]
pub(crate) fn a_stale_file_may_be_left_alone() {
    let place = Place::new();
    drop(UnixListener::bind(&place.path).unwrap());
    let error = place
        .listen(|own| own.set(IPC_REMOVE_STALE, false))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInUse);
    assert!(
        error.context().contains("`ipc-remove-stale` is off"),
        "{error}"
    );
    assert!(fs::metadata(&place.path).unwrap().file_type().is_socket());
    place.listen(|_| Ok(())).unwrap();
}

#[test]
pub(crate) fn the_file_may_stay() {
    for stays in [true, false] {
        let place = Place::new();
        let listener = place
            .listen(|own| own.set(IPC_REMOVE_FILE, !stays))
            .unwrap();
        listener.close();
        assert_eq!(Path::new(&place.path).exists(), stays);
    }
}

#[test]
pub(crate) fn the_backlog_is_what_waits_to_be_accepted() {
    let place = Place::new();
    let listener = place
        .listen(|own| {
            own.set(MAX_PIPES, 1)?;
            own.set(BACKLOG, 3)
        })
        .unwrap();
    let mut first = UnixStream::connect(&place.path).unwrap();
    std::io::Write::write_all(&mut first, &hello(0x50)).unwrap();
    until("the first", || listener.peers() == 1);
    let to = SockAddr::unix(&place.path).unwrap();
    let waiting: Vec<_> = (0..100)
        .map_while(|_| {
            let socket = System::new(Domain::UNIX, Type::STREAM, None).unwrap();
            socket.set_nonblocking(true).unwrap();
            socket.connect(&to).ok().map(|()| socket)
        })
        .collect();
    // Linux lets one more wait.
    assert_eq!(waiting.len(), 4);
}

#[test]
pub(crate) fn the_system_is_told_at_both_ends() {
    let place = Place::new();
    let set = |own: &mut Options| own.set(SYSTEM_SEND_BUFFER, 30_000);
    let listener = place.listen(set).unwrap();
    let push = runtime().open("push").unwrap();
    let dialer = push.dial_with(listener.local_addr().as_str(), set).unwrap();
    dialer.connected(SOON).unwrap();
    until("the peer", || listener.peers() == 1);
    let named = |address: std::io::Result<SockAddr>| {
        address.is_ok_and(|address| address.as_pathname() == Some(Path::new(&place.path)))
    };
    let dialed = kernel::sockets(|socket| named(socket.peer_addr()));
    let accepted =
        kernel::sockets(|socket| named(socket.local_addr()) && socket.peer_addr().is_ok());
    assert_eq!((dialed.len(), accepted.len()), (1, 1));
    for socket in dialed.iter().chain(&accepted) {
        // Linux doubles what it is told, for its books.
        assert_eq!(socket.send_buffer_size().unwrap(), 60_000);
    }
}
