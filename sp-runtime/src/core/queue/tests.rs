use super::*;

const LIMIT: QueueLimit = QueueLimit {
    messages: 4,
    bytes: 1000,
};

fn pipe(n: u32) -> PipeId {
    PipeId::from_raw(n)
}

fn pop(queue: &mut RecvQueue, resumed: &mut Vec<PipeId>) -> Option<Message> {
    let message = queue.pop();
    queue.resume(resumed);
    message
}

fn text(message: Option<Message>) -> String {
    String::from_utf8(message.unwrap().body().to_vec()).unwrap()
}

#[test]
fn lanes_are_served_in_turn() {
    let mut queue = RecvQueue::new(LIMIT);
    for n in 0..3 {
        let _ = queue.push(pipe(1), Message::from(format!("a{n}")), &Ranks::default());
    }
    let _ = queue.push(pipe(2), Message::from("b0"), &Ranks::default());
    let mut resumed = Vec::new();
    let order: Vec<_> = (0..4)
        .map(|_| text(pop(&mut queue, &mut resumed)))
        .collect();
    assert_eq!(order, ["a0", "b0", "a1", "a2"]);
    assert!(pop(&mut queue, &mut resumed).is_none());
}

#[test]
fn a_full_lane_pauses_its_pipe_until_half_is_gone() {
    let mut queue = RecvQueue::new(LIMIT);
    for n in 1..=4 {
        assert_eq!(
            queue.push(pipe(1), Message::new(), &Ranks::default()),
            n == 4
        );
    }
    let mut resumed = Vec::new();
    pop(&mut queue, &mut resumed);
    assert!(resumed.is_empty());
    pop(&mut queue, &mut resumed);
    assert_eq!(resumed, [pipe(1)]);
}

#[test]
fn a_lane_that_empties_resumes_its_pipe_even_if_others_are_full() {
    let mut queue = RecvQueue::new(LIMIT);
    for _ in 0..8 {
        let _ = queue.push(pipe(1), Message::new(), &Ranks::default());
    }
    assert!(
        queue.push(pipe(2), Message::new(), &Ranks::default()),
        "all together are over"
    );
    let mut resumed = Vec::new();
    pop(&mut queue, &mut resumed);
    pop(&mut queue, &mut resumed);
    assert_eq!(resumed, [pipe(2)]);
}

#[test]
fn bytes_count_too() {
    let mut queue = RecvQueue::new(LIMIT);
    assert!(queue.push(pipe(1), Message::from(vec![0; 1000]), &Ranks::default()));
}

#[test]
fn what_is_only_appended_pauses_nobody() {
    let mut queue = RecvQueue::new(LIMIT);
    for n in 0..9 {
        assert_eq!((queue.is_full(), queue.has(pipe(1))), (n >= 4, n > 0));
        queue.append(pipe(1), Message::new(), &Ranks::default());
    }
    assert!(!queue.has_paused() && !queue.has(pipe(2)));
}

#[test]
fn a_batch_moves_into_an_empty_lane_and_behind_a_full_one() {
    let mut queue = RecvQueue::new(LIMIT);
    let mut inbox = Inbox::default();
    inbox.push(Message::from("0"));
    assert!(!queue.push_all(pipe(1), &mut inbox, &Ranks::default()));
    inbox.push(Message::from("1"));
    inbox.push(Message::from("2"));
    assert!(!queue.push_all(pipe(1), &mut inbox, &Ranks::default()));
    assert!(inbox.is_empty());
    let mut resumed = Vec::new();
    let order: Vec<_> = (0..3)
        .map(|_| text(pop(&mut queue, &mut resumed)))
        .collect();
    assert_eq!(order, ["0", "1", "2"]);
    assert_eq!((queue.len(), queue.bytes()), (0, 0));
}

#[test]
fn what_is_not_kept_leaves_the_rest_in_place() {
    let mut queue = RecvQueue::new(LIMIT);
    for (n, body) in ["a", "xx", "b", "c", "x", "x"].into_iter().enumerate() {
        let _ = queue.push(pipe(n as u32 % 3), Message::from(body), &Ranks::default());
    }
    // Of pipe 1 nothing is left, and all together are over the limit.
    for _ in 0..4 {
        let _ = queue.push(pipe(0), Message::from("d"), &Ranks::default());
    }
    let out = queue.retain(|message| !message.body().starts_with(b"x"));
    assert_eq!(out.len(), 3);
    assert_eq!((queue.len(), queue.bytes()), (7, 7));
    assert!(queue.has(pipe(0)) && !queue.has(pipe(1)) && queue.has(pipe(2)));
    let mut resumed = Vec::new();
    queue.resume(&mut resumed);
    assert_eq!(resumed, [pipe(1)]);
    let order: Vec<_> = (0..7)
        .map(|_| text(pop(&mut queue, &mut resumed)))
        .collect();
    assert_eq!(order, ["a", "b", "c", "d", "d", "d", "d"]);
    assert!(queue.is_empty());
    let _ = queue.push(pipe(1), Message::from("e"), &Ranks::default());
    assert_eq!(text(pop(&mut queue, &mut resumed)), "e");
}

#[test]
fn a_pipe_that_went_is_not_resumed() {
    let mut queue = RecvQueue::new(LIMIT);
    for _ in 0..4 {
        let _ = queue.push(pipe(1), Message::new(), &Ranks::default());
    }
    queue.forget(pipe(1));
    let mut resumed = Vec::new();
    while pop(&mut queue, &mut resumed).is_some() {}
    assert!(resumed.is_empty());
}

/// Ranks of pipes 1 to 4: the middle, the first, the first, the last.
fn ranks() -> Ranks {
    let mut ranks = Ranks::default();
    for (n, rank) in [(1, 8), (2, 1), (3, 1), (4, 16)] {
        ranks.set(pipe(n), rank);
    }
    ranks
}

fn filled(limit: QueueLimit, messages: &[&str]) -> RecvQueue {
    let mut queue = RecvQueue::new(limit);
    for text in messages {
        let number = u32::from(text.as_bytes()[0] - b'0');
        queue.append(pipe(number), Message::from((*text).to_owned()), &ranks());
    }
    queue
}

fn rest(mut queue: RecvQueue) -> Vec<String> {
    let next = || queue.pop().map(|message| text(Some(message)));
    std::iter::from_fn(next).collect()
}

#[test]
fn the_lowest_rank_comes_first_and_equals_take_turns() {
    let queue = filled(LIMIT, &["4a", "1a", "1b", "2a", "2b", "3a", "3b", "4b"]);
    let order = ["2a", "3a", "2b", "3b", "1a", "1b", "4a", "4b"];
    assert_eq!(rest(queue), order);
}

#[test]
fn a_newcomer_of_a_lower_rank_goes_in_front_of_what_waits() {
    let mut queue = filled(LIMIT, &["4a", "4b", "1a"]);
    assert_eq!(text(queue.pop()), "1a");
    assert_eq!(text(queue.pop()), "4a");
    queue.append(pipe(3), Message::from("3a"), &ranks());
    assert_eq!(rest(queue), ["3a", "4b"]);
}

#[test]
fn what_is_dropped_for_a_newcomer_is_of_the_highest_rank() {
    let mut queue = filled(LIMIT, &["2a", "1a", "1b", "3a"]);
    let dropped = queue.drop_for(pipe(2), &ranks());
    assert_eq!(text(dropped), "1a");
    assert!(
        queue.drop_for(pipe(4), &ranks()).is_none(),
        "it matters least"
    );
    assert_eq!(rest(queue), ["2a", "3a", "1b"]);
    let mut queue = filled(LIMIT, &["1a", "1b"]);
    assert_eq!(text(queue.drop_for(pipe(1), &Ranks::default())), "1a");
}

#[test]
fn a_larger_limit_resumes_what_was_paused() {
    let mut queue = RecvQueue::new(LIMIT);
    for _ in 0..4 {
        let _ = queue.push(pipe(1), Message::new(), &Ranks::default());
    }
    let messages = 9;
    queue.set_limit(QueueLimit {
        messages,
        ..queue.limit()
    });
    let mut resumed = Vec::new();
    queue.resume(&mut resumed);
    assert_eq!(resumed, [pipe(1)]);
}
