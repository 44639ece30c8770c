//! The things that random numbers are drawn for.

/// A thing of a request that numbers are drawn for and that is no service time of a step.
///
/// Each has bits of its own in the keys of its draws, above the numbers of all steps and of all siblings: two of them
/// never draw the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Draw {
    /// Network latency of the request.
    RequestLatency = 1,
    /// Network latency of the reply.
    ReplyLatency = 2,
    /// Injected errors.
    Error = 3,
    /// The pause before a retry.
    Backoff = 4,
    /// The fallback.
    Fallback = 5,
    /// The choice of an instance by a balancer.
    Balance = 6,
    /// Time that a fault adds to a service time.
    Fault = 7,
    /// The think time of a user.
    Think = 8,
    /// Network latency of a cancellation.
    Cancellation = 9,
    /// The chance of being rejected early.
    Admission = 10,
    /// A deferred call.
    Deferred = 11,
    /// A message.
    Message = 12,
    /// The chance that a request is poison.
    Poison = 13,
    /// The key that a request looks up in a cache.
    Cache = 14,
    /// The customer who makes a request.
    Customer = 15,
    /// A task that its caller has left.
    Task = 16,
    /// The time that a wait may take.
    Patience = 17,
    /// The chance of being rejected by a throttle.
    Throttle = 18,
    /// The pause before a user begins a new session.
    Session = 19,
    /// The time that it takes to open a connection.
    Handshake = 20,
    /// The loss of a message on a link.
    Link = 21,
    /// A call on which something depends that operators or automation do.
    Order = 22,
    /// The memory that a request takes.
    Memory = 23,
}

/// The lowest bit of what numbers are drawn for.
const SHIFT: u32 = 40;
/// The lowest bit of the numbers of attempts and branches.
const SIBLING_SHIFT: u32 = 20;

impl Draw {
    /// Its bits in a key.
    pub const fn tag(self) -> u64 {
        (self as u64) << SHIFT
    }

    /// Its bits in the key of one of several attempts.
    pub fn of_attempt(self, attempt: impl Into<u64>) -> u64 {
        self.tag() | sibling(attempt)
    }
}

/// The bits of one of several attempts or branches in a key.
pub(crate) fn sibling(number: impl Into<u64>) -> u64 {
    number.into() << SIBLING_SHIFT
}
