//! The talk worker's entry: reads the stored posts along and says what the crowd talks about.

fn main() {
    console_error_panic_hook::set_once();
    worker::talk::listen();
}
