//! The application of a device: it sends on what it receives.

use spkit_api::Message;
use spkit_runtime::sim::{Ended, News, SocketId, User, World};

/// Receives from a raw socket and sends to one, header and all, one message at a time.
pub(crate) struct Forwarder {
    from: SocketId,
    to: SocketId,
}

impl Forwarder {
    pub(crate) fn new(from: SocketId, to: SocketId) -> Self {
        Self { from, to }
    }

    /// Where it goes on, it is not known by the pipe it came over.
    fn forward(&self, world: &mut World, mut message: Message) {
        message.set_pipe(None);
        world.send(self.to, message, None);
    }
}

impl User for Forwarder {
    fn turn(&mut self, world: &mut World, news: News) {
        match news {
            News::Start | News::Ended(_, Ended::Sent) => {
                world.recv(self.from, None);
            }
            News::Ended(_, Ended::Received(message)) => self.forward(world, message),
            // The socket is closed.
            _ => {}
        }
    }
}
