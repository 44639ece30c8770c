//! The formats of libraries and proxies that can be imported and exported.

use clap::ValueEnum;
use sim_models::{export, import};

/// A configuration that can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// application.yml of Spring Boot
    #[value(name = "resilience4j")]
    Resilience4j,
    /// `DestinationRule` and `VirtualService`
    #[value(help = "DestinationRule and VirtualService")]
    Istio,
    /// Clusters
    Envoy,
    /// appsettings.json of .NET
    Polly,
    /// Settings in Go
    #[value(name = "gobreaker")]
    GoBreaker,
}

impl From<ExportFormat> for export::Format {
    fn from(format: ExportFormat) -> Self {
        match format {
            ExportFormat::Resilience4j => Self::Resilience4j,
            ExportFormat::Istio => Self::Istio,
            ExportFormat::Envoy => Self::Envoy,
            ExportFormat::Polly => Self::Polly,
            ExportFormat::GoBreaker => Self::GoBreaker,
        }
    }
}

/// A configuration that can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ImportFormat {
    /// application.yml or application.properties of Spring Boot
    #[value(name = "resilience4j")]
    Resilience4j,
    /// `DestinationRule` and `VirtualService`
    #[value(help = "DestinationRule and VirtualService")]
    Istio,
    /// Clusters
    Envoy,
    /// appsettings.json of .NET
    Polly,
}

impl From<ImportFormat> for import::Format {
    fn from(format: ImportFormat) -> Self {
        match format {
            ImportFormat::Resilience4j => Self::Resilience4j,
            ImportFormat::Istio => Self::Istio,
            ImportFormat::Envoy => Self::Envoy,
            ImportFormat::Polly => Self::Polly,
        }
    }
}
