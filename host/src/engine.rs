//! The configuration of wasmtime. It must be the same for compiling and for running, or a compiled file is rejected.

use std::thread;
use std::time::Duration;

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Result,
};

use crate::Limits;

/// How often a function that computes yields, and its timeout is checked.
const TICK: Duration = Duration::from_millis(10);

/// The maximum number of parts of each kind in a component: the function, and the few adapters that come with it.
pub(crate) const PARTS: u32 = 16;

/// The maximum number of stacks of an instance: one that waits in a call of the host (to have another call of its cancelled, as
/// when an answer has come before its timeout), and one on which it is told what else has happened.
const FIBERS: u32 = 2;

/// How many bytes of a finished instance may stay resident for the next one.
const RESIDENT: usize = 2 * 1024 * 1024;

/// Creates an engine that reserves room for as many instances as the limits allow, once, each with so many memories: a component that is
/// composed of several has one for each of them.
pub(crate) fn engine(limits: &Limits, memories: u32) -> Result<Engine> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(limits.instances)
        .total_stacks(limits.instances.saturating_mul(FIBERS))
        .total_core_instances(limits.instances.saturating_mul(PARTS))
        .total_memories(limits.instances.saturating_mul(memories))
        .total_tables(limits.instances.saturating_mul(PARTS))
        .max_core_instances_per_component(PARTS)
        .max_memories_per_component(memories)
        .max_tables_per_component(PARTS)
        .max_memory_size(limits.memory)
        .max_unused_warm_slots(limits.instances);
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        // Linux 6.7 reports which pages an instance has touched. These are overwritten, not returned to the system
        // and fetched again, page fault by page fault. Without it, all resident pages would be overwritten.
        pool.pagemap_scan(Enabled::Yes)
            .linear_memory_keep_resident(RESIDENT)
            .table_keep_resident(RESIDENT);
    }
    let mut config = Config::new();
    config
        .wasm_component_model_async(true)
        .epoch_interruption(true)
        .max_wasm_stack(limits.stack)
        // The host's own functions run on the same stack, below the function's.
        .async_stack_size(limits.stack + 1024 * 1024)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config)
}

/// Makes every function that computes yield periodically, for as long as the engine lives.
pub(crate) fn tick(engine: &Engine) -> std::io::Result<()> {
    let engine = engine.weak();
    thread::Builder::new()
        .name("ticks".into())
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                thread::sleep(TICK);
            }
        })
        .map(drop)
}
