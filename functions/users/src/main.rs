//! The native server of the function. It must hold nothing but this line.

guru::main!(users::app);
