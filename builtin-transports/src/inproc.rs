//! Within the process: messages go from hand to hand on `inproc://name`.
//!
//! Names are any text, compared byte by byte, and belong to one runtime. Dialing a name before anybody listens waits
//! for the listener. A pipe is a bounded ring of messages for each direction; nothing is copied but the handles, and
//! nobody holds more than one ring's lock, so two sockets never wait for each other. The receive limit is not enforced
//! (SP-IN-007): nothing is allocated for a message that exists already.

mod names;
mod pipe;
mod ring;
#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, Weak},
    task::Poll,
};

use spkit_api::{
    Address, Connecting, EndpointConfig, IoCx, Listener, LiveConfig, Options, Pipe, Result,
    Transport, TransportInfo,
    options::{SEND_BUFFER, SEND_BUFFER_MESSAGES},
};

use self::{
    names::{Caller, Names},
    pipe::Link,
};

static INFO: TransportInfo =
    TransportInfo::new(&["inproc"]).doc("Within the process, by any name, without copying.");

/// The in-process transport.
#[derive(Clone, Copy, Debug)]
pub struct Inproc;

impl Transport for Inproc {
    fn info(&self) -> &'static TransportInfo {
        &INFO
    }

    fn dial(&self, at: &EndpointConfig<'_>) -> Result<Box<dyn Connecting>> {
        Ok(Box::new(Dialing {
            names: at.state().get(),
            caller: Caller::new(
                at.address().clone(),
                Party::new(at.protocol(), at.options()),
            ),
            asked: false,
        }))
    }

    fn listen(&self, at: &EndpointConfig<'_>) -> Result<Box<dyn Listener>> {
        let names = at.state().get::<Names>();
        let id = names
            .bind(at.address())
            .map_err(|error| error.at(at.address()))?;
        Ok(Box::new(InprocListener {
            names,
            address: at.address().clone(),
            id,
            config: at.live().clone(),
            bell: false,
        }))
    }
}

/// What one end brings into a connection.
#[derive(Clone, Copy, Debug)]
struct Party {
    protocol: u16,
    /// Bytes that may wait in the direction it sends.
    send_buffer: usize,
    /// Messages that may.
    send_messages: usize,
}

impl Party {
    fn new(protocol: u16, options: &Options) -> Self {
        let messages = options.get(SEND_BUFFER_MESSAGES).unwrap_or(1024);
        Self {
            protocol,
            send_buffer: options.get(SEND_BUFFER).unwrap_or(256 << 10),
            send_messages: usize::try_from(messages).unwrap_or(1),
        }
    }
}

/// Waits for a listener to take the call.
#[derive(Debug)]
struct Dialing {
    names: Arc<Names>,
    caller: Arc<Caller>,
    asked: bool,
}

impl Connecting for Dialing {
    fn poll_pipe(&mut self, io: &mut IoCx<'_>) -> Poll<Result<Box<dyn Pipe>>> {
        if !self.asked {
            self.asked = true;
            self.caller.set_bell(io.notifier());
            self.names.call(&self.caller);
        }
        match self.caller.answered() {
            Some(link) => Poll::Ready(Ok(Box::new(Link::open(link, 0, io.notifier())))),
            None => Poll::Pending,
        }
    }
}

impl Drop for Dialing {
    fn drop(&mut self) {
        if self.asked {
            self.names.hang_up(&self.caller);
        }
    }
}

/// A name, and the calls to it.
#[derive(Debug)]
struct InprocListener {
    names: Arc<Names>,
    address: Address,
    id: u64,
    config: LiveConfig,
    bell: bool,
}

impl Listener for InprocListener {
    fn local_address(&self) -> Address {
        self.address.clone()
    }

    fn poll_accept(&mut self, io: &mut IoCx<'_>) -> Poll<Result<Box<dyn Connecting>>> {
        if !self.bell {
            self.bell = true;
            self.names.set_bell(&self.address, io.notifier());
        }
        let Some(caller) = self.names.next_call(&self.address) else {
            return Poll::Pending;
        };
        Poll::Ready(Ok(Box::new(Accepted {
            caller: Arc::downgrade(&caller),
            party: Party::new(self.config.protocol(), &self.config.options()),
        })))
    }
}

impl Drop for InprocListener {
    fn drop(&mut self) {
        self.names.unbind(&self.address, self.id);
    }
}

/// A call that was taken.
#[derive(Debug)]
struct Accepted {
    caller: Weak<Caller>,
    party: Party,
}

impl Connecting for Accepted {
    fn poll_pipe(&mut self, io: &mut IoCx<'_>) -> Poll<Result<Box<dyn Pipe>>> {
        // The caller may have hung up.
        let link = self
            .caller
            .upgrade()
            .and_then(|caller| caller.answer(self.party))
            .ok_or(spkit_api::ErrorKind::ConnectionReset)?;
        Poll::Ready(Ok(Box::new(Link::open(link, 1, io.notifier()))))
    }
}
