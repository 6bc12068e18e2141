//! The parts that statistics are made of.

use spkit_api::{DropReason, ErrorKind};

/// Messages and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Count {
    /// Messages.
    pub messages: u64,
    /// Bytes.
    pub bytes: u64,
}

impl Count {
    #[inline]
    pub(crate) fn add(&mut self, bytes: usize) {
        self.add_many(1, bytes);
    }

    #[inline]
    pub(crate) fn add_many(&mut self, messages: usize, bytes: usize) {
        self.messages += messages as u64;
        self.bytes += bytes as u64;
    }

    pub(crate) fn add_all(&mut self, more: Self) {
        self.messages += more.messages;
        self.bytes += more.bytes;
    }
}

/// Dropped messages by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    by_reason: [u64; DropReason::ALL.len()],
}

impl Dropped {
    pub(crate) fn add(&mut self, why: DropReason, count: u64) {
        if let Some(at) = DropReason::ALL.iter().position(|reason| *reason == why) {
            self.by_reason[at] += count;
        }
    }

    pub(crate) fn add_all(&mut self, more: &Self) {
        for (count, more) in self.by_reason.iter_mut().zip(more.by_reason) {
            *count += more;
        }
    }

    /// What came since an earlier count.
    pub(crate) fn since(&self, before: &Self) -> Self {
        let mut more = *self;
        for (count, before) in more.by_reason.iter_mut().zip(before.by_reason) {
            *count = count.saturating_sub(before);
        }
        more
    }

    /// How many were dropped for this reason.
    pub fn of(&self, why: DropReason) -> u64 {
        self.iter()
            .find(|(reason, _)| *reason == why)
            .map_or(0, |(_, count)| count)
    }

    /// How many were dropped for any reason.
    pub fn total(&self) -> u64 {
        self.by_reason.iter().sum()
    }

    /// Every reason with its count.
    pub fn iter(&self) -> impl Iterator<Item = (DropReason, u64)> + '_ {
        DropReason::ALL.into_iter().zip(self.by_reason)
    }
}

/// Connections that did not become pipes, by the kind of their error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    by_kind: Vec<(ErrorKind, u64)>,
}

impl Refused {
    pub(crate) fn add(&mut self, kind: ErrorKind, count: u64) {
        match self.by_kind.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, sum)) => *sum += count,
            None => self.by_kind.push((kind, count)),
        }
    }

    /// How many failed with an error of this kind.
    pub fn of(&self, kind: ErrorKind) -> u64 {
        self.iter()
            .find(|(known, _)| *known == kind)
            .map_or(0, |(_, count)| count)
    }

    /// How many failed.
    pub fn total(&self) -> u64 {
        self.iter().map(|(_, count)| count).sum()
    }

    /// The kinds that occurred, with their counts.
    pub fn iter(&self) -> impl Iterator<Item = (ErrorKind, u64)> + '_ {
        self.by_kind.iter().copied()
    }
}

#[cfg(feature = "serde")]
pub(super) use self::serial::*;

/// What serde is told of types that are not its own.
#[cfg(feature = "serde")]
mod serial {
    use std::time::Duration;

    use serde::{Serialize, Serializer};
    use spkit_api::{Address, EndpointId, PipeId};

    use super::{Dropped, Refused};

    impl Serialize for Dropped {
        /// A map of all reasons.
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            to.collect_map(self.iter().map(|(why, count)| (why.name(), count)))
        }
    }

    impl Serialize for Refused {
        /// A map of the kinds that occurred.
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            to.collect_map(self.iter().map(|(kind, count)| (kind.name(), count)))
        }
    }

    pub(in super::super) fn endpoint<S: Serializer>(
        id: &EndpointId,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_u32(id.raw())
    }

    pub(in super::super) fn pipe<S: Serializer>(id: &PipeId, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u32(id.raw())
    }

    pub(in super::super) fn address<S: Serializer>(
        address: &Address,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(address.as_str())
    }

    pub(in super::super) fn some_address<S: Serializer>(
        address: &Option<Address>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        address.as_ref().map(Address::as_str).serialize(to)
    }

    pub(in super::super) fn seconds<S: Serializer>(
        time: &Duration,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_f64(time.as_secs_f64())
    }
}
