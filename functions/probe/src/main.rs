//! The native server of the probe. It must hold nothing but this line.

guru::main!(probe::app);
