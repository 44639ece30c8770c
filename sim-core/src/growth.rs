//! Growth and memory of collections. They grow by an eighth at a time and do not double, so that they take little more
//! memory than their items need.

use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

use crate::random::mix;

/// Collections up to this size double; an eighth of it would be next to nothing.
const SMALL_BYTES: usize = 4_096;
/// The largest alignment that allocators grow without moving.
const GROWN_IN_PLACE: usize = 16;
/// The share of gaps, one in this many, that the former tables of a [`KeyMap`] leave between its parts, as measured.
const GAPS: usize = 16;
/// Parts of a [`KeyMap`]. They grow one after the other, so that growing needs a part of the memory and not three
/// times as much.
const PARTS: usize = 64;

/// A collection whose memory can be told, and which grows sparingly.
///
/// ```
/// use sim_core::growth::Growing;
/// let mut items: Vec<u64> = (0..8_000).collect();
/// items.shrink_to_fit();
/// items.make_room();
/// items.push(8_000);
/// assert_eq!(items.bytes(), 9_000 * 8);
/// ```
pub trait Growing {
    /// Makes room for one more item if there is none.
    fn make_room(&mut self);

    /// Bytes that the items take, with the room for further ones.
    fn bytes(&self) -> u64;
}

/// Writes the same for collections of items side by side.
macro_rules! grows {
    ($($collection:ident $(where T: $bound:path)?),+) => {
        $(
            impl<T $(: $bound)?> Growing for $collection<T> {
                #[inline]
                fn make_room(&mut self) {
                    // Out of line: what rarely happens is not to take registers from what often does.
                    #[cold]
                    #[inline(never)]
                    fn grow<T $(: $bound)?>(full: &mut $collection<T>) {
                        full.reserve_exact(more::<T>(full.len()));
                    }
                    if self.len() == self.capacity() {
                        grow(self);
                    }
                }

                fn bytes(&self) -> u64 {
                    bytes_of::<T>(self.capacity())
                }
            }
        )+
    };
}

grows!(Vec, VecDeque, BinaryHeap where T: Ord);

/// Bytes of items side by side. Items that begin at a cache line cannot grow where they are: allocators give them another
/// place, and the former one is there until they have moved. It was an eighth smaller, but what grows between such moves
/// leaves gaps as large as that.
fn bytes_of<T>(items: usize) -> u64 {
    let former = if align_of::<T>() > GROWN_IN_PLACE { items } else { 0 };
    ((items + former) * size_of::<T>()) as u64
}

/// The number of items by which a full collection grows.
#[cold]
fn more<T>(items: usize) -> usize {
    if items * size_of::<T>() < SMALL_BYTES { items.max(4) } else { items / 8 }
}

/// Appends an item to a list that grows sparingly.
///
/// ```
/// let mut items = vec!['a'];
/// sim_core::growth::push(&mut items, 'b');
/// assert_eq!(items, ['a', 'b']);
/// ```
#[inline]
pub fn push<T>(items: &mut Vec<T>, item: T) {
    items.make_room();
    items.push(item);
}

/// A map from keys of requests, which cannot be iterated over, so that its order reaches no result.
///
/// ```
/// use sim_core::growth::KeyMap;
/// let mut seen = KeyMap::default();
/// assert_eq!(seen.insert(7, 'a'), None);
/// assert_eq!(seen.insert(7, 'b'), Some('a'));
/// assert_eq!((seen.get(7), seen.len()), (Some('b'), 1));
/// assert_eq!(seen.remove(7), Some('b'));
/// ```
#[derive(Clone, Debug)]
pub struct KeyMap<V> {
    parts: Vec<Part<V>>,
    len: usize,
}

#[derive(Clone, Debug)]
struct Part<V> {
    items: HashMap<u64, V, BuildHasherDefault<Mixed>>,
    /// The most items that it has had room for. Items that are removed leave places that take memory and are no
    /// room.
    room: usize,
}

impl<V> Default for KeyMap<V> {
    fn default() -> Self {
        Self { parts: Vec::new(), len: 0 }
    }
}

impl<V: Copy> KeyMap<V> {
    /// Sets the value of a key; returns the one that it had.
    ///
    /// ```
    /// assert_eq!(sim_core::growth::KeyMap::default().insert(7, 'a'), None);
    /// ```
    pub fn insert(&mut self, key: u64, value: V) -> Option<V> {
        if self.parts.is_empty() {
            let part = || Part { items: HashMap::default(), room: 0 };
            self.parts = std::iter::repeat_with(part).take(PARTS).collect();
        }
        let part = &mut self.parts[part_of(key)];
        let before = part.items.insert(key, value);
        part.room = part.room.max(part.items.capacity());
        self.len += usize::from(before.is_none());
        before
    }

    /// The value of a key.
    ///
    /// ```
    /// assert_eq!(sim_core::growth::KeyMap::<char>::default().get(7), None);
    /// ```
    pub fn get(&self, key: u64) -> Option<V> {
        self.parts.get(part_of(key))?.items.get(&key).copied()
    }

    /// Removes a key; returns the value that it had.
    ///
    /// ```
    /// assert_eq!(sim_core::growth::KeyMap::<char>::default().remove(7), None);
    /// ```
    pub fn remove(&mut self, key: u64) -> Option<V> {
        let removed = self.parts.get_mut(part_of(key))?.items.remove(&key);
        self.len -= usize::from(removed.is_some());
        removed
    }

    /// Number of keys.
    ///
    /// ```
    /// assert_eq!(sim_core::growth::KeyMap::<char>::default().len(), 0);
    /// ```
    pub fn len(&self) -> usize {
        self.len
    }

    /// True if there are none.
    ///
    /// ```
    /// assert!(sim_core::growth::KeyMap::<char>::default().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes that it takes, with the room for further keys. The standard library's tables have a power of two of
    /// places, of which seven eighths are used, and a byte beside each.
    ///
    /// ```
    /// let mut keys = sim_core::growth::KeyMap::default();
    /// (0..10_000).for_each(|key| _ = keys.insert(key, ()));
    /// assert!((90_000..200_000).contains(&keys.bytes()));
    /// ```
    pub fn bytes(&self) -> u64 {
        let places = |part: &Part<V>| match part.room {
            0 => 0,
            room => (room * 8 / 7).next_power_of_two(),
        };
        let places: usize = self.parts.iter().map(places).sum();
        let bytes = places * (size_of::<(u64, V)>() + 1);
        (bytes + bytes / GAPS) as u64
    }
}

/// The part that a key is in, by bits that the tables use for nothing else.
fn part_of(key: u64) -> usize {
    (mix(key) >> 48) as usize % PARTS
}

/// A hash that is the same in every run, so that the memory of a run is too.
#[derive(Clone, Copy, Debug, Default)]
struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = mix(self.0 ^ number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_collections_have_room_for_an_eighth_more() {
        let mut items = VecDeque::new();
        for item in 0..1_000_000_u64 {
            items.make_room();
            items.push_back(item);
        }
        assert!(items.bytes() < 8_000_000 * 9 / 8, "{}", items.bytes());
    }

    #[test]
    fn parts_are_used_alike() {
        let mut keys = KeyMap::default();
        (0..64_000).for_each(|key| _ = keys.insert(key << 32, ()));
        let sizes = || keys.parts.iter().map(|part| part.items.len());
        assert!(sizes().all(|size| (800..1_200).contains(&size)), "{:?}", sizes().max());
    }

    /// Keys come and go: places of removed ones are counted.
    #[test]
    fn a_map_takes_what_it_took_at_its_largest() {
        let mut keys = KeyMap::default();
        (0..10_000).for_each(|key| _ = keys.insert(key, 'a'));
        let most = keys.bytes();
        (0..9_000).for_each(|key| _ = keys.remove(key));
        assert_eq!((keys.bytes(), keys.len()), (most, 1_000));
    }
}
