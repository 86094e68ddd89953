//! The plan of the measurements, as data: the pairs that are compared, and how far ours may be from theirs.

use self::Measure::{Bytes, ExecToNext, Gzip, Requests, WarmInvoke};
use super::{
    contestant::Contestant::{
        self, Awslambdaric, Axum, AxumStreams, Flask, GuruHost, GuruLambda, GuruLocal, GuruSpin,
        GuruWasmtime, GuruWasmtimeFresh, GuruWorkerd, Hono, JavaScript, LambdaHttp, ProbeHost,
        ProbeLocal, ProbeWorkerd, SpinSdk, SpinSdkSpin, SpinSdkStreams, Worker, WorkerStreams,
    },
    report::{Better, Unit},
};
use crate::args::Group::{self, Lambda, Local, Size, Streams, Wasi, Workerd};

/// A measure of a contestant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    Bytes,
    Gzip,
    Requests,
    RequestsOfOne,
    LatencyP50,
    LatencyP99,
    LatencyP999,
    ColdStart,
    MemoryAtRest,
    MemoryUnderLoad,
    ExecToNext,
    FirstInvoke,
    WarmInvoke,
    StreamOfOne,
    StreamOfMany,
    FirstByte,
    PassedOfOne,
    Passed,
}

impl Measure {
    /// The title in the report.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Bytes => "size",
            Self::Gzip => "size, gzip -9",
            Self::Requests => "throughput",
            Self::RequestsOfOne => "throughput, one connection",
            Self::LatencyP50 => "latency at a fixed rate, p50",
            Self::LatencyP99 => "latency at a fixed rate, p99",
            Self::LatencyP999 => "latency at a fixed rate, p99.9",
            Self::ColdStart => "cold start: process to first answer",
            Self::MemoryAtRest => "memory after the first answer",
            Self::MemoryUnderLoad => "peak memory under load",
            Self::ExecToNext => "process to first request for an event",
            Self::FirstInvoke => "first invocation, with the start",
            Self::WarmInvoke => "warm invocation",
            Self::StreamOfOne => "stream of 64 KiB chunks, one connection",
            Self::StreamOfMany => "stream of 64 KiB chunks, eight connections",
            Self::FirstByte => "time to the first byte of a stream",
            Self::PassedOfOne => "requests passed on, one connection",
            Self::Passed => "requests passed on",
        }
    }

    /// The unit.
    pub(super) const fn unit(self) -> Unit {
        match self {
            Self::Bytes | Self::Gzip | Self::MemoryAtRest | Self::MemoryUnderLoad => Unit::Bytes,
            Self::Requests | Self::RequestsOfOne | Self::PassedOfOne | Self::Passed => {
                Unit::PerSecond
            }
            Self::StreamOfOne | Self::StreamOfMany => Unit::BytesPerSecond,
            Self::LatencyP50
            | Self::LatencyP99
            | Self::LatencyP999
            | Self::ColdStart
            | Self::ExecToNext
            | Self::FirstInvoke
            | Self::WarmInvoke
            | Self::FirstByte => Unit::Microseconds,
        }
    }

    /// Which of two numbers is better.
    pub(super) const fn better(self) -> Better {
        match self.unit() {
            Unit::PerSecond | Unit::BytesPerSecond => Better::Higher,
            _ => Better::Lower,
        }
    }
}

/// A bar for the ratio ours/theirs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bar {
    pub(super) measure: Measure,
    pub(super) at: f64,
    /// Whether both do the same on the same runtime, so that the difference is the cost of portability.
    pub(super) is_tax: bool,
}

/// Two contestants that are measured in turn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    pub(super) group: Group,
    pub(super) ours: Contestant,
    pub(super) theirs: Contestant,
    bars: &'static [Bar],
}

impl Pair {
    /// The bar for a measure, if there is one.
    pub(super) fn bar(&self, measure: Measure) -> Option<Bar> {
        self.bars.iter().find(|bar| bar.measure == measure).copied()
    }

    /// Both display names.
    pub(super) fn name(&self) -> String {
        format!("{} and {}", self.ours.name(), self.theirs.name())
    }
}

const fn bar(measure: Measure, at: f64) -> Bar {
    Bar {
        measure,
        at,
        is_tax: false,
    }
}

const fn tax(measure: Measure, at: f64) -> Bar {
    Bar {
        measure,
        at,
        is_tax: true,
    }
}

const fn pair(group: Group, ours: Contestant, theirs: Contestant, bars: &'static [Bar]) -> Pair {
    Pair {
        group,
        ours,
        theirs,
        bars,
    }
}

/// All pairs, by group.
pub(super) const PAIRS: [Pair; 21] = [
    pair(Size, GuruWorkerd, Worker, &[bar(Gzip, 0.7)]),
    pair(Size, GuruWorkerd, Hono, &[]),
    pair(Size, GuruWorkerd, JavaScript, &[]),
    pair(Size, GuruHost, SpinSdk, &[bar(Bytes, 0.6)]),
    pair(Size, GuruLambda, LambdaHttp, &[]),
    pair(Size, GuruLocal, Axum, &[]),
    pair(Workerd, GuruWorkerd, JavaScript, &[bar(Requests, 0.95)]),
    pair(Workerd, GuruWorkerd, Worker, &[tax(Requests, 0.95)]),
    pair(Workerd, GuruWorkerd, Hono, &[]),
    pair(Wasi, GuruHost, GuruWasmtime, &[bar(Requests, 1.1)]),
    pair(Wasi, GuruHost, GuruWasmtimeFresh, &[]),
    pair(Wasi, GuruHost, GuruSpin, &[]),
    pair(Wasi, GuruHost, SpinSdk, &[tax(Requests, 0.95)]),
    pair(Wasi, GuruSpin, SpinSdkSpin, &[tax(Requests, 0.95)]),
    pair(
        Lambda,
        GuruLambda,
        LambdaHttp,
        &[bar(ExecToNext, 1.5), tax(WarmInvoke, 1.1)],
    ),
    pair(Lambda, GuruLambda, Awslambdaric, &[]),
    pair(Local, GuruLocal, Axum, &[tax(Requests, 0.95)]),
    pair(Local, GuruLocal, Flask, &[]),
    pair(Streams, ProbeWorkerd, WorkerStreams, &[]),
    pair(Streams, ProbeHost, SpinSdkStreams, &[]),
    pair(Streams, ProbeLocal, AxumStreams, &[]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_on_the_side_that_its_measure_allows() {
        for pair in PAIRS {
            for bar in pair.bars {
                // A throughput must be near or above theirs; all else may be slightly worse, or must be better.
                let is_share = bar.measure == Measure::Requests;
                assert!(!is_share || bar.at >= 0.9, "{}", pair.name());
                assert!(bar.at > 0.0 && bar.at < 2.0, "{}", pair.name());
            }
        }
    }

    #[test]
    fn what_costs_portability_is_measured_on_every_runtime() {
        for group in [Workerd, Wasi, Lambda, Local] {
            let mut pairs = PAIRS.iter().filter(|pair| pair.group == group);
            assert!(
                pairs.any(|pair| pair.bars.iter().any(|bar| bar.is_tax)),
                "{group:?}"
            );
        }
    }
}
