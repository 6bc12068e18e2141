//! One end of a simulated connection, as a stream pipe holds it.

use std::{
    fmt,
    io::{self, IoSlice, Read, Write},
    sync::Arc,
    task::Poll,
};

use mio::{Interest, Registry, Token, event::Source};
use spkit_api::{Address, PipeFacts, stream::ByteStream};

use super::{cable::Stage, net::Hub};

pub(super) struct SimStream {
    hub: Arc<Hub>,
    cable: usize,
    end: usize,
}

impl SimStream {
    pub(super) fn new(hub: &Arc<Hub>, cable: usize, end: usize) -> Self {
        Self {
            hub: Arc::clone(hub),
            cable,
            end,
        }
    }
}

impl fmt::Debug for SimStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SimStream(end {} of cable {})", self.end, self.cable)
    }
}

impl Read for SimStream {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.hub.net().read(self.cable, self.end, to)
    }
}

impl Write for SimStream {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(from)])
    }

    fn write_vectored(&mut self, from: &[IoSlice<'_>]) -> io::Result<usize> {
        self.hub.net().write(self.cable, self.end, from)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl ByteStream for SimStream {
    fn poll_connected(&mut self) -> Poll<io::Result<()>> {
        match self.hub.net().cables[self.cable].ends[self.end].stage {
            Stage::Waits => Poll::Pending,
            Stage::Connected => Poll::Ready(Ok(())),
            Stage::Refused => Poll::Ready(Err(io::ErrorKind::ConnectionRefused.into())),
        }
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.hub.net().finish(self.cable, self.end);
        Ok(())
    }

    fn describe(&self, facts: &mut PipeFacts) {
        let net = self.hub.net();
        let address = Address::new("sim", &net.cables[self.cable].address).ok();
        match self.end {
            0 => facts.remote = address,
            _ => facts.local = address,
        }
    }
}

/// The reactor watches the cable by its number.
impl Source for SimStream {
    fn register(&mut self, _: &Registry, _: Token, _: Interest) -> io::Result<()> {
        Ok(())
    }

    fn reregister(&mut self, _: &Registry, _: Token, _: Interest) -> io::Result<()> {
        Ok(())
    }

    fn deregister(&mut self, _: &Registry) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for SimStream {
    fn drop(&mut self) {
        self.hub.net().hang_up(self.cable, self.end);
    }
}
