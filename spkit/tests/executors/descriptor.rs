//! The third way: tokio polls a descriptor.

use spkit::{ErrorKind, Message, Readiness, Socket};
use tokio::io::{Interest, unix::AsyncFd};

use crate::{
    executor::{in_time, tokio_runtime},
    large, narrow, number,
    world::everywhere,
};

const MESSAGES: u32 = 300;

#[expect(
    deprecated,
    reason = "its successor is unsafe; this descriptor lives as long as its owner"
)]
fn watched(ready: Readiness) -> AsyncFd<Readiness> {
    AsyncFd::with_interest(ready, Interest::READABLE).unwrap()
}

async fn send(socket: &Socket, ready: &AsyncFd<Readiness>, mut message: Message) {
    loop {
        let mut guard = ready.readable().await.unwrap();
        match socket.try_send(message) {
            Ok(()) => return,
            Err(refused) => {
                assert_eq!(refused.error.kind(), ErrorKind::WouldBlock);
                message = refused.message;
                guard.clear_ready();
            }
        }
    }
}

async fn receive(socket: &Socket, ready: &AsyncFd<Readiness>) -> Message {
    loop {
        let mut guard = ready.readable().await.unwrap();
        match socket.try_recv() {
            Ok(message) => return message,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                guard.clear_ready();
            }
        }
    }
}

#[test]
fn streams_both_ways_by_tokios_async_fd() {
    everywhere(|runtime, address| {
        let (pair, peer) = narrow(runtime, ["pair", "pair"], address);
        tokio_runtime().block_on(async {
            let mut tasks = Vec::new();
            for socket in [pair, peer] {
                let from = socket.clone();
                tasks.push(tokio::spawn(async move {
                    let ready = watched(from.send_ready().unwrap());
                    for n in 0..MESSAGES {
                        send(&from, &ready, large(n)).await;
                    }
                }));
                tasks.push(tokio::spawn(async move {
                    let ready = watched(socket.recv_ready().unwrap());
                    for n in 0..MESSAGES {
                        assert_eq!(number(&receive(&socket, &ready).await), n);
                    }
                }));
            }
            for task in tasks {
                in_time(task).await.unwrap();
            }
        });
    });
}
