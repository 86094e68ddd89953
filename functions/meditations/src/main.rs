//! The native server of the example. It must hold nothing but this line.

guru::main!(meditations::app);
