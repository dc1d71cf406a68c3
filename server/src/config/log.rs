//! The part about the log: a table, or only the word for where it is kept.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::{LogConfig, StoreKind};

/// Servers keep time to a tenth of a second at best.
pub(super) const MIN_LEASE_SECS: f64 = 0.5;

pub(super) fn table_or_store<'de, D>(deserializer: D) -> Result<LogConfig, D::Error>
where
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(TableOrStore)
}

struct TableOrStore;

impl<'de> Visitor<'de> for TableOrStore {
    type Value = LogConfig;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table, or where the log is kept")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<LogConfig, E> {
        Ok(LogConfig {
            store: parse(text).map_err(E::custom)?,
            ..LogConfig::default()
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<LogConfig, A::Error> {
        LogConfig::deserialize(MapAccessDeserializer::new(map))
    }
}

impl<'de> Deserialize<'de> for StoreKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).map_err(D::Error::custom)
    }
}

fn parse(text: &str) -> Result<StoreKind, String> {
    match text {
        "sqlite" => Ok(StoreKind::Sqlite),
        "memory" => Ok(StoreKind::Memory),
        address if address.starts_with("nats:") => address
            .parse()
            .map(StoreKind::Nats)
            .map_err(|problem| format!("{problem}; keys are given by key_env or key_file")),
        other => Err(format!(
            "a log is kept in \"sqlite\", \"memory\" or at an address such as \"nats://127.0.0.1:4222\", not in {other:?}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn store(text: &str) -> Result<StoreKind, String> {
        Config::parse(text).map(|config| config.log.store)
    }

    #[test]
    fn where_the_log_is_kept_may_be_said_in_a_word_or_in_the_table() {
        let nats = StoreKind::Nats("nats://10.0.0.1:4222/a".parse().unwrap());

        assert_eq!(
            store("log = \"nats://10.0.0.1:4222/a\"\n"),
            Ok(nats.clone())
        );
        let table = "[log]\nstore = \"nats://10.0.0.1:4222/a\"\nlease_secs = 3\n";
        assert_eq!(store(table), Ok(nats));
        assert_eq!(store("[log]\nstore = \"memory\"\n"), Ok(StoreKind::Memory));
        assert_eq!(store(""), Ok(StoreKind::Sqlite));
    }

    #[test]
    fn what_cannot_be_used_is_named_with_its_line_and_a_key_is_not_shown() {
        let problem = store("\n[log]\nstore = \"postgres\"\n").unwrap_err();
        assert!(problem.starts_with("line 3: a log is kept in"), "{problem}");

        let problem = store("[log]\nsynchronus = \"full\"\n").unwrap_err();
        assert_eq!(
            problem,
            "line 2: there is no key `synchronus` here; did you mean `synchronous`?"
        );

        let problem = store("log = \"nats://me:hunter2@host\"\n").unwrap_err();
        assert!(
            problem.contains("key_env") && !problem.contains("hunter2"),
            "{problem}"
        );
    }

    #[test]
    fn a_lease_that_is_too_short_is_refused() {
        let config = Config::parse("[log]\nlease_secs = 0.1\n").unwrap();

        assert!(
            config
                .check()
                .unwrap_err()
                .to_string()
                .contains("lease_secs is 0.1")
        );
    }
}
