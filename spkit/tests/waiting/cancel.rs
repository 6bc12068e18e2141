//! Futures dropped at any point: what was not sent does not arrive, what was does once, and nothing received is lost.

use std::{task::Poll, thread, time::Instant};

use spkit::ErrorKind;

use crate::{
    connect::connect,
    pairs::narrow,
    polled::Polled,
    world::{SOON, everywhere},
};

const MESSAGES: u32 = 600;

fn number(body: &[u8]) -> u32 {
    u32::from_be_bytes(body[..4].try_into().unwrap())
}

#[test]
fn sends() {
    everywhere(|runtime, address| {
        let (pair, peer) = narrow(runtime, ["pair", "pair"], address);
        let mut sent = Vec::new();
        let mut came = Vec::new();
        let mut dropped = 0;
        for n in 0..MESSAGES {
            // Large enough to fill what the system buffers, too.
            let mut body = vec![0; 20_000];
            body[..4].copy_from_slice(&n.to_be_bytes());
            let mut send = Polled::new(pair.send_async(body));
            let polls = n % 4;
            let mut ready = false;
            for _ in 0..polls {
                if let Poll::Ready(done) = send.poll() {
                    done.unwrap();
                    ready = true;
                    break;
                }
                thread::yield_now();
            }
            if ready {
                sent.push(n);
            } else {
                dropped += u32::from(polls > 0);
                // A little room, for some of those to come.
                came.extend(peer.try_recv().ok().map(|message| number(message.body())));
            }
        }
        assert!(dropped > 0, "every send went at once: nothing was tested");
        while came.len() < sent.len() {
            came.push(number(peer.recv_timeout(SOON).unwrap().body()));
        }
        assert_eq!(came, sent);
        assert_eq!(peer.try_recv().unwrap_err().kind(), ErrorKind::WouldBlock);
    });
}

#[test]
fn receives() {
    everywhere(|runtime, address| {
        let (pair, peer) = narrow(runtime, ["pair", "pair"], address);
        thread::scope(|scope| {
            scope.spawn(|| {
                for n in 0..MESSAGES {
                    pair.send_timeout(n.to_be_bytes().to_vec(), SOON).unwrap();
                }
            });
            let start = Instant::now();
            let mut came = Vec::new();
            let mut dropped = 0;
            for polls in (1..4).cycle() {
                if came.len() == MESSAGES as usize {
                    break;
                }
                assert!(start.elapsed() < 3 * SOON, "{} came", came.len());
                let mut recv = Polled::new(peer.recv_async());
                for _ in 0..polls {
                    if let Poll::Ready(done) = recv.poll() {
                        came.push(number(done.unwrap().body()));
                        // A future that is done has its message; the next one is a new one.
                        recv = Polled::new(peer.recv_async());
                        continue;
                    }
                    thread::yield_now();
                }
                dropped += 1;
            }
            assert!(dropped > 0);
            assert_eq!(came, (0..MESSAGES).collect::<Vec<_>>());
        });
    });
}

#[test]
fn a_request_and_its_reply() {
    everywhere(|runtime, address| {
        let (rep, req) = (runtime.open("rep").unwrap(), runtime.open("req").unwrap());
        connect(&req, &rep, address);
        for n in 0..50_u32 {
            req.send(n.to_be_bytes().to_vec()).unwrap();
            // Dropped before, between and after: the request can still be received and answered.
            for _ in 0..n % 3 {
                assert!(Polled::new(req.recv_async()).poll().is_pending());
            }
            let request = rep.recv_timeout(SOON).unwrap();
            assert_eq!(number(request.body()), n);
            let mut spare = Polled::new(rep.recv_async());
            assert!(spare.poll().is_pending());
            drop(spare);
            rep.send(request).unwrap();
            let reply = Polled::new(req.recv_async()).finish(SOON).unwrap();
            assert_eq!(number(reply.unwrap().body()), n);
        }
    });
}
