//! Wakers of several executors on one socket.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    thread,
};

use futures::{executor::block_on, future::poll_immediate};
use spkit::{Message, Result, Socket};

use crate::{
    connected,
    executor::{in_time, tokio_runtime},
    number, small,
    world::{SOON, everywhere},
};

const MESSAGES: u32 = 2_000;

#[test]
fn each_message_goes_to_one_of_them() {
    everywhere(|runtime, address| {
        let (pull, push) = connected(runtime, ["pull", "push"], address);
        let ledger = Arc::new(Mutex::new(BTreeMap::<u32, u32>::new()));
        let drain = |receive: fn(&Socket) -> Result<Message>| {
            let (pull, ledger) = (pull.clone(), Arc::clone(&ledger));
            move || {
                while let Ok(message) = receive(&pull) {
                    let mut ledger = ledger.lock().unwrap();
                    *ledger.entry(number(&message)).or_default() += 1;
                    if ledger.len() == MESSAGES as usize {
                        pull.close();
                    }
                }
            }
        };
        let tokio = tokio_runtime();
        thread::scope(|scope| {
            scope.spawn(drain(|pull| pull.recv_timeout(SOON)));
            scope.spawn(drain(|pull| block_on(pull.recv_async())));
            let on_tokio = drain(|pull| {
                let handle = tokio::runtime::Handle::current();
                handle.block_on(async { in_time(pull.recv_async()).await })
            });
            let tokio = &tokio;
            scope.spawn(move || {
                let _inside = tokio.enter();
                on_tokio();
            });
            for n in 0..MESSAGES {
                push.send_timeout(small(n), SOON).unwrap();
                if n % 5 == 0 {
                    thread::yield_now();
                }
            }
        });
        let expected: BTreeMap<_, _> = (0..MESSAGES).map(|n| (n, 1)).collect();
        assert_eq!(*ledger.lock().unwrap(), expected);
    });
}

#[test]
fn a_future_that_changes_its_executor_is_woken_where_it_is() {
    everywhere(|runtime, address| {
        let (pull, push) = connected(runtime, ["pull", "push"], address);
        let tokio = tokio_runtime();
        for n in 0..50 {
            let mut receive = Box::pin(pull.recv_async());
            assert!(block_on(poll_immediate(&mut receive)).is_none());
            let received = tokio.block_on(async {
                assert!(poll_immediate(&mut receive).await.is_none());
                push.send(small(n)).unwrap();
                in_time(receive).await
            });
            assert_eq!(number(&received.unwrap()), n);
        }
    });
}
