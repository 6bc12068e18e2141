//! What a socket is given before it connects or when it was accepted.

use std::time::Duration;

use socket2::{Socket, TcpKeepalive};
use spkit_api::Options;

use crate::options::{
    SYSTEM_RECV_BUFFER, SYSTEM_SEND_BUFFER, TCP_KEEPALIVE, TCP_KEEPALIVE_COUNT, TCP_KEEPALIVE_IDLE,
    TCP_KEEPALIVE_INTERVAL, TCP_NODELAY, TCP_TOS, TCP_USER_TIMEOUT,
};

#[derive(Clone, Debug)]
pub(super) struct Tuning {
    nodelay: bool,
    keepalive: Option<TcpKeepalive>,
    #[cfg_attr(not(target_os = "linux"), expect(dead_code))]
    user_timeout: Option<Duration>,
    tos: Option<u32>,
    send_buffer: Option<usize>,
    recv_buffer: Option<usize>,
}

impl Tuning {
    pub(super) fn of(options: &Options) -> Self {
        let number = |key| {
            options
                .get(key)
                .and_then(|number| u32::try_from(number).ok())
        };
        let time = |key| options.get(key).filter(|time: &Duration| !time.is_zero());
        let size = |key| options.get(key).filter(|size| *size > 0);
        let mut keepalive = TcpKeepalive::new();
        if let Some(idle) = time(TCP_KEEPALIVE_IDLE) {
            keepalive = keepalive.with_time(whole(idle));
        }
        if let Some(interval) = time(TCP_KEEPALIVE_INTERVAL) {
            keepalive = keepalive.with_interval(whole(interval));
        }
        if let Some(count) = number(TCP_KEEPALIVE_COUNT).filter(|count| *count > 0) {
            keepalive = keepalive.with_retries(count);
        }
        let probes = options.get(TCP_KEEPALIVE).unwrap_or(false);
        Self {
            nodelay: options.get(TCP_NODELAY).unwrap_or(true),
            keepalive: probes.then_some(keepalive),
            user_timeout: time(TCP_USER_TIMEOUT),
            tos: number(TCP_TOS).filter(|tos| *tos > 0),
            send_buffer: size(SYSTEM_SEND_BUFFER),
            recv_buffer: size(SYSTEM_RECV_BUFFER),
        }
    }

    /// Failures are of no consequence: the tables let no value through that the system refuses, the connection works, and
    /// if it is broken the first read tells.
    pub(super) fn apply(&self, socket: &Socket) {
        let _ = socket.set_tcp_nodelay(self.nodelay);
        if let Some(keepalive) = &self.keepalive {
            let _ = socket.set_tcp_keepalive(keepalive);
        }
        #[cfg(target_os = "linux")]
        if self.user_timeout.is_some() {
            let _ = socket.set_tcp_user_timeout(self.user_timeout);
        }
        if let Some(tos) = self.tos {
            // One of the two is its family's; a socket of both families has both.
            let _ = socket.set_tos_v4(tos);
            #[cfg(unix)]
            let _ = socket.set_tclass_v6(tos);
        }
        self.size_buffers(socket);
    }

    /// A listener does this too: only before the handshake can the system agree on a large window.
    pub(super) fn size_buffers(&self, socket: &Socket) {
        if let Some(size) = self.send_buffer {
            let _ = socket.set_send_buffer_size(size);
        }
        if let Some(size) = self.recv_buffer {
            let _ = socket.set_recv_buffer_size(size);
        }
    }
}

/// Whole seconds, as the system counts them, rounded up: 0 would be an error.
fn whole(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs() + u64::from(time.subsec_nanos() > 0))
}
