//! The import worker's entry: takes files from the page and gives chunks of events back.

fn main() {
    console_error_panic_hook::set_once();
    worker::importer::listen();
}
