//! Opens connections: name to address, TCP, TLS. The one place that does.

use std::{
    fmt,
    future::Future,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, OnceLock},
    time::Duration,
};

use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use url::Url;

use super::SourceError;

/// How long a connection may take, from the name to the end of the TLS handshake.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// Opens connections to upstreams.
pub(crate) trait Dial: fmt::Debug + Send + Sync {
    fn dial(&self, target: Target) -> Dialing<'_>;
}

pub(crate) type Network = Arc<dyn Dial>;
pub(crate) type Dialing<'a> =
    Pin<Box<dyn Future<Output = Result<Box<dyn Connection>, SourceError>> + Send + 'a>>;

/// A stream of bytes in both directions.
pub(crate) trait Connection: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Connection for T {}

/// Where to connect to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Target {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: bool,
    pub(crate) reach: Reach,
}

/// Which addresses may be connected to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Reach {
    /// Whatever whoever runs the relay has written down.
    #[default]
    Anywhere,
    /// Addresses of the public internet only: where a foreign text, such as a redirect, names the host.
    PublicOnly,
}

impl Target {
    /// Where an address of `http`, `https`, `ws` or `wss` leads.
    pub(crate) fn of(url: &Url, reach: Reach) -> Result<Self, SourceError> {
        // Never the whole address: what stands behind the host may be a key.
        let tls = match url.scheme() {
            "https" | "wss" => true,
            "http" | "ws" => false,
            other => {
                return Err(SourceError::Refused(format!(
                    "{other:?} is no scheme to connect by; an address begins with https:// or wss://"
                )));
            }
        };
        let refused = || SourceError::Refused("an address without a host or port".to_owned());
        let host = url.host_str().ok_or_else(refused)?;
        Ok(Self {
            // An IPv6 address stands in brackets in an address.
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port_or_known_default().ok_or_else(refused)?,
            tls,
            reach,
        })
    }
}

/// The real one.
#[derive(Default)]
pub(crate) struct Internet {
    /// Made at the first use, since the system's certificates are read from disk.
    tls: OnceLock<TlsConnector>,
}

impl fmt::Debug for Internet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Internet")
    }
}

impl Dial for Internet {
    fn dial(&self, target: Target) -> Dialing<'_> {
        Box::pin(async move {
            let connected = timeout(CONNECT_TIMEOUT, self.connect(&target)).await;
            connected.unwrap_or_else(|_| {
                let secs = CONNECT_TIMEOUT.as_secs();
                Err(SourceError::Transport(format!(
                    "{} did not answer within {secs} s",
                    target.host
                )))
            })
        })
    }
}

impl Internet {
    async fn connect(&self, target: &Target) -> Result<Box<dyn Connection>, SourceError> {
        let failed = |error| SourceError::Transport(format!("{}: {error}", target.host));
        let found = tokio::net::lookup_host((&*target.host, target.port)).await;
        let addresses: Vec<SocketAddr> = found.map_err(failed)?.collect();
        let allowed: Vec<SocketAddr> = addresses
            .into_iter()
            .filter(|address| target.reach == Reach::Anywhere || is_public(address.ip()))
            .collect();
        if allowed.is_empty() {
            let problem = format!("{} is no host of the public internet", target.host);
            return Err(SourceError::Refused(problem));
        }
        // The very addresses that were checked: asking again could give others.
        let tcp = TcpStream::connect(&*allowed).await.map_err(failed)?;
        tcp.set_nodelay(true).map_err(failed)?;
        if !target.tls {
            return Ok(Box::new(tcp));
        }
        let name = ServerName::try_from(target.host.clone())
            .map_err(|error| SourceError::Refused(format!("{}: {error}", target.host)))?;
        let tls = self.tls().connect(name, tcp).await.map_err(failed)?;
        Ok(Box::new(tls))
    }

    fn tls(&self) -> TlsConnector {
        self.tls.get_or_init(tls_by_system_certificates).clone()
    }
}

fn tls_by_system_certificates() -> TlsConnector {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        tracing::error!(
            "this system has no certificates, so that no upstream can be trusted; install ca-certificates"
        );
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map(|builder| builder.with_root_certificates(roots).with_no_client_auth());
    let mut config = config.expect("ring has the suites of TLS 1.2 and 1.3");
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    TlsConnector::from(Arc::new(config))
}

/// Whether an address belongs to the public internet: not to this machine, its network, or a special use.
pub(crate) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            let is_special = a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && c == 0)
                || (a == 198 && (18..20).contains(&b));
            !(is_special
                || ip.is_loopback()
                || ip.is_private()
                || ip.is_link_local()
                || ip.is_multicast()
                || ip.is_documentation())
        }
        IpAddr::V6(ip) => {
            let mapped = ip.to_ipv4();
            let [first, second, ..] = ip.segments();
            // Global unicast is 2000::/3; within it 2001::/23 (Teredo and others), 2001:db8::/32 and
            // 2002::/16 (an IPv4 address in disguise) are not hosts of their own.
            let is_global = (0x2000..0x4000).contains(&first)
                && first != 0x2002
                && !(first == 0x2001 && (second < 0x0200 || second == 0x0db8));
            mapped.map_or(is_global, |mapped| is_public(IpAddr::V4(mapped)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_this_machine_and_its_network_are_not_public() {
        for inner in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "203.0.113.9",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "2001:db8::1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
            "2001::1",
        ] {
            assert!(!is_public(inner.parse().unwrap()), "{inner}");
        }
        for outer in [
            "1.1.1.1",
            "93.184.216.34",
            "2606:4700:4700::1111",
            "::ffff:1.1.1.1",
        ] {
            assert!(is_public(outer.parse().unwrap()), "{outer}");
        }
    }

    #[tokio::test]
    async fn a_host_of_this_machine_is_refused_where_only_public_ones_may_be_reached() {
        for address in [
            "http://127.0.0.1:9/",
            "http://[::1]:9/",
            "http://localhost:9/",
            "http://2130706433/",
        ] {
            let url = Url::parse(address).unwrap();
            let target = Target::of(&url, Reach::PublicOnly).unwrap();

            let refused = Internet::default().dial(target).await.err().unwrap();

            assert!(
                matches!(refused, SourceError::Refused(_)),
                "{address}: {refused}"
            );
        }
    }

    #[test]
    fn a_target_is_read_from_an_address() {
        let target = |text: &str| Target::of(&Url::parse(text).unwrap(), Reach::Anywhere);

        let found = target("wss://example.org/x").unwrap();
        assert_eq!(
            (&*found.host, found.port, found.tls),
            ("example.org", 443, true)
        );
        let found = target("http://[::1]:8080/").unwrap();
        assert_eq!((&*found.host, found.port, found.tls), ("::1", 8080, false));
        assert!(target("file:///etc/passwd").is_err());
    }

    #[test]
    fn an_address_that_cannot_be_connected_to_is_refused_without_showing_its_key() {
        for address in ["ws.example.org:443/?token=hunter2", "unix:/x?token=hunter2"] {
            let url = Url::parse(address).unwrap();

            let error = Target::of(&url, Reach::Anywhere).unwrap_err().to_string();

            assert!(error.contains("is no scheme to connect by"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
