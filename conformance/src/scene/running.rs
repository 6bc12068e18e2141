//! An endpoint under test as a case has it.

use super::{Scene, breathe, rest_of};
use crate::{
    driver::{Fixture, Losses, Subject},
    pace::Deadline,
    verdict::{Outcome, Trouble, ensure},
};

/// An endpoint under test together with what the tester needs to reach it.
pub(crate) struct Running {
    pub(crate) fixture: Fixture,
    pub(super) subject: Box<dyn Subject>,
    pub(super) rest: String,
}

impl Running {
    /// An endpoint that listens.
    pub(super) fn new(fixture: Fixture, subject: Box<dyn Subject>) -> Self {
        let rest = rest_of(subject.address()).to_owned();
        Self {
            fixture,
            subject,
            rest,
        }
    }

    /// Where it listens or dials, with its scheme.
    pub(crate) fn address(&self) -> &str {
        self.subject.address()
    }

    /// What follows `://` in its address.
    pub(crate) fn rest(&self) -> &str {
        &self.rest
    }

    /// CTRL: has the application send.
    pub(crate) fn send(&self, scene: &Scene<'_>, body: &[u8]) -> Outcome {
        let limit = scene.pace().expect();
        ensure(
            self.subject.send(body, limit),
            format!(
                "{} to send a message of {} bytes",
                self.fixture.name,
                body.len()
            ),
            || format!("it did not within {limit:?}"),
        )
    }

    /// CTRL: the application receives exactly this next.
    pub(crate) fn expect(&self, scene: &Scene<'_>, body: &[u8]) -> Outcome {
        let got = self.subject.recv(scene.pace().expect());
        ensure(
            got.as_deref() == Some(body),
            format!("{} to receive {}", self.fixture.name, show_body(body)),
            || got.map_or_else(|| "nothing".to_owned(), |got| show_body(&got)),
        )
    }

    /// CTRL: the application receives nothing for a while.
    pub(crate) fn receives_nothing(&self, scene: &Scene<'_>) -> Outcome {
        match self.subject.recv(scene.pace().quiet()) {
            None => Ok(()),
            Some(got) => Err(Trouble::failed(
                format!("{} to receive nothing", self.fixture.name),
                show_body(&got),
            )),
        }
    }

    /// CTRL: has the application send, where that may be refused.
    pub(crate) fn can_send(&self, scene: &Scene<'_>, body: &[u8]) -> bool {
        self.subject.send(body, scene.pace().expect())
    }

    /// What it has thrown away so far, if it counts that.
    pub(crate) fn losses(&self) -> Option<Losses> {
        self.subject.losses()
    }

    /// CTRL: what the application receives until nothing more comes.
    pub(crate) fn drain(&self, scene: &Scene<'_>) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| self.subject.recv(scene.pace().millis(20))).collect()
    }

    /// What it has thrown away is counted, if it counts at all.
    pub(crate) fn counts(
        &self,
        wanted: impl std::fmt::Display,
        scene: &Scene<'_>,
        enough: impl Fn(Losses) -> bool,
    ) -> Outcome {
        let deadline = Deadline::after(scene.pace().expect());
        while let Some(losses) = self.losses().filter(|losses| !enough(*losses)) {
            ensure(
                !deadline.is_over(),
                format!("{wanted} to be counted"),
                || format!("{losses:?}"),
            )?;
            breathe();
        }
        Ok(())
    }

    /// CTRL: the next message, if one is there.
    pub(crate) fn recv(&self, scene: &Scene<'_>) -> Option<Vec<u8>> {
        self.subject.recv(scene.pace().expect())
    }

    /// Ends it in order.
    pub(crate) fn stop(self) {
        self.subject.stop();
    }
}

pub(super) fn show_body(body: &[u8]) -> String {
    let shown = String::from_utf8_lossy(&body[..body.len().min(32)]).into_owned();
    format!("`{}` ({} bytes)", shown.escape_debug(), body.len())
}
