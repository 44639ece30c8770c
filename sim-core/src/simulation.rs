//! The run loop: takes events in order and passes them to the model.

use crate::{EventList, SimDuration, SimTime};

/// An event that an event list can hold: small, plain, and able to identify itself for the
/// fingerprint.
///
/// ```
/// use sim_core::Event;
/// #[derive(Clone, Copy)]
/// struct Alarm(u32);
/// impl Event for Alarm {
///     fn digest(self) -> u64 {
///         u64::from(self.0)
///     }
/// }
/// assert_eq!(Alarm(7).digest(), 7);
/// ```
pub trait Event: Copy {
    /// The event's identity in 64 bits; events that differ in kind or subject must differ in this
    /// value.
    ///
    /// ```
    /// # use sim_core::Event;
    /// assert_eq!(7_u64.digest(), 7);
    /// ```
    fn digest(self) -> u64;

    /// The event's place among events of one instant: those with a lower rank are handled first,
    /// those with the same rank in the order in which they were scheduled.
    ///
    /// ```
    /// use sim_core::Event;
    /// assert_eq!(7_u64.rank(), 0, "by default all are equal");
    /// ```
    #[inline]
    fn rank(self) -> u8 {
        0
    }
}

impl Event for u64 {
    fn digest(self) -> u64 {
        self
    }
}

/// A simulated system: gives each event its meaning.
///
/// ```
/// use sim_core::{Model, Schedule, SimDuration, SimTime, Simulation};
///
/// /// Counts down, one second a step.
/// struct Countdown(u64);
/// impl Model for Countdown {
///     type Event = u64;
///     fn handle(&mut self, left: u64, schedule: &mut Schedule<u64>) {
///         self.0 = left;
///         if left > 0 {
///             schedule.after(SimDuration::from_secs(1), left - 1);
///         }
///     }
/// }
///
/// let mut simulation = Simulation::new(Countdown(0));
/// simulation.schedule().at(SimTime::ZERO, 3);
/// simulation.run_until(SimTime::from_secs(10), u64::MAX);
/// assert_eq!(simulation.model().0, 0);
/// assert_eq!(simulation.events_handled(), 4);
/// ```
pub trait Model {
    /// The events of this model.
    type Event: Event;

    /// Handles `event` at [`Schedule::now`] and schedules whatever follows from it.
    ///
    /// ```
    /// # use sim_core::{Model, Schedule};
    /// struct Silent;
    /// impl Model for Silent {
    ///     type Event = u64;
    ///     fn handle(&mut self, _event: u64, _schedule: &mut Schedule<u64>) {}
    /// }
    /// ```
    fn handle(&mut self, event: Self::Event, schedule: &mut Schedule<Self::Event>);

    /// True if the run should end here, after the event just handled.
    ///
    /// ```
    /// # use sim_core::{Model, Schedule};
    /// # struct Silent;
    /// # impl Model for Silent {
    /// #     type Event = u64;
    /// #     fn handle(&mut self, _event: u64, _schedule: &mut Schedule<u64>) {}
    /// # }
    /// assert!(!Silent.is_finished(), "by default a run ends with its horizon");
    /// ```
    fn is_finished(&self) -> bool {
        false
    }
}

/// The clock and the future events, as a model sees them while it handles an event.
///
/// ```
/// use sim_core::{Schedule, SimDuration};
/// let mut schedule = Schedule::<u64>::default();
/// schedule.after(SimDuration::from_secs(1), 7);
/// assert_eq!(schedule.now(), sim_core::SimTime::ZERO);
/// ```
#[derive(Clone, Debug)]
pub struct Schedule<E> {
    now: SimTime,
    events: EventList<E>,
}

impl<E> Default for Schedule<E> {
    fn default() -> Self {
        Self { now: SimTime::ZERO, events: EventList::default() }
    }
}

impl<E: Event> Schedule<E> {
    /// The instant of the event being handled.
    ///
    /// ```
    /// assert_eq!(sim_core::Schedule::<u64>::default().now(), sim_core::SimTime::ZERO);
    /// ```
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// Schedules `event` at the instant `at`; an instant in the past counts as now.
    ///
    /// ```
    /// # use sim_core::{Schedule, SimTime};
    /// Schedule::<u64>::default().at(SimTime::from_secs(1), 7);
    /// ```
    pub fn at(&mut self, at: SimTime, event: E) {
        self.events.schedule_ranked(at.max(self.now), event.rank(), event);
    }

    /// Takes a place in the order of scheduling, for an event that may be scheduled later with
    /// [`at_reserved`](Self::at_reserved).
    ///
    /// ```
    /// let mut schedule = sim_core::Schedule::<u64>::default();
    /// assert!(schedule.reserve() < schedule.reserve());
    /// ```
    #[inline]
    pub fn reserve(&mut self) -> u64 {
        self.events.reserve()
    }

    /// Schedules `event` at the instant `at`, as if that had been done when `place` was
    /// [reserved](Self::reserve).
    ///
    /// ```
    /// # use sim_core::{Schedule, SimTime};
    /// let mut schedule = Schedule::<u64>::default();
    /// let place = schedule.reserve();
    /// schedule.at_reserved(SimTime::from_secs(1), place, 7);
    /// ```
    pub fn at_reserved(&mut self, at: SimTime, place: u64, event: E) {
        self.events.schedule_reserved(at.max(self.now), event.rank(), place, event);
    }

    /// Schedules `event` after the given delay.
    ///
    /// ```
    /// # use sim_core::{Schedule, SimDuration};
    /// Schedule::<u64>::default().after(SimDuration::from_secs(1), 7);
    /// ```
    pub fn after(&mut self, delay: SimDuration, event: E) {
        self.events.schedule_ranked(self.now + delay, event.rank(), event);
    }

    /// Bytes that the future events take.
    ///
    /// ```
    /// assert_eq!(sim_core::Schedule::<u64>::default().bytes(), 0);
    /// ```
    pub fn bytes(&self) -> u64 {
        self.events.bytes()
    }
}

/// A hash over all events handled so far and their times: two runs with the same fingerprint did
/// the same things.
///
/// ```
/// use sim_core::Fingerprint;
/// assert_eq!(Fingerprint::default().to_string(), "0000000000000000");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint(u64);

impl Fingerprint {
    #[inline]
    fn absorb(&mut self, at: SimTime, digest: u64) {
        const ODD: u64 = 0x2545_f491_4f6c_dd1d;
        self.0 =
            (self.0.rotate_left(23) ^ at.as_nanos() ^ digest.wrapping_mul(0x9e37_79b9_7f4a_7c15))
                .wrapping_mul(ODD);
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The reason why [`Simulation::run_until`] returned.
///
/// ```
/// assert_ne!(sim_core::Stop::Horizon, sim_core::Stop::Budget);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The clock reached the horizon.
    Horizon,
    /// The given number of events was handled, and there are more.
    Budget,
    /// No events are left.
    Idle,
    /// The model reported that it is finished.
    Finished,
}

/// A model with its clock and its future events: a value that can be run, paused, inspected,
/// resumed and dropped.
///
/// See [`Model`] for an example.
#[derive(Clone, Debug)]
pub struct Simulation<M: Model> {
    model: M,
    schedule: Schedule<M::Event>,
    events_handled: u64,
    fingerprint: Fingerprint,
}

impl<M: Model> Simulation<M> {
    /// Creates a simulation of `model` at time zero with no events scheduled.
    ///
    /// ```
    /// # use sim_core::{Model, Schedule, Simulation, SimTime};
    /// # struct Silent;
    /// # impl Model for Silent {
    /// #     type Event = u64;
    /// #     fn handle(&mut self, _event: u64, _schedule: &mut Schedule<u64>) {}
    /// # }
    /// assert_eq!(Simulation::new(Silent).now(), SimTime::ZERO);
    /// ```
    pub fn new(model: M) -> Self {
        Self {
            model,
            schedule: Schedule::default(),
            events_handled: 0,
            fingerprint: Fingerprint::default(),
        }
    }

    /// Handles at most `budget` events, up to and including those at the instant `horizon`.
    ///
    /// On reaching the horizon the clock shows it, whether or not an event happened then.
    ///
    /// ```
    /// # use sim_core::{Model, Schedule, Simulation, SimTime, Stop};
    /// # struct Silent;
    /// # impl Model for Silent {
    /// #     type Event = u64;
    /// #     fn handle(&mut self, _event: u64, _schedule: &mut Schedule<u64>) {}
    /// # }
    /// let mut simulation = Simulation::new(Silent);
    /// simulation.schedule().at(SimTime::from_secs(2), 1);
    /// assert_eq!(simulation.run_until(SimTime::from_secs(1), u64::MAX), Stop::Horizon);
    /// assert_eq!(simulation.run_until(SimTime::from_secs(9), u64::MAX), Stop::Idle);
    /// ```
    pub fn run_until(&mut self, horizon: SimTime, budget: u64) -> Stop {
        for _ in 0..budget {
            let Some((at, event)) = self.schedule.events.pop_until(horizon) else {
                if self.schedule.events.is_empty() {
                    return Stop::Idle;
                }
                self.schedule.now = horizon;
                return Stop::Horizon;
            };
            self.schedule.now = at;
            self.events_handled += 1;
            self.fingerprint.absorb(at, event.digest());
            self.model.handle(event, &mut self.schedule);
            if self.model.is_finished() {
                return Stop::Finished;
            }
        }
        Stop::Budget
    }

    /// The current simulated time.
    ///
    /// ```
    /// # use sim_core::{Model, Schedule, Simulation, SimTime};
    /// # struct Silent;
    /// # impl Model for Silent {
    /// #     type Event = u64;
    /// #     fn handle(&mut self, _event: u64, _schedule: &mut Schedule<u64>) {}
    /// # }
    /// let mut simulation = Simulation::new(Silent);
    /// simulation.schedule().at(SimTime::from_secs(2), 1);
    /// simulation.run_until(SimTime::from_secs(9), 1);
    /// assert_eq!(simulation.now(), SimTime::from_secs(2));
    /// ```
    pub fn now(&self) -> SimTime {
        self.schedule.now
    }

    /// The clock and the future events, for scheduling the events that start the run.
    ///
    /// ```
    /// # use sim_core::{Model, Schedule, Simulation, SimTime};
    /// # struct Silent;
    /// # impl Model for Silent {
    /// #     type Event = u64;
    /// #     fn handle(&mut self, _event: u64, _schedule: &mut Schedule<u64>) {}
    /// # }
    /// Simulation::new(Silent).schedule().at(SimTime::ZERO, 1);
    /// ```
    pub fn schedule(&mut self) -> &mut Schedule<M::Event> {
        &mut self.schedule
    }

    /// The model in its current state.
    ///
    /// See [`Model`] for an example.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// Returns the model once the run is over.
    ///
    /// ```
    /// # use sim_core::{Model, Schedule, Simulation};
    /// # struct Silent;
    /// # impl Model for Silent {
    /// #     type Event = u64;
    /// #     fn handle(&mut self, _event: u64, _schedule: &mut Schedule<u64>) {}
    /// # }
    /// let Silent = Simulation::new(Silent).into_model();
    /// ```
    pub fn into_model(self) -> M {
        self.model
    }

    /// The model together with its clock and future events, for a model that schedules its own
    /// first events.
    ///
    /// ```
    /// # use sim_core::{Model, Schedule, Simulation, SimTime};
    /// # struct Silent;
    /// # impl Model for Silent {
    /// #     type Event = u64;
    /// #     fn handle(&mut self, _event: u64, _schedule: &mut Schedule<u64>) {}
    /// # }
    /// let mut simulation = Simulation::new(Silent);
    /// let (_model, schedule) = simulation.parts();
    /// schedule.at(SimTime::ZERO, 1);
    /// ```
    pub fn parts(&mut self) -> (&mut M, &mut Schedule<M::Event>) {
        (&mut self.model, &mut self.schedule)
    }

    /// Number of events handled so far.
    ///
    /// See [`Model`] for an example.
    pub fn events_handled(&self) -> u64 {
        self.events_handled
    }

    /// The hash over all events handled so far.
    ///
    /// ```
    /// # use sim_core::{Fingerprint, Model, Schedule, Simulation, SimTime};
    /// # struct Silent;
    /// # impl Model for Silent {
    /// #     type Event = u64;
    /// #     fn handle(&mut self, _event: u64, _schedule: &mut Schedule<u64>) {}
    /// # }
    /// assert_eq!(Simulation::new(Silent).fingerprint(), Fingerprint::default());
    /// ```
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }
}
