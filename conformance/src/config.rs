//! What to certify, and how.

use std::{env, fmt, sync::Arc};

use spkit_runtime::{Backend, Registry};

use crate::{
    addresses::AddressTemplate,
    case::{Case, Drivers},
    driver::in_process::InProcess,
    pace::Pace,
};

/// Cases that run side by side unless the user says otherwise: most of their time is waiting.
pub(crate) const DEFAULT_JOBS: usize = 8;

/// What [`certify`](crate::certify) does. Everything has a default.
#[derive(Clone)]
#[must_use]
pub struct Config {
    pub(crate) registry: Arc<Registry>,
    pub(crate) filters: Vec<String>,
    pub(crate) transport: Option<String>,
    pub(crate) protocol: Option<String>,
    pub(crate) backend: Backend,
    pub(crate) pace: Pace,
    pub(crate) jobs: usize,
    pub(crate) template: Option<AddressTemplate>,
    pub(crate) rerun: String,
    pub(crate) drivers: Drivers,
}

impl Config {
    /// Certifies what is in this registry.
    pub fn new(registry: Registry) -> Self {
        Self {
            registry: Arc::new(registry),
            filters: Vec::new(),
            transport: None,
            protocol: None,
            backend: Backend::default(),
            pace: Pace::default(),
            jobs: DEFAULT_JOBS,
            template: None,
            rerun: format!("{} certify", program()),
            drivers: Drivers {
                name: "in-process",
                make: Arc::new(|stage, _kind| Ok(Box::new(InProcess::new(stage)?))),
            },
        }
    }

    /// Only cases whose id contains one of these texts, or that check a requirement of exactly this id.
    pub fn filters(mut self, filters: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.filters = filters.into_iter().map(Into::into).collect();
        self
    }

    /// Only cases about the transport with this scheme.
    pub fn transport(mut self, scheme: Option<String>) -> Self {
        self.transport = scheme;
        self
    }

    /// Only cases that use the protocol of this name.
    pub fn protocol(mut self, name: Option<String>) -> Self {
        self.protocol = name;
        self
    }

    /// How sockets are driven.
    pub fn backend(mut self, backend: Backend) -> Self {
        self.backend = backend;
        self
    }

    /// How long to wait for things.
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// How many cases run side by side; at least one.
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.jobs = jobs.max(1);
        self
    }

    /// What addresses of transports without a standard carrier look like. Without it the kit tries a path, then a
    /// plain name, then a port of this machine.
    pub fn address(mut self, template: AddressTemplate) -> Self {
        self.template = Some(template);
        self
    }

    /// The command that runs one case again, without the case's id.
    pub fn rerun(mut self, command: impl Into<String>) -> Self {
        self.rerun = command.into();
        self
    }

    /// The cases that this asks for.
    pub(crate) fn selected(&self) -> Vec<Case> {
        let mut cases = crate::cases(&self.registry);
        let whole: Vec<&String> = self
            .filters
            .iter()
            .filter(|filter| cases.iter().any(|case| case.id() == filter.as_str()))
            .collect();
        let named = |case: &Case, filter: &String| match whole.contains(&filter) {
            // A whole id is that case, and not those whose ids go on.
            true => case.id() == filter,
            false => {
                case.id().contains(filter.as_str())
                    || case.requirements().contains(&filter.as_str())
            }
        };
        let fits = |case: &Case| {
            let transport = self.transport.as_deref();
            let protocol = self.protocol.as_deref();
            (self.filters.is_empty() || self.filters.iter().any(|filter| named(case, filter)))
                && transport.is_none_or(|scheme| case.transport() == Some(scheme))
                && protocol.is_none_or(|name| case.protocols().contains(&name))
        };
        let chosen: Vec<bool> = cases.iter().map(fits).collect();
        let mut chosen = chosen.into_iter();
        cases.retain(|_| chosen.next().unwrap_or(false));
        cases
    }

    #[cfg(test)]
    pub(crate) fn drivers(mut self, drivers: Drivers) -> Self {
        self.drivers = drivers;
        self
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("filters", &self.filters)
            .field("transport", &self.transport)
            .field("protocol", &self.protocol)
            .field("pace", &self.pace)
            .field("jobs", &self.jobs)
            .finish_non_exhaustive()
    }
}

/// The program as it was started, for commands that are shown to the user.
fn program() -> String {
    env::args_os()
        .next()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
