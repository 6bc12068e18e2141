//! tokio's own ways to give up: `timeout` and `select!`.

use std::time::Duration;

use tokio::time::timeout;

use crate::{
    Dice, connected,
    executor::{in_time, tokio_runtime},
    large, narrow, number, small,
    world::everywhere,
};

const MESSAGES: u32 = 300;

fn moment(dice: &mut Dice) -> Duration {
    Duration::from_micros(dice.below(1_500).into())
}

#[test]
fn timeouts_at_both_ends() {
    everywhere(|runtime, address| {
        let (from, to) = narrow(runtime, ["pair", "pair"], address);
        tokio_runtime().block_on(async {
            let sender = tokio::spawn(async move {
                let mut dice = Dice(1);
                for n in 0..MESSAGES {
                    let mut sent = timeout(moment(&mut dice), from.send_async(large(n))).await;
                    while sent.is_err() {
                        sent = timeout(moment(&mut dice), from.send_async(large(n))).await;
                    }
                }
                from
            });
            let mut dice = Dice(2);
            for n in 0..MESSAGES {
                let receive = async {
                    loop {
                        if let Ok(done) = timeout(moment(&mut dice), to.recv_async()).await {
                            break done;
                        }
                    }
                };
                let received = in_time(receive).await;
                assert_eq!(number(&received.unwrap()), n);
            }
            let from = in_time(sender).await.unwrap();
            from.try_recv().unwrap_err();
            to.try_recv().unwrap_err();
        });
    });
}

/// Whichever branch wins, the others are dropped: a message each time, were it not for the promise.
#[test]
fn one_of_two_sockets_and_the_time() {
    everywhere(|runtime, address| {
        let (first, one) = connected(runtime, ["pull", "push"], address);
        let (second, two) = connected(runtime, ["pull", "push"], "inproc://second");
        tokio_runtime().block_on(async {
            for push in [one, two] {
                tokio::spawn(async move {
                    for n in 0..MESSAGES {
                        push.send_async(small(n)).await.unwrap();
                        if n % 7 == 0 {
                            tokio::task::yield_now().await;
                        }
                    }
                });
            }
            let mut next = [0, 0];
            let mut dice = Dice(3);
            let all = async {
                while next != [MESSAGES; 2] {
                    let (at, received) = tokio::select! {
                        received = first.recv_async() => (0, received),
                        received = second.recv_async() => (1, received),
                        () = tokio::time::sleep(moment(&mut dice)) => continue,
                        () = tokio::task::yield_now(), if dice.below(3) == 0 => continue,
                    };
                    assert_eq!(number(&received.unwrap()), next[at]);
                    next[at] += 1;
                }
            };
            in_time(all).await;
        });
    });
}
