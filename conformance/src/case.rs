//! A case: what it is called, what it proves, and how it runs.

use std::{fmt, sync::Arc, time::Duration};

use spkit_api::{Plugin, transport::StreamKind};
use spkit_runtime::{Backend, Registry, Runtime};

use crate::{
    addresses::AddressTemplate,
    driver::Driver,
    pace::Pace,
    requirement::{Level, Register},
    transcript::Transcript,
    verdict::{Outcome, Trouble},
};

/// How long a case may take, and what may run beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// No connection at all.
    Brief,
    /// Moments.
    Quick,
    /// A second or a few.
    Slow,
    /// Many connections or messages: one such case at a time.
    Heavy,
}

impl Class {
    /// When the watchdog ends it.
    pub(crate) fn limit(self, pace: Pace) -> Duration {
        let limit = match self {
            Self::Brief => Duration::from_secs(10),
            Self::Quick => Duration::from_secs(40),
            Self::Slow => Duration::from_secs(60),
            Self::Heavy => Duration::from_secs(120),
        };
        // Less time for waiting does not make the work itself faster.
        limit.mul_f64(pace.scale().max(1.0))
    }
}

/// What a case runs.
pub(crate) type Body = Arc<dyn Fn(&Stage) -> Outcome + Send + Sync>;

/// Makes the driver of a case.
#[derive(Clone)]
pub(crate) struct Drivers {
    /// What reports call them.
    pub(crate) name: &'static str,
    pub(crate) make: Arc<Make>,
}

type Make = dyn Fn(&Stage, StreamKind) -> Outcome<Box<dyn Driver>> + Send + Sync;

/// What a body works with: fresh for each run.
pub(crate) struct Stage {
    pub(crate) registry: Arc<Registry>,
    pub(crate) backend: Backend,
    pub(crate) drivers: Drivers,
    pub(crate) pace: Pace,
    pub(crate) log: Transcript,
    pub(crate) template: Option<AddressTemplate>,
}

impl Stage {
    /// A runtime over the plugins under test and these.
    pub(crate) fn runtime(&self, more: &[Plugin]) -> Outcome<Runtime> {
        let registry = Registry::clone(&self.registry)
            .with(more)
            .map_err(|error| Trouble::kit("the kit's own plugin", error))?;
        let built = Runtime::builder()
            .registry(registry)
            .backend(self.backend)
            .build();
        built.map_err(|error| Trouble::failed("a runtime over the registry", error.to_string()))
    }
}

/// One question to what is linked in, with a yes or no for an answer.
#[derive(Clone)]
pub struct Case {
    pub(crate) id: String,
    pub(crate) requirements: Vec<&'static str>,
    pub(crate) class: Class,
    pub(crate) transport: Option<&'static str>,
    pub(crate) protocols: Vec<&'static str>,
    pub(crate) note: &'static str,
    pub(crate) missing: Option<String>,
    /// Whether the tester speaks to the endpoint from outside.
    pub(crate) on_the_wire: bool,
    pub(crate) body: Body,
}

impl Case {
    /// Its name: `<area>.<section>.<slug>`, the same in every release. The area is the scheme of the transport.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The requirements it checks, by id.
    pub fn requirements(&self) -> &[&'static str] {
        &self.requirements
    }

    /// The strongest level among them.
    pub fn level(&self) -> Level {
        Register::get().strongest(&self.requirements)
    }

    /// What it costs.
    pub fn class(&self) -> Class {
        self.class
    }

    /// The transport it is about, if it is about one.
    pub fn transport(&self) -> Option<&'static str> {
        self.transport
    }

    /// The protocols it uses.
    pub fn protocols(&self) -> &[&'static str] {
        &self.protocols
    }

    /// How it falls short of what its requirements' tests ask for; empty if it does not.
    pub fn note(&self) -> &'static str {
        self.note
    }

    /// Whether the tester speaks to the endpoint from outside; if not, sockets of this process speak to each other.
    pub fn is_on_the_wire(&self) -> bool {
        self.on_the_wire
    }

    /// Why it cannot run here, if it cannot.
    pub fn missing(&self) -> Option<&str> {
        self.missing.as_deref()
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Case({} {:?} {:?})",
            self.id, self.requirements, self.class
        )
    }
}
