//! Dialers and listeners as users have them.

use std::{sync::Arc, time::Duration};

use spkit_api::{
    Address, EndpointId, Error, ErrorKind, Result,
    option::{Opt, OptionType, Scope},
};

use crate::driver::{self, Shared};

/// A dialer of a socket. Dropping the handle changes nothing; [`close`](Self::close) ends it.
#[derive(Clone, Debug)]
pub struct Dialer {
    shared: Arc<Shared>,
    id: EndpointId,
    address: Address,
}

impl Dialer {
    pub(crate) fn new(shared: Arc<Shared>, id: EndpointId, address: Address) -> Self {
        Self {
            shared,
            id,
            address,
        }
    }

    /// Its number in events.
    pub fn id(&self) -> EndpointId {
        self.id
    }

    /// Where it connects to.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Whether it is connected at the moment.
    pub fn is_connected(&self) -> bool {
        self.shared.endpoint_pipes(self.id) > 0
    }

    /// Waits until it is connected. If that takes too long the error says why the last attempt failed.
    pub fn connected(&self, timeout: Duration) -> Result<()> {
        let until = driver::now() + timeout;
        let there = self.shared.wait_until(until, |shared| {
            (shared.endpoint_pipes(self.id) > 0).then_some(())
        });
        there.ok_or_else(|| {
            let error = Error::new(ErrorKind::TimedOut, "not connected yet").at(&self.address);
            match self.shared.last_failure(self.id) {
                Some(last) => error
                    .within(format!("the last attempt: {last}"))
                    .caused_by(last),
                None => error,
            }
        })
    }

    /// Tries again now instead of waiting for the pause to pass. Does nothing while it is connected.
    pub fn redial(&self) {
        self.shared
            .with_core(|hosted| hosted.core.redial_now(self.id));
    }

    /// Sets an option of this dialer alone, from the next connection on; the pauses between attempts from the next pause
    /// on. What is decided when a dialer is made, as the family of its addresses, is an error here.
    pub fn set<T: OptionType>(&self, key: Opt<T>, value: T) -> Result<()> {
        let value = value.into_value();
        self.shared
            .set_endpoint_option(self.id, Scope::Dialer, key.name(), &value)
    }

    /// As [`set`](Self::set), from text.
    pub fn set_str(&self, name: &str, text: &str) -> Result<()> {
        let shared = &self.shared;
        let value = shared.parse_endpoint_option(self.id, Scope::Dialer, name, text)?;
        shared.set_endpoint_option(self.id, Scope::Dialer, name, &value)
    }

    /// The value of an option here; `None` if there is none of this name, or the dialer is closed.
    pub fn get<T: OptionType>(&self, key: Opt<T>) -> Option<T> {
        let options = self.shared.options_of(self.id, Scope::Dialer).ok()?;
        options.get(key)
    }

    /// Stops dialing. An established connection stays.
    pub fn close(&self) {
        self.shared.close_endpoint(self.id);
    }
}

/// A listener of a socket. Dropping the handle changes nothing; [`close`](Self::close) ends it.
#[derive(Clone, Debug)]
pub struct Listener {
    shared: Arc<Shared>,
    id: EndpointId,
    local: Address,
}

impl Listener {
    pub(crate) fn new(shared: Arc<Shared>, id: EndpointId, local: Address) -> Self {
        Self { shared, id, local }
    }

    /// Its number in events.
    pub fn id(&self) -> EndpointId {
        self.id
    }

    /// The address in use, the system's choices (port 0) filled in.
    pub fn local_addr(&self) -> &Address {
        &self.local
    }

    /// Connections of it at the moment.
    pub fn peers(&self) -> usize {
        self.shared.endpoint_pipes(self.id)
    }

    /// Sets an option of this listener alone, from the next connection on; limits to connections at once. What is decided
    /// when a listener is made, as the rights of its file, is an error here.
    pub fn set<T: OptionType>(&self, key: Opt<T>, value: T) -> Result<()> {
        let value = value.into_value();
        self.shared
            .set_endpoint_option(self.id, Scope::Listener, key.name(), &value)
    }

    /// As [`set`](Self::set), from text.
    pub fn set_str(&self, name: &str, text: &str) -> Result<()> {
        let shared = &self.shared;
        let value = shared.parse_endpoint_option(self.id, Scope::Listener, name, text)?;
        shared.set_endpoint_option(self.id, Scope::Listener, name, &value)
    }

    /// The value of an option here; `None` if there is none of this name, or the listener is closed.
    pub fn get<T: OptionType>(&self, key: Opt<T>) -> Option<T> {
        let options = self.shared.options_of(self.id, Scope::Listener).ok()?;
        options.get(key)
    }

    /// Stops listening. Established connections stay.
    pub fn close(&self) {
        self.shared.close_endpoint(self.id);
    }
}
