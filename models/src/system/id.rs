//! Dense ids that know what they are of, and tables by them.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::ops::{Index, IndexMut};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The kinds of things that have ids.
pub mod of {
    /// The admission control of an instance.
    #[derive(Clone, Copy, Debug)]
    pub enum Admission {}

    /// An alert of a monitoring system.
    #[derive(Clone, Copy, Debug)]
    pub enum Alert {}

    /// An autoscaler.
    #[derive(Clone, Copy, Debug)]
    pub enum Autoscaler {}

    /// The branches of a fork or a choice.
    #[derive(Clone, Copy, Debug)]
    pub enum Branches {}

    /// A circuit breaker.
    #[derive(Clone, Copy, Debug)]
    pub enum Breaker {}

    /// A cache that knows its contents.
    #[derive(Clone, Copy, Debug)]
    pub enum Cache {}

    /// A call in a handler.
    #[derive(Clone, Copy, Debug)]
    pub enum CallSite {}

    /// A change of settings.
    #[derive(Clone, Copy, Debug)]
    pub enum Change {}

    /// The growth of the work of a station with its load.
    #[derive(Clone, Copy, Debug)]
    pub enum Contention {}

    /// A kind of deadline.
    #[derive(Clone, Copy, Debug)]
    pub enum Deadline {}

    /// A distribution of times or sizes.
    #[derive(Clone, Copy, Debug)]
    pub enum Distribution {}

    /// An edge from a caller to a callee.
    #[derive(Clone, Copy, Debug)]
    pub enum Edge {}

    /// A side effect of handlers.
    #[derive(Clone, Copy, Debug)]
    pub enum Effect {}

    /// A fault as it is simulated.
    #[derive(Clone, Copy, Debug)]
    pub enum Fault {}

    /// The idempotency keys of a service.
    #[derive(Clone, Copy, Debug)]
    pub enum IdempotencyKeys {}

    /// An instance of a station.
    #[derive(Clone, Copy, Debug)]
    pub enum Instance {}

    /// A link that messages go over.
    #[derive(Clone, Copy, Debug)]
    pub enum Link {}

    /// An action of an operator.
    #[derive(Clone, Copy, Debug)]
    pub enum Order {}

    /// A pool of threads, connections, processors or permits.
    #[derive(Clone, Copy, Debug)]
    pub enum Pool {}

    /// The place of a frame: an instance, a workload or a queue. The role of the frame tells which.
    #[derive(Clone, Copy, Debug)]
    pub enum Place {}

    /// A queue of messages.
    #[derive(Clone, Copy, Debug)]
    pub enum Queue {}

    /// A rate limit.
    #[derive(Clone, Copy, Debug)]
    pub enum RateLimit {}

    /// A region.
    #[derive(Clone, Copy, Debug)]
    pub enum Region {}

    /// A retry budget.
    #[derive(Clone, Copy, Debug)]
    pub enum RetryBudget {}

    /// A station: a service, a database or a cache.
    #[derive(Clone, Copy, Debug)]
    pub enum Station {}

    /// A step of a handler.
    #[derive(Clone, Copy, Debug)]
    pub enum Step {}

    /// A throttle of a client.
    #[derive(Clone, Copy, Debug)]
    pub enum Throttle {}

    /// Something at which faults begin.
    #[derive(Clone, Copy, Debug)]
    pub enum Trigger {}

    /// A workload.
    #[derive(Clone, Copy, Debug)]
    pub enum Workload {}
}

/// The id of one of several things of a kind: its place among them, from 0.
///
/// Ids of different kinds cannot be mistaken for each other. An `Option` of one takes no more room than the id: there is
/// no number that stands for "none".
///
/// ```
/// use sim_models::system::{Id, of};
/// let second = Id::<of::Link>::new(1);
/// assert_eq!(second.index(), 1);
/// assert_eq!(size_of::<Option<Id<of::Link>>>(), 4);
/// ```
pub struct Id<K> {
    /// One more than the place.
    next: NonZeroU32,
    kind: PhantomData<fn() -> K>,
}

impl<K> Id<K> {
    /// The id of the first thing, also where none is known yet.
    pub(crate) const FIRST: Self = Self { next: NonZeroU32::MIN, kind: PhantomData };

    /// The id of the thing at a place.
    ///
    /// # Panics
    /// If there are more than four billion things.
    #[inline]
    pub fn new(index: usize) -> Self {
        let next = u32::try_from(index + 1).ok().and_then(NonZeroU32::new);
        Self { next: next.expect("fewer than 2³² things"), kind: PhantomData }
    }

    /// The place of the thing, from 0.
    #[inline]
    pub fn index(self) -> usize {
        self.next.get() as usize - 1
    }

    /// The id of the thing that many places further on.
    ///
    /// # Panics
    /// If there are more than four billion things.
    #[inline]
    pub fn offset(self, places: u32) -> Self {
        let next = self.next.checked_add(places);
        Self { next: next.expect("fewer than 2³² things"), kind: PhantomData }
    }

    /// The same as a number for digests and keys of draws.
    #[inline]
    pub fn number(self) -> u32 {
        self.next.get() - 1
    }
}

impl Id<of::Place> {
    /// The place of a frame that is at none.
    pub(crate) const NOWHERE: Self = Self::FIRST;

    /// The id of an instance, a workload or a queue as the place of a frame.
    #[inline]
    pub(crate) fn at<K>(thing: Id<K>) -> Self {
        Self { next: thing.next, kind: PhantomData }
    }

    /// The id of the instance, workload or queue that the place is.
    #[inline]
    pub(super) fn of<K>(self) -> Id<K> {
        Id { next: self.next, kind: PhantomData }
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Id<K> {}

impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.next == other.next
    }
}

impl<K> Eq for Id<K> {}

impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.next.cmp(&other.next)
    }
}

impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.next.hash(state);
    }
}

impl<K> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.number().serialize(serializer)
    }
}

impl<'de, K> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u32::deserialize(deserializer)?;
        let next = number.checked_add(1).and_then(NonZeroU32::new);
        let next = next.ok_or_else(|| D::Error::custom("a number that is no id"))?;
        Ok(Self { next, kind: PhantomData })
    }
}

impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.index().fmt(f)
    }
}

/// The ids of adjacent things of a kind.
///
/// ```
/// use sim_models::system::{Id, Ids, of};
/// let breakers = Ids::<of::Breaker>::new(Id::new(4), 3);
/// assert!(breakers.contains(Id::new(6)) && !breakers.contains(Id::new(7)));
/// assert_eq!(breakers.number_of(breakers.nth(2)), 2);
/// ```
pub struct Ids<K> {
    first: Id<K>,
    count: u32,
}

impl<K> Ids<K> {
    /// The ids of so many things, from the first on.
    #[inline]
    pub fn new(first: Id<K>, count: u32) -> Self {
        Self { first, count }
    }

    /// The id of a single thing.
    pub fn one(id: Id<K>) -> Self {
        Self { first: id, count: 1 }
    }

    /// No ids.
    pub fn none() -> Self {
        Self { first: Id::FIRST, count: 0 }
    }

    /// The same ids, and the next one.
    #[must_use]
    pub fn and_next(self) -> Self {
        Self { count: self.count + 1, ..self }
    }

    /// The id after the last.
    pub fn end(self) -> Id<K> {
        self.first.offset(self.count)
    }

    /// The first id, if there is any.
    pub fn first(self) -> Option<Id<K>> {
        (!self.is_empty()).then_some(self.first)
    }

    /// The id of the thing with a number among these, from 0.
    #[inline]
    pub fn nth(self, number: u32) -> Id<K> {
        debug_assert!(number < self.count, "the number of one of these things");
        self.first.offset(number)
    }

    /// The number of a thing among these, from 0.
    #[inline]
    pub fn number_of(self, id: Id<K>) -> u32 {
        debug_assert!(self.contains(id), "one of these things");
        id.number() - self.first.number()
    }

    /// True if a thing is one of these.
    #[inline]
    pub fn contains(self, id: Id<K>) -> bool {
        id.number().wrapping_sub(self.first.number()) < self.count
    }

    /// The number of ids.
    #[inline]
    pub fn len(self) -> u32 {
        self.count
    }

    /// True if there are none.
    pub fn is_empty(self) -> bool {
        self.count == 0
    }

    /// The ids, in order.
    pub fn iter(
        self,
    ) -> impl DoubleEndedIterator<Item = Id<K>> + ExactSizeIterator + Clone + use<K> {
        (0..self.count).map(move |number| self.first.offset(number))
    }
}

impl<K> Clone for Ids<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Ids<K> {}

impl<K> PartialEq for Ids<K> {
    fn eq(&self, other: &Self) -> bool {
        (self.first, self.count) == (other.first, other.count)
    }
}

impl<K> Eq for Ids<K> {}

impl<K> fmt::Debug for Ids<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.first.number()..self.first.number() + self.count).fmt(f)
    }
}

/// Something about each thing of a kind, found by its id.
///
/// ```
/// use sim_models::system::{Id, Table, of};
/// let mut names = Table::<of::Link, &str>::default();
/// let wan = names.push("wan");
/// assert_eq!((names[wan], names.len()), ("wan", 1));
/// ```
pub struct Table<K, V> {
    values: Vec<V>,
    kind: PhantomData<fn() -> K>,
}

impl<K, V> Table<K, V> {
    /// Adds something about one more thing, and returns its id.
    pub fn push(&mut self, value: V) -> Id<K> {
        self.values.push(value);
        Id::new(self.values.len() - 1)
    }

    /// The id of the thing that is added next.
    pub fn next_id(&self) -> Id<K> {
        Id::new(self.values.len())
    }

    /// The number of things.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The values of all things, in the order of the ids.
    pub fn iter(&self) -> std::slice::Iter<'_, V> {
        self.values.iter()
    }

    /// The same, to be changed.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, V> {
        self.values.iter_mut()
    }

    /// The ids of the things added since one would have been the next.
    pub fn since(&self, first: Id<K>) -> Ids<K> {
        Ids::new(first, self.next_id().number() - first.number())
    }

    /// The value of a thing; `None` if there are not so many things.
    pub fn get(&self, id: Id<K>) -> Option<&V> {
        self.values.get(id.index())
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, id: Id<K>) -> Option<&mut V> {
        self.values.get_mut(id.index())
    }

    /// The ids of all things, in order.
    pub fn ids(&self) -> impl Iterator<Item = Id<K>> + use<K, V> {
        (0..self.values.len()).map(Id::new)
    }

    /// The id of the first thing whose value satisfies a condition.
    pub fn position(&self, is_it: impl FnMut(&V) -> bool) -> Option<Id<K>> {
        self.values.iter().position(is_it).map(Id::new)
    }

    /// The value of each thing, with its id.
    pub fn with_ids(&self) -> impl Iterator<Item = (Id<K>, &V)> {
        self.values.iter().enumerate().map(|(index, value)| (Id::new(index), value))
    }
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { values: Vec::new(), kind: PhantomData }
    }
}

impl<K, V: Clone> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        Self { values: self.values.clone(), kind: PhantomData }
    }
}

impl<K, V: fmt::Debug> fmt::Debug for Table<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.values.fmt(f)
    }
}

impl<K, V: PartialEq> PartialEq for Table<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
    }
}

impl<K, V> FromIterator<V> for Table<K, V> {
    fn from_iter<I: IntoIterator<Item = V>>(values: I) -> Self {
        Self { values: values.into_iter().collect(), kind: PhantomData }
    }
}

impl<K, V> Extend<V> for Table<K, V> {
    fn extend<I: IntoIterator<Item = V>>(&mut self, values: I) {
        self.values.extend(values);
    }
}

impl<K, V> IntoIterator for Table<K, V> {
    type Item = V;
    type IntoIter = std::vec::IntoIter<V>;

    fn into_iter(self) -> Self::IntoIter {
        self.values.into_iter()
    }
}

impl<'a, K, V> IntoIterator for &'a Table<K, V> {
    type Item = &'a V;
    type IntoIter = std::slice::Iter<'a, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, K, V> IntoIterator for &'a mut Table<K, V> {
    type Item = &'a mut V;
    type IntoIter = std::slice::IterMut<'a, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl<K, V> Index<Id<K>> for Table<K, V> {
    type Output = V;

    #[inline]
    fn index(&self, id: Id<K>) -> &V {
        // The last of so many values: nothing is subtracted before the bounds are checked, which saves 1 % of the
        // instructions of the reference chain (`bench/instructions`).
        self.values[..id.next.get() as usize].last().expect("an id is not zero")
    }
}

impl<K, V> Index<Ids<K>> for Table<K, V> {
    type Output = [V];

    fn index(&self, ids: Ids<K>) -> &[V] {
        &self.values[ids.first.index()..ids.end().index()]
    }
}

impl<K, V> IndexMut<Id<K>> for Table<K, V> {
    #[inline]
    fn index_mut(&mut self, id: Id<K>) -> &mut V {
        // As above.
        self.values[..id.next.get() as usize].last_mut().expect("an id is not zero")
    }
}
