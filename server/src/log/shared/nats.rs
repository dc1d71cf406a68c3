//! A real `nats-server` for tests, on a free port of this machine, with a folder that goes with it.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, ChildStdin, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Ends the server and its folder when whoever started it goes, however that ends.
const ATTENDED: &str = r#"folder=$(mktemp -d) || exit 1
trap '' INT TERM
start() { nats-server -js -sd "$folder/js" -a 127.0.0.1 -p "$0" ${1:+--auth "$1"} >/dev/null 2>&1 & server=$!; echo "$server"; }
freeze() { kill -STOP "$server"; while ! grep -q '^State:.T' "/proc/$server/status"; do :; done; }
stop() { kill -9 "$server" 2>/dev/null; wait "$server" 2>/dev/null; }
start "$1"
while read -r order; do
  case "$order" in
    freeze) freeze; echo frozen; continue ;;
    thaw) kill -CONT "$server"; echo thawed; continue ;;
  esac
  stop
  case "$order" in
    stop) echo stopped ;;
    keep) cp -a "$folder/js" "$folder/kept"; start "$1" ;;
    back) rm -rf "$folder/js"; mv "$folder/kept" "$folder/js"; start "$1" ;;
    *) start "$1" ;;
  esac
done
stop; rm -rf "$folder""#;

/// A running server.
#[derive(Debug)]
pub(crate) struct NatsServer {
    shell: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<std::process::ChildStdout>,
    address: SocketAddr,
}

impl NatsServer {
    /// `None`, and a word about it that cannot be overlooked, where the program is missing.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with_token("")
    }

    /// One that talks only to whoever knows the token, unless that is empty.
    pub(crate) fn start_with_token(token: &str) -> Option<Self> {
        let found = Command::new("nats-server").arg("--version").output();
        if found.is_err() {
            // Past the capture of tests, which would keep it to itself.
            let _ = writeln!(
                std::io::stderr(),
                "\nSKIPPED: the shared log is not tested, since there is no nats-server \
                 (Debian: apt-get install nats-server)\n"
            );
            return None;
        }
        let free = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = free.local_addr().expect("it has an address");
        drop(free);
        let mut shell = Command::new("sh")
            .args(["-c", ATTENDED, &address.port().to_string(), token])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("there is a shell");
        let orders = shell.stdin.take();
        let answers = shell.stdout.take().expect("it is piped");
        let mut server = Self {
            shell,
            orders,
            answers: BufReader::new(answers),
            address,
        };
        server.listens();
        Some(server)
    }

    /// As it stands in a configuration.
    pub(crate) fn address(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Kills it where it stands; what it holds stays.
    pub(crate) fn kill(&mut self) {
        self.order("stop");
        self.answer();
    }

    /// Stops it where it stands: its connections stay, and what is sent on them waits.
    pub(crate) fn freeze(&mut self) {
        self.order("freeze");
        self.answer();
    }

    /// Lets it go on.
    pub(crate) fn thaw(&mut self) {
        self.order("thaw");
        self.answer();
    }

    /// Starts it again, after killing it if it runs.
    pub(crate) fn start_again(&mut self) {
        self.order("start");
        self.listens();
    }

    /// Kills it, remembers what it holds, and starts it again.
    pub(crate) fn keep(&mut self) {
        self.order("keep");
        self.listens();
    }

    /// Kills it, and starts it with what was remembered, as after a power failure.
    pub(crate) fn fall_back(&mut self) {
        self.order("back");
        self.listens();
    }

    fn order(&mut self, order: &str) {
        let orders = self.orders.as_mut().expect("it is piped");
        writeln!(orders, "{order}").expect("the shell listens");
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers
            .read_line(&mut line)
            .expect("the shell answers");
        line
    }

    fn listens(&mut self) {
        self.answer();
        let begun = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "nats-server does not listen"
            );
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        drop(self.orders.take());
        let _ = self.shell.wait();
    }
}
