//! The ordinary exchange of each fixture.

use std::time::Duration;

use super::{REQUEST_TAG, Running, Scene, fresh_body, request, running::show_body, tagged};
use crate::{
    driver::Application,
    endpoints,
    pace::Deadline,
    tester::Peer,
    verdict::{During, Outcome, Trouble, ensure},
};

impl Scene<'_> {
    /// The fixture's ordinary exchange with this body.
    pub(crate) fn exchange(&self, peer: &mut Peer, running: &Running, body: &[u8]) -> Outcome {
        let fixture = running.fixture;
        match (fixture.id, fixture.application) {
            (endpoints::REP | endpoints::RESPONDENT, Application::Echo) => {
                let request = tagged(REQUEST_TAG, body);
                peer.send_frame(&request)?;
                peer.expect_frame(&request).during("the reply")
            }
            (endpoints::REQ, _) => self.answer(peer, running, body),
            (endpoints::SURVEYOR, _) => self.answer_survey(peer, running, body),
            (endpoints::REP | endpoints::RESPONDENT, Application::Manual) => {
                let survey = request(body);
                peer.send_frame(&survey)?;
                running.expect(self, body)?;
                running.send(self, body)?;
                peer.expect_frame(&survey)
            }
            (endpoints::PUSH, _) => {
                running.send(self, body)?;
                peer.expect_frame(body)
            }
            (endpoints::PUB, _) => {
                self.tune_in(peer, running)?;
                running.send(self, body)?;
                peer.expect_frame(body)
            }
            (endpoints::PULL | endpoints::SUB, _) => {
                peer.send_frame(body)?;
                running.expect(self, body)
            }
            (endpoints::PAIR1, Application::Manual) => {
                peer.send_frame(&tagged(1, body))?;
                running.expect(self, body)?;
                running.send(self, body)?;
                peer.expect_frame(&tagged(1, body))
            }
            (endpoints::PAIR1, _) => {
                peer.send_frame(&tagged(1, body))?;
                peer.expect_frame(&tagged(1, body)).during("the echo")
            }
            (endpoints::STAR, _) => {
                peer.send_frame(&tagged(0, body))?;
                running.expect(self, body)?;
                running.send(self, body)?;
                peer.expect_frame(&tagged(0, body))
            }
            (_, Application::Echo | Application::Reflect) => {
                peer.send_frame(body)?;
                peer.expect_frame(body).during("the echo")
            }
            (_, Application::Manual | Application::Subscriber(_)) => {
                peer.send_frame(body)?;
                running.expect(self, body)?;
                running.send(self, body)?;
                peer.expect_frame(body)
            }
        }
    }

    /// Has a PUB publish until the peer hears it, since a connection counts only a little after its handshake. What is
    /// published from then on comes next. Returns what was heard.
    pub(crate) fn tune_in(&self, peer: &mut Peer, running: &Running) -> Outcome<Vec<Vec<u8>>> {
        let deadline = Deadline::after(self.pace().expect());
        let mut last = fresh_body();
        running.send(self, last.as_bytes())?;
        while !peer.hears(self.pace().millis(20))? && !deadline.is_over() {
            last = fresh_body();
            running.send(self, last.as_bytes())?;
        }
        let mut heard = Vec::new();
        while heard.last().is_none_or(|body| body != last.as_bytes()) {
            heard.push(
                peer.read_frame()
                    .during("what is published again and again")?,
            );
        }
        Ok(heard)
    }

    /// Has a REQ issue a request, and answers it.
    fn answer(&self, peer: &mut Peer, running: &Running, body: &[u8]) -> Outcome {
        running.send(self, body)?;
        let request = peer.read_frame().during("the request")?;
        let well_formed =
            request.len() == 4 + body.len() && request[0] & 0x80 != 0 && request[4..] == *body;
        ensure(
            well_formed,
            "a 32-bit id with its top bit set, then the body",
            || crate::transcript::hex(&request),
        )?;
        peer.send_frame(&request)?;
        running.expect(self, body).during("the reply")
    }

    /// Has a SURVEYOR issue a survey, and answers it.
    ///
    /// A survey goes to those who are there, and S may count a connection a little later than T does: it is told again
    /// until one comes, and every copy is answered, since only the last one counts.
    fn answer_survey(&self, peer: &mut Peer, running: &Running, body: &[u8]) -> Outcome {
        let deadline = Deadline::after(self.pace().expect());
        let mut seen = "no survey".to_owned();
        loop {
            running.send(self, body)?;
            let mut came = peer.frame_within(self.pace().millis(100))?;
            while let Some(survey) = came {
                seen = format!("the survey {}", crate::transcript::hex(&survey));
                if survey.len() == 4 + body.len() && survey[0] & 0x80 != 0 && survey[4..] == *body {
                    seen.push_str(", whose answer was not received");
                    peer.send_frame(&survey)?;
                }
                came = peer.frame_within(Duration::ZERO)?;
            }
            match running.subject.recv(self.pace().millis(500)) {
                Some(answer) if answer == body => return Ok(()),
                Some(other) => seen = format!("the answer {}", show_body(&other)),
                None => {}
            }
            if deadline.is_over() {
                return Err(Trouble::failed(
                    "a survey, a 32-bit id with its top bit set and then the body, and its answer received",
                    seen,
                ));
            }
        }
    }
}
