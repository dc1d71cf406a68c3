//! One line of what snscrape writes: a tweet as JSON.

use serde::Deserialize;
use wire::{
    Body, Event, Place, Post,
    author::AuthorKey,
    formats::{FormatError, calendar},
    tag,
};

#[derive(Deserialize)]
struct Tweet {
    id: serde_json::Value,
    date: Option<String>,
    /// Older releases say `content`, newer ones `rawContent`.
    content: Option<String>,
    #[serde(rename = "rawContent")]
    raw_content: Option<String>,
    user: Option<User>,
    lang: Option<String>,
    url: Option<String>,
    hashtags: Option<Vec<String>>,
    cashtags: Option<Vec<String>>,
    #[serde(rename = "inReplyToTweetId")]
    reply_to: Option<serde_json::Value>,
    #[serde(rename = "retweetedTweet")]
    reposted: Option<serde::de::IgnoredAny>,
    coordinates: Option<Coordinates>,
}

#[derive(Deserialize)]
struct User {
    id: Option<serde_json::Value>,
    username: Option<String>,
}

#[derive(Deserialize)]
struct Coordinates {
    longitude: f64,
    latitude: f64,
}

pub(crate) fn is_line(line: &str) -> bool {
    #[derive(Deserialize)]
    struct Probe {
        date: serde::de::IgnoredAny,
        user: serde::de::IgnoredAny,
        content: Option<serde::de::IgnoredAny>,
        #[serde(rename = "rawContent")]
        raw_content: Option<serde::de::IgnoredAny>,
    }
    let probe = serde_json::from_str::<Probe>(line);
    probe.is_ok_and(|probe| {
        let _ = (probe.date, probe.user);
        probe.content.is_some() || probe.raw_content.is_some()
    })
}

pub(crate) fn decode(line: &str, key: &AuthorKey) -> Result<Event, FormatError> {
    let tweet: Tweet = serde_json::from_str(line).map_err(|error| FormatError::from(&error))?;
    let id = id(&tweet.id).ok_or(FormatError::NoId)?;
    let at = tweet.date.as_deref().and_then(calendar::parse_table);
    let at = at.ok_or(FormatError::Time)?;
    let user = tweet.user.ok_or(FormatError::NoAuthor)?;
    let author = user.id.as_ref().and_then(self::id).or(user.username);
    let text = tweet
        .raw_content
        .or(tweet.content)
        .ok_or(FormatError::NoText)?;
    let or_found = |tags: Option<Vec<String>>, found: Vec<String>| tags.unwrap_or(found);
    let post = Post {
        id,
        source: "twitter".to_owned(),
        author: key.hash("twitter", &author.ok_or(FormatError::NoAuthor)?),
        lang: tweet.lang.filter(|lang| lang != "und"),
        hashtags: or_found(tweet.hashtags, hashtags(&text)),
        cashtags: or_found(tweet.cashtags, cashtags(&text))
            .into_iter()
            .map(|tag| tag.to_uppercase())
            .collect(),
        repost: tweet.reposted.is_some(),
        reply_to: tweet.reply_to.as_ref().and_then(self::id),
        place: tweet.coordinates.map(place),
        url: tweet.url,
        text,
        ..Post::default()
    };
    Ok(Event::imported(at, Body::Post(Box::new(post))))
}

pub(crate) fn hashtags(text: &str) -> Vec<String> {
    tag::hashtags(text).map(|tag| tag.text.to_owned()).collect()
}

pub(crate) fn cashtags(text: &str) -> Vec<String> {
    tag::cashtags(text)
        .map(|tag| tag.text.to_uppercase())
        .collect()
}

fn id(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::String(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    }
}

fn place(coordinates: Coordinates) -> Place {
    let tenth = |degrees: f64| (degrees * 10.0).round() / 10.0;
    Place {
        country: None,
        lat_lon: Some((tenth(coordinates.latitude), tenth(coordinates.longitude))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r##"{"_type":"snscrape.modules.twitter.Tweet","url":"https://twitter.com/a/status/7","date":"2021-01-14T13:36:01+00:00","content":"$btc to the #Moon","id":7,"user":{"username":"a","id":12},"lang":"en","inReplyToTweetId":5,"retweetedTweet":null,"coordinates":{"longitude":13.41,"latitude":52.52}}"##;

    #[test]
    fn a_tweet_becomes_a_post() {
        assert!(is_line(LINE));

        let event = decode(LINE, &AuthorKey([1; 16])).unwrap();

        let Body::Post(post) = event.body else {
            panic!("no post")
        };
        assert_eq!(event.at, 1_610_631_361_000);
        assert_eq!(
            (post.id.as_str(), post.reply_to.as_deref(), post.repost),
            ("7", Some("5"), false)
        );
        assert_eq!(
            (post.hashtags, post.cashtags),
            (vec!["Moon".to_owned()], vec!["BTC".to_owned()])
        );
        assert_eq!(post.place.unwrap().lat_lon, Some((52.5, 13.4)));
    }

    #[test]
    fn a_line_that_lacks_something_says_what() {
        let without = |part: &str| decode(&LINE.replace(part, ""), &AuthorKey([1; 16])).map(|_| ());
        assert_eq!(
            without(r#""date":"2021-01-14T13:36:01+00:00","#),
            Err(FormatError::Time)
        );
        assert_eq!(
            without(r##""content":"$btc to the #Moon","##),
            Err(FormatError::NoText)
        );
        assert_eq!(
            decode(&LINE[..90], &AuthorKey([1; 16])).map(|_| ()),
            Err(FormatError::Truncated)
        );
        assert!(!is_line(r#"{"id":7}"#));
    }
}
