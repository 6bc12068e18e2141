//! What can go wrong, whose fault it is, and whether it passes by itself.

use std::{error::Error as StdError, fmt, io, sync::Arc};

use crate::Message;

/// A result with spkit's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The kind of an [`Error`]: what programs match on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Somebody else listens at the address.
    AddressInUse,
    /// The address does not follow its transport's grammar, or the machine has no such address.
    AddressInvalid,
    /// The operation was given up: its request was replaced, or its context closed.
    Canceled,
    /// The socket, context or endpoint is closed, or the peer closed the connection.
    Closed,
    /// The socket is closing: it finishes what it has and takes nothing new.
    Closing,
    /// Nobody listens at the address.
    ConnectionRefused,
    /// The connection broke.
    ConnectionReset,
    /// Encryption or authentication failed.
    CryptoFailed,
    /// The peer did not complete its handshake in time.
    HandshakeTimedOut,
    /// The header of a message to be sent is not what its protocol needs: raw sockets leave it to the application.
    HeaderInvalid,
    /// A message is larger than the receive limit or than the transport can carry.
    MessageTooLong,
    /// No peer is connected, and the operation was told not to wait for one.
    NoPeers,
    /// No protocol or transport is linked into the program at all.
    NothingLinked,
    /// The operation does not exist here: receiving on PUSH, an unknown scheme.
    NotSupported,
    /// An option's value has the wrong kind, is out of range, or cannot be changed now or here.
    OptionInvalid,
    /// No option has this name.
    OptionUnknown,
    /// The system is out of descriptors, memory or buffers.
    OutOfResources,
    /// The peer sent what the protocol forbids.
    PeerMisbehaved,
    /// The system does not allow it.
    PermissionDenied,
    /// A plugin panicked: what it was in charge of is closed.
    PluginPanicked,
    /// The peer speaks another protocol than the one this socket needs.
    ProtocolMismatch,
    /// The host name could not be resolved.
    Resolve,
    /// The operation does not fit the socket's state: a reply without a request.
    State,
    /// The time given to the operation is over.
    TimedOut,
    /// There is no way to the address.
    Unreachable,
    /// It would have had to wait, and was told not to.
    WouldBlock,
    /// Anything else, spkit's own mistakes included.
    Internal,
}

/// Whose fault an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The other end of the connection.
    Peer,
    /// The program that made the call.
    Caller,
    /// The machine, its network, or a plugin.
    System,
}

impl ErrorKind {
    /// Whose fault errors of this kind are.
    pub const fn fault(self) -> Fault {
        match self {
            Self::ConnectionRefused
            | Self::ConnectionReset
            | Self::CryptoFailed
            | Self::HandshakeTimedOut
            | Self::MessageTooLong
            | Self::PeerMisbehaved
            | Self::ProtocolMismatch => Fault::Peer,
            Self::AddressInvalid
            | Self::Canceled
            | Self::Closed
            | Self::Closing
            | Self::HeaderInvalid
            | Self::NoPeers
            | Self::NothingLinked
            | Self::NotSupported
            | Self::OptionInvalid
            | Self::OptionUnknown
            | Self::State
            | Self::WouldBlock => Fault::Caller,
            Self::AddressInUse
            | Self::OutOfResources
            | Self::PermissionDenied
            | Self::PluginPanicked
            | Self::Resolve
            | Self::TimedOut
            | Self::Unreachable
            | Self::Internal => Fault::System,
        }
    }

    /// Whether trying the same again later can succeed. Dialers keep trying in any case; listeners survive these.
    pub const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::AddressInUse
                | Self::ConnectionRefused
                | Self::ConnectionReset
                | Self::HandshakeTimedOut
                | Self::NoPeers
                | Self::OutOfResources
                | Self::Resolve
                | Self::TimedOut
                | Self::Unreachable
                | Self::WouldBlock
        )
    }

    /// A stable name for logs and statistics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AddressInUse => "address-in-use",
            Self::AddressInvalid => "address-invalid",
            Self::Canceled => "canceled",
            Self::Closed => "closed",
            Self::Closing => "closing",
            Self::ConnectionRefused => "connection-refused",
            Self::ConnectionReset => "connection-reset",
            Self::CryptoFailed => "crypto-failed",
            Self::HandshakeTimedOut => "handshake-timed-out",
            Self::HeaderInvalid => "header-invalid",
            Self::MessageTooLong => "message-too-long",
            Self::NoPeers => "no-peers",
            Self::NothingLinked => "nothing-linked",
            Self::NotSupported => "not-supported",
            Self::OptionInvalid => "option-invalid",
            Self::OptionUnknown => "option-unknown",
            Self::OutOfResources => "out-of-resources",
            Self::PeerMisbehaved => "peer-misbehaved",
            Self::PermissionDenied => "permission-denied",
            Self::PluginPanicked => "plugin-panicked",
            Self::ProtocolMismatch => "protocol-mismatch",
            Self::Resolve => "resolve",
            Self::State => "state",
            Self::TimedOut => "timed-out",
            Self::Unreachable => "unreachable",
            Self::WouldBlock => "would-block",
            Self::Internal => "internal",
        }
    }

    /// The kind in words, without context.
    pub const fn text(self) -> &'static str {
        match self {
            Self::AddressInUse => "address in use",
            Self::AddressInvalid => "invalid address",
            Self::Canceled => "operation canceled",
            Self::Closed => "closed",
            Self::Closing => "closing",
            Self::ConnectionRefused => "connection refused",
            Self::ConnectionReset => "connection reset",
            Self::CryptoFailed => "encryption or authentication failed",
            Self::HandshakeTimedOut => "handshake timed out",
            Self::HeaderInvalid => "invalid message header",
            Self::MessageTooLong => "message too long",
            Self::NoPeers => "no peers",
            Self::NothingLinked => "nothing linked",
            Self::NotSupported => "not supported",
            Self::OptionInvalid => "invalid option value",
            Self::OptionUnknown => "unknown option",
            Self::OutOfResources => "out of resources",
            Self::PeerMisbehaved => "peer broke the protocol",
            Self::PermissionDenied => "permission denied",
            Self::PluginPanicked => "plugin panicked",
            Self::ProtocolMismatch => "peer speaks another protocol",
            Self::Resolve => "host name not resolved",
            Self::State => "operation does not fit the socket's state",
            Self::TimedOut => "timed out",
            Self::Unreachable => "unreachable",
            Self::WouldBlock => "would block",
            Self::Internal => "internal error",
        }
    }
}

/// An error: its [`kind`](Error::kind), what it was about, and the system's own error where there is one.
///
/// An error of a bare kind allocates nothing. Cloning is cheap.
#[derive(Clone)]
pub struct Error {
    kind: ErrorKind,
    detail: Option<Arc<Detail>>,
}

#[derive(Default, Clone)]
struct Detail {
    context: String,
    address: Option<String>,
    os: Option<i32>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of this kind, with a sentence that names what was wrong and what to do.
    pub fn new(kind: ErrorKind, context: impl Into<String>) -> Self {
        let detail = Detail {
            context: context.into(),
            ..Detail::default()
        };
        Self {
            kind,
            detail: Some(Arc::new(detail)),
        }
    }

    /// What kind of error this is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        self.kind.fault()
    }

    /// Whether trying again later can succeed.
    pub fn is_transient(&self) -> bool {
        self.kind.is_transient()
    }

    /// What the error was about, beyond its kind; empty if nothing was said.
    pub fn context(&self) -> &str {
        self.detail.as_ref().map_or("", |detail| &detail.context)
    }

    /// The address the failed operation was about.
    pub fn address(&self) -> Option<&str> {
        self.detail.as_ref()?.address.as_deref()
    }

    /// The system's error number, where the system reported the error.
    pub fn raw_os_error(&self) -> Option<i32> {
        self.detail.as_ref()?.os
    }

    /// The same error, about this address.
    #[must_use]
    pub fn at(self, address: impl fmt::Display) -> Self {
        self.with(|detail| detail.address = Some(address.to_string()))
    }

    /// The same error with `text` in front of its context.
    #[must_use]
    pub fn within(self, text: impl fmt::Display) -> Self {
        self.with(|detail| {
            detail.context = if detail.context.is_empty() {
                text.to_string()
            } else {
                format!("{text}: {}", detail.context)
            };
        })
    }

    /// The same error with another one as its cause.
    #[must_use]
    pub fn caused_by(self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.with(|detail| detail.source = Some(Arc::new(source)))
    }

    fn with(self, change: impl FnOnce(&mut Detail)) -> Self {
        let mut detail = self.detail.as_deref().cloned().unwrap_or_default();
        change(&mut detail);
        Self {
            kind: self.kind,
            detail: Some(Arc::new(detail)),
        }
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self { kind, detail: None }
    }
}

/// Linux numbers that std has no stable kind for.
mod errno {
    pub(super) const ENFILE: i32 = 23;
    pub(super) const EMFILE: i32 = 24;
    #[cfg(target_os = "linux")]
    pub(super) const ENOBUFS: i32 = 105;
    #[cfg(not(target_os = "linux"))]
    pub(super) const ENOBUFS: i32 = 55;
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        let os = error.raw_os_error();
        let kind = match (error.kind(), os) {
            (_, Some(errno::ENFILE | errno::EMFILE | errno::ENOBUFS)) => ErrorKind::OutOfResources,
            (io::ErrorKind::AddrInUse, _) => ErrorKind::AddressInUse,
            (io::ErrorKind::AddrNotAvailable | io::ErrorKind::InvalidInput, _) => {
                ErrorKind::AddressInvalid
            }
            (io::ErrorKind::NotFound | io::ErrorKind::NotADirectory, _) => {
                ErrorKind::AddressInvalid
            }
            (io::ErrorKind::ConnectionRefused, _) => ErrorKind::ConnectionRefused,
            (
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe,
                _,
            ) => ErrorKind::ConnectionReset,
            (io::ErrorKind::UnexpectedEof, _) => ErrorKind::Closed,
            (io::ErrorKind::OutOfMemory, _) => ErrorKind::OutOfResources,
            (io::ErrorKind::PermissionDenied, _) => ErrorKind::PermissionDenied,
            (io::ErrorKind::TimedOut, _) => ErrorKind::TimedOut,
            (io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable, _) => {
                ErrorKind::Unreachable
            }
            (io::ErrorKind::Unsupported, _) => ErrorKind::NotSupported,
            (io::ErrorKind::WouldBlock, _) => ErrorKind::WouldBlock,
            _ => ErrorKind::Internal,
        };
        let detail = Detail {
            context: error.to_string(),
            os,
            ..Detail::default()
        };
        Self {
            kind,
            detail: Some(Arc::new(detail)),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(address) = self.address() {
            write!(f, "{address}: ")?;
        }
        f.write_str(self.kind.text())?;
        match self.context() {
            "" => Ok(()),
            context => write!(f, ": {context}"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({:?}: {self})", self.kind)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.detail.as_ref()?.source.as_deref()?;
        Some(source)
    }
}

/// Why a message was not sent, and the message itself: nothing is lost by a failed send.
pub struct SendError {
    /// Why.
    pub error: Error,
    /// The message, as it was given.
    pub message: Message,
}

impl SendError {
    /// The kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.error.kind()
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message not sent: {}", self.error)
    }
}

impl fmt::Debug for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SendError({:?}, {} bytes)",
            self.error,
            self.message.len()
        )
    }
}

impl StdError for SendError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.error)
    }
}

impl From<SendError> for Error {
    fn from(failed: SendError) -> Self {
        failed.error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_address_kind_and_cause() {
        let error = Error::from(io::Error::from_raw_os_error(13)).at("ipc:///root/x");
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert_eq!(error.raw_os_error(), Some(13));
        let text = error.to_string();
        assert!(
            text.starts_with("ipc:///root/x: permission denied: "),
            "{text}"
        );
    }

    #[test]
    fn out_of_descriptors_is_a_transient_fault_of_the_system() {
        let error = Error::from(io::Error::from_raw_os_error(24));
        assert_eq!(error.kind(), ErrorKind::OutOfResources);
        assert_eq!(error.fault(), Fault::System);
        assert!(error.is_transient());
    }

    #[test]
    fn a_bare_kind_has_no_context() {
        let error = Error::from(ErrorKind::WouldBlock);
        assert_eq!(error.to_string(), "would block");
        assert_eq!(error.within("send").to_string(), "would block: send");
    }
}
