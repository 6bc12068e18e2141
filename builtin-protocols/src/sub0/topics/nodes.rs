//! Where strings part: what follows is found by a byte, in the same few steps however much it is.

/// A node or a string, in one word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Link(u32);

/// What a [`Link`] says.
pub(super) enum To {
    Nothing,
    Node(u32),
    Text(u32),
}

/// All nodes, each a run of words named by its first: so many bytes everything below has in common (its depth); its
/// shape; and a link for each byte from the lowest that leads anywhere to the highest.
pub(super) struct Nodes {
    words: Vec<u32>,
    /// Runs that nobody has, by the logarithm of their length.
    free: [Vec<u32>; 10],
}

/// Words in front of a node's links.
const HEAD: usize = 2;

/// The lowest byte that leads anywhere, and how many links there are from it on.
#[derive(Clone, Copy)]
struct Shape(u32);

impl Link {
    pub(super) const NOTHING: Self = Self(0);

    pub(super) fn text(at: u32) -> Self {
        Self(at << 1 | 1)
    }

    fn node(at: usize) -> Self {
        Self((at as u32) << 1)
    }

    #[inline]
    pub(super) fn to(self) -> To {
        match (self.0 & 1, self.0 >> 1) {
            (0, 0) => To::Nothing,
            (0, at) => To::Node(at),
            (_, at) => To::Text(at),
        }
    }
}

impl Shape {
    fn from_to(low: u8, high: u8) -> Self {
        Self(u32::from(low) | (u32::from(high - low) + 1) << 8)
    }

    fn low(self) -> u8 {
        self.0 as u8
    }

    fn len(self) -> usize {
        (self.0 >> 8) as usize
    }

    /// Which link is a byte's.
    #[inline]
    fn place(self, key: u8) -> Option<usize> {
        let place = usize::from(key.wrapping_sub(self.low()));
        (place < self.len()).then_some(place)
    }
}

impl Default for Nodes {
    fn default() -> Self {
        Self {
            // No node is at 0, which links to nothing.
            words: vec![0],
            free: Default::default(),
        }
    }
}

impl Nodes {
    /// Where a node leads this body.
    #[inline]
    pub(super) fn next(&self, at: u32, body: &[u8]) -> Link {
        let at = at as usize;
        let (Some(depth), Some(shape)) = (self.words.get(at), self.words.get(at + 1)) else {
            return Link::NOTHING;
        };
        let Some(key) = body.get(*depth as usize) else {
            return Link::NOTHING;
        };
        let Some(place) = Shape(*shape).place(*key) else {
            return Link::NOTHING;
        };
        let link = self.words.get(at + HEAD + place);
        link.map_or(Link::NOTHING, |word| Link(*word))
    }

    pub(super) fn depth(&self, at: u32) -> usize {
        self.words[at as usize] as usize
    }

    /// Where a node leads by this byte.
    pub(super) fn child(&self, at: u32, key: u8) -> Link {
        let place = self.shape(at).place(key);
        place.map_or(Link::NOTHING, |place| Link(self.links(at)[place]))
    }

    /// Somewhere a node leads.
    pub(super) fn first(&self, at: u32) -> Link {
        let mut links = self.links(at).iter().filter(|word| **word != 0);
        links.next().map_or(Link::NOTHING, |word| Link(*word))
    }

    /// Where a node leads, if it is to one place only.
    pub(super) fn only(&self, at: u32) -> Option<Link> {
        let links = self.links(at).iter().filter(|word| **word != 0);
        (links.count() == 1).then(|| self.first(at))
    }

    /// Has a node lead elsewhere by a byte by which it led somewhere.
    pub(super) fn set(&mut self, at: u32, key: u8, link: Link) {
        if let Some(place) = self.shape(at).place(key) {
            self.words[at as usize + HEAD + place] = link.0;
        }
    }

    /// Has a node lead somewhere by another byte. It may move: says where it is.
    pub(super) fn add(&mut self, at: u32, key: u8, link: Link) -> Link {
        let old = self.shape(at);
        let high = old.low() + (old.len() - 1) as u8;
        let new = Shape::from_to(old.low().min(key), high.max(key));
        let to = match class(old) == class(new) {
            true => at as usize,
            false => self.place(new),
        };
        let from = at as usize + HEAD;
        let behind = usize::from(old.low() - new.low());
        let (links, words) = (old.len(), &mut self.words);
        words.copy_within(from..from + links, to + HEAD + behind);
        words[to + HEAD..][..behind].fill(0);
        words[to + HEAD..][behind + links..new.len()].fill(0);
        words[to] = words[at as usize];
        words[to + 1] = new.0;
        if to != at as usize {
            self.free[class(old)].push(at);
        }
        self.set(to as u32, key, link);
        Link::node(to)
    }

    /// A node that leads to two places.
    pub(super) fn part(&mut self, depth: u32, [a, b]: [(u8, Link); 2]) -> Link {
        let shape = Shape::from_to(a.0.min(b.0), a.0.max(b.0));
        let at = self.place(shape);
        self.words[at] = depth;
        self.words[at + 1] = shape.0;
        self.words[at + HEAD..][..shape.len()].fill(0);
        for (key, link) in [a, b] {
            self.set(at as u32, key, link);
        }
        Link::node(at)
    }

    pub(super) fn release(&mut self, at: u32) {
        let class = class(self.shape(at));
        self.free[class].push(at);
    }

    /// Room for a node of this shape.
    fn place(&mut self, shape: Shape) -> usize {
        let class = class(shape);
        if let Some(at) = self.free[class].pop() {
            return at as usize;
        }
        let at = self.words.len();
        self.words.resize(at + (1 << class), 0);
        at
    }

    fn shape(&self, at: u32) -> Shape {
        Shape(self.words[at as usize + 1])
    }

    fn links(&self, at: u32) -> &[u32] {
        &self.words[at as usize + HEAD..][..self.shape(at).len()]
    }

    /// Whether there is no node.
    #[cfg(test)]
    pub(super) fn are_gone(&self) -> bool {
        let free = self.free.iter().enumerate();
        free.map(|(log, runs)| runs.len() << log).sum::<usize>() + 1 == self.words.len()
    }
}

/// The logarithm of the length of the run that a node of this shape has.
fn class(shape: Shape) -> usize {
    (HEAD + shape.len()).next_power_of_two().ilog2() as usize
}
