#[path = "behaviour/house.rs"]
mod house;
use house::*;
use std::{thread, time::*};
#[test]
fn dbg() {
    let house = House::new(BACKENDS[std::env::var("B").unwrap().parse::<usize>().unwrap()]);
    let push = house.open("push");
    house.listen(&push);
    let (stuck, fast) = (house.open("pull"), house.open("pull"));
    house.dial(&stuck);
    house.dial(&fast);
    push.wait_for_peers(2, LONG).unwrap();
    let start = Instant::now();
    let f2 = fast.clone();
    thread::spawn(move || {
        let mut count = 0;
        loop {
            match f2.recv_timeout(Duration::from_millis(300)) {
                Ok(_) => {
                    count += 1;
                    if count % 200 == 0 {
                        eprintln!("{:?} got {count}", start.elapsed());
                    }
                }
                Err(e) => {
                    eprintln!(
                        "{:?} none {e} after {count}; {:?}",
                        start.elapsed(),
                        f2.stats()
                    );
                    if start.elapsed() > Duration::from_secs(4) {
                        return;
                    }
                }
            }
        }
    });
    for n in 0..5_000 {
        if n % 200 == 0 {
            eprintln!("{:?} sending {n}", start.elapsed());
        }
        if let Err(e) = push.send_timeout(numbered(n, 1000), Duration::from_secs(3)) {
            eprintln!("{n} {e} {:?} {:?}", push.stats(), stuck.stats());
            eprintln!("{fast:?}");
            return;
        }
    }
}
