//! Starts the part of the page about the crowd's talk.

fn main() {
    app::talk::start();
}
