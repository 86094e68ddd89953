//! How `bootstrap` is linked. It must not know what is in it.

use std::env::var;

fn main() {
    // A program that may be loaded anywhere has some 19,000 addresses to correct at each start, a fifth of its time until
    // it asks for work. Lambda gives a process a machine of its own, and Go's programs are linked so by default. A static
    // program is left alone: it corrects itself, by a start object that rustc chooses.
    let is = |name: &str, value: &str| var(name).is_ok_and(|found| found == value);
    let is_static = var("CARGO_CFG_TARGET_FEATURE")
        .is_ok_and(|features| features.split(',').any(|feature| feature == "crt-static"));
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") && !is_static {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
