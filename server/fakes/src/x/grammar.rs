//! The grammar of X's rules: what is a rule, and which posts it matches.
//!
//! A blank is AND and binds more tightly than `OR`; `-` negates one operator, never a group; and
//! somewhere there must be an operator that can stand alone.

use serde_json::Value;

/// A rule that X would take.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule(Expression);

/// Why X would not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RuleError(String);

impl std::fmt::Display for RuleError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Expression {
    Any(Vec<Expression>),
    All(Vec<Expression>),
    Not(Box<Expression>),
    Operator(Operator),
}

#[derive(Clone, Debug, PartialEq)]
enum Operator {
    /// Words in a row, folded.
    Words(Vec<String>),
    Cashtag(String),
    Hashtag(String),
    /// `lang:en`, which cannot stand alone.
    Lang(String),
    Retweet,
    /// `sample:10`, which every post of a test passes.
    Sample,
    /// One that stands alone and matches nothing here, such as `from:`.
    Foreign,
}

/// What of a post decides.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    words: Vec<String>,
    cashtags: Vec<String>,
    hashtags: Vec<String>,
    lang: String,
    is_retweet: bool,
}

/// The longest rule, in characters.
const MAX_CHARS: usize = 1_024;

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// What X would say about it.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        if text.chars().count() > MAX_CHARS {
            return Err(RuleError(format!("longer than {MAX_CHARS} characters")));
        }
        let mut parser = Parser {
            tokens: tokens(text)?,
        };
        parser.tokens.reverse();
        let expression = parser.any()?;
        match parser.tokens.pop() {
            Some(token) => Err(RuleError(format!("{token:?} is in the wrong place"))),
            None if stands_alone(&expression) => Ok(Self(expression)),
            None => Err(RuleError("nothing in it can stand alone".to_owned())),
        }
    }

    /// Whether a post matches.
    pub fn matches(&self, subject: &Subject) -> bool {
        self.0.matches(subject)
    }
}

impl Subject {
    /// What of a post in X's form decides.
    pub fn of(post: &Value) -> Self {
        let tags = |kind: &str| {
            let found = post["entities"][kind].as_array().into_iter().flatten();
            found
                .filter_map(|tag| Some(tag["tag"].as_str()?.to_lowercase()))
                .collect()
        };
        Self {
            words: words(post["text"].as_str().unwrap_or_default()),
            cashtags: tags("cashtags"),
            hashtags: tags("hashtags"),
            lang: post["lang"].as_str().unwrap_or_default().to_owned(),
            is_retweet: post["referenced_tweets"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|other| other["type"] == "retweeted"),
        }
    }
}

impl Expression {
    fn matches(&self, subject: &Subject) -> bool {
        match self {
            Self::Any(parts) => parts.iter().any(|part| part.matches(subject)),
            Self::All(parts) => parts.iter().all(|part| part.matches(subject)),
            Self::Not(part) => !part.matches(subject),
            Self::Operator(operator) => operator.matches(subject),
        }
    }
}

impl Operator {
    fn matches(&self, subject: &Subject) -> bool {
        match self {
            Self::Words(words) => subject
                .words
                .windows(words.len())
                .any(|some| some == words.as_slice()),
            Self::Cashtag(tag) => subject.cashtags.contains(tag),
            Self::Hashtag(tag) => subject.hashtags.contains(tag),
            Self::Lang(lang) => subject.lang == *lang,
            Self::Retweet => subject.is_retweet,
            Self::Sample => true,
            Self::Foreign => false,
        }
    }

    fn read(text: &str) -> Result<Self, RuleError> {
        let folded = text.to_lowercase();
        let is_symbol = |tag: &str| {
            !tag.is_empty() && tag.chars().all(|c| c.is_alphanumeric() || "._".contains(c))
        };
        if let Some(tag) = folded.strip_prefix('$').filter(|tag| is_symbol(tag)) {
            return Ok(Self::Cashtag(tag.to_owned()));
        }
        if let Some(tag) = folded.strip_prefix('#').filter(|tag| is_symbol(tag)) {
            return Ok(Self::Hashtag(tag.to_owned()));
        }
        if let Some((name, value)) = folded.split_once(':') {
            return match (name, value) {
                ("lang", lang) if !lang.is_empty() => Ok(Self::Lang(lang.to_owned())),
                ("is", "retweet") => Ok(Self::Retweet),
                ("sample", percent)
                    if percent.parse::<u8>().is_ok_and(|n| (1..=100).contains(&n)) =>
                {
                    Ok(Self::Sample)
                }
                ("from" | "to" | "url" | "context" | "entity" | "conversation_id", value)
                    if !value.is_empty() =>
                {
                    Ok(Self::Foreign)
                }
                _ => Err(RuleError(format!("{text:?} is no operator"))),
            };
        }
        if folded.chars().all(char::is_alphanumeric) {
            Ok(Self::Words(vec![folded]))
        } else {
            Err(RuleError(format!(
                "{text:?} has to stand in quotation marks"
            )))
        }
    }
}

/// Whether every way to match needs an operator that stands alone and is not negated.
fn stands_alone(expression: &Expression) -> bool {
    match expression {
        Expression::Any(parts) => parts.iter().all(stands_alone),
        Expression::All(parts) => parts.iter().any(stands_alone),
        Expression::Not(_) => false,
        Expression::Operator(operator) => !matches!(
            operator,
            Operator::Lang(_) | Operator::Retweet | Operator::Sample
        ),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Open,
    Close,
    Or,
    Not,
    Phrase(String),
    Word(String),
}

fn tokens(text: &str) -> Result<Vec<Token>, RuleError> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '-' => (Token::Not, 1),
            '"' => {
                let inner = rest[1..]
                    .split_once('"')
                    .ok_or_else(|| RuleError("a quotation mark is missing".to_owned()))?
                    .0;
                (Token::Phrase(inner.to_owned()), inner.len() + 2)
            }
            _ => {
                let length = rest
                    .find(|c: char| c.is_whitespace() || "()\"".contains(c))
                    .unwrap_or(rest.len());
                match &rest[..length] {
                    "OR" => (Token::Or, length),
                    word => (Token::Word(word.to_owned()), length),
                }
            }
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

/// Reads tokens from the end of its list.
struct Parser {
    tokens: Vec<Token>,
}

impl Parser {
    fn any(&mut self) -> Result<Expression, RuleError> {
        let mut parts = vec![self.all()?];
        while self.tokens.last() == Some(&Token::Or) {
            self.tokens.pop();
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Expression::Any(parts)
        })
    }

    fn all(&mut self) -> Result<Expression, RuleError> {
        let mut parts = vec![self.one()?];
        while !matches!(self.tokens.last(), None | Some(Token::Or | Token::Close)) {
            parts.push(self.one()?);
        }
        Ok(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Expression::All(parts)
        })
    }

    fn one(&mut self) -> Result<Expression, RuleError> {
        match self.tokens.pop() {
            Some(Token::Not) if self.tokens.last() == Some(&Token::Open) => {
                Err(RuleError("a group cannot be negated".to_owned()))
            }
            Some(Token::Not) => Ok(Expression::Not(Box::new(self.one()?))),
            Some(Token::Open) => {
                let inner = self.any()?;
                match self.tokens.pop() {
                    Some(Token::Close) => Ok(inner),
                    _ => Err(RuleError("a parenthesis is missing".to_owned())),
                }
            }
            Some(Token::Phrase(phrase)) => match words(&phrase) {
                words if words.is_empty() => Err(RuleError("an empty phrase".to_owned())),
                words => Ok(Expression::Operator(Operator::Words(words))),
            },
            Some(Token::Word(word)) => Operator::read(&word).map(Expression::Operator),
            other => Err(RuleError(format!("{other:?} is in the wrong place"))),
        }
    }
}

/// Words of a text, folded, without punctuation.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn post() -> Subject {
        Subject::of(&json!({"text": "Bitcoin, the proof of work!", "lang": "en",
            "entities": {"cashtags": [{"tag": "BTC"}], "hashtags": [{"tag": "HODL"}]}}))
    }

    #[track_caller]
    fn check(rule: &str, expect: bool) {
        assert_eq!(
            Rule::parse(rule).map(|rule| rule.matches(&post())),
            Ok(expect),
            "{rule}"
        );
    }

    #[test]
    fn and_binds_more_tightly_than_or() {
        check("bitcoin ether OR $btc", true);
        check("bitcoin (ether OR $btc)", true);
        check("bitcoin ether OR solana", false);
        check("$eth OR (bitcoin lang:de) OR #hodl", true);
    }

    #[test]
    fn operators_match_what_they_name() {
        check("BITCOIN lang:en -is:retweet", true);
        check("\"proof of work\"", true);
        check("\"work of proof\"", false);
        check("$BTC -#hodl", false);
        check("from:nobody", false);
        check("$BTC sample:10", true);
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        let long = "x".repeat(1_025);
        for rule in [
            "",
            "lang:en",
            "-bitcoin",
            "bitcoin OR",
            "bitcoin OR lang:en",
            "(bitcoin",
            "bitcoin)",
            "-(a OR b) c",
            "\"a",
            "\"…\"",
            "a&b",
            "is:happy a",
            "sample:0 a",
            &long,
        ] {
            assert!(Rule::parse(rule).is_err(), "{rule}");
        }
    }
}
