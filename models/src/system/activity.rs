//! The things that a frame can be doing or waiting for.

/// The current activity of a frame, which determines the event, grant or reply that wakes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activity {
    /// The frame is not in use.
    Free,
    /// Runs steps and waits for nothing.
    Running,
    /// Is about to take the first step of the start of its process.
    Starting,
    /// Travels to the callee.
    InTransit,
    /// Waits for a slot of its instance.
    Queued,
    /// Waits out the time that a fault adds to the work it is about to do.
    Delayed,
    /// Waits for a processor.
    AwaitingProcessor,
    /// Computes, and holds a processor if processors are limited.
    Working,
    /// Waits without giving up its thread.
    Pausing,
    /// Waits for one of a pool of its service.
    AwaitingResource,
    /// Waits until a queue accepts its message.
    Sending,
    /// Waits for the value that another request is fetching into a cache.
    AwaitingFetch,
    /// Waits for a permit of a bulkhead, or for the result of a breaker's test call.
    AwaitingPermit,
    /// Waits for its turn at a rate limit.
    AwaitingTurn,
    /// Waits until the connection is open that its call has got a place for.
    Connecting,
    /// Waits at a rate limit that will reject it in the end.
    WaitingInVain,
    /// Has made a call and waits for the answer.
    AwaitingReply,
    /// Waits for the end of a task that it has handed to a pool.
    AwaitingTask,
    /// Waits before the next attempt.
    BackingOff,
    /// Fetches a fallback value.
    FallingBack,
    /// Waits for its branches.
    AwaitingBranches,
    /// Sends its answer to the caller.
    ReplyInTransit,
    /// Its request was lost on a link, and will be sent again.
    ResendingRequest,
    /// Its answer was lost on a link, and will be sent again.
    ResendingReply,
    /// Its request or its answer has disappeared on the way, and its caller waits in vain.
    Lost,
    /// A user between two requests thinks.
    Thinking,
    /// Waits before it asks again for something that depends on a service.
    AskingAgain,
}

impl Activity {
    /// True while a message that a link has lost is yet to be sent again.
    pub fn is_resending(self) -> bool {
        matches!(self, Self::ResendingRequest | Self::ResendingReply)
    }

    /// True while it waits for something that others hold.
    pub fn is_waiting_for_a_place(self) -> bool {
        matches!(
            self,
            Self::AwaitingPermit
                | Self::AwaitingTurn
                | Self::AwaitingProcessor
                | Self::AwaitingResource
                | Self::AwaitingBranches
        )
    }

    /// True while it makes a call: passing the guards, waiting for the answer, or for a retry or
    /// fallback.
    pub fn is_in_call(self) -> bool {
        matches!(
            self,
            Self::AwaitingPermit
                | Self::AwaitingTurn
                | Self::Connecting
                | Self::WaitingInVain
                | Self::AwaitingReply
                | Self::AwaitingTask
                | Self::BackingOff
                | Self::FallingBack
        )
    }
}
