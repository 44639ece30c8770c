//! Prices of resources.

use crate::language::{Placed, Problems, section};
use crate::system::Prices;

section! {
    /// Prices of resources, in any currency; zero if left out.
    pub(crate) struct PriceSection {
        /// The price of an instance of a service.
        "instance" => instance: Option<Placed<f64>>,
        /// The price of a thread.
        "thread" => thread: Option<Placed<f64>>,
        /// The price of a slot of an asynchronous service.
        "slot" => slot: Option<Placed<f64>>,
        /// The price of a connection of a database or cache.
        "connection" => connection: Option<Placed<f64>>,
    }
}

/// Compiles the prices.
pub(crate) fn compile_prices(section: &PriceSection, problems: &mut Problems) -> Prices {
    let mut price = |written: &Option<Placed<f64>>| {
        let Some(price) = written else { return 0.0 };
        if !(**price >= 0.0 && price.is_finite()) {
            let message = format!("{} is not a price", **price);
            problems.error(price.at(), message, "write a number of at least zero");
        }
        **price
    };
    Prices {
        instance: price(&section.instance),
        thread: price(&section.thread),
        slot: price(&section.slot),
        connection: price(&section.connection),
    }
}
