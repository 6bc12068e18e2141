use std::time::*;
use example_datagram as _;
use spkit::{Backend, Runtime};
#[test]
fn a_sender_is_held_up() {
    for backend in [Backend::CallerRuns, Backend::Background] {
        let dir = tempfile::tempdir().unwrap();
        let addr = format!("dgram://{}/s", dir.path().display());
        let runtime = Runtime::builder().backend(backend).build().unwrap();
        let (push, pull) = (runtime.open("push").unwrap(), runtime.open("pull").unwrap());
        push.listen(&addr).unwrap();
        pull.dial(&addr).unwrap();
        push.wait_for_peers(1, Duration::from_secs(5)).unwrap();
        let start = Instant::now();
        let mut kept = 0;
        while start.elapsed() < Duration::from_secs(2) && push.send_timeout(vec![0; 1000], Duration::from_millis(300)).is_ok() { kept += 1; }
        eprintln!("{backend:?}: {kept} KB accepted in {:?} and received by nobody", start.elapsed());
    }
}
