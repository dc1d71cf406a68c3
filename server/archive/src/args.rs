//! The command line of the archive's program.

use std::{fs, io, path::PathBuf, str::FromStr, time::Duration};

use archive::{
    Codec,
    follow::{FollowOptions, Until},
};

/// Shown by `--help`.
pub(crate) const USAGE: &str = "\
Usage: moodtape-archive [follow | tidy] --to PLACE [options]

  follow            write what a relay sends as Parquet files (the default)
  tidy              take withdrawn text out, merge small files, sum days; then end

  --to PLACE        a folder, or s3://bucket/folder with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
                    AWS_REGION, and AWS_ENDPOINT and AWS_ALLOW_HTTP=true for other stores
  --relay URL       the relay, or its live stream /live (default: http://127.0.0.1:3000)
  --token-file FILE what the relay asks its readers for
  --until-tip       end once everything that the relay has is archived
  --max-events N    events written at once (default: 50000)
  --max-wait SECS   what has come in this time is written (default: 300)
  --tidy-every N    tidy after so many writes (default: 12)
  --compression C   snappy (the default), gzip or none, for what is written from now on
";

/// What to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Action {
    Follow,
    Tidy,
    Help,
}

/// The command line as it was given.
#[derive(Clone, Debug)]
pub(crate) struct Args {
    pub(crate) action: Action,
    pub(crate) to: String,
    pub(crate) codec: Codec,
    relay: String,
    token_file: Option<PathBuf>,
    until: Until,
    max_events: usize,
    max_wait_secs: u64,
    tidy_every: u32,
}

/// What is wrong with it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArgsError {
    #[error("there is no argument {0:?} (see --help)")]
    Unknown(String),
    #[error("{0} needs a value (see --help)")]
    NoValue(String),
    #[error("{name} is {found:?}, and has to be a number above zero")]
    Number { name: String, found: String },
    #[error("--compression is {0:?}, and has to be snappy, gzip or none")]
    Codec(String),
    #[error("--to is missing: say where the archive is to lie (see --help)")]
    NoPlace,
    #[error("the token in {path:?} cannot be read: {source}")]
    Token { path: PathBuf, source: io::Error },
}

impl Args {
    pub(crate) fn parse(args: impl IntoIterator<Item = String>) -> Result<Self, ArgsError> {
        let mut parsed = Self {
            action: Action::Follow,
            to: String::new(),
            codec: Codec::default(),
            relay: "http://127.0.0.1:3000".to_owned(),
            token_file: None,
            until: Until::Stopped,
            max_events: 50_000,
            max_wait_secs: 300,
            tidy_every: 12,
        };
        let mut args = args.into_iter();
        while let Some(name) = args.next() {
            let mut value = || {
                let value = args.next().filter(|value| !value.is_empty());
                value.ok_or_else(|| ArgsError::NoValue(name.clone()))
            };
            match name.as_str() {
                "follow" => parsed.action = Action::Follow,
                "tidy" => parsed.action = Action::Tidy,
                "help" | "--help" | "-h" => parsed.action = Action::Help,
                "--to" => parsed.to = value()?,
                "--compression" => parsed.codec = codec(value()?)?,
                "--relay" => parsed.relay = value()?,
                "--token-file" => parsed.token_file = Some(value()?.into()),
                "--until-tip" => parsed.until = Until::Tip,
                "--max-events" => parsed.max_events = number(&name, value()?)?,
                "--max-wait" => parsed.max_wait_secs = number(&name, value()?)?,
                "--tidy-every" => parsed.tidy_every = number(&name, value()?)?,
                _ => return Err(ArgsError::Unknown(name)),
            }
        }
        if parsed.to.is_empty() && parsed.action != Action::Help {
            return Err(ArgsError::NoPlace);
        }
        Ok(parsed)
    }

    pub(crate) fn options(&self) -> Result<FollowOptions, ArgsError> {
        let token = match &self.token_file {
            Some(path) => {
                let text = fs::read_to_string(path).map_err(|source| ArgsError::Token {
                    path: path.clone(),
                    source,
                })?;
                Some(text.trim().to_owned())
            }
            None => None,
        };
        Ok(FollowOptions {
            relay: self.relay.clone(),
            token,
            max_events: self.max_events,
            max_wait: Duration::from_secs(self.max_wait_secs),
            tidy_every: self.tidy_every,
            until: self.until,
        })
    }
}

fn codec(found: String) -> Result<Codec, ArgsError> {
    Codec::parse(&found).ok_or(ArgsError::Codec(found))
}

fn number<T: FromStr + Default + PartialOrd>(name: &str, found: String) -> Result<T, ArgsError> {
    match found.parse() {
        Ok(number) if number > T::default() => Ok(number),
        _ => Err(ArgsError::Number {
            name: name.to_owned(),
            found,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Args, String> {
        let args = line.split_whitespace().map(str::to_owned);
        Args::parse(args).map_err(|error| error.to_string())
    }

    #[test]
    fn a_line_says_where_from_where_to_and_how_much_at_once() {
        let args = parse("--to a --relay http://r --until-tip --max-events 7").unwrap();
        let options = args.options().unwrap();

        assert_eq!((args.action, args.to.as_str()), (Action::Follow, "a"));
        assert_eq!(options.relay, "http://r");
        assert_eq!((options.until, options.max_events), (Until::Tip, 7));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        for (line, expect) in [
            ("", "--to is missing"),
            ("--too a", "--too"),
            ("--to", "--to needs a value"),
            ("--to a --max-events 0", "above zero"),
            ("--to a --max-wait soon", "\"soon\""),
            ("--to a --compression zip", "\"zip\""),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(expect), "{line:?}: {error}");
        }
    }
}
