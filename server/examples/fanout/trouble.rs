//! Trouble for the relay: attackers beside readers, and an end while readers are connected.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use socket2::{Domain, Socket, Type};

use super::{
    Job, STRAGGLERS, WARM_UP,
    crowd::{Crowd, Heard},
    publisher::Publisher,
    server::{Kind, Limits, Server, Usage},
    stalled::Spread,
};

/// Connections that say half a request and then nothing, so many of one address.
const LORIS: usize = 10_000;
const LORIS_PER_ADDRESS: usize = 101;
/// No end may take longer: the drain time, which is two seconds, and some.
const MAX_END: Duration = Duration::from_secs(5);

/// What is on its way at the end of a window still belongs to it.
const SETTLE: Duration = Duration::from_secs(1);

/// One window: how late events came, and how much of a processor each side used.
struct Window {
    heard: Heard,
    relay_cpu: f64,
    own_cpu: f64,
}

/// Readers alone, then beside ten thousand half requests, floods of one address, and heads and bodies that
/// are too long, in turns, so that whatever else this machine does falls on both; the relay has its usual
/// limits.
pub(super) fn attack(job: &Job, rounds: usize) -> Result<String, String> {
    let mut publisher = Publisher::new(Kind::Relay, job)?;
    let server = Server::start(Kind::Relay, publisher.upstream(), Limits::Usual)?;
    // From one address no more than it may have.
    let mut crowd = Crowd::connect(server.address(), Kind::Relay.stream_path(), job)?;
    publisher.connect(&server)?;
    crowd.listen(SETTLE);
    publisher.start();
    crowd.listen(WARM_UP);
    let counts = Arc::<Counts>::default();
    let (mut quiet, mut attacked) = (Vec::new(), Vec::new());
    for _ in 0..rounds.max(1) {
        quiet.push(window(&mut crowd, &server, job.secs));
        let stop = Arc::<AtomicBool>::default();
        let attackers = [loris, flood, oversized].map(|attack| {
            let (address, counts, stop) =
                (server.address(), Arc::clone(&counts), Arc::clone(&stop));
            thread::spawn(move || attack(address, &counts, &stop))
        });
        attacked.push(window(&mut crowd, &server, job.secs));
        stop.store(true, Ordering::Relaxed);
        // An attacker may still wait for an answer.
        while attackers.iter().any(|attacker| !attacker.is_finished()) {
            crowd.listen(Duration::from_millis(50));
        }
        for attacker in attackers {
            attacker.join().map_err(|_| "an attacker panicked")?;
        }
        crowd.listen(SETTLE);
    }
    publisher.stop();
    crowd.listen(STRAGGLERS);
    // Every reader was there from the first event on.
    let expected = publisher.n_since(0) * job.readers as u64;
    report(&quiet, &attacked, &crowd.heard(), expected, &counts)
}

fn window(crowd: &mut Crowd, server: &Server, secs: f64) -> Window {
    let cpu = || (server.usage().cpu, Usage::of("self").cpu);
    let before = cpu();
    crowd.count_anew();
    crowd.listen(Duration::from_secs_f64(secs));
    let after = cpu();
    crowd.count_until_now();
    crowd.listen(SETTLE);
    Window {
        heard: crowd.heard(),
        relay_cpu: (after.0 - before.0) / secs * 100.0,
        own_cpu: (after.1 - before.1) / secs * 100.0,
    }
}

/// The latency that a hundredth of everything exceeded that these windows counted.
fn p99_of_all(windows: &[Window]) -> f64 {
    let mut all = Heard::none();
    windows.iter().for_each(|window| all.add(&window.heard));
    all.quantile_ms(0.99)
}

fn report(
    quiet: &[Window],
    attacked: &[Window],
    heard: &Heard,
    expected: u64,
    counts: &Counts,
) -> Result<String, String> {
    let n = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let p99 = |window: &Window| window.heard.quantile_ms(0.99);
    let ratio = Spread::of(quiet.iter().zip(attacked).map(|(a, b)| p99(b) / p99(a)));
    let of = |windows: &[Window], value: fn(&Window) -> f64| {
        Spread::of(windows.iter().map(value)).median
    };
    let n_wrong = heard.n_events.abs_diff(expected);
    let line = format!(
        "readers: p99 under attack {ratio} times that of the window before, of {} such pairs; \
         of all windows {:.0} ms alone, {:.0} ms under attack; lost or repeated {n_wrong}, out of order {}, \
         {} closed; processor alone {:.0} % relay, {:.0} % crowd, under attack {:.0} % relay, {:.0} % crowd and \
         attackers; half requests: {} held, {} refused; flood: {} answered, {} refused; too long: {} refused of {}",
        quiet.len(),
        p99_of_all(quiet),
        p99_of_all(attacked),
        heard.n_out_of_order,
        heard.n_closed,
        of(quiet, |window| window.relay_cpu),
        of(quiet, |window| window.own_cpu),
        of(attacked, |window| window.relay_cpu),
        of(attacked, |window| window.own_cpu),
        n(&counts.held),
        n(&counts.loris_refused),
        n(&counts.answered),
        n(&counts.flood_refused),
        n(&counts.too_long_refused),
        n(&counts.too_long),
    );
    let is_harmed = n_wrong + heard.n_out_of_order > 0 || heard.n_closed > 0 || expected == 0;
    let lets_in =
        n(&counts.loris_refused) == 0 || n(&counts.too_long_refused) < n(&counts.too_long);
    if is_harmed || lets_in {
        Err(line)
    } else {
        Ok(line)
    }
}

#[derive(Default)]
struct Counts {
    held: AtomicU64,
    loris_refused: AtomicU64,
    answered: AtomicU64,
    flood_refused: AtomicU64,
    too_long: AtomicU64,
    too_long_refused: AtomicU64,
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn dial(from: Ipv4Addr, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((from, 0)).into())?;
    socket.connect(&to.into())?;
    socket.set_read_timeout(Some(Duration::from_secs(5)))?;
    Ok(socket.into())
}

/// Half a request on each of ten thousand connections, of a hundred addresses.
fn loris(to: SocketAddr, counts: &Counts, stop: &AtomicBool) {
    let mut held = Vec::new();
    for i in 0..LORIS {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let from = Ipv4Addr::new(127, 0, 9, (i / LORIS_PER_ADDRESS) as u8 + 1);
        let Ok(mut socket) = dial(from, to) else {
            add(&counts.loris_refused);
            continue;
        };
        // A refusal is there at once, before anything was asked.
        let _ = socket.set_nonblocking(true);
        let mut answer = [0; 64];
        thread::yield_now();
        if matches!(socket.read(&mut answer), Ok(n) if n > 0) {
            add(&counts.loris_refused);
            continue;
        }
        let _ = socket.write_all(b"GET /api/v1/status HTTP/1.1\r\nHost: ");
        add(&counts.held);
        held.push(socket);
    }
    while !stop.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(50));
    }
    // Who was refused after all has an answer or an end waiting.
    for socket in &mut held {
        let mut answer = [0; 64];
        if matches!(socket.read(&mut answer), Ok(n) if answer[..n].starts_with(b"HTTP/1.1 429") || answer[..n].starts_with(b"HTTP/1.1 503"))
        {
            counts.held.fetch_sub(1, Ordering::Relaxed);
            add(&counts.loris_refused);
        }
    }
}

/// One connection after the other of one address, as fast as they can be made.
fn flood(to: SocketAddr, counts: &Counts, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let Ok(mut socket) = dial(Ipv4Addr::new(127, 0, 8, 1), to) else {
            add(&counts.flood_refused);
            continue;
        };
        let _ = socket.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let mut answer = [0; 64];
        match socket.read(&mut answer) {
            Ok(n) if answer[..n].starts_with(b"HTTP/1.1 200") => add(&counts.answered),
            _ => add(&counts.flood_refused),
        }
    }
}

/// Heads and bodies of a megabyte.
fn oversized(to: SocketAddr, counts: &Counts, stop: &AtomicBool) {
    let long = "x".repeat(1 << 20);
    let requests = [
        format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: x\r\nX-Long: {long}\r\n\r\n"),
        format!(
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{long}",
            long.len()
        ),
    ];
    for request in requests.iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let Ok(mut socket) = dial(Ipv4Addr::new(127, 0, 7, 1), to) else {
            continue;
        };
        add(&counts.too_long);
        let has_taken_all = socket.write_all(request.as_bytes()).is_ok();
        let mut answer = [0; 64];
        let is_ok =
            matches!(socket.read(&mut answer), Ok(n) if answer[..n].starts_with(b"HTTP/1.1 200"));
        if !(is_ok && has_taken_all) {
            add(&counts.too_long_refused);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// SIGTERM while readers are connected and posts come in.
pub(super) fn term(job: &Job) -> Result<String, String> {
    let mut publisher = Publisher::new(Kind::Relay, job)?;
    let mut server = Server::start(Kind::Relay, publisher.upstream(), Limits::None)?;
    let mut crowd = Crowd::connect(server.address(), Kind::Relay.stream_path(), job)?;
    publisher.connect(&server)?;
    publisher.start();
    crowd.listen(Duration::from_secs(3));
    publisher.stop();
    crowd.stall();
    let took = server.terminate()?;
    crowd.listen(Duration::from_secs(1));
    let n_closed = crowd.heard().n_closed;
    let line = format!(
        "SIGTERM with {} readers ({} of them take nothing): ended after {:.2} s; {n_closed} streams were closed",
        job.readers,
        job.stalled,
        took.as_secs_f64(),
    );
    // Those that take nothing do not see it.
    if took < MAX_END && n_closed >= job.readers - job.stalled {
        Ok(line)
    } else {
        Err(line)
    }
}
