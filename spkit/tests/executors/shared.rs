//! Many tasks of tokio's on one socket.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use spkit::{Message, Socket};
use tokio::task::JoinHandle;

use crate::{
    Dice, connected,
    executor::{in_time, tokio_runtime},
    number, small,
    world::{SOON, everywhere},
};

const TASKS: u32 = 64;
const EACH: u32 = 40;

type Ledger = Arc<Mutex<BTreeMap<u32, u32>>>;

/// Enters a message; closes the socket after the last one.
fn enter(ledger: &Ledger, socket: &Socket, message: &Message) {
    let mut ledger = ledger.lock().unwrap();
    *ledger.entry(number(message)).or_default() += 1;
    if ledger.len() == (TASKS * EACH) as usize {
        socket.close();
    }
}

fn check(ledger: &Ledger) {
    let expected: BTreeMap<_, _> = (0..TASKS * EACH).map(|n| (n, 1)).collect();
    assert_eq!(*ledger.lock().unwrap(), expected);
}

fn receiver(pull: Socket, ledger: Ledger) -> JoinHandle<()> {
    tokio::spawn(async move {
        while let Ok(message) = pull.recv_async().await {
            enter(&ledger, &pull, &message);
        }
    })
}

fn senders(push: &Socket) {
    for task in 0..TASKS {
        let push = push.clone();
        tokio::spawn(async move {
            for n in 0..EACH {
                push.send_async(small(task * EACH + n)).await.unwrap();
                if n % 8 == task % 8 {
                    tokio::task::yield_now().await;
                }
            }
        });
    }
}

#[test]
fn all_send_and_all_receive() {
    everywhere(|runtime, address| {
        let (pull, push) = connected(runtime, ["pull", "push"], address);
        let ledger = Ledger::default();
        tokio_runtime().block_on(async {
            let receivers: Vec<_> = (0..TASKS)
                .map(|_| receiver(pull.clone(), Arc::clone(&ledger)))
                .collect();
            senders(&push);
            for receiver in receivers {
                in_time(receiver).await.unwrap();
            }
        });
        check(&ledger);
    });
}

/// A task that is aborted after its wake-up never comes back for the message: another has to be woken.
#[test]
fn tasks_aborted_while_they_wait() {
    everywhere(|runtime, address| {
        let (pull, push) = connected(runtime, ["pull", "push"], address);
        let ledger = Ledger::default();
        tokio_runtime().block_on(async {
            let fresh = || receiver(pull.clone(), Arc::clone(&ledger));
            let mut receivers: Vec<_> = (0..4).map(|_| fresh()).collect();
            // This one stays: it must get whatever the others were woken for.
            let stays = fresh();
            let mut dice = Dice(5);
            for n in 0..TASKS * EACH {
                push.send_async(small(n)).await.unwrap();
                let at = dice.below(4) as usize;
                if dice.below(3) == 0 {
                    receivers[at].abort();
                    receivers[at] = fresh();
                }
                if dice.below(3) == 0 {
                    tokio::task::yield_now().await;
                }
            }
            for receiver in &receivers {
                receiver.abort();
            }
            in_time(stays).await.unwrap();
        });
        check(&ledger);
    });
}

/// The same, made sure of: the only thread of its executor does not let it run before it is aborted.
#[cfg(unix)]
#[test]
fn a_task_aborted_between_its_wake_and_its_turn() {
    everywhere(|runtime, address| {
        let (pull, push) = connected(runtime, ["pull", "push"], address);
        let mut one_thread = tokio::runtime::Builder::new_current_thread();
        one_thread.enable_all().build().unwrap().block_on(async {
            let ready = pull.recv_ready().unwrap();
            for n in 0..20 {
                let [first, second] = [(); 2].map(|()| tokio::spawn(pull.recv_async()));
                // Both come to wait.
                tokio::task::yield_now().await;
                push.send(small(n)).unwrap();
                assert!(
                    crate::ready::wait(&ready, SOON),
                    "it is there, and woke the first"
                );
                first.abort();
                let received = in_time(second).await;
                assert_eq!(number(&received.unwrap().unwrap()), n);
            }
        });
    });
}
