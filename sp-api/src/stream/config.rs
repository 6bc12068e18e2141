//! What a stream pipe needs to know of its endpoint.

use crate::{EndpointConfig, Options, options};

/// The endpoint's values that a stream pipe works by. A listener makes one for each connection it accepts, of what the
/// options [are then](EndpointConfig::live).
#[derive(Clone, Copy, Debug)]
pub struct StreamConfig {
    protocol: u16,
    recv_max: usize,
    send_buffer: usize,
    send_buffer_messages: usize,
}

impl StreamConfig {
    /// The values of this endpoint: its protocol number, and what [`of`](Self::of) takes of its options.
    pub fn new(at: &EndpointConfig<'_>) -> Self {
        Self::of(at.protocol(), at.options())
    }

    /// A protocol number to announce, and the options `recv-max`, `send-buffer` and `send-buffer-messages`.
    pub fn of(protocol: u16, options: &Options) -> Self {
        let messages = options.get(options::SEND_BUFFER_MESSAGES).unwrap_or(1024);
        Self {
            protocol,
            recv_max: options.get(options::RECV_MAX).unwrap_or(1 << 20),
            send_buffer: options.get(options::SEND_BUFFER).unwrap_or(256 << 10),
            send_buffer_messages: usize::try_from(messages).unwrap_or(1),
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

    /// Messages that may wait to be written before a pipe takes no more.
    pub fn send_buffer_messages(&self) -> usize {
        self.send_buffer_messages
    }
}
