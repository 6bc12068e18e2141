//! Options on their way to where they act.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use spkit_api::{
    ContextId, EndpointId, Error, ErrorKind, OptSpec, Options, Result, TransportInfo, Value,
    option::{Change, LiveOptions, Scope},
    options::{
        FAIL_WITHOUT_PEERS, RECONNECT_MAX, RECONNECT_MIN, RECV_BUFFER, RECV_BUFFER_MESSAGES,
        RECV_TIMEOUT, SEND_TIMEOUT, YIELDS,
    },
};

use super::{
    Hosted, Shared,
    pipe_cell::{Held, guarded},
};
use crate::{core::Direction, sync::lock};

impl Shared {
    /// Reads an option's value from text.
    pub(crate) fn parse_option(&self, name: &str, text: &str) -> Result<Value> {
        read(lock(&self.options).row(name)?, text)
    }

    /// An error if the option is one for the start, and the socket has started.
    pub(crate) fn check_change(&self, row: &OptSpec) -> Result<()> {
        let own = matches!(row.scope_of(), Scope::Socket | Scope::Context);
        if row.changes() == Change::BeforeStart && own && lock(&self.objects).started {
            return Err(row.refuse("is set before the socket's first dialer or listener is made"));
        }
        Ok(())
    }

    /// Copies an option's value to where the hot paths look for it.
    pub(crate) fn take_note(self: &Arc<Self>, context: ContextId, name: &str, value: &Value) {
        match value {
            Value::Int(messages) if name == RECV_BUFFER_MESSAGES.name() => {
                let messages = usize::try_from(*messages).unwrap_or(usize::MAX);
                self.limit_queue(context, Some(messages), None);
            }
            Value::Size(bytes) if name == RECV_BUFFER.name() => {
                self.limit_queue(context, None, Some(*bytes));
            }
            _ if context != ContextId::SOCKET => {}
            Value::Int(yields) if name == YIELDS.name() => {
                self.yields.store(*yields, Ordering::Relaxed);
            }
            Value::Bool(fail) if name == FAIL_WITHOUT_PEERS.name() => {
                self.fails_alone.store(*fail, Ordering::Relaxed);
                self.with_core(|hosted| {
                    if self.is_alone(hosted) {
                        hosted.core.wake_senders();
                    }
                });
            }
            Value::Duration(timeout) if name == SEND_TIMEOUT.name() => {
                self.set_timeout(Direction::Send, *timeout);
            }
            Value::Duration(timeout) if name == RECV_TIMEOUT.name() => {
                self.set_timeout(Direction::Recv, *timeout);
            }
            _ => {}
        }
    }

    fn limit_queue(
        self: &Arc<Self>,
        context: ContextId,
        messages: Option<usize>,
        bytes: Option<usize>,
    ) {
        self.with_core(|hosted| hosted.core.limit_queue(context, messages, bytes));
        // Nobody may receive for long: what may be read again is read now.
        self.handover.hurry();
    }

    fn set_timeout(&self, direction: Direction, timeout: Option<Duration>) {
        let nanos = timeout.map_or(u64::MAX, |timeout| {
            u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX)
        });
        self.timeouts[direction as usize].store(nanos, Ordering::Relaxed);
    }

    /// Nobody is connected, and sends are not to wait for somebody.
    pub(super) fn is_alone(&self, hosted: &Hosted) -> bool {
        self.fails_alone.load(Ordering::Relaxed) && hosted.core.pipe_count() == 0
    }

    // ---- endpoints

    /// The options of a new dialer or listener: what the socket has set, and then what `set` does.
    pub(crate) fn endpoint_options(
        &self,
        info: &'static TransportInfo,
        on: Scope,
        set: impl FnOnce(&mut Options) -> Result<()>,
    ) -> Result<Options> {
        let mut options = Options::over(&[spkit_api::options::COMMON, info.options()]);
        // With every table there is: so that an option of something else is told as what it is.
        let mut own = options.clone();
        {
            let socket = lock(&self.options);
            own.describe_all(&socket);
            options.inherit(&socket);
        }
        set(&mut own)?;
        for row in own.is_set() {
            fits(row, &options, info, on)?;
        }
        options.inherit(&own);
        Ok(options)
    }

    /// The values of a dialer or listener, as they are now.
    pub(crate) fn options_of(&self, endpoint: EndpointId, on: Scope) -> Result<Arc<Options>> {
        let objects = lock(&self.objects);
        let state = objects.endpoints.get(&endpoint).ok_or_else(|| gone(on))?;
        Ok(state.options.now())
    }

    /// Reads a value for a dialer or listener from text.
    pub(crate) fn parse_endpoint_option(
        &self,
        endpoint: EndpointId,
        on: Scope,
        name: &str,
        text: &str,
    ) -> Result<Value> {
        let options = self.options_of(endpoint, on)?;
        read(self.row(&options, name)?, text)
    }

    /// Sets an option of a dialer or listener that is there already.
    pub(crate) fn set_endpoint_option(
        self: &Arc<Self>,
        endpoint: EndpointId,
        on: Scope,
        name: &str,
        value: &Value,
    ) -> Result<()> {
        let (address, plugin, live) = {
            let objects = lock(&self.objects);
            let state = objects.endpoints.get(&endpoint).ok_or_else(|| gone(on))?;
            (state.address.clone(), state.plugin, state.options.clone())
        };
        let changed = || {
            let mut options = Options::clone(&live.now());
            let row = self.row(&options, name)?;
            fits(row, &options, plugin.transport().info(), on)?;
            if row.changes() == Change::BeforeStart {
                return Err(row.refuse(format!("is set when the {on} is made")));
            }
            options.set_value(name, value.clone())?;
            Ok(options)
        };
        let trial = changed().map_err(|error: Error| error.at(&address))?;
        if on == Scope::Dialer {
            // The transport may have something against it.
            let config = self.config(&address, &LiveOptions::new(trial));
            let probe = guarded(plugin.origin(), || plugin.transport().dial(&config));
            drop(Held::new(probe.map_err(|error| error.at(&address))?));
        }
        let full = {
            let objects = lock(&self.objects);
            let state = objects.endpoints.get(&endpoint).ok_or_else(|| gone(on))?;
            // Once more: somebody may have set another one meanwhile.
            live.replace(changed()?);
            state.listener.filter(|_| state.full)
        };
        let (min, max) = pauses(&live.now());
        self.with_core(|hosted| hosted.core.set_pauses(endpoint, min, max));
        if let Some(listener) = full {
            self.handover.notify(u64::from(listener));
        }
        Ok(())
    }

    /// The row of an option among these, or else among all there are: it then belongs to something else.
    fn row(&self, options: &Options, name: &str) -> Result<&'static OptSpec> {
        options
            .row(name)
            .or_else(|unknown| lock(&self.options).row(name).map_err(|_| unknown))
    }
}

/// A dialer's pauses.
pub(super) fn pauses(options: &Options) -> (Duration, Duration) {
    (
        options.get(RECONNECT_MIN).unwrap_or_default(),
        options.get(RECONNECT_MAX).unwrap_or_default(),
    )
}

/// Whether a dialer or listener with these options can have this one.
fn fits(row: &OptSpec, options: &Options, info: &TransportInfo, on: Scope) -> Result<()> {
    row.check_scope(on)?;
    if options.rows().any(|own| own.name() == row.name()) {
        return Ok(());
    }
    let scheme = info.schemes().first().copied().unwrap_or_default();
    Err(row.refuse(format!("is not one of transport `{scheme}`")))
}

fn read(row: &OptSpec, text: &str) -> Result<Value> {
    Value::parse(row.kind(), text).map_err(|error| error.within(format!("option `{}`", row.name())))
}

fn gone(what: Scope) -> Error {
    Error::new(ErrorKind::Closed, format!("the {what} is closed"))
}
