//! How `bootstrap` is linked. It must not know what is in it.

fn main() {
    // A program that may be loaded anywhere has some 19,000 addresses to correct at each start, a fifth of its time until
    // it asks for work. Lambda gives a process a machine of its own, and Go's programs are linked so by default.
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
