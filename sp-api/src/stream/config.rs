//! What a stream pipe needs to know of its endpoint.

use crate::{EndpointConfig, options};

/// The endpoint's values that a stream pipe works by. A listener keeps a copy for the connections it accepts.
#[derive(Clone, Copy, Debug)]
pub struct StreamConfig {
    protocol: u16,
    recv_max: usize,
    send_buffer: usize,
}

impl StreamConfig {
    /// The values of this endpoint: its protocol number, `recv-max` and `send-buffer`.
    pub fn new(at: &EndpointConfig<'_>) -> Self {
        let options = at.options();
        Self {
            protocol: at.protocol(),
            recv_max: options.get(options::RECV_MAX).unwrap_or(1 << 20),
            send_buffer: options.get(options::SEND_BUFFER).unwrap_or(256 << 10),
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
}
