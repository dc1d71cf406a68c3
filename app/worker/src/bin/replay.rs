//! The entry of the worker that plays what is stored.

fn main() {
    worker::entry::listen(worker::replay::run);
}
