//! The service manager: it is told how the relay is, and SIGHUP renews what can be renewed.

use std::{
    fs::{self, File},
    os::unix::net::UnixDatagram,
    process::Command,
};

use tempfile::TempDir;

use crate::{
    helpers::{PATIENCE, client, posts},
    program::{Program, program},
};

const CONFIG: &str =
    "[http]\ntoken_file = \"token\"\ndrain_secs = 0.1\n[log]\nstore = \"memory\"\n";

/// A folder with a configuration, and what a service manager would hear.
struct Manager {
    folder: TempDir,
    socket: UnixDatagram,
}

impl Manager {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        fs::write(folder.path().join("recording.ndjson"), posts(3)).unwrap();
        fs::write(folder.path().join("token"), "first").unwrap();
        fs::write(folder.path().join("config.toml"), CONFIG).unwrap();
        Self { folder, socket }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self) -> Command {
        let mut command = program(self.folder.path());
        command
            .args(["--config", "config.toml", "--recording", "recording.ndjson"])
            .env("NOTIFY_SOCKET", self.path("notify"))
            .stderr(File::create(self.path("stderr")).unwrap());
        command
    }

    /// What is heard next.
    fn next(&self) -> String {
        let mut news = [0; 256];
        let n = self.socket.recv(&mut news).unwrap();
        String::from_utf8_lossy(&news[..n]).trim().to_owned()
    }

    /// Waits until that is heard.
    fn hears(&self, news: &str) {
        while self.next() != news {}
    }

    fn reload(&self, program: &Program) {
        program.signal("HUP");
        self.hears("RELOADING=1");
        self.hears("READY=1");
    }

    fn stderr(&self) -> String {
        fs::read_to_string(self.path("stderr")).unwrap()
    }
}

async fn status_with(base: &str, token: &str) -> u16 {
    let request = client().get(format!("{base}/api/v1/status"));
    request
        .bearer_auth(token)
        .send()
        .await
        .unwrap()
        .status()
        .as_u16()
}

#[test]
fn it_hears_of_the_start_of_life_and_of_the_end() {
    let manager = Manager::new();
    let mut program = Program::start(manager.command().env("WATCHDOG_USEC", "300000"));

    // Life may be heard first.
    manager.hears("READY=1");
    for _ in 0..3 {
        assert_eq!(manager.next(), "WATCHDOG=1");
    }
    program.signal("TERM");
    manager.hears("STOPPING=1");

    assert!(program.until_ended().success());
}

#[tokio::test]
async fn a_hang_up_renews_the_token_and_says_what_needs_a_new_start() {
    let manager = Manager::new();
    let program = Program::start(&mut manager.command());
    assert_eq!(status_with(&program.base, "first").await, 200);

    fs::write(manager.path("token"), "second").unwrap();
    let changed = CONFIG.to_owned() + "keep_days = 3\n[filters]\nreposts = true\n";
    fs::write(manager.path("config.toml"), changed).unwrap();
    manager.reload(&program);

    assert_eq!(status_with(&program.base, "second").await, 200);
    assert_eq!(status_with(&program.base, "first").await, 401);
    let said = manager.stderr();
    assert!(said.contains("waiting=\"log, filters\""), "{said}");
}

#[tokio::test]
async fn a_hang_up_over_a_broken_configuration_changes_nothing() {
    let manager = Manager::new();
    let program = Program::start(&mut manager.command());

    fs::write(manager.path("token"), "second").unwrap();
    fs::write(manager.path("config.toml"), "[http\n").unwrap();
    manager.reload(&program);

    assert_eq!(status_with(&program.base, "first").await, 200);
    let said = manager.stderr();
    assert!(said.contains("nothing is reloaded"), "{said}");
}
