//! Wasmtime set up: the same for compiling and for running, or a compiled file is refused. It must not
//! know components.

use std::thread;
use std::time::Duration;

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Result,
};

use crate::Limits;

/// How often a function that computes gives way, and its time is looked at.
const TICK: Duration = Duration::from_millis(10);

/// What a component may consist of, each: the function, and the few adapters that come with it.
const PARTS: u32 = 16;

/// How many bytes of a finished instance may stay in memory for the next one.
const RESIDENT: usize = 2 * 1024 * 1024;

/// An engine that makes room for as many instances as the limits say, once and for all.
pub(crate) fn engine(limits: &Limits) -> Result<Engine> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(limits.instances)
        .total_stacks(limits.instances)
        .total_core_instances(limits.instances.saturating_mul(PARTS))
        .total_memories(limits.instances)
        .total_tables(limits.instances.saturating_mul(PARTS))
        .max_core_instances_per_component(PARTS)
        .max_memories_per_component(1)
        .max_tables_per_component(PARTS)
        .max_memory_size(limits.memory)
        .max_unused_warm_slots(limits.instances);
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        // Linux 6.7 says which pages an instance has touched: these are overwritten, not given back to the
        // system and fetched again, page fault by page fault. Without it all of what is kept would be.
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

/// Makes every function that computes give way from time to time, as long as the engine lives.
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
