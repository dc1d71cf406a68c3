//! Who gets in: how many connections and streams there are, of all and of one address.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use super::metrics::{Metrics, Refusal};
use crate::config::HttpConfig;

/// A burst of connections may be so many seconds' worth of them.
const BURST_SECS: f64 = 10.0;
/// So many wrong tokens of one address within `FORGET_AFTER` are answered; then it has to wait.
const MAX_WRONG_TOKENS: u32 = 30;
const FORGET_AFTER: Duration = Duration::from_secs(60);
/// Of more addresses than these, those that have nothing open are forgotten, all at once.
const MAX_REMEMBERED: usize = 50_000;

/// Counts what is open. One for all listeners of the public.
pub(crate) struct Gate {
    config: HttpConfig,
    open: Mutex<Open>,
    /// Told when the last connection has ended.
    emptied: Notify,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct Open {
    n_connections: usize,
    by_address: HashMap<IpAddr, Counts>,
}

#[derive(Clone, Copy, Debug)]
struct Counts {
    n_connections: usize,
    n_streams: usize,
    /// Connections that may still be made in this burst, and when that was counted.
    allowance: f64,
    counted_at: Instant,
    n_wrong_tokens: u32,
    wrong_since: Instant,
}

/// An open connection; the place is free again when this is dropped.
pub(super) struct Place {
    gate: Arc<Gate>,
    address: IpAddr,
}

/// An open stream, likewise.
pub(super) struct StreamPlace {
    gate: Arc<Gate>,
    address: IpAddr,
}

impl Gate {
    pub(crate) fn new(config: &HttpConfig, metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self {
            config: config.clone(),
            open: Mutex::default(),
            emptied: Notify::new(),
            metrics,
        })
    }

    /// Lets a connection in, or says why not.
    pub(super) fn connect(self: &Arc<Self>, peer: IpAddr) -> Result<Place, Refusal> {
        let address = whole(peer);
        let mut open = self.open();
        let n_connections = open.n_connections;
        let counts = open.of(address, self.connects_per_second() * BURST_SECS);
        let refusal = if n_connections >= self.config.max_connections {
            Some(Refusal::Full)
        } else if self.config.is_proxy(peer) {
            // Its address says nothing about those whom it brings.
            None
        } else if counts.n_connections >= self.config.max_connections_per_address {
            Some(Refusal::Address)
        } else if !counts.may_connect(self.connects_per_second()) {
            Some(Refusal::Rate)
        } else {
            None
        };
        if let Some(refusal) = refusal {
            self.metrics.refuse(refusal);
            return Err(refusal);
        }
        counts.n_connections += 1;
        open.n_connections += 1;
        Ok(Place {
            gate: Arc::clone(self),
            address,
        })
    }

    /// Lets a reader open a stream, unless its address has too many.
    pub(super) fn open_stream(self: &Arc<Self>, reader: IpAddr) -> Option<StreamPlace> {
        let address = whole(reader);
        let mut open = self.open();
        let counts = open.of(address, self.connects_per_second() * BURST_SECS);
        if counts.n_streams >= self.config.max_streams_per_address {
            self.metrics.refuse(Refusal::Streams);
            return None;
        }
        counts.n_streams += 1;
        Some(StreamPlace {
            gate: Arc::clone(self),
            address,
        })
    }

    /// Whether an address has sent too many wrong tokens to be listened to now.
    pub(super) fn has_guessed_too_often(&self, reader: IpAddr) -> bool {
        let open = self.open();
        open.by_address.get(&whole(reader)).is_some_and(|counts| {
            counts.n_wrong_tokens >= MAX_WRONG_TOKENS && counts.wrong_since.elapsed() < FORGET_AFTER
        })
    }

    pub(super) fn note_wrong_token(&self, reader: IpAddr) {
        self.metrics.refuse(Refusal::Token);
        let mut open = self.open();
        let counts = open.of(whole(reader), self.connects_per_second() * BURST_SECS);
        if counts.wrong_since.elapsed() >= FORGET_AFTER {
            (counts.n_wrong_tokens, counts.wrong_since) = (0, Instant::now());
        }
        counts.n_wrong_tokens += 1;
    }

    fn connects_per_second(&self) -> f64 {
        f64::from(self.config.max_connects_per_second)
    }

    /// How many connections are open.
    pub(super) fn n_connections(&self) -> usize {
        self.open().n_connections
    }

    /// Returns once no connection is open.
    pub(super) async fn until_empty(&self) {
        loop {
            let mut emptied = std::pin::pin!(self.emptied.notified());
            // From here on it hears what happens, also before it is waited for.
            emptied.as_mut().enable();
            if self.n_connections() == 0 {
                return;
            }
            emptied.await;
        }
    }

    /// Counts are changed by single assignments, so that a panic elsewhere leaves them whole.
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn of(&mut self, address: IpAddr, full_allowance: f64) -> &mut Counts {
        if self.by_address.len() >= MAX_REMEMBERED && !self.by_address.contains_key(&address) {
            self.by_address
                .retain(|_, counts| counts.n_connections + counts.n_streams > 0);
        }
        let now = Instant::now();
        self.by_address.entry(address).or_insert(Counts {
            n_connections: 0,
            n_streams: 0,
            allowance: full_allowance,
            counted_at: now,
            n_wrong_tokens: 0,
            wrong_since: now,
        })
    }
}

impl Counts {
    fn may_connect(&mut self, per_second: f64) -> bool {
        let since = self.counted_at.elapsed().as_secs_f64();
        self.counted_at = Instant::now();
        self.allowance = (self.allowance + since * per_second).min(per_second * BURST_SECS);
        let may = self.allowance >= 1.0;
        if may {
            self.allowance -= 1.0;
        }
        may
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.gate.open();
        open.n_connections -= 1;
        if let Some(counts) = open.by_address.get_mut(&self.address) {
            counts.n_connections -= 1;
        }
        if open.n_connections == 0 {
            self.gate.emptied.notify_waiters();
        }
    }
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        let mut open = self.gate.open();
        if let Some(counts) = open.by_address.get_mut(&self.address) {
            counts.n_streams -= 1;
        }
    }
}

/// The address that limits count: of IPv6 a whole /64, which is what one household has.
fn whole(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let bits = u128::from(address) >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from(bits))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(change: impl FnOnce(&mut HttpConfig)) -> Arc<Gate> {
        let mut config = HttpConfig {
            max_connections: 4,
            max_connections_per_address: 2,
            max_streams_per_address: 1,
            ..HttpConfig::default()
        };
        change(&mut config);
        Gate::new(&config, Arc::default())
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn one_address_gets_its_share_and_all_get_what_there_is() {
        let gate = gate(|_| {});
        let connect = |from| {
            gate.connect(address(from))
                .map_err(|refusal| refusal.word())
        };

        let first = [connect("10.0.0.1").unwrap(), connect("10.0.0.1").unwrap()];
        assert_eq!(connect("10.0.0.1").err(), Some("address"));
        let _second = [connect("10.0.0.2").unwrap(), connect("10.0.0.3").unwrap()];
        assert_eq!(connect("10.0.0.4").err(), Some("full"));

        drop(first);
        assert!(connect("10.0.0.1").is_ok());
        assert_eq!(gate.n_connections(), 2);
    }

    #[tokio::test]
    async fn a_network_of_ipv6_counts_as_one_address() {
        let gate = gate(|_| {});
        let _stream = gate.open_stream(address("2001:db8::1")).unwrap();

        assert!(gate.open_stream(address("2001:db8::ffff")).is_none());
        assert!(gate.open_stream(address("2001:db8:0:1::1")).is_some());
        assert!(gate.open_stream(address("10.0.0.1")).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_connections_is_slowed_down_to_its_rate() {
        let gate = gate(|config| config.max_connects_per_second = 1);
        let n_let_in = || {
            (0..100)
                .filter(|_| gate.connect(address("10.0.0.1")).is_ok())
                .count()
        };
        assert_eq!(n_let_in(), 10);
        assert_eq!(n_let_in(), 0);

        tokio::time::advance(Duration::from_secs(3)).await;

        assert_eq!(n_let_in(), 3);
    }

    #[tokio::test]
    async fn the_proxys_address_is_not_limited_and_whoever_comes_past_it_is() {
        let gate = gate(|config| {
            config.behind_proxy = true;
            config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        });
        let connect = |from| {
            gate.connect(address(from))
                .map_err(|refusal| refusal.word())
        };

        let _past: Vec<_> = (0..2).map(|_| connect("127.0.0.2")).collect();
        assert_eq!(connect("127.0.0.2").err(), Some("address"));

        let _brought = [connect("127.0.0.1").unwrap(), connect("127.0.0.1").unwrap()];
        assert_eq!(connect("127.0.0.1").err(), Some("full"));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_guesses_tokens_has_to_wait() {
        let gate = gate(|_| {});
        let guesser = address("10.0.0.1");
        for _ in 0..MAX_WRONG_TOKENS {
            assert!(!gate.has_guessed_too_often(guesser));
            gate.note_wrong_token(guesser);
        }
        assert!(gate.has_guessed_too_often(guesser));
        assert!(!gate.has_guessed_too_often(address("10.0.0.2")));

        tokio::time::advance(FORGET_AFTER).await;

        assert!(!gate.has_guessed_too_often(guesser));
    }
}
