//! Which protocols and transports a runtime has: a value, not a global.

use std::collections::BTreeMap;

use spkit_api::{
    API_VERSION, Error, ErrorKind, Plugin, ProtocolPlugin, Result, TransportPlugin,
    plugin::{self, Origin},
};

/// The plugins of a runtime, by name and scheme.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    protocols: BTreeMap<&'static str, &'static ProtocolPlugin>,
    /// By scheme; a transport stands under each of its schemes.
    transports: BTreeMap<&'static str, &'static TransportPlugin>,
}

impl Registry {
    /// No plugins.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Every plugin that is linked into the program and registered by macro. Two of the same name are an error that
    /// names both crates.
    pub fn linked() -> Result<Self> {
        let mut registry = Self::empty();
        for plugin in plugin::linked() {
            registry.add(plugin)?;
        }
        Ok(registry)
    }

    /// The same registry with more plugins, for lists such as `my_plugin::PLUGINS`. One that is there already, the
    /// very same, is fine.
    pub fn with(mut self, plugins: &[Plugin]) -> Result<Self> {
        for plugin in plugins {
            self.add(*plugin)?;
        }
        Ok(self)
    }

    /// The same registry without a protocol or scheme of this name.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.protocols.remove(name);
        self.transports.remove(name);
        self
    }

    /// The protocols, by name.
    pub fn protocols(&self) -> impl Iterator<Item = &'static ProtocolPlugin> {
        self.protocols.values().copied()
    }

    /// The transports, each once, by its first scheme here.
    pub fn transports(&self) -> impl Iterator<Item = &'static TransportPlugin> {
        let mut seen: Vec<&'static TransportPlugin> = Vec::new();
        for plugin in self.transports.values() {
            if !seen.iter().any(|known| std::ptr::eq(*known, *plugin)) {
                seen.push(plugin);
            }
        }
        seen.into_iter()
    }

    /// Whether nothing is registered.
    pub fn is_empty(&self) -> bool {
        self.protocols.is_empty() && self.transports.is_empty()
    }

    /// The protocol of this name; the error lists what there is and says how to link more.
    pub fn protocol(&self, name: &str) -> Result<&'static ProtocolPlugin> {
        self.protocols
            .get(name)
            .copied()
            .ok_or_else(|| unknown("protocol", name, self.protocols.keys().copied()))
    }

    /// The transport for this scheme; the error lists what there is and says how to link more.
    pub fn transport(&self, scheme: &str) -> Result<&'static TransportPlugin> {
        self.transports
            .get(scheme)
            .copied()
            .ok_or_else(|| unknown("transport", scheme, self.transports.keys().copied()))
    }

    fn add(&mut self, plugin: Plugin) -> Result<()> {
        match plugin {
            Plugin::Protocol(new) => {
                check_version("protocol", new.info().name(), new.origin())?;
                let old = *self.protocols.entry(new.info().name()).or_insert(new);
                if !std::ptr::eq(old, new) {
                    return Err(twice(
                        "protocol",
                        new.info().name(),
                        old.origin(),
                        new.origin(),
                    ));
                }
            }
            Plugin::Transport(new) => {
                for scheme in new.transport().info().schemes() {
                    check_version("transport", scheme, new.origin())?;
                    let old = *self.transports.entry(scheme).or_insert(new);
                    if !std::ptr::eq(old, new) {
                        return Err(twice("transport", scheme, old.origin(), new.origin()));
                    }
                }
            }
            _ => {
                return Err(Error::new(
                    ErrorKind::NotSupported,
                    "a plugin of a sort that this runtime does not know",
                ));
            }
        }
        Ok(())
    }
}

fn check_version(sort: &str, name: &str, origin: Origin) -> Result<()> {
    if origin.api <= API_VERSION {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::NotSupported,
        format!(
            "{sort} `{name}` of crate {origin} is written against version {} of the plugin API, and this runtime has \
             version {API_VERSION}: update the runtime",
            origin.api
        ),
    ))
}

fn twice(sort: &str, name: &str, old: Origin, new: Origin) -> Error {
    Error::new(
        ErrorKind::AddressInUse,
        format!(
            "{sort} `{name}` is registered by crate {old} and by crate {new}: link one of them, or build a Registry of \
             those you want"
        ),
    )
}

fn unknown<'a>(sort: &str, name: &str, linked: impl Iterator<Item = &'a str>) -> Error {
    let linked: Vec<_> = linked.collect();
    let name = name.escape_debug();
    let how = "a crate that nothing names is not linked: say `use spkit as _;` for the builtins, `use my_plugin as _;` \
               for a plugin";
    if linked.is_empty() {
        Error::new(
            ErrorKind::NothingLinked,
            format!("no {sort} `{name}`: no {sort} is linked into this program; {how}"),
        )
    } else {
        Error::new(
            ErrorKind::NotSupported,
            format!(
                "no {sort} `{name}`; linked are: {}; {how}",
                linked.join(", ")
            ),
        )
    }
}
