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
    Job,
    crowd::Crowd,
    publisher::Publisher,
    server::{Kind, Limits, Server},
};

/// Connections that say half a request and then nothing, so many of one address.
const LORIS: usize = 10_000;
const LORIS_PER_ADDRESS: usize = 101;
/// No end may take longer: the drain time, which is two seconds, and some.
const MAX_END: Duration = Duration::from_secs(5);

/// Readers alone, then beside ten thousand half requests, floods of one address, and heads and bodies that
/// are too long; the relay has its usual limits.
pub(super) fn attack(job: &Job) -> Result<String, String> {
    let mut publisher = Publisher::new(Kind::Relay, job)?;
    let server = Server::start(Kind::Relay, publisher.upstream(), Limits::Usual)?;
    // From one address no more than it may have.
    let mut crowd = Crowd::connect(server.address(), Kind::Relay.stream_path(), job)?;
    publisher.connect(&server)?;
    publisher.start();
    crowd.listen(Duration::from_secs(2));
    crowd.count_from_now();
    crowd.listen(Duration::from_secs_f64(job.secs));
    let alone = crowd.heard();
    crowd.stall();

    let (counts, stop) = (Arc::<Counts>::default(), Arc::<AtomicBool>::default());
    let attackers = [loris, flood, oversized].map(|attack| {
        let (address, counts, stop) = (server.address(), Arc::clone(&counts), Arc::clone(&stop));
        thread::spawn(move || attack(address, &counts, &stop))
    });
    crowd.listen(Duration::from_secs_f64(job.secs));
    stop.store(true, Ordering::Relaxed);
    publisher.stop();
    let expected = publisher.n_since(crowd.counted_from()) * job.readers as u64;
    crowd.listen(Duration::from_secs(3));
    let attacked = crowd.heard();
    for attacker in attackers {
        attacker.join().map_err(|_| "an attacker panicked")?;
    }
    let n = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let line = format!(
        "readers: p99 {:.0} ms alone, {:.0} ms under attack, lost {}, {} closed; \
         half requests: {} held, {} refused; flood: {} answered, {} refused; too long: {} refused of {}",
        alone.quantile_ms(0.99),
        attacked.quantile_ms(0.99),
        attacked.n_lost(expected),
        attacked.n_closed,
        n(&counts.held),
        n(&counts.loris_refused),
        n(&counts.answered),
        n(&counts.flood_refused),
        n(&counts.too_long_refused),
        n(&counts.too_long),
    );
    let is_harmed = attacked.n_lost(expected) + attacked.n_repeated + attacked.n_out_of_order > 0
        || attacked.n_closed > 0
        || attacked.n_counted == 0;
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
