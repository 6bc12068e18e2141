use std::collections::BTreeMap;

use spkit_api::toolkit::harness::Dice;

use super::*;

fn topics(of: &[&str]) -> Topics {
    let mut topics = Topics::default();
    of.iter().for_each(|topic| topics.add(topic.as_bytes()));
    topics
}

/// Strings that are there, and whether no node is.
fn size(topics: &Topics) -> (usize, bool) {
    let texts = topics.texts.len() - topics.free_texts.len();
    (texts, topics.nodes.are_gone())
}

const NOTHING: (usize, bool) = (0, true);

/// The nodes that looking for a body looks at, and the string it is compared with.
fn steps(topics: &Topics, body: &[u8]) -> usize {
    let mut steps = 0;
    topics.look(body, || steps += 1);
    steps
}

// SP-PS-005, SP-PS-006
#[test]
fn a_string_matches_what_begins_with_it() {
    let topics = topics(&["foo", "bar"]);
    for (body, matches) in [
        ("foo", true),
        ("foo|x", true),
        ("fo", false),
        ("bar1", true),
        ("xfoo", false),
        ("FOO", false),
        ("", false),
    ] {
        assert_eq!(topics.matches(body.as_bytes()), matches, "{body}");
    }
    assert!(!Topics::default().matches(b""));
    let mut all = topics;
    all.add(b"");
    assert!(all.matches(b"") && all.matches(b"anything"));
}

#[test]
fn what_was_added_twice_is_removed_twice() {
    let mut topics = topics(&["a", "a", "ab"]);
    assert_eq!(topics.remove(b"a"), Some(1));
    assert!(topics.matches(b"ax"));
    assert_eq!(topics.remove(b"a"), Some(0));
    assert!(!topics.matches(b"ax") && topics.matches(b"abx"));
    for absent in ["a", "", "abc", "b"] {
        assert_eq!(topics.remove(absent.as_bytes()), None, "{absent}");
    }
}

/// The same by the plainest means: every string with its count.
#[test]
fn it_finds_what_a_list_would_find() {
    for seed in 0..300 {
        let mut dice = Dice::new(seed);
        // A coarse alphabet makes them share beginnings, a fine one gives nodes many children; some are long.
        let string = |dice: &mut Dice| -> Vec<u8> {
            let long = dice.below(8) == 0;
            let len = dice.below(if long { 100 } else { 5 });
            let alphabet = [1, 3, 3, 40][dice.below(4)];
            let bytes = (0..len).map(|_| match dice.below(alphabet) {
                0 => 0,
                1 => b'a',
                2 => 0xff,
                other => other as u8,
            });
            bytes.collect()
        };
        let mut topics = Topics::default();
        let mut list = BTreeMap::<Vec<u8>, u32>::new();
        for _ in 0..200 {
            let topic = string(&mut dice);
            if dice.below(2) == 0 {
                topics.add(&topic);
                *list.entry(topic).or_default() += 1;
            } else {
                let left = list.get(&topic).map(|count| count - 1);
                assert_eq!(topics.remove(&topic), left, "seed {seed}");
                match left {
                    Some(0) => drop(list.remove(&topic)),
                    Some(left) => drop(list.insert(topic, left)),
                    None => {}
                }
            }
            let body = string(&mut dice);
            let found = list.keys().any(|topic| body.starts_with(topic));
            assert_eq!(topics.matches(&body), found, "seed {seed}: {body:?}");
        }
        for (topic, count) in list {
            (0..count).for_each(|_| assert!(topics.remove(&topic).is_some()));
        }
        assert_eq!(size(&topics), NOTHING, "seed {seed}");
    }
}

/// A step costs the same however many children a node has; so what counts is their number, and that they stay few.
#[test]
fn a_hundred_thousand_cost_less_than_three_times_the_steps_of_ten() {
    let numbers = |n: u32| format!("news/{:05}/", n * 7919 % 100_000).into_bytes();
    let bytes = |n: u32| n.wrapping_mul(2_654_435_761).to_be_bytes().to_vec();
    let shapes: [&dyn Fn(u32) -> Vec<u8>; 2] = [&numbers, &bytes];
    for topic in shapes {
        let [few, many] = [10, 100_000].map(|count| {
            let mut topics = Topics::default();
            (0..count).for_each(|n| topics.add(&topic(n)));
            let all = (0..count).step_by(count as usize / 10).map(|n| {
                let body = [&topic(n)[..], b"body"].concat();
                assert!(topics.matches(&body));
                steps(&topics, &body)
            });
            let all = all.sum::<usize>();
            (0..count).for_each(|n| assert_eq!(topics.remove(&topic(n)), Some(0)));
            assert_eq!(size(&topics), NOTHING);
            all
        });
        assert!(many < 3 * few, "{many} for 100,000, {few} for 10");
    }
}

#[test]
fn looking_takes_no_more_steps_than_the_body_has_bytes() {
    let mut topics = Topics::default();
    for len in 1..1_000 {
        topics.add(&[&vec![b'a'; len][..], b"b"].concat());
    }
    for len in [0, 1, 10, 500] {
        let body = vec![b'a'; len];
        assert!(!topics.matches(&body));
        assert!(steps(&topics, &body) <= len + 2);
    }
}

#[test]
fn strings_may_be_as_long_and_as_nested_as_they_like() {
    let long = vec![b'a'; 100_000];
    let mut topics = Topics::default();
    (0..2_000).for_each(|len| topics.add(&long[..len]));
    topics.add(&long);
    assert_eq!(topics.remove(&long), Some(0));
    (0..2_000).for_each(|len| assert_eq!(topics.remove(&long[..len]), Some(0)));
    assert_eq!(size(&topics), NOTHING);
}
