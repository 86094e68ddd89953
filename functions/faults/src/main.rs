//! The native server of the faults. It must hold nothing but this line.

guru::main!(faults::app);
