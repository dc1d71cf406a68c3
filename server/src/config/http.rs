//! The server: where it listens, what it serves to whom, and what one connection may cost.

mod network;

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use serde::Deserialize;

use super::ConfigError;

pub use network::{Network, NoNetwork};

/// The server.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Address and port; port 0 takes a free one.
    pub listen: String,
    /// Address and port for metrics, not for the public; without it there are none.
    pub admin: Option<String>,
    /// Folder of the page's files.
    pub app: PathBuf,

    /// A proxy stands in front: it speaks TLS, and the last entry of its `X-Forwarded-For` is the reader.
    pub behind_proxy: bool,
    /// Where the proxy connects from; whoever else connects is believed nothing.
    pub trusted_proxies: Vec<Network>,
    /// Metrics are also given to other machines.
    pub public_admin: bool,
    /// Plain HTTP is also spoken with other machines.
    pub plain_http: bool,
    /// The chain of certificates, as PEM. With it TLS is spoken.
    pub certificate_file: Option<PathBuf>,
    /// Its private key, as PEM.
    pub private_key_file: Option<PathBuf>,
    /// Pages of other origins that may read here, e.g. `https://example.org`.
    pub allow_origins: Vec<String>,
    /// Name of the environment variable that holds the token that readers need; everybody may read without.
    pub token_env: Option<String>,
    /// File that holds the token.
    pub token_file: Option<PathBuf>,

    /// Open connections at once; further ones are refused.
    pub max_connections: usize,
    /// Open connections of one address (of IPv6: of one /64) at once; not counted of a proxy.
    pub max_connections_per_address: usize,
    /// New connections of one address in a second, ten times as many in a burst; not counted of a proxy.
    pub max_connects_per_second: u32,
    /// Open streams of one address at once.
    pub max_streams_per_address: usize,
    /// How long open requests may go on after a stop.
    pub drain_secs: f64,
    /// A reader that takes nothing for so long is dropped; it can resume.
    pub write_timeout_secs: f64,
    /// How long a connection may take to send the head of a request, or to shake hands.
    pub header_timeout_secs: f64,
    /// How long an answer other than the stream may take to begin.
    pub request_timeout_secs: f64,
    /// How often a reader is told how far it has been sent, at least.
    pub heartbeat_secs: f64,
}

impl HttpConfig {
    pub(crate) fn drain(&self) -> Duration {
        Duration::from_secs_f64(self.drain_secs)
    }

    pub(crate) fn write_timeout(&self) -> Duration {
        Duration::from_secs_f64(self.write_timeout_secs)
    }

    pub(crate) fn header_timeout(&self) -> Duration {
        Duration::from_secs_f64(self.header_timeout_secs)
    }

    pub(crate) fn request_timeout(&self) -> Duration {
        Duration::from_secs_f64(self.request_timeout_secs)
    }

    pub(crate) fn heartbeat(&self) -> Duration {
        Duration::from_secs_f64(self.heartbeat_secs)
    }

    pub(super) fn lengths(&self) -> [(&'static str, f64); 5] {
        [
            ("http.drain_secs", self.drain_secs),
            ("http.write_timeout_secs", self.write_timeout_secs),
            ("http.header_timeout_secs", self.header_timeout_secs),
            ("http.request_timeout_secs", self.request_timeout_secs),
            ("http.heartbeat_secs", self.heartbeat_secs),
        ]
    }

    /// Whether whoever connects from here is a proxy that is believed.
    pub(crate) fn is_proxy(&self, peer: IpAddr) -> bool {
        let mut trusted = self.trusted_proxies.iter();
        self.behind_proxy && trusted.any(|network| network.contains(peer))
    }

    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let optional = [
            &mut self.certificate_file,
            &mut self.private_key_file,
            &mut self.token_file,
        ];
        [&mut self.app]
            .into_iter()
            .chain(optional.into_iter().flatten())
    }

    /// Checks what types cannot say.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let refuse = |key, found: &str, rule| {
            let found = found.to_owned();
            Err(ConfigError::Value { key, found, rule })
        };
        for (key, limit) in [
            ("http.max_connections", self.max_connections),
            (
                "http.max_connections_per_address",
                self.max_connections_per_address,
            ),
            ("http.max_streams_per_address", self.max_streams_per_address),
            (
                "http.max_connects_per_second",
                self.max_connects_per_second as usize,
            ),
        ] {
            if limit == 0 {
                return refuse(key, "0", "nobody could connect; give at least 1");
            }
        }
        for (key, secs) in self.lengths() {
            if secs == 0.0 && key != "http.drain_secs" {
                return refuse(key, "0", "nothing could be done in no time; give more");
            }
        }
        if self.certificate_file.is_some() != self.private_key_file.is_some() {
            let rule = "certificate_file and private_key_file need each other";
            return refuse("one of http's files for TLS", "absent", rule);
        }
        for origin in &self.allow_origins {
            if !is_origin(origin) {
                let rule = "it has to be an origin such as https://example.org, without a path";
                return refuse(
                    "an entry of http.allow_origins",
                    &format!("{origin:?}"),
                    rule,
                );
            }
        }
        let is_safe = self.certificate_file.is_some() || self.behind_proxy || self.plain_http;
        if !is_safe && !is_for_this_machine(&self.listen) {
            let rule = "other machines can connect to it, in plain HTTP; give a certificate, put a proxy in \
                        front and say --behind-proxy, or say --plain-http";
            return refuse("http.listen", &self.listen, rule);
        }
        let admin = self.admin.as_deref().filter(|_| !self.public_admin);
        if let Some(admin) = admin.filter(|admin| !is_for_this_machine(admin)) {
            let rule = "other machines can connect to it, without TLS or a token; say public_admin = true if \
                        that is meant";
            return refuse("http.admin", admin, rule);
        }
        Ok(())
    }
}

/// Scheme, host and perhaps a port; neither `null` nor `*`, which would be everybody.
fn is_origin(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text
    })
}

fn is_for_this_machine(listen: &str) -> bool {
    listen.parse::<SocketAddr>().map_or_else(
        |_| listen.starts_with("localhost:"),
        |address| address.ip().is_loopback(),
    )
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:3000".to_owned(),
            admin: None,
            app: "dist".into(),
            behind_proxy: false,
            trusted_proxies: Network::this_machine(),
            public_admin: false,
            plain_http: false,
            certificate_file: None,
            private_key_file: None,
            allow_origins: Vec::new(),
            token_env: None,
            token_file: None,
            max_connections: 10_000,
            max_connections_per_address: 100,
            max_connects_per_second: 200,
            max_streams_per_address: 50,
            drain_secs: 2.0,
            write_timeout_secs: 5.0,
            header_timeout_secs: 10.0,
            request_timeout_secs: 10.0,
            heartbeat_secs: 10.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(change: impl FnOnce(&mut HttpConfig), expect: Option<&str>) {
        let mut config = HttpConfig::default();
        change(&mut config);
        let found = config.check().err().map(|error| error.to_string());
        match expect {
            None => assert_eq!(found, None),
            Some(expect) => assert!(found.is_some_and(|error| error.contains(expect))),
        }
    }

    #[test]
    fn plain_http_for_other_machines_has_to_be_asked_for() {
        check(|config| config.listen = "[::1]:80".into(), None);
        check(|config| config.listen = "localhost:80".into(), None);
        check(
            |config| config.listen = "0.0.0.0:80".into(),
            Some("--behind-proxy"),
        );
        for allow in [
            |config: &mut HttpConfig| config.behind_proxy = true,
            |config: &mut HttpConfig| config.plain_http = true,
            |config: &mut HttpConfig| {
                config.certificate_file = Some("a".into());
                config.private_key_file = Some("b".into());
            },
        ] {
            check(
                |config| {
                    config.listen = "0.0.0.0:80".into();
                    allow(config);
                },
                None,
            );
        }
    }

    #[test]
    fn only_whole_origins_may_be_allowed() {
        for (origin, expect) in [
            ("https://example.org", None),
            ("http://127.0.0.1:8080", None),
            ("*", Some("allow_origins")),
            ("null", Some("allow_origins")),
            ("https://example.org/", Some("allow_origins")),
            ("example.org", Some("allow_origins")),
        ] {
            check(|config| config.allow_origins = vec![origin.into()], expect);
        }
    }

    #[test]
    fn metrics_for_other_machines_have_to_be_asked_for() {
        let admin = |address: &str| Some(address.to_owned());
        check(|config| config.admin = admin("127.0.0.1:9300"), None);
        check(
            |config| config.admin = admin("0.0.0.0:9300"),
            Some("public_admin"),
        );
        check(
            |config| (config.admin, config.public_admin) = (admin("0.0.0.0:9300"), true),
            None,
        );
    }

    #[test]
    fn lengths_of_time_are_more_than_nothing_but_for_the_drain() {
        check(|config| config.heartbeat_secs = 0.0, Some("no time"));
        check(|config| config.request_timeout_secs = 0.0, Some("no time"));
        check(|config| config.drain_secs = 0.0, None);
    }

    #[test]
    fn a_limit_of_nothing_and_half_a_certificate_are_refused() {
        check(|config| config.max_connections = 0, Some("nobody could"));
        check(
            |config| config.certificate_file = Some("a".into()),
            Some("need each other"),
        );
    }
}
