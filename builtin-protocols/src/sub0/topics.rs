//! What a context subscribed to: a radix tree of byte strings.

mod nodes;
mod text;

use std::fmt;

use self::{
    nodes::{Link, Nodes, To},
    text::Text,
};

/// Byte strings, each as often as it was added, to be found as prefixes of a body.
///
/// A node stands where strings part; what lies between nodes is not looked at on the way down. What begins with another
/// string is below that one, where looking never comes. So looking takes one step for each place on the body's way where
/// strings part, and compares once, with the one string that is left. Steps are at most one more than the body has bytes,
/// however many strings there are, and cost the same however many children a node has. Nothing here recurses. Of a string
/// beyond 4 GiB only the beginning counts.
#[derive(Default)]
pub(super) struct Topics {
    root: Link,
    nodes: Nodes,
    texts: Vec<Text>,
    free_texts: Vec<u32>,
}

/// Where a link stands.
#[derive(Clone, Copy)]
enum Place {
    Root,
    Child(u32, u8),
    Below(u32),
}

impl Topics {
    /// Whether any of the strings is a prefix of the body.
    pub(super) fn matches(&self, body: &[u8]) -> bool {
        self.look(body, || {})
    }

    /// The same, and says when it follows a link.
    #[inline]
    fn look(&self, body: &[u8], mut step: impl FnMut()) -> bool {
        let mut link = self.root;
        loop {
            step();
            match link.to() {
                To::Node(at) => link = self.nodes.next(at, body),
                To::Text(at) => return body.starts_with(self.text(at)),
                To::Nothing => return false,
            }
        }
    }

    /// Adds a string once more.
    pub(super) fn add(&mut self, topic: &[u8]) {
        let topic = shortened(topic);
        let near = self.nearest(topic).map(|near| self.text(near));
        let common = near.map_or(0, |near| common(near, topic));
        // What follows in those strings from which this one parts.
        let next = near.and_then(|near| near.get(common).copied());
        let mut place = Place::Root;
        loop {
            let link = self.link(place);
            match link.to() {
                To::Nothing => return self.put(place, topic, Link::NOTHING),
                To::Text(at) if self.text(at) == topic => {
                    let count = &mut self.texts[at as usize].count;
                    *count = count.saturating_add(1);
                    return;
                }
                To::Text(at) if self.text(at).len() <= common => place = Place::Below(at),
                To::Node(at) if self.nodes.depth(at) <= common => {
                    let Some(key) = topic.get(self.nodes.depth(at)).copied() else {
                        return self.put(place, topic, link);
                    };
                    if self.nodes.child(at, key) == Link::NOTHING {
                        let text = self.place(topic, Link::NOTHING);
                        let moved = self.nodes.add(at, key, text);
                        return self.set(place, moved);
                    }
                    place = Place::Child(at, key);
                }
                To::Text(_) | To::Node(_) => {
                    let (Some(key), Some(next)) = (topic.get(common), next) else {
                        return self.put(place, topic, link);
                    };
                    let text = self.place(topic, Link::NOTHING);
                    let node = self.nodes.part(common as u32, [(next, link), (*key, text)]);
                    return self.set(place, node);
                }
            }
        }
    }

    /// Removes a string once, and says how often it is still there; `None` if it was not there.
    pub(super) fn remove(&mut self, topic: &[u8]) -> Option<u32> {
        let topic = shortened(topic);
        let (mut above, mut place) = (Place::Root, Place::Root);
        let at = loop {
            match self.link(place).to() {
                To::Nothing => return None,
                To::Node(at) => {
                    let key = topic.get(self.nodes.depth(at))?;
                    (above, place) = (place, Place::Child(at, *key));
                }
                To::Text(at) if self.text(at).len() < topic.len() => place = Place::Below(at),
                To::Text(at) => break at,
            }
        };
        if self.text(at) != topic {
            return None;
        }
        let text = &mut self.texts[at as usize];
        text.count -= 1;
        if text.count > 0 {
            return Some(text.count);
        }
        let below = std::mem::take(text).below;
        self.free_texts.push(at);
        self.set(place, below);
        // A node is there for two at least.
        if let Place::Child(node, _) = place
            && let Some(only) = self.nodes.only(node)
        {
            self.nodes.release(node);
            self.set(above, only);
        }
        Some(0)
    }

    /// Some string with which this one has most in common.
    fn nearest(&self, topic: &[u8]) -> Option<u32> {
        let mut link = self.root;
        loop {
            link = match link.to() {
                To::Nothing => return None,
                To::Node(at) => match self.nodes.next(at, topic) {
                    Link::NOTHING => self.nodes.first(at),
                    next => next,
                },
                To::Text(at) => match self.texts[at as usize].below {
                    Link::NOTHING => return Some(at),
                    _ if self.text(at).len() >= topic.len() => return Some(at),
                    below => below,
                },
            };
        }
    }

    fn text(&self, at: u32) -> &[u8] {
        self.texts[at as usize].bytes()
    }

    fn link(&self, place: Place) -> Link {
        match place {
            Place::Root => self.root,
            Place::Child(at, key) => self.nodes.child(at, key),
            Place::Below(at) => self.texts[at as usize].below,
        }
    }

    fn set(&mut self, place: Place, link: Link) {
        match place {
            Place::Root => self.root = link,
            Place::Child(at, key) => self.nodes.set(at, key, link),
            Place::Below(at) => self.texts[at as usize].below = link,
        }
    }

    /// Puts a new string into a place, and what was there below it.
    fn put(&mut self, place: Place, topic: &[u8], below: Link) {
        let text = self.place(topic, below);
        self.set(place, text);
    }

    /// A new string, to be put into a place.
    fn place(&mut self, topic: &[u8], below: Link) -> Link {
        let text = Text::new(topic, below);
        Link::text(match self.free_texts.pop() {
            Some(at) => {
                self.texts[at as usize] = text;
                at
            }
            None => {
                self.texts.push(text);
                (self.texts.len() - 1) as u32
            }
        })
    }
}

/// How many bytes at their beginning two strings share.
fn common(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

fn shortened(topic: &[u8]) -> &[u8] {
    topic.get(..u32::MAX as usize).unwrap_or(topic)
}

impl fmt::Debug for Topics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = self.texts.len() - self.free_texts.len();
        write!(f, "Topics({texts})")
    }
}

#[cfg(test)]
mod tests;
