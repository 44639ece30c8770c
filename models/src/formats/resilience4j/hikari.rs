//! The connections that a caller keeps to a database, as the properties of `HikariCP` in Spring Boot.

use serde_json::{Value, json};
use sim_core::SimDuration;

use crate::formats::guarded_call::{BulkheadSettings, GuardedCall};
use crate::formats::remark::CallRemarks;
use crate::system::UNLIMITED;

/// The shortest wait for a connection (`HikariConfig.setConnectionTimeout`).
const LEAST_WAIT: SimDuration = SimDuration::from_millis(250);

/// The place of the guard of a call that is a data source; none if there is none, or if the application has the one of
/// another callee already.
pub(super) fn place(
    call: &GuardedCall,
    other: Option<&str>,
    remarks: &mut CallRemarks<'_>,
) -> Option<usize> {
    let kept = call.kept.filter(|_| call.is_of_database)?;
    if let Some(other) = other {
        remarks.add(format!(
            "`spring.datasource` is that of `{other}`: make another in code; a bulkhead stands in for its pool"
        ));
        return None;
    }
    Some(kept.place)
}

/// The section of a data source below `spring`.
pub(super) fn write(
    call: &GuardedCall,
    pool: BulkheadSettings,
    remarks: &mut CallRemarks<'_>,
) -> Value {
    remarks.add(format!("set `spring.datasource.url` to `{}`", call.callee));
    if pool.queue != UNLIMITED {
        remarks.add(format!(
            "any number of calls waits for a connection of HikariCP, not {}",
            pool.queue
        ));
    }
    let wait = pool.max_wait.map_or(0, |wait| {
        let written = wait.max(LEAST_WAIT).as_nanos().div_ceil(1_000_000);
        if SimDuration::from_millis(written) != wait {
            remarks.add(format!(
                "connection-timeout is whole milliseconds from 250 on; {written} is used, not {wait}"
            ));
        }
        written
    });
    let capacity = pool.capacity.min(i32::MAX as u32);
    let idle = call.kept.map_or(capacity, |kept| kept.idle.min(capacity));
    if idle < capacity {
        remarks.add(format!(
            "a connection beyond {idle} idle ones closes after `idle-timeout`, not when its call ends"
        ));
    }
    json!({ "datasource": { "hikari": {
        "maximum-pool-size": capacity,
        "minimum-idle": idle,
        "connection-timeout": wait,
    } } })
}
