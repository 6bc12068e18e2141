//! Broadcasts that break one rule each.

use super::{
    super::{
        history::story::{Story, line, socket},
        lines,
    },
    *,
};

const HUB: SocketId = socket(0);
const A: SocketId = socket(1);
const B: SocketId = socket(2);
const TO_A: ConnectionId = line(1);
const TO_B: ConnectionId = line(2);

/// Everything that is sent goes to everybody.
fn story(loss: Loss) -> Story {
    let judge = move |history: &History| {
        let accepted = history.accepted().remove(&HUB).unwrap_or_default();
        let offers = accepted.into_iter().map(|(at, message)| Offer {
            at,
            payload: message.body,
            except: message.to,
            loss,
            counts: true,
        });
        let offers: Vec<_> = offers.collect();
        check(history, &lines::read(history), HUB, &offers)
    };
    let mut story = Story::new(judge).sockets("any", &[HUB, A, B]);
    story.connected(HUB, A, TO_A);
    story
}

fn hand(story: &mut Story, bodies: &str) {
    for body in bodies.split_whitespace() {
        story.handed(HUB, TO_A, body.as_bytes());
    }
}

fn send(story: &mut Story, bodies: &str) {
    for body in bodies.split_whitespace() {
        story.sent(HUB, body);
    }
}

#[test]
fn each_gets_each_in_order() {
    let mut story = story(Loss::Never);
    send(&mut story, "1 2");
    hand(&mut story, "1 2");
    story.connected(HUB, B, TO_B);
    story.sent(HUB, "3");
    for to in [TO_A, TO_B] {
        story.handed(HUB, to, b"3");
    }
    story.sent_to(HUB, "4", TO_A);
    story.handed(HUB, TO_B, b"4");
    story.right();
}

#[test]
fn what_is_lost_behind_something_that_waits() {
    let mut full = story(Loss::Full);
    send(&mut full, "1 2 3");
    hand(&mut full, "1 3");
    full.unsent(HUB, DropReason::QueueFull, 1);
    full.right();
    full.unsent(HUB, DropReason::QueueFull, 0);
    full.wrong("3 copies were to be sent; 2 were, 0 found no room");
}

#[test]
fn what_is_lost_while_nothing_waits() {
    let mut idle = story(Loss::Full);
    idle.unsent(HUB, DropReason::QueueFull, 1);
    send(&mut idle, "1");
    hand(&mut idle, "1");
    send(&mut idle, "2");
    idle.wrong("did not get 2");
    send(&mut idle, "3");
    hand(&mut idle, "3");
    idle.wrong("did not get 2");
}

#[test]
fn what_goes_with_its_connection() {
    for loss in [Loss::Full, Loss::Closes, Loss::Never] {
        let mut story = story(loss);
        send(&mut story, "1 2");
        hand(&mut story, "1");
        story.lost(HUB, TO_A);
        story.unsent(HUB, DropReason::PipeGone, 1);
        story.right();
        story.sent(HUB, "3");
        story.wrong("1 had no peer to go to, and 0 were counted");
        story.unsent(HUB, DropReason::NoPeer, 1);
        story.right();
    }
}

#[test]
fn a_loss_that_is_not_allowed() {
    let mut never = story(Loss::Never);
    send(&mut never, "1 2 3");
    hand(&mut never, "1 3");
    never.unsent(HUB, DropReason::QueueFull, 1);
    never.wrong("lost 2");
    let mut closes = story(Loss::Closes);
    send(&mut closes, "1 2");
    hand(&mut closes, "1");
    closes.unsent(HUB, DropReason::QueueFull, 1);
    closes.wrong("was not closed, and lost 2");
    closes.lost(HUB, TO_A);
    closes.right();
    let mut late = story(Loss::Closes);
    send(&mut late, "1 2 3");
    hand(&mut late, "1 3");
    late.lost(HUB, TO_A);
    late.unsent(HUB, DropReason::QueueFull, 1);
    late.wrong("goes on after it lost 2");
}

#[test]
fn twice_or_out_of_order_or_out_of_nowhere() {
    for (handed, what) in [
        ("1 1 2", "out of order, or twice: 1"),
        ("2 1", "did not get 1"),
        ("1 2 3", "not for this connection: 3"),
    ] {
        let mut story = story(Loss::Full);
        send(&mut story, "1 2");
        hand(&mut story, handed);
        story.wrong(what);
    }
}

#[test]
fn what_is_not_for_everybody() {
    let mut back = story(Loss::Full);
    back.sent_to(HUB, "1", TO_A);
    hand(&mut back, "1");
    back.wrong("not for this connection: 1");
    let mut late = story(Loss::Full);
    send(&mut late, "1");
    hand(&mut late, "1");
    late.connected(HUB, B, TO_B);
    late.handed(HUB, TO_B, b"1");
    late.wrong("not for this connection: 1");
}

#[test]
fn what_is_displaced_by_something_newer() {
    for (handed, right) in [("2 3", true), ("3", true), ("1 2", false), ("", false)] {
        let mut story = story(Loss::Oldest);
        send(&mut story, "1 2 3");
        hand(&mut story, handed);
        let lost = 3 - handed.split_whitespace().count() as u64;
        story.unsent(HUB, DropReason::QueueFull, lost);
        match right {
            true => story.right(),
            false => story.wrong("did not get 3"),
        }
    }
    let mut idle = story(Loss::Oldest);
    idle.unsent(HUB, DropReason::QueueFull, 1);
    send(&mut idle, "1");
    hand(&mut idle, "1");
    send(&mut idle, "2 3");
    hand(&mut idle, "3");
    idle.right();
    send(&mut idle, "4");
    idle.unsent(HUB, DropReason::QueueFull, 2);
    idle.wrong("did not get 4");
}
