//! System calls on socket descriptors that std does not make the way we need them.

use std::{
    io::{self, IoSlice},
    os::fd::AsFd,
};

use rustix::{
    buffer::spare_capacity,
    net::{RecvFlags, SendAncillaryBuffer, SendFlags, recv, sendmsg},
};

/// A peer that is gone is an error of the call, never a signal to the process. Apple has a socket option instead,
/// which std and socket2 set.
#[cfg(not(target_vendor = "apple"))]
const QUIET: SendFlags = SendFlags::NOSIGNAL;
#[cfg(target_vendor = "apple")]
const QUIET: SendFlags = SendFlags::empty();

/// `send`, without a signal.
pub(crate) fn send(socket: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::net::send(socket, bytes, QUIET)?)
}

/// `writev`, without a signal: `sendmsg`.
pub(crate) fn send_vectored(socket: impl AsFd, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    let mut nothing = SendAncillaryBuffer::default();
    Ok(sendmsg(socket, slices, &mut nothing, QUIET)?)
}

/// Reads into the spare capacity, which need not be cleared for it, and appends what came.
///
/// `recv` has no room for descriptors that a peer passes along, so the kernel drops them (SP-IPC-020).
pub(crate) fn read_spare(socket: impl AsFd, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let (_, n) = recv(socket, spare_capacity(buffer), RecvFlags::empty())?;
    Ok(n)
}
