//! What a context subscribed to: a radix tree of byte strings.

use std::fmt;

/// Byte strings, each as often as it was added, to be found as prefixes of a body.
///
/// Looking costs a step for each node on the body's way down, so never more steps than the body has bytes, however many
/// strings there are. Nodes lie in one row and name each other by number: nothing here recurses, and strings may be of
/// any length.
pub(super) struct Topics {
    /// The root comes first; its label is empty.
    nodes: Vec<Node>,
    free: Vec<u32>,
}

const ROOT: u32 = 0;

/// A cache line.
#[derive(Default)]
#[repr(align(64))]
struct Node {
    label: Label,
    /// How often the string that ends here was added.
    count: u32,
    /// By the first byte of their label, in its order.
    children: Vec<(u8, u32)>,
}

impl Default for Topics {
    fn default() -> Self {
        Self {
            nodes: vec![Node::default()],
            free: Vec::new(),
        }
    }
}

impl Topics {
    /// Adds a string once more.
    pub(super) fn add(&mut self, mut rest: &[u8]) {
        let mut at = ROOT;
        while let Some(first) = rest.first() {
            at = match self.child(at, *first) {
                Some(child) => {
                    let common = common(self.node(child).label.bytes(), rest);
                    self.split(child, common);
                    rest = &rest[common..];
                    child
                }
                None => {
                    let (label, tail) = rest.split_at(rest.len().min(LABEL_MAX));
                    rest = tail;
                    self.grow(at, label)
                }
            };
        }
        let count = &mut self.node_mut(at).count;
        *count = count.saturating_add(1);
    }

    /// Removes a string once, and says how often it is still there; `None` if it was not there.
    pub(super) fn remove(&mut self, topic: &[u8]) -> Option<u32> {
        let mut way = vec![ROOT];
        let mut rest = topic;
        while let Some(first) = rest.first() {
            let child = self.child(*way.last()?, *first)?;
            rest = rest.strip_prefix(self.node(child).label.bytes())?;
            way.push(child);
        }
        let count = &mut self.node_mut(*way.last()?).count;
        *count = count.checked_sub(1)?;
        let left = *count;
        self.tidy(&way);
        Some(left)
    }

    /// Whether any of the strings is a prefix of the body.
    pub(super) fn matches(&self, body: &[u8]) -> bool {
        self.way(body).any(|node| node.count > 0)
    }

    /// The nodes on a body's way down.
    fn way<'a>(&'a self, body: &'a [u8]) -> impl Iterator<Item = &'a Node> {
        let root = Some((self.node(ROOT), body));
        let nodes = std::iter::successors(root, |(at, rest)| {
            let child = self.node(at.child(*rest.first()?)?);
            // Most labels are one byte, by which the child was found.
            let (label, behind) = (child.label.bytes(), rest.get(child.label.bytes().len()..)?);
            (label.len() == 1 || rest.starts_with(label)).then_some((child, behind))
        });
        nodes.map(|(node, _)| node)
    }

    /// Nodes in use: the root alone if there is no string but the empty one.
    fn size(&self) -> usize {
        self.nodes.len() - self.free.len()
    }

    fn node(&self, at: u32) -> &Node {
        &self.nodes[at as usize]
    }

    fn node_mut(&mut self, at: u32) -> &mut Node {
        &mut self.nodes[at as usize]
    }

    fn child(&self, at: u32, first: u8) -> Option<u32> {
        self.node(at).child(first)
    }

    /// Gives a node a new child with this label.
    fn grow(&mut self, at: u32, label: &[u8]) -> u32 {
        let child = self.place(Node {
            label: Label::new(label),
            ..Node::default()
        });
        let children = &mut self.node_mut(at).children;
        if let Some(first) = label.first()
            && let Err(place) = children.binary_search_by_key(first, |(byte, _)| *byte)
        {
            children.insert(place, (*first, child));
        }
        child
    }

    /// Cuts a node's label after so many bytes; the rest of it, with all that is below, becomes its only child.
    fn split(&mut self, at: u32, len: usize) {
        let node = self.node_mut(at);
        let (head, tail) = node.label.bytes().split_at(len);
        let Some(first) = tail.first().copied() else {
            return;
        };
        let (head, tail) = (Label::new(head), Label::new(tail));
        let lower = Node {
            label: tail,
            count: std::mem::take(&mut node.count),
            children: std::mem::take(&mut node.children),
        };
        node.label = head;
        let lower = self.place(lower);
        self.node_mut(at).children.push((first, lower));
    }

    /// After a removal: nodes that lead nowhere go, from the lowest up, and one that leads to a single other is joined
    /// with it.
    fn tidy(&mut self, way: &[u32]) {
        for pair in way.windows(2).rev() {
            let [above, at] = *pair else { return };
            let node = self.node(at);
            if node.count > 0 || !node.children.is_empty() {
                return self.join(at);
            }
            if let Some(first) = node.label.bytes().first().copied() {
                let above = self.node_mut(above);
                above.children.retain(|(byte, _)| *byte != first);
            }
            self.release(at);
        }
    }

    /// Takes a node's only child into it, if nothing ends in between and the label has room.
    fn join(&mut self, at: u32) {
        let node = self.node(at);
        let ([(_, only)], 0) = (&node.children[..], node.count) else {
            return;
        };
        let only = *only;
        let label = [node.label.bytes(), self.node(only).label.bytes()].concat();
        if label.len() > LABEL_MAX {
            return;
        }
        let lower = self.release(only);
        *self.node_mut(at) = Node {
            label: Label::new(&label),
            ..lower
        };
    }

    fn place(&mut self, node: Node) -> u32 {
        match self.free.pop() {
            Some(at) => {
                *self.node_mut(at) = node;
                at
            }
            None => {
                self.nodes.push(node);
                (self.nodes.len() - 1) as u32
            }
        }
    }

    fn release(&mut self, at: u32) -> Node {
        self.free.push(at);
        std::mem::take(self.node_mut(at))
    }
}

impl Node {
    fn child(&self, first: u8) -> Option<u32> {
        let place = self
            .children
            .binary_search_by_key(&first, |(byte, _)| *byte);
        Some(self.children.get(place.ok()?)?.1)
    }
}

/// How many bytes at their beginning two strings share.
fn common(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// Bytes of a label; longer ones are rows of nodes. So a label lies in its node, where looking finds it in the cache.
const LABEL_MAX: usize = 35;

#[derive(Clone, Copy)]
struct Label {
    len: u8,
    bytes: [u8; LABEL_MAX],
}

impl Default for Label {
    fn default() -> Self {
        Self {
            len: 0,
            bytes: [0; LABEL_MAX],
        }
    }
}

impl Label {
    /// At most [`LABEL_MAX`] of these bytes.
    fn new(from: &[u8]) -> Self {
        let mut label = Self::default();
        for (to, from) in label.bytes.iter_mut().zip(from) {
            *to = *from;
            label.len += 1;
        }
        label
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl fmt::Debug for Topics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Topics({} nodes)", self.size())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use spkit_api::toolkit::harness::Dice;

    use super::*;

    fn topics(of: &[&str]) -> Topics {
        let mut topics = Topics::default();
        of.iter().for_each(|topic| topics.add(topic.as_bytes()));
        topics
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
            // A coarse alphabet makes them share beginnings; some are longer than labels.
            let string = |dice: &mut Dice| -> Vec<u8> {
                let long = dice.below(8) == 0;
                let len = dice.below(if long { 3 * LABEL_MAX } else { 5 });
                let coarse = if long { 1 } else { 3 };
                (0..len)
                    .map(|_| [0, b'a', 0xff][dice.below(coarse)])
                    .collect()
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
            assert_eq!(topics.size(), 1, "seed {seed}");
        }
    }

    #[test]
    fn a_hundred_thousand_cost_no_more_steps_than_the_body_has_bytes() {
        let topic = |n: u32| format!("news/{:05}/", n * 7919 % 100_000).into_bytes();
        let mut topics = Topics::default();
        (0..100_000).for_each(|n| topics.add(&topic(n)));
        for n in (0..100_000).step_by(97) {
            let body = [&topic(n)[..], b"body"].concat();
            assert!(topics.matches(&body));
            // The root, what all share, and one for each digit.
            assert!(topics.way(&body).count() <= 7);
        }
        assert!(!topics.matches(b"news/1234x"));
        (0..100_000).for_each(|n| assert_eq!(topics.remove(&topic(n)), Some(0)));
        assert_eq!(topics.size(), 1);
    }

    #[test]
    fn strings_may_be_as_long_and_as_nested_as_they_like() {
        let long = vec![b'a'; 100_000];
        let mut topics = Topics::default();
        (0..2_000).for_each(|len| topics.add(&long[..len]));
        topics.add(&long);
        assert_eq!(topics.remove(&long), Some(0));
        (0..2_000).for_each(|len| assert_eq!(topics.remove(&long[..len]), Some(0)));
        assert_eq!(topics.size(), 1);
    }
}
