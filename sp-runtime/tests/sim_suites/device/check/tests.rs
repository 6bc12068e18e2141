//! Devices that break one rule each.

use super::{
    super::super::history::story::{Story, line, socket},
    *,
};

const CLIENT: SocketId = socket(0);
const OTHER: SocketId = socket(1);
const FRONT: SocketId = socket(2);
const BACK: SocketId = socket(3);
const SERVER: SocketId = socket(4);
const FROM_CLIENT: ConnectionId = line(1);
const FROM_OTHER: ConnectionId = line(2);
const TO_SERVER: ConnectionId = line(3);
const TO_ANOTHER: ConnectionId = line(4);

/// A device between two clients and a server. Two tags are the most.
fn device(surveys: bool) -> Story {
    let device = Device {
        front: FRONT,
        back: BACK,
        ttl: 2,
    };
    let judge = move |history: &History| check(history, &[device], surveys);
    let mut story = Story::new(judge).sockets("any", &[CLIENT, OTHER, FRONT, BACK, SERVER]);
    for (a, b, connection) in [
        (CLIENT, FRONT, FROM_CLIENT),
        (OTHER, FRONT, FROM_OTHER),
        (BACK, SERVER, TO_SERVER),
        (BACK, SERVER, TO_ANOTHER),
    ] {
        story.connected(a, b, connection);
    }
    story
}

/// A body with these tags and the id 7 in front.
fn tagged(tags: &[u8], body: &str) -> Vec<u8> {
    let mut payload: Vec<_> = tags.iter().flat_map(|tag| [0, 0, 0, *tag]).collect();
    payload.extend([0x80, 0, 0, 7]);
    payload.extend(body.bytes());
    payload
}

impl Story {
    /// A request comes to the device.
    fn request_comes(&mut self, from: SocketId, connection: ConnectionId, body: &str) {
        self.carried(from, FRONT, connection, &tagged(&[], body));
        self.received_from(FRONT, body, connection);
        self.sent(BACK, body);
    }

    /// It goes on.
    fn request_goes(&mut self, to: ConnectionId, tags: &[u8], body: &str) {
        self.carried(BACK, SERVER, to, &tagged(tags, body));
    }

    fn reply_comes(&mut self, tags: &[u8], body: &str) {
        self.carried(SERVER, BACK, TO_SERVER, &tagged(tags, body));
        self.received_from(BACK, body, TO_SERVER);
        let tags = tags.iter().map(|tag| u32::from(*tag));
        let header: Vec<_> = tags.chain([ID_BIT | 7]).collect();
        self.sent_raw(FRONT, &header, body);
    }

    fn reply_goes(&mut self, connection: ConnectionId, body: &str) {
        self.handed(FRONT, connection, &tagged(&[], body));
        // The client's end is of no interest here.
        self.lost(FRONT, connection);
    }
}

/// Both clients asked, and both requests went on.
fn asked() -> Story {
    let mut story = device(false);
    story.request_comes(CLIENT, FROM_CLIENT, "1");
    story.request_goes(TO_SERVER, &[5], "1");
    story.request_comes(OTHER, FROM_OTHER, "2");
    story.request_goes(TO_ANOTHER, &[6], "2");
    story
}

#[test]
fn what_may_happen_is_right() {
    let mut story = asked();
    story.reply_comes(&[6], "re:2");
    story.reply_goes(FROM_OTHER, "re:2");
    story.reply_comes(&[5], "re:1");
    story.reply_goes(FROM_CLIENT, "re:1");
    story.right();
}

#[test]
fn a_number_that_is_missing_or_not_the_connections_own() {
    let mut none = device(false);
    none.request_comes(CLIENT, FROM_CLIENT, "1");
    none.request_goes(TO_SERVER, &[], "1");
    none.wrong("without the number of a connection: 1");
    let mut two = asked();
    two.request_comes(CLIENT, FROM_CLIENT, "3");
    two.request_goes(TO_SERVER, &[7], "3");
    two.wrong("without the number of a connection: 3");
    let mut shared = asked();
    shared.request_comes(OTHER, FROM_OTHER, "3");
    shared.request_goes(TO_SERVER, &[5], "3");
    shared.wrong("goes on and did not come from there, or twice, or changed: 3");
}

#[test]
fn a_request_that_is_changed_or_goes_on_twice() {
    for (tags, body) in [(&[5][..], "x"), (&[5, 5], "1"), (&[5], "1")] {
        let mut story = asked();
        story.request_goes(TO_SERVER, tags, body);
        story.wrong("goes on and did not come from there, or twice, or changed");
    }
}

#[test]
fn a_survey_goes_once_to_each() {
    let mut story = device(true);
    story.request_comes(CLIENT, FROM_CLIENT, "1");
    for to in [TO_SERVER, TO_ANOTHER] {
        story.request_goes(to, &[5], "1");
    }
    story.right();
    story.request_goes(TO_SERVER, &[5], "1");
    story.wrong("goes on and did not come from there, or twice, or changed: 1");
}

#[test]
fn requests_that_change_places() {
    let mut story = device(false);
    story.request_comes(CLIENT, FROM_CLIENT, "1");
    story.request_comes(CLIENT, FROM_CLIENT, "2");
    story.request_goes(TO_SERVER, &[5], "2");
    story.request_goes(TO_SERVER, &[5], "1");
    story.wrong("goes on out of order: 1");
}

#[test]
fn a_reply_that_goes_astray_or_twice() {
    let mut astray = asked();
    astray.reply_comes(&[6], "re:2");
    astray.reply_goes(FROM_CLIENT, "re:2");
    astray.wrong("did not come back for this connection, or twice: re:2");
    let mut twice = asked();
    twice.reply_comes(&[5], "re:1");
    twice.handed(FRONT, FROM_CLIENT, &tagged(&[], "re:1"));
    twice.reply_goes(FROM_CLIENT, "re:1");
    twice.wrong("did not come back for this connection, or twice: re:1");
}

#[test]
fn a_reply_that_is_dropped_while_there_is_room() {
    let mut story = asked();
    story.unsent(FRONT, DropReason::QueueFull, 1);
    story.reply_comes(&[5], "re:1");
    story.wrong("did not get");
    story.lost(FRONT, FROM_CLIENT);
    story.right();
}

#[test]
fn a_request_that_came_too_far() {
    let mut story = device(false);
    story.carried(CLIENT, FRONT, FROM_CLIENT, &tagged(&[1, 2], "1"));
    story.wrong("1 messages had too many tags, and 0 were counted");
    story.undelivered(FRONT, DropReason::Ttl, 1);
    story.right();
    story.received_from(FRONT, "1", FROM_CLIENT);
    story.wrong("at the receiver: out of nowhere: 1");
    story.sent(BACK, "1");
    story.request_goes(TO_SERVER, &[5, 1, 2], "1");
    story.wrong("goes on and did not come from there, or twice, or changed: 1");
}

#[test]
fn losses_that_nobody_counted() {
    let mut story = device(false);
    story.request_comes(CLIENT, FROM_CLIENT, "1");
    story.wrong("was given 1 messages to send; 0 were handed over, 0 dropped");
    story.unsent(BACK, DropReason::PipeGone, 1);
    story.right();
}
