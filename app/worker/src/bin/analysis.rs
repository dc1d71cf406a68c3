//! The analysis worker's entry.

fn main() {
    worker::entry::listen(worker::run);
}
