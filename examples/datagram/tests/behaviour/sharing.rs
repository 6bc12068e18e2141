//! Many pipes on one descriptor.

use std::{fs, thread, time::Duration};

use spkit::options;

use crate::house::{BACKENDS, House, LONG, number, numbered};

/// Sockets that the kernel knows under a path.
fn bound(house: &House) -> usize {
    let path = house.path().display().to_string();
    let table = fs::read_to_string("/proc/net/unix").unwrap();
    table.lines().filter(|line| line.ends_with(&path)).count()
}

#[test]
fn twenty_peers_share_one_descriptor() {
    for backend in BACKENDS {
        let house = House::new(backend);
        let rep = house.open("rep");
        house.listen(&rep);
        let reqs: Vec<_> = (0..20).map(|_| house.open("req")).collect();
        reqs.iter().for_each(|req| house.dial(req));
        rep.wait_for_peers(20, LONG).unwrap();
        // Each accepted stream would be listed under the path, too.
        assert_eq!(bound(&house), 1);
        for (n, req) in reqs.iter().enumerate() {
            req.send(numbered(n as u32, 8)).unwrap();
        }
        for _ in &reqs {
            let request = rep.recv_timeout(LONG).unwrap();
            rep.send(request).unwrap();
        }
        for (n, req) in reqs.iter().enumerate() {
            assert_eq!(number(req), n as u32);
        }
    }
}

#[test]
fn one_that_does_not_receive_stops_nobody_else() {
    for backend in BACKENDS {
        let house = House::new(backend);
        let push = house.open("push");
        house.listen(&push);
        let (stuck, fast) = (house.open("pull"), house.open("pull"));
        house.dial(&stuck);
        house.dial(&fast);
        push.wait_for_peers(2, LONG).unwrap();
        let receiving = {
            let fast = fast.clone();
            thread::spawn(move || {
                let mut count = 0;
                let patience = Duration::from_secs(1);
                while fast.recv_timeout(patience).is_ok() {
                    count += 1;
                }
                count
            })
        };
        for n in 0..5_000 {
            push.send_timeout(numbered(n, 1000), LONG).unwrap();
        }
        let to_fast = receiving.join().unwrap();
        let mut to_stuck = 0;
        while stuck.recv_timeout(Duration::from_millis(200)).is_ok() {
            to_stuck += 1;
        }
        assert_eq!(to_fast + to_stuck, 5_000);
        // A lane of 128 KiB, a window of that, and two send buffers of 256 KiB, the runtime has one as well; and what is
        // in one hand when the other is full.
        assert!(
            to_stuck <= 1000,
            "{to_stuck} wait for the one that is stuck"
        );
    }
}

#[test]
fn a_socket_that_receives_late_loses_nothing_of_anybody() {
    for backend in BACKENDS {
        let house = House::new(backend);
        let pull = house.open("pull");
        house.listen(&pull);
        let senders: Vec<_> = (0..5_u32)
            .map(|sender| {
                let push = house.open("push");
                house.dial(&push);
                thread::spawn(move || {
                    for n in 0..400 {
                        let body = [sender.to_be_bytes(), n_bytes(n)].concat();
                        let body = [&body[..], &[7; 2000]].concat();
                        push.send_timeout(body, LONG).unwrap();
                    }
                    push.close_with(LONG).complete
                })
            })
            .collect();
        pull.wait_for_peers(5, LONG).unwrap();
        thread::park_timeout(Duration::from_millis(300));
        let mut next = [0; 5];
        for _ in 0..5 * 400 {
            let body = pull.recv_timeout(LONG).unwrap();
            let [sender, n] =
                [0, 4].map(|at| u32::from_be_bytes(*body.body()[at..].first_chunk().unwrap()));
            assert_eq!(n, next[sender as usize], "of sender {sender}");
            next[sender as usize] += 1;
        }
        for sender in senders {
            assert!(sender.join().unwrap());
        }
    }
}

fn n_bytes(n: u32) -> [u8; 4] {
    n.to_be_bytes()
}

/// A listener that has its fill is not polled, so somebody else must read its descriptor.
#[test]
fn a_full_listener_does_not_starve_its_pipes() {
    for backend in BACKENDS {
        let house = House::new(backend);
        let (rep, req) = (house.open("rep"), house.open("req"));
        house.listen_with(&rep, |own| own.set(options::MAX_PIPES, 1));
        house.dial(&req);
        for n in 0..20 {
            req.send(numbered(n, 8)).unwrap();
            let request = rep.recv_timeout(LONG).unwrap();
            rep.send(request).unwrap();
            assert_eq!(number(&req), n);
        }
    }
}

#[test]
fn pipes_outlive_their_listener() {
    for backend in BACKENDS {
        let house = House::new(backend);
        let (rep, req) = (house.open("rep"), house.open("req"));
        let listener = house.listen(&rep);
        house.dial(&req);
        rep.wait_for_peers(1, LONG).unwrap();
        listener.close();
        assert!(!house.path().exists());
        for n in 0..20 {
            req.send(numbered(n, 8)).unwrap();
            let request = rep.recv_timeout(LONG).unwrap();
            rep.send(request).unwrap();
            assert_eq!(number(&req), n);
        }
    }
}
