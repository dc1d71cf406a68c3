//! The fakes as a program.
fn main() {}
