//! TLS: the certificate and its key, read again when they change on disk.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::config::HttpConfig;

/// How often the files are looked at. A certificate is renewed weeks before it ends.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Why TLS cannot be spoken. Nothing of the key is in it.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or holds something else.
    #[error("{path:?} cannot be used for TLS: {problem}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// The two do not belong together, or are of a kind that cannot be used.
    #[error("the certificate and its key cannot be used: {0}")]
    Pair(rustls::Error),
}

/// Speaks TLS with readers.
pub(crate) struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    current: RwLock<TlsAcceptor>,
}

impl Tls {
    /// `None` where the configuration has no certificate.
    pub(crate) fn new(config: &HttpConfig) -> Result<Option<Arc<Self>>, TlsError> {
        let (Some(certificate), Some(key)) = (&config.certificate_file, &config.private_key_file)
        else {
            return Ok(None);
        };
        let current = RwLock::new(read(certificate, key)?);
        Ok(Some(Arc::new(Self {
            certificate: certificate.clone(),
            key: key.clone(),
            current,
        })))
    }

    pub(super) async fn accept(&self, socket: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let acceptor = self
            .current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        acceptor.accept(socket).await
    }

    /// Takes new files into use for new connections, for ever.
    pub(crate) async fn renew(self: Arc<Self>) {
        let mut known = self.changed_at();
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let found = self.changed_at();
            if found == known {
                continue;
            }
            match self.reload() {
                Ok(()) => {
                    known = found;
                    tracing::info!("the certificate has been renewed");
                }
                // Perhaps one of the two has still to be written; the old ones go on.
                Err(error) => tracing::warn!(%error, "the certificate could not be renewed"),
            }
        }
    }

    /// Reads both files again.
    pub(crate) fn reload(&self) -> Result<(), TlsError> {
        let renewed = read(&self.certificate, &self.key)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = renewed;
        Ok(())
    }

    fn changed_at(&self) -> [Option<SystemTime>; 2] {
        [&self.certificate, &self.key].map(|path| path.metadata().ok()?.modified().ok())
    }
}

fn read(certificate: &PathBuf, key: &PathBuf) -> Result<TlsAcceptor, TlsError> {
    let failed = |path: &PathBuf, problem: &dyn std::fmt::Display| TlsError::File {
        path: path.clone(),
        problem: problem.to_string(),
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| failed(certificate, &error))?;
    let secret = PrivateKeyDer::from_pem_file(key)
        .map_err(|_| failed(key, &"it does not hold a private key as PEM"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(chain, secret)
        })
        .map_err(TlsError::Pair)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use tokio::net::TcpListener;
    use tokio_rustls::TlsConnector;

    use super::*;

    fn fixture(name: &str) -> PathBuf {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tls");
        Path::new(folder).join(name)
    }

    /// Whether a handshake works with whoever trusts the certificate of that name.
    async fn is_trusted(tls: &Tls, name: &str) -> bool {
        let mut roots = rustls::RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(fixture(name)).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let client = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (far, _) = listener.accept().await.unwrap();
        let connector = TlsConnector::from(Arc::new(client));
        let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
        let (connected, _) = tokio::join!(connector.connect(name, near), tls.accept(far));
        connected.is_ok()
    }

    #[tokio::test]
    async fn a_new_certificate_is_taken_into_use_and_a_broken_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str| {
            let (certificate, key) = (format!("{name}.pem"), format!("{name}-key.pem"));
            fs::copy(fixture(&certificate), folder.path().join("chain.pem")).unwrap();
            fs::copy(fixture(&key), folder.path().join("key.pem")).unwrap();
        };
        put("first");
        let config = HttpConfig {
            certificate_file: Some(folder.path().join("chain.pem")),
            private_key_file: Some(folder.path().join("key.pem")),
            ..HttpConfig::default()
        };
        let tls = Tls::new(&config).unwrap().unwrap();
        assert!(is_trusted(&tls, "first.pem").await);

        fs::write(folder.path().join("chain.pem"), "half of it").unwrap();
        assert!(tls.reload().is_err());
        assert!(is_trusted(&tls, "first.pem").await);
        put("second");
        tls.reload().unwrap();

        assert!(is_trusted(&tls, "second.pem").await);
        assert!(!is_trusted(&tls, "first.pem").await);
    }
}
