//! What a stream pipe needs to know of its endpoint.

use crate::{EndpointConfig, LiveConfig, options};

/// The endpoint's values that a stream pipe works by. A listener makes one for each connection it accepts, of what the
/// options [are then](EndpointConfig::live).
#[derive(Clone, Copy, Debug)]
pub struct StreamConfig {
    protocol: u16,
    recv_max: usize,
    send_buffer: usize,
    send_buffer_messages: usize,
    receives: bool,
}

impl StreamConfig {
    /// The values of this endpoint: its protocol, and the options `recv-max`, `send-buffer` and `send-buffer-messages`.
    pub fn new(at: &EndpointConfig<'_>) -> Self {
        Self::of(at.live())
    }

    /// The values of this moment.
    pub fn of(live: &LiveConfig) -> Self {
        let options = live.options();
        let messages = options.get(options::SEND_BUFFER_MESSAGES).unwrap_or(1024);
        Self {
            protocol: live.protocol(),
            recv_max: options.get(options::RECV_MAX).unwrap_or(1 << 20),
            send_buffer: options.get(options::SEND_BUFFER).unwrap_or(256 << 10),
            send_buffer_messages: usize::try_from(messages).unwrap_or(1),
            receives: live.receives(),
        }
    }

    /// The protocol number to announce.
    pub fn protocol(&self) -> u16 {
        self.protocol
    }

    /// Largest payload to accept; 0 is unlimited.
    pub fn recv_max(&self) -> usize {
        self.recv_max
    }

    /// Bytes that may wait to be written before a pipe takes no more messages.
    pub fn send_buffer(&self) -> usize {
        self.send_buffer
    }

    /// Whether the socket receives: where it does not, its peers send nothing.
    pub fn receives(&self) -> bool {
        self.receives
    }

    /// Messages that may wait to be written before a pipe takes no more.
    pub fn send_buffer_messages(&self) -> usize {
        self.send_buffer_messages
    }
}
