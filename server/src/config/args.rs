//! The command line: what to do, and what it changes in the configuration.

use std::path::PathBuf;

use super::{Config, ConfigError, Network, RecordingStart, SourceConfig, Speed};
use crate::recording::RecordingError;

/// Shown by `--help`.
pub const USAGE: &str = "\
Usage: moodtape-relay [serve | check-config | health | precompress] [options]

  serve           take events in and serve them and the page (the default)
  check-config    say whether the configuration can be used
  health          ask a running relay whether it is well; exit code 0 or 1
  precompress     write a compressed copy beside each of the page's files (--app), and keep it in --data

Options:
  --config FILE       configuration (default: config.toml)
  --recording PATH    play this file or folder instead of the configured sources
  --live              listen to the configured live sources, and play no recording
  --speed N           data seconds per second, or auto, or unlimited
  --listen ADDR       address and port, e.g. 127.0.0.1:3000; port 0 takes a free one
  --app DIR           folder of the page's files (default: dist)
  --data DIR          folder of the log's files (default: data)
  --no-filters        keep every post, whatever its language
  --at-once           begin a recording at once instead of with its first reader
  --admin ADDR        address and port of the metrics, e.g. 127.0.0.1:9300 (default: none)
  --behind-proxy      a proxy stands in front; trust its X-Forwarded-For
  --trusted-proxy NET where it connects from, e.g. 10.0.0.0/8 (default: this machine)
  --plain-http        speak plain HTTP with other machines too
  --log-format FORM   text or json (default: text)
";

/// What to do.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Action {
    /// Run the relay.
    #[default]
    Serve,
    /// Check the configuration.
    CheckConfig,
    /// Ask a running relay.
    Health,
    /// Compress the page.
    Precompress,
    /// Print the usage.
    Help,
}

/// The command line as it was given.
#[derive(Clone, Debug, Default)]
pub struct Args {
    /// What to do.
    pub action: Action,
    config: Option<PathBuf>,
    recording: Option<PathBuf>,
    speed: Option<Speed>,
    listen: Option<String>,
    app: Option<PathBuf>,
    data: Option<PathBuf>,
    admin: Option<String>,
    live: bool,
    no_filters: bool,
    at_once: bool,
    behind_proxy: bool,
    trusted_proxies: Vec<Network>,
    plain_http: bool,
    /// How what happens is written down.
    pub log_format: LogFormat,
}

/// How what happens is written down.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// An object a line.
    Json,
}

/// What is wrong with a command line.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0} (see --help)")]
pub struct ArgsError(String);

impl Args {
    /// Reads the arguments behind the program's name.
    ///
    /// # Errors
    /// The first argument that cannot be used.
    pub fn parse(args: impl IntoIterator<Item = String>) -> Result<Self, ArgsError> {
        let mut parsed = Self::default();
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            let (name, inline) = match arg.split_once('=') {
                Some((name, value)) if name.starts_with("--") => {
                    (name.to_owned(), Some(value.to_owned()))
                }
                _ => (arg, None),
            };
            let mut value = || {
                let value = inline.clone().or_else(|| args.next());
                value
                    .filter(|value| !value.is_empty())
                    .ok_or_else(|| ArgsError(format!("{name} needs a value")))
            };
            match name.as_str() {
                "serve" => parsed.action = Action::Serve,
                "check-config" => parsed.action = Action::CheckConfig,
                "precompress" => parsed.action = Action::Precompress,
                "health" => parsed.action = Action::Health,
                "help" | "--help" | "-h" => parsed.action = Action::Help,
                "--config" => parsed.config = Some(value()?.into()),
                "--recording" => parsed.recording = Some(value()?.into()),
                "--speed" => {
                    parsed.speed = Some(
                        value()?
                            .parse()
                            .map_err(|error| ArgsError(format!("--speed: {error}")))?,
                    )
                }
                "--listen" => parsed.listen = Some(value()?),
                "--app" => parsed.app = Some(value()?.into()),
                "--data" => parsed.data = Some(value()?.into()),
                "--live" => parsed.live = true,
                "--no-filters" => parsed.no_filters = true,
                "--at-once" => parsed.at_once = true,
                "--admin" => parsed.admin = Some(value()?),
                "--behind-proxy" => parsed.behind_proxy = true,
                "--trusted-proxy" => {
                    let network = value()?.parse();
                    let network = network.map_err(|error| ArgsError(format!("{name}: {error}")))?;
                    parsed.trusted_proxies.push(network);
                }
                "--plain-http" => parsed.plain_http = true,
                "--log-format" => {
                    parsed.log_format = match &*value()? {
                        "text" => LogFormat::Text,
                        "json" => LogFormat::Json,
                        other => {
                            let problem = format!("--log-format is text or json, not {other:?}");
                            return Err(ArgsError(problem));
                        }
                    }
                }
                _ => return Err(ArgsError(format!("there is no argument {name:?}"))),
            }
        }
        Ok(parsed)
    }

    /// The configuration file with what the command line changes in it.
    ///
    /// # Errors
    /// What is wrong with the file or the whole.
    pub fn config(&self) -> Result<Config, ConfigError> {
        let path = self.config.clone().unwrap_or_else(|| "config.toml".into());
        // Everything has a default, so that the relay also runs where there is no file.
        let is_optional = self.config.is_none() && !path.exists();
        let mut config = if is_optional {
            Config::default()
        } else {
            Config::read(&path)?
        };
        self.change(&mut config);
        if self.speed.is_some() && config.sources.iter().all(|source| source.kind.is_live()) {
            return Err(ConfigError::NothingPlayed);
        }
        config.check()?;
        Ok(config)
    }

    fn change(&self, config: &mut Config) {
        if let Some(path) = &self.recording {
            let mine = SourceConfig {
                path: Some(path.clone()),
                resume: true,
                ..SourceConfig::default()
            };
            config.sources = vec![mine];
        }
        if self.live {
            config.sources.retain(|source| source.kind.is_live());
        }
        for source in &mut config.sources {
            if !source.kind.is_live() {
                source.speed = self.speed.unwrap_or(source.speed);
            }
            if self.at_once {
                source.start = RecordingStart::AtOnce;
            }
        }
        let put = |place: &mut PathBuf, given: &Option<PathBuf>| {
            if let Some(given) = given {
                place.clone_from(given);
            }
        };
        put(&mut config.http.app, &self.app);
        put(&mut config.log.data, &self.data);
        if let Some(listen) = &self.listen {
            config.http.listen.clone_from(listen);
        }
        config.http.admin = self.admin.clone().or(config.http.admin.take());
        config.http.behind_proxy |= self.behind_proxy;
        if !self.trusted_proxies.is_empty() {
            config
                .http
                .trusted_proxies
                .clone_from(&self.trusted_proxies);
        }
        config.http.plain_http |= self.plain_http;
        if self.no_filters {
            config.filters = wire::config::Filters {
                languages: Vec::new(),
                reposts: true,
                sensitive: true,
            };
        }
    }
}

/// What `check-config` says about a configuration that can be used.
///
/// # Errors
/// When a recording is not there.
pub fn report(config: &Config) -> Result<String, RecordingError> {
    let paths: Vec<_> = config
        .sources
        .iter()
        .filter_map(|source| source.path.as_ref())
        .collect();
    if let Some(path) = paths.iter().find(|path| !path.exists()) {
        return Err(RecordingError::Missing(path.to_path_buf()));
    }
    let plays = paths
        .first()
        .map_or_else(|| "nothing".to_owned(), |path| path.display().to_string());
    let live = config.sources.iter().filter(|source| source.kind.is_live());
    let live: Vec<_> = live.map(SourceConfig::label).collect();
    let live = if live.is_empty() {
        "nothing live".to_owned()
    } else {
        live.join(", ")
    };
    Ok(format!(
        "The configuration can be used: listens on {}, plays {plays}, follows {live}, {} topics, {} tickers, log in {}",
        config.http.listen,
        config.topics.len(),
        config.tickers.len(),
        config.log.data.display(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Args, ArgsError> {
        Args::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn the_command_line_wins_over_the_file() {
        let args = parse(
            "--recording a.ndjson --speed=60 --listen 0.0.0.0:80 --data d --app x --no-filters",
        )
        .unwrap();
        let mut config = Config::parse("[[source]]\npath = \"b\"\nloop = true\n").unwrap();

        args.change(&mut config);

        let source = &config.sources[0];
        assert_eq!(source.path, Some("a.ndjson".into()));
        assert_eq!(source.speed, Speed::Times(60.0));
        assert!(!source.looped);
        assert_eq!(config.http.listen, "0.0.0.0:80");
        assert_eq!(config.log.data, PathBuf::from("d"));
        assert!(config.filters.languages.is_empty() && config.filters.reposts);
    }

    #[test]
    fn live_leaves_the_recording_out() {
        let mut config =
            Config::parse("[[source]]\npath = \"b\"\n[[source]]\nkind = \"jetstream\"\n").unwrap();

        parse("--live").unwrap().change(&mut config);

        let kinds: Vec<_> = config.sources.iter().map(|source| source.kind).collect();
        assert_eq!(kinds, [crate::config::SourceKind::Jetstream]);
    }

    #[test]
    fn a_speed_needs_a_recording() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, "[[source]]\nkind = \"jetstream\"\n").unwrap();
        let config = |args: &str| {
            parse(&format!("--config {} {args}", path.display()))
                .unwrap()
                .config()
        };

        let told = config("--speed 60").unwrap_err().to_string();

        assert!(told.contains("--recording"), "{told}");
        assert!(config("").is_ok());
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        assert_eq!(
            parse("--speeed 3").unwrap_err().to_string(),
            "there is no argument \"--speeed\" (see --help)"
        );
        assert_eq!(
            parse("--data").unwrap_err().to_string(),
            "--data needs a value (see --help)"
        );
        assert!(
            parse("--speed soon")
                .unwrap_err()
                .to_string()
                .starts_with("--speed: a speed is a number")
        );
    }
}
