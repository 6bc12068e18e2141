//! Protocols do no I/O: what could do it for them is not even in their tree.

use std::process::Command;

#[test]
fn the_event_loop_is_not_among_the_dependencies() {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--package", env!("CARGO_PKG_NAME")])
        .args([
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p} [{f}]",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    let tree = String::from_utf8_lossy(&tree.stdout);
    let mio = tree.lines().find(|line| line.starts_with("mio "));
    let mio = mio.expect("sp-api takes mio's types");
    assert!(
        mio.ends_with("[]"),
        "mio's event loop is switched on: {mio}"
    );
    for banned in [
        "socket2",
        "rustix",
        "tokio",
        "spkit-runtime",
        "spkit-transports",
    ] {
        let found = tree
            .lines()
            .find(|line| line.split(' ').next() == Some(banned));
        assert_eq!(found, None);
    }
}
