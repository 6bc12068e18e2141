//! A row of a table of wire cases.

use spkit_api::transport::StreamKind;

use crate::{case::Class, driver::Fixture, scene::Scene, verdict::Outcome};

/// A wire case, for every transport that speaks one of the mappings it names requirements of.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) slug: &'static str,
    pub(crate) body: fn(&Scene<'_>) -> Outcome,
    pub(crate) fixtures: &'static [Fixture],
    pub(crate) class: Class,
    pub(crate) note: &'static str,
    /// A further scheme that the transport has to have.
    pub(crate) scheme: Option<&'static str>,
    tcp: &'static [&'static str],
    ipc: &'static [&'static str],
}

impl Row {
    /// A case that needs these fixtures. It belongs to no mapping until it names requirements.
    pub(crate) const fn new(
        slug: &'static str,
        fixtures: &'static [Fixture],
        body: fn(&Scene<'_>) -> Outcome,
    ) -> Self {
        Self {
            slug,
            body,
            fixtures,
            class: Class::Quick,
            note: "",
            scheme: None,
            tcp: &[],
            ipc: &[],
        }
    }

    /// What it checks on either mapping.
    pub(crate) const fn both(self, requirements: &'static [&'static str]) -> Self {
        self.tcp(requirements).ipc(requirements)
    }

    /// What it checks on the tcp mapping.
    pub(crate) const fn tcp(mut self, requirements: &'static [&'static str]) -> Self {
        self.tcp = requirements;
        self
    }

    /// What it checks on the ipc mapping.
    pub(crate) const fn ipc(mut self, requirements: &'static [&'static str]) -> Self {
        self.ipc = requirements;
        self
    }

    /// It takes its time.
    pub(crate) const fn slow(mut self) -> Self {
        self.class = Class::Slow;
        self
    }

    /// It needs many descriptors or much CPU: it does not run beside another such case.
    pub(crate) const fn heavy(mut self) -> Self {
        self.class = Class::Heavy;
        self
    }

    /// It is only for transports that answer to this scheme too.
    pub(crate) const fn scheme(mut self, scheme: &'static str) -> Self {
        self.scheme = Some(scheme);
        self
    }

    /// How it falls short of what the requirement's test asks for.
    pub(crate) const fn note(mut self, text: &'static str) -> Self {
        self.note = text;
        self
    }

    /// What it checks on a mapping; nothing if it does not belong there.
    pub(crate) fn requirements(&self, kind: StreamKind) -> &'static [&'static str] {
        match kind {
            StreamKind::Tcp => self.tcp,
            StreamKind::Ipc => self.ipc,
            _ => &[],
        }
    }
}
