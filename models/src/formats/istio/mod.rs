//! Istio's `DestinationRule` (limits, outliers, balancing) and `VirtualService` (timeouts and retries), one of each
//! for a callee; `HTTPRoute` of the Kubernetes Gateway API is read as well.

mod destination_rule;
mod export;
mod http_route;
mod ranges;
mod virtual_service;

use super::configuration::Configuration;
use super::destinations::Destination;
use super::durations::DurationForm;
use super::format::{Reader, Writer};
use super::retry_conditions;
use super::routes::{BACKOFF, RouteRetry};
use super::section::Section;
use super::{ConfigurationFormat, Exporter, Imported, Importer, Remark, documents};

pub(super) const FORMAT: ConfigurationFormat = ConfigurationFormat {
    name: "istio",
    import: Some(Importer {
        files: "DestinationRule, VirtualService and HTTPRoute",
        looks_for: "a `DestinationRule`, a `VirtualService` or an `HTTPRoute`",
        documents: Reader::Each(documents::yaml),
        durations: DurationForm::Go,
        read,
    }),
    export: Some(Exporter {
        files: "DestinationRule and VirtualService",
        is_for_proxies: true,
        writer: Writer::Yaml(export::write),
    }),
};

/// The conditions of a retry that nothing is said about (`defaultRetryOn` in
/// `pilot/pkg/networking/core/route/retry/retry.go`), with the status code that older releases repeat.
const RETRY_ON: &str = "connect-failure,refused-stream,unavailable,cancelled,503";
/// Retries that nothing is said about (`defaultNumRetries`, same file).
const RETRIES: u32 = 2;

/// The balancer's policy that nothing is said about.
const DEFAULT_BALANCE: &str = "power of two";

/// The effect of a value outside its range.
const CONSEQUENCE: &str = "Istio does not accept an object with it";

fn read(configuration: &Configuration<'_>, imported: &mut Imported) {
    let root = configuration.root();
    let items = root.sections("items");
    if items.is_empty() {
        read_resource(&root, imported);
    }
    for item in items {
        read_resource(&item, imported);
    }
}

fn read_resource(resource: &Section<'_>, imported: &mut Imported) {
    let Some(kind) = resource.text("kind") else { return };
    if ["DestinationRule", "VirtualService", "HTTPRoute"].contains(&kind.as_str()) {
        // They tell objects apart and say nothing about calls.
        resource.text("apiVersion");
        resource.section("metadata").text("name");
    }
    match kind.as_str() {
        "DestinationRule" => destination_rule::read(resource, imported),
        "VirtualService" => virtual_service::read(resource, imported),
        "HTTPRoute" => http_route::read(resource, imported),
        other => {
            let text = format!("{other}, of which nothing is read");
            imported.remarks.push(Remark::new("kind", text));
        }
    }
}

/// The destination of a host in the file of a resource: a name without a dot is one in the resource's namespace
/// (`ResolveShortnameToFQDN` in `pilot/pkg/model`).
fn destination(host: &str, resource: &Section<'_>) -> Destination {
    let is_full = host.contains('.') || host == "*";
    let host = if is_full {
        host.to_owned()
    } else {
        format!("{host}.{}.svc.cluster.local", namespace(resource))
    };
    Destination {
        is_namespace_assumed: !is_full && !resource.section("metadata").has("namespace"),
        default_balance: Some((DEFAULT_BALANCE, "loadBalancer")),
        default_retry: Some(default_retry()),
        ..Destination::host(host)
    }
}

fn namespace(resource: &Section<'_>) -> String {
    resource.section("metadata").text("namespace").unwrap_or_else(|| "default".to_owned())
}

/// The retry that applies if a route has none, or if there is no route.
fn default_retry() -> RouteRetry {
    RouteRetry {
        retries: RETRIES,
        attempts: (RETRIES + 1).into(),
        conditions: retry_conditions::read(RETRY_ON, &[]),
        backoff: BACKOFF.into(),
    }
}
