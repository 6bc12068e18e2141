//! The background thread with callers, tasks and those who announce work.

use super::*;

/// Runs a model with a background thread, which ends after the model.
fn explore_with(
    world: impl Fn() -> World + Sync + Send + 'static,
    model: impl Fn(&Arc<World>) + Sync + Send + 'static,
) {
    explore(move || with_background(world(), &model));
}

/// As [`explore_with`], for models of four threads, of which three preemptions would take minutes.
fn explore_crowd(
    world: impl Fn() -> World + Sync + Send + 'static,
    model: impl Fn(&Arc<World>) + Sync + Send + 'static,
) {
    explore_within(2, move || with_background(world(), &model));
}

fn with_background(world: World, model: &impl Fn(&Arc<World>)) {
    let world = Arc::new(world);
    let background = spawn(&world, World::background);
    model(&world);
    world.quit();
    background.join().unwrap();
}

/// A caller leaves with nothing outstanding, but the system has an event, whose edge the background thread may have
/// spent while the caller led. It looks again after a while.
#[test]
fn armed_look() {
    explore_with(
        || World::new().looking(Looks::All),
        |world| {
            let caller = spawn(world, |world| {
                receive_in_no_time(world);
                receive_in_no_time(world);
            });
            world.arrive(PEER);
            world.answered.wait();
            caller.join().unwrap();
        },
    );
}

/// The same after a turn that made an earlier look unnecessary: the next one is armed again.
#[test]
fn armed_again() {
    explore_with(
        || World::new().looking(Looks::All),
        |world| {
            receive_in_no_time(world);
            world.notify(PEER);
            world.answered.wait();
            let caller = spawn(world, |world| {
                receive_in_no_time(world);
            });
            world.arrive(PEER);
            world.answered.wait();
            caller.join().unwrap();
        },
    );
}

/// A caller leaves, with something notified. No armed look comes.
#[test]
fn summons() {
    explore_with(World::new, |world| {
        let caller = spawn(world, |world| {
            receive_in_no_time(world);
        });
        world.notify(PEER);
        world.answered.wait();
        caller.join().unwrap();
    });
}

/// Work is announced twice while the background thread leads, is about to settle, or sleeps.
#[test]
fn settle() {
    explore_with(World::new, |world| {
        world.notify(PEER);
        let other = spawn(world, |world| world.notify(MAIL));
        world.answered.wait();
        other.join().unwrap();
        world.notify(PEER);
        world.answered.wait();
    });
}

/// A caller comes while the background thread leads, and gets the lead when that settles.
#[test]
fn settle_and_caller() {
    explore_with(World::new, |world| {
        let caller = spawn(world, |world| {
            receive(world);
        });
        world.notify(PEER);
        world.answered.wait();
        world.notify(MAIL);
        caller.join().unwrap();
    });
}

/// Two callers wait while a message comes by an event, and one by a notification. No armed look comes.
#[test]
fn everybody() {
    explore_crowd(World::new, |world| {
        let caller = spawn(world, |world| {
            receive(world);
        });
        let other = spawn(world, |world| {
            receive(world);
        });
        world.arrive(MAIL);
        world.notify(MAIL);
        caller.join().unwrap();
        other.join().unwrap();
    });
}

/// A task waits, a caller comes and goes, and the system has an event, whose edge the background thread may have spent
/// while the caller led. No armed look comes.
#[test]
fn watch_and_leave() {
    explore_crowd(World::new, |world| {
        let system = spawn(world, |world| world.arrive(MAIL));
        let task = spawn(world, |world| {
            receive_in_task(world);
        });
        if receive_in_no_time(world).is_some() {
            world.arrive(MAIL);
        }
        system.join().unwrap();
        task.join().unwrap();
    });
}

/// A pipe was resumed, and the message it held back is wanted by somebody who does not lead. Callers come and go.
#[test]
fn hurry() {
    explore_with(World::new, |world| {
        let caller = spawn(world, |world| {
            receive_in_no_time(world);
        });
        world.inbox(PEER);
        world.handover.notify_later(PEER);
        world.handover.hurry();
        world.answered.wait();
        caller.join().unwrap();
    });
}

/// A pipe was resumed while a task waits, or just before it.
#[test]
fn later_and_task() {
    explore_with(World::new, |world| {
        let other = spawn(world, |world| {
            world.inbox(MAIL);
            world.handover.notify_later(MAIL);
        });
        receive_in_task(world);
        other.join().unwrap();
    });
}

/// Another thread sets a timer while the background thread leads, is about to settle, or sleeps.
#[test]
fn timer_of_the_background() {
    explore_with(
        || World::new().timed(),
        |world| {
            world.notify(PEER);
            let task = spawn(world, |world| {
                receive_in_task(world);
            });
            world.set_timer(5, MAIL);
            task.join().unwrap();
            world.answered.wait();
        },
    );
}

/// A timer is set while a caller comes and goes. It does not wait for the armed look, which comes later.
#[test]
fn timer_before_look() {
    explore_with(
        || World::new().timed(),
        |world| {
            let caller = spawn(world, |world| {
                receive_in_no_time(world);
            });
            world.set_timer(LOOK_AT - 1, PEER);
            world.answered.wait();
            caller.join().unwrap();
        },
    );
}

/// The same, and the armed look comes earlier. It is not put off beyond the timer.
#[test]
fn timer_after_look() {
    explore_with(
        || World::new().timed().looking(Looks::Armed),
        |world| {
            let caller = spawn(world, |world| {
                receive_in_no_time(world);
            });
            world.set_timer(LOOK_AT + 1, PEER);
            world.answered.wait();
            caller.join().unwrap();
        },
    );
}

/// The plain backend: callers park, the background thread leads.
#[test]
fn plain() {
    explore_with(World::plain, |world| {
        let other = spawn(world, |world| {
            receive(world);
        });
        world.arrive(MAIL);
        world.notify(MAIL);
        receive(world);
        other.join().unwrap();
    });
}

/// The same, and the message is in a pipe that was resumed.
#[test]
fn plain_later() {
    explore_with(World::plain, |world| {
        let other = spawn(world, |world| {
            world.inbox(MAIL);
            world.handover.notify_later(MAIL);
        });
        receive(world);
        other.join().unwrap();
    });
}
