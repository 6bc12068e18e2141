//! Each protocol's ordinary exchange: what is sent is what arrives.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;

use spkit::Socket;
use tempfile::TempDir;

use crate::Test;
use crate::scene::{Scene, Theirs, received, sent};
use crate::support::program::{Program, SOON};

pub(crate) const TESTS: &[Test] = &[
    ("the-issues-own-line", the_issues_own_line),
    ("program-pair", program_pair),
    ("program-push", program_push),
    ("program-pull", program_pull),
    ("program-req", program_req),
    ("program-rep", program_rep),
    ("socket-pair", socket_pair),
    ("socket-push", socket_push),
    ("socket-pull", socket_pull),
    ("socket-req", socket_req),
    ("socket-rep", socket_rep),
    ("socket-surveyor", socket_surveyor),
    ("socket-respondent", socket_respondent),
    ("many-pushed", many_pushed),
    ("many-pulled", many_pulled),
    ("many-asked", many_asked),
    ("program-asks-often", program_asks_often),
    ("many-answered", many_answered),
    ("both-flood", both_flood),
];

/// What is sent, and how a program is told to send it.
struct Body {
    bytes: Vec<u8>,
    words: Vec<PathBuf>,
    _folder: Option<TempDir>,
}

impl Body {
    /// Text, nothing, every byte, and close below the megabyte that all three
    /// implementations accept.
    fn all() -> Vec<Self> {
        let every: Vec<u8> = (0..=255).collect();
        let large = (0..250_000_u32).flat_map(u32::to_le_bytes).collect();
        vec![
            Self::typed("some text"),
            // Not from a file: of an empty one nanomsg's program dies.
            Self::typed(""),
            Self::from_file(every),
            Self::from_file(large),
        ]
    }

    fn typed(text: &str) -> Self {
        Self {
            bytes: text.into(),
            words: ["--data", text].map(PathBuf::from).into(),
            _folder: None,
        }
    }

    fn from_file(bytes: Vec<u8>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("message");
        fs::write(&file, &bytes).unwrap();
        Self {
            bytes,
            words: vec!["--file".into(), file],
            _folder: Some(folder),
        }
    }

    fn words(&self) -> Vec<&OsStr> {
        self.words.iter().map(|word| word.as_os_str()).collect()
    }

    /// Reads the body as `--hex` prints it.
    #[track_caller]
    fn is_printed(&self, by: &mut Program) {
        let line = by.line();
        let hex = self.bytes.iter().map(|byte| format!("\\x{byte:02x}"));
        let same = line == format!("\"{}\"", hex.collect::<String>());
        assert!(same, "{by} printed {} bytes", line.len());
    }

    #[track_caller]
    fn is_received(&self, by: &Socket) {
        let message = received(by);
        assert!(message.body() == self.bytes, "{} bytes", message.len());
    }

    #[track_caller]
    fn is_sent(&self, by: &Socket) {
        sent(by, self.bytes.clone());
    }
}

fn the_issues_own_line(scene: Scene) {
    let place = scene.place();
    let mut rep = scene.theirs(&place, "rep", "--data pong --ascii");
    let mut req = scene.ours(&place, "req", "--data ping --ascii");
    assert_eq!(req.line(), "pong");
    req.succeeds();
    // nng's prints no line end.
    assert_eq!(rep.bytes(4), b"ping");
}

fn program_pair(scene: Scene) {
    for body in Body::all() {
        let place = scene.place();
        let mut ours = scene.ours_with(&place, "pair", "--hex", &body.words());
        let mut theirs = scene.theirs_with(&place, "pair", "--hex", &body.words());
        body.is_printed(&mut ours);
        body.is_printed(&mut theirs);
    }
}

fn program_push(scene: Scene) {
    for body in Body::all() {
        let place = scene.place();
        let push = scene.ours_with(&place, "push", "", &body.words());
        let mut pull = scene.theirs(&place, "pull", "--hex");
        push.succeeds();
        body.is_printed(&mut pull);
    }
}

fn program_pull(scene: Scene) {
    for body in Body::all() {
        let place = scene.place();
        let mut pull = scene.ours(&place, "pull", "--hex");
        // Sent but once, nanomsg's can lose it at the end.
        let _push = scene.theirs_with(&place, "push", scene.theirs.often(), &body.words());
        body.is_printed(&mut pull);
    }
}

fn program_req(scene: Scene) {
    let answer = Body::typed("an answer");
    for body in Body::all() {
        let place = scene.place();
        let mut rep = scene.theirs_with(&place, "rep", "--hex", &answer.words());
        let mut req = scene.ours_with(&place, "req", "--hex", &body.words());
        answer.is_printed(&mut req);
        req.succeeds();
        body.is_printed(&mut rep);
        drop(rep);

        let place = scene.place();
        let _rep = scene.theirs_with(&place, "rep", "", &body.words());
        let mut req = scene.ours_with(&place, "req", "--hex", &answer.words());
        body.is_printed(&mut req);
        req.succeeds();
    }
}

fn program_rep(scene: Scene) {
    let question = Body::typed("a question");
    for body in Body::all() {
        let place = scene.place();
        let mut rep = scene.ours_with(&place, "rep", "--hex", &body.words());
        let mut req = scene.theirs_with(&place, "req", "--hex", &question.words());
        body.is_printed(&mut req);
        req.succeeds();
        question.is_printed(&mut rep);
        drop(rep);

        let place = scene.place();
        let mut rep = scene.ours_with(&place, "rep", "--hex", &question.words());
        let mut req = scene.theirs_with(&place, "req", "--hex", &body.words());
        question.is_printed(&mut req);
        req.succeeds();
        body.is_printed(&mut rep);
    }
}

fn socket_pair(scene: Scene) {
    for body in Body::all() {
        let place = scene.place();
        let mut theirs = scene.theirs_with(&place, "pair", "--hex", &body.words());
        let ours = scene.socket(&place, "pair");
        body.is_sent(&ours);
        body.is_printed(&mut theirs);
        body.is_received(&ours);
    }
}

fn socket_push(scene: Scene) {
    for body in Body::all() {
        let place = scene.place();
        let mut pull = scene.theirs(&place, "pull", "--hex");
        let push = scene.socket(&place, "push");
        body.is_sent(&push);
        assert!(push.close_with(SOON).complete);
        body.is_printed(&mut pull);
    }
}

fn socket_pull(scene: Scene) {
    for body in Body::all() {
        let place = scene.place();
        let pull = scene.socket(&place, "pull");
        let _push = scene.theirs_with(&place, "push", scene.theirs.often(), &body.words());
        body.is_received(&pull);
    }
}

fn socket_req(scene: Scene) {
    for body in Body::all() {
        let place = scene.place();
        let mut rep = scene.theirs_with(&place, "rep", "--hex", &body.words());
        let req = scene.socket(&place, "req");
        for _ in 0..3 {
            body.is_sent(&req);
            body.is_received(&req);
            body.is_printed(&mut rep);
        }
    }
}

fn socket_rep(scene: Scene) {
    for body in Body::all() {
        let place = scene.place();
        let rep = scene.socket(&place, "rep");
        let mut req = scene.theirs_with(&place, "req", "--hex", &body.words());
        body.is_received(&rep);
        body.is_sent(&rep);
        body.is_printed(&mut req);
        req.succeeds();
    }
}

fn socket_surveyor(scene: Scene) {
    for body in Body::all() {
        let place = scene.place();
        let mut respondent = scene.theirs_with(&place, "respondent", "--hex", &body.words());
        let surveyor = scene.socket(&place, "surveyor");
        surveyor.set_str("survey-time", "never").unwrap();
        // A survey goes to those who are there.
        surveyor.wait_for_peers(1, SOON).unwrap();
        for _ in 0..3 {
            body.is_sent(&surveyor);
            body.is_received(&surveyor);
            body.is_printed(&mut respondent);
        }
    }
}

fn socket_respondent(scene: Scene) {
    for body in Body::all() {
        let place = scene.place();
        let respondent = scene.socket(&place, "respondent");
        // Its first survey may find nobody there yet.
        let mut surveyor =
            scene.theirs_with(&place, "surveyor", "--hex --interval 1", &body.words());
        body.is_received(&respondent);
        body.is_sent(&respondent);
        body.is_printed(&mut surveyor);
    }
}

fn many_pushed(scene: Scene) {
    let place = scene.place();
    let mut pull = scene.theirs(&place, "pull", "--quoted");
    let push = scene.socket(&place, "push");
    for n in 0..10_000 {
        sent(&push, n.to_string());
    }
    for n in 0..10_000 {
        assert_eq!(pull.line(), format!("\"{n}\""));
    }
}

fn many_pulled(scene: Scene) {
    let place = scene.place();
    let pull = scene.socket(&place, "pull");
    let _push = scene.theirs(&place, "push", "--data x --interval 0");
    for _ in 0..10_000 {
        assert_eq!(received(&pull).body(), b"x");
    }
}

fn many_asked(scene: Scene) {
    let place = scene.place();
    let mut rep = scene.theirs(&place, "rep", "--data pong --quoted");
    let req = scene.socket(&place, "req");
    for n in 0..2_000 {
        sent(&req, n.to_string());
        assert_eq!(received(&req).body(), b"pong");
        assert_eq!(rep.line(), format!("\"{n}\""));
    }
}

fn program_asks_often(scene: Scene) {
    let place = scene.place();
    let mut rep = scene.theirs(&place, "rep", "--data pong --quoted");
    // nanomsg leaves Nagle's algorithm on: its reply may wait for a delayed acknowledgement (40 ms), by which time a
    // shorter interval has always asked anew.
    let mut req = scene.ours(&place, "req", "--data ping --quoted --interval 0.1");
    for _ in 0..20 {
        assert_eq!(req.line(), "\"pong\"");
        assert_eq!(rep.line(), "\"ping\"");
    }
}

fn many_answered(scene: Scene) {
    let place = scene.place();
    let mut rep = scene.ours(&place, "rep", "--data pong --ascii");
    let (interval, count) = match scene.theirs {
        Theirs::Nanomsg => ("--interval 0.01", 50),
        Theirs::Nng => ("--interval 1", 3),
    };
    let line = format!("--data ping --quoted {interval}");
    let mut req = scene.theirs(&place, "req", &line);
    for _ in 0..count {
        assert_eq!(req.line(), "\"pong\"");
        assert_eq!(rep.line(), "ping");
    }
}

fn both_flood(scene: Scene) {
    let place = scene.place();
    let mut pull = scene.theirs(&place, "pull", "--quoted");
    let mut push = scene.ours(&place, "push", "--data x --interval 0");
    for _ in 0..10_000 {
        assert_eq!(pull.line(), "\"x\"");
    }
    assert!(push.is_running());
    drop((push, pull));

    let place = scene.place();
    let mut pull = scene.ours(&place, "pull", "--quoted");
    let mut push = scene.theirs(&place, "push", "--data x --interval 0");
    for _ in 0..10_000 {
        assert_eq!(pull.line(), "\"x\"");
    }
    assert!(push.is_running());
}
