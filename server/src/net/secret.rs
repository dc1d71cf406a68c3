//! Keys of upstreams: read from the environment or a file, and never shown.

use std::{env, fmt, fs, path::Path};

use hyper::header::HeaderValue;

/// So many of a key's first bytes are not shown either.
const TELLING: usize = 6;

/// A key. It has no way out but [`Secret::expose`] and headers that are marked as sensitive.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Secret(String);

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The variable is not set.
    #[error("the environment variable {0} is not set; it has to hold the key")]
    Missing(String),
    /// The file cannot be read.
    #[error("the key file {path:?} cannot be read ({source})")]
    Unreadable {
        /// The file.
        path: std::path::PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// There is nothing in it, or more than one line.
    #[error("{0} does not hold a key: one line of visible characters")]
    NoKey(String),
}

impl Secret {
    /// Reads the key from where the configuration says; `None` where it says nothing.
    pub(crate) fn load(
        key_env: Option<&str>,
        key_file: Option<&Path>,
    ) -> Result<Option<Self>, SecretError> {
        let (place, text) = if let Some(name) = key_env {
            let text = env::var(name).map_err(|_| SecretError::Missing(name.to_owned()))?;
            (format!("the environment variable {name}"), text)
        } else if let Some(path) = key_file {
            let text = fs::read_to_string(path).map_err(|source| SecretError::Unreadable {
                path: path.to_owned(),
                source,
            })?;
            (path.display().to_string(), text)
        } else {
            return Ok(None);
        };
        let key = Self::new(text.trim()).ok_or(SecretError::NoKey(place))?;
        Ok(Some(key))
    }

    /// `None` for what can be no key.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let is_key = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_key.then(|| Self(text.to_owned()))
    }

    /// The key itself, for a message to the upstream. For nothing else.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// `text` without the key and its parts, also where somebody has cut them short.
    pub(crate) fn redact(&self, text: &str) -> String {
        let encoded: String = url::form_urlencoded::byte_serialize(self.0.as_bytes()).collect();
        let parts = self.0.split(':').filter(|part| part.len() >= TELLING);
        let mut text = text.to_owned();
        for key in [&*self.0, &*encoded].into_iter().chain(parts) {
            let start = key.get(..TELLING).unwrap_or(key);
            while let Some(at) = text.find(start) {
                let (shown, hidden) = text.split_at(at);
                let same = hidden.bytes().zip(key.bytes());
                let n_bytes = same.take_while(|(found, known)| found == known).count();
                let rest = hidden.get(n_bytes..).unwrap_or_default();
                text = format!("{shown}…{rest}");
            }
        }
        text
    }

    /// A header such as `Bearer <key>` that no log shows.
    pub(crate) fn header(&self, scheme: &str) -> HeaderValue {
        let text = format!("{scheme}{}", self.0);
        let mut value =
            HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""));
        value.set_sensitive(true);
        value
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_from_a_file_and_shown_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "hunter2\n").unwrap();

        let key = Secret::load(None, Some(&path)).unwrap().unwrap();

        assert_eq!(key.expose(), "hunter2");
        assert_eq!(format!("{key:?}"), "Secret(…)");
        assert!(!format!("{:?}", key.header("Bearer ")).contains("hunter2"));
        assert_eq!(key.header("Bearer "), "Bearer hunter2");
    }

    #[test]
    fn a_key_is_taken_out_of_what_an_upstream_says() {
        let key = Secret::new("my-id:hunter2/hunter3").unwrap();
        for (said, shown) in [
            ("no key my-id:hunter2/hunter3!", "no key …!"),
            ("no key my-id%3Ahunter2%2Fhunter3!", "no key …!"),
            ("hunter2/hunter3 hunter2/hun", "… …"),
            ("a hunter is no key", "a … is no key"),
            ("nothing of it", "nothing of it"),
        ] {
            assert_eq!(key.redact(said), shown);
        }
    }

    #[test]
    fn what_is_no_key_is_named_without_showing_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "two\nlines").unwrap();

        let error = Secret::load(None, Some(&path)).unwrap_err().to_string();

        assert!(error.contains("does not hold a key"), "{error}");
        assert!(
            !error.contains("lines\n") && !error.contains("two"),
            "{error}"
        );
        let error = Secret::load(Some("MOODTAPE_NO_SUCH_KEY"), None).unwrap_err();
        assert!(matches!(error, SecretError::Missing(name) if name == "MOODTAPE_NO_SUCH_KEY"));
        assert_eq!(Secret::load(None, None).unwrap(), None);
    }
}
