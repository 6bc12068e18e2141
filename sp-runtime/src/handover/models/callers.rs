//! Callers among themselves, and with those who wake them. No background thread is needed here, so none runs.

use super::*;

/// Two callers wait, and a third thread announces a message for each. Whoever leads completes the other's operation
/// or passes the lead on.
#[test]
fn lead_follower() {
    explore(|| {
        let world = Arc::new(World::new());
        let other = spawn(&world, |world| {
            receive(world);
        });
        let announcer = spawn(&world, |world| {
            world.notify(MAIL);
            world.notify(MAIL);
        });
        receive(&world);
        other.join().unwrap();
        announcer.join().unwrap();
    });
}

/// A caller gives up while another waits for the only message: neither its wake nor its lead ends with it.
#[test]
fn wake_cancel() {
    explore(|| {
        let world = Arc::new(World::new());
        let other = spawn(&world, |world| {
            receive(world);
        });
        let announcer = spawn(&world, |world| world.notify(MAIL));
        if receive_in_no_time(&world).is_some() {
            // It was in time after all: one more for the other.
            world.notify(MAIL);
        }
        other.join().unwrap();
        announcer.join().unwrap();
    });
}

/// A caller gives up, and the lead may have come to it just then. It must not take it away: it waits again.
#[test]
fn lead_cancel() {
    explore(|| {
        let world = Arc::new(World::new());
        let other = spawn(&world, |world| {
            world.notify(MAIL);
            receive(world);
        });
        if receive_in_no_time(&world).is_some() {
            world.notify(MAIL);
        }
        other.join().unwrap();
        world.notify(MAIL);
        receive(&world);
    });
}

/// A message goes to whoever comes first: a caller woken in vain waits on, and is woken again.
#[test]
fn woken_in_vain() {
    explore(|| {
        let world = Arc::new(World::new());
        let thief = spawn(&world, |world| {
            world.notify(MAIL);
            if lock(&world.core).receive().is_some() {
                world.notify(MAIL);
            }
        });
        let other = spawn(&world, |world| {
            world.notify(MAIL);
            receive(world);
        });
        receive(&world);
        thief.join().unwrap();
        other.join().unwrap();
    });
}

/// The socket is closed under two callers, one of which leads.
#[test]
fn wake_close() {
    explore(|| {
        let world = Arc::new(World::new());
        let other = spawn(&world, |world| assert_eq!(receive(world), Received::Closed));
        let closer = spawn(&world, World::close);
        assert_eq!(receive(&world), Received::Closed);
        other.join().unwrap();
        closer.join().unwrap();
    });
}

/// The leader parks, since the socket has no source of the system. Another thread registers the first: from now on
/// the leader has to sleep in the poller.
#[test]
fn first_source() {
    explore(|| {
        let world = Arc::new(World::new().sourceless());
        let registrar = spawn(&world, |world| {
            lock(&world.core).source = true;
            world.handover.notify(ATTENTION);
            world.arrive(MAIL);
        });
        receive(&world);
        registrar.join().unwrap();
    });
}

/// Another thread sets a timer while the leader is on its way to sleep, twice.
#[test]
fn timer_of_a_leader() {
    explore(|| {
        let world = Arc::new(World::new().timed());
        let other = spawn(&world, |world| world.set_timer(5, MAIL));
        receive(&world);
        other.join().unwrap();
        // The leader slept by a timer of its own before: that is no reason to trust it.
        let other = spawn(&world, |world| world.set_timer(7, MAIL));
        receive(&world);
        other.join().unwrap();
    });
}

/// A pipe was resumed by somebody who does not lead: a leader polls it.
#[test]
fn later() {
    explore(|| {
        let world = Arc::new(World::new());
        let other = spawn(&world, |world| {
            world.inbox(MAIL);
            world.handover.notify_later(MAIL);
        });
        receive(&world);
        other.join().unwrap();
    });
}
