//! A transport that panics where its address says: `glass://name#recv`. It is inproc otherwise.

use std::task::Poll;

use spkit::api::{
    Address, Connecting, EndpointConfig, Inbox, IoCx, Listener, Message, PendingOut, Pipe,
    PipeFacts, Progress, Result, Transport, TransportInfo, register_transport,
};

static INFO: TransportInfo = TransportInfo::new(&["glass"]);

register_transport!(GLASS, &Glass);

#[derive(Debug)]
struct Glass;

#[derive(Clone, Debug)]
struct Trap(String);

impl Trap {
    fn spring(&self, at: &str) {
        assert_ne!(self.0, at, "glass");
    }

    /// The address within inproc, and the trap.
    fn split(address: &Address) -> (Address, Self) {
        let (name, trap) = address.rest().split_once('#').expect("glass://name#trap");
        (Address::new("inproc", name).unwrap(), Self(trap.to_owned()))
    }
}

fn inner<T>(at: &EndpointConfig<'_>, make: impl FnOnce(&EndpointConfig<'_>) -> T) -> (T, Trap) {
    let (address, trap) = Trap::split(at.address());
    let config = EndpointConfig::new(&address, at.options(), at.protocol(), at.state());
    (make(&config), trap)
}

impl Transport for Glass {
    fn info(&self) -> &'static TransportInfo {
        &INFO
    }

    fn dial(&self, at: &EndpointConfig<'_>) -> Result<Box<dyn Connecting>> {
        let inproc = spkit_transports::INPROC.transport();
        let (inner, trap) = inner(at, |at| inproc.dial(at));
        trap.spring("dial");
        Ok(Box::new(GlassConnecting {
            inner: Some(inner?),
            trap,
        }))
    }

    fn listen(&self, at: &EndpointConfig<'_>) -> Result<Box<dyn Listener>> {
        let inproc = spkit_transports::INPROC.transport();
        let (inner, trap) = inner(at, |at| inproc.listen(at));
        trap.spring("listen");
        Ok(Box::new(GlassListener {
            inner: inner?,
            trap,
            address: at.address().clone(),
        }))
    }
}

#[derive(Debug)]
struct GlassListener {
    inner: Box<dyn Listener>,
    trap: Trap,
    address: Address,
}

impl Listener for GlassListener {
    fn local_address(&self) -> Address {
        self.trap.spring("local");
        self.address.clone()
    }

    fn poll_accept(&mut self, io: &mut IoCx<'_>) -> Poll<Result<Box<dyn Connecting>>> {
        let accepted = self.inner.poll_accept(io)?;
        accepted.map(|connecting| {
            self.trap.spring("accept");
            Ok(connecting)
        })
    }
}

impl Drop for GlassListener {
    fn drop(&mut self) {
        self.trap.spring("drop_listener");
    }
}

#[derive(Debug)]
struct GlassConnecting {
    /// Nothing once it is a pipe.
    inner: Option<Box<dyn Connecting>>,
    trap: Trap,
}

impl Connecting for GlassConnecting {
    fn poll_pipe(&mut self, io: &mut IoCx<'_>) -> Poll<Result<Box<dyn Pipe>>> {
        self.trap.spring("connect");
        let inner = self.inner.as_mut().expect("not polled after its end");
        let inner = match inner.poll_pipe(io) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(inner) => inner?,
        };
        self.inner = None;
        Poll::Ready(Ok(Box::new(GlassPipe {
            inner,
            trap: self.trap.clone(),
        })))
    }
}

impl Drop for GlassConnecting {
    fn drop(&mut self) {
        if self.inner.is_some() {
            self.trap.spring("drop_connecting");
        }
    }
}

#[derive(Debug)]
struct GlassPipe {
    inner: Box<dyn Pipe>,
    trap: Trap,
}

impl Pipe for GlassPipe {
    fn facts(&self) -> PipeFacts {
        self.trap.spring("facts");
        self.inner.facts()
    }

    fn poll_recv(&mut self, io: &mut IoCx<'_>, inbox: &mut Inbox) -> Result<Progress> {
        self.trap.spring("recv");
        self.inner.poll_recv(io, inbox)
    }

    fn poll_send(&mut self, io: &mut IoCx<'_>, message: &mut Option<Message>) -> Poll<Result<()>> {
        self.trap.spring("send");
        self.inner.poll_send(io, message)
    }

    fn poll_flush(&mut self, io: &mut IoCx<'_>) -> Poll<Result<()>> {
        self.trap.spring("flush");
        self.inner.poll_flush(io)
    }

    fn poll_close(&mut self, io: &mut IoCx<'_>) -> Poll<Result<()>> {
        self.trap.spring("close");
        self.inner.poll_close(io)
    }

    fn pending(&self) -> PendingOut {
        self.trap.spring("pending");
        self.inner.pending()
    }
}

impl Drop for GlassPipe {
    fn drop(&mut self) {
        self.trap.spring("drop_pipe");
    }
}
