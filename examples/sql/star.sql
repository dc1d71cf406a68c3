-- The archive as a star: facts about posts, mentions and prices, each row once. These are views; nothing is copied.
-- Run this before the other files, after saying where the archive is:
--
--   SET VARIABLE archive = '/srv/archive';      -- or 's3://bucket/folder'
--
-- Files of another version may have further columns: then add union_by_name = true, which opens every file beforehand.
-- What sources sent twice (a relay that lost its log asks them again) counts once, as it does on the page.

CREATE OR REPLACE VIEW fact_post AS
SELECT source, id, seq, author AS author_id, lang, "at", seen_at, posted_at, "text", hashtags, cashtags, repost,
    reply_to, sensitive, skewed, coalesce(url, url_base || id) AS url, epoch_ms(seen_at) - epoch_ms("at") > 60000 AS late
FROM read_parquet(getvariable('archive') || '/kind=post/**/*.parquet', hive_partitioning = true)
QUALIFY row_number() OVER (PARTITION BY source, id ORDER BY seen_at, seq) = 1;

-- A ticker that a post names twice is one mention.
CREATE OR REPLACE VIEW fact_mention AS
SELECT source, id, "at", author_id, unnest(list_distinct(cashtags)) AS ticker FROM fact_post;

CREATE OR REPLACE VIEW fact_price AS
SELECT source, ticker, currency, width, open_at, open_at + to_milliseconds(width) AS close_at, open, high, low, close,
    volume, market_cap
FROM read_parquet(getvariable('archive') || '/kind=bar/**/*.parquet', hive_partitioning = true)
QUALIFY row_number() OVER (PARTITION BY ticker, currency, width, open_at ORDER BY seen_at, seq) = 1;

CREATE OR REPLACE VIEW dim_author AS
SELECT author_id, count(*) AS n_posts, min("at") AS first_at, max("at") AS last_at
FROM fact_post WHERE author_id <> '' GROUP BY author_id;

CREATE OR REPLACE VIEW dim_ticker AS
SELECT ticker, coalesce(n_mentions, 0) AS n_mentions, coalesce(n_bars, 0) AS n_bars
FROM (SELECT ticker, count(*) AS n_mentions FROM fact_mention GROUP BY ticker)
FULL JOIN (SELECT ticker, count(*) AS n_bars FROM fact_price GROUP BY ticker) USING (ticker);

CREATE OR REPLACE VIEW dim_hour AS
SELECT hour, year(hour AT TIME ZONE 'UTC') AS year, month(hour AT TIME ZONE 'UTC') AS month,
    day(hour AT TIME ZONE 'UTC') AS day, isodow(hour AT TIME ZONE 'UTC') AS weekday, hour(hour AT TIME ZONE 'UTC') AS hour_of_day
FROM (SELECT DISTINCT time_bucket(INTERVAL 1 HOUR, "at") AS hour FROM fact_post);

-- Sums of days that the archive keeps beside the events.
CREATE OR REPLACE VIEW day_mentions AS
SELECT * FROM read_parquet(getvariable('archive') || '/daily=mentions/**/*.parquet', hive_partitioning = true);

CREATE OR REPLACE VIEW day_prices AS
SELECT * FROM read_parquet(getvariable('archive') || '/daily=prices/**/*.parquet', hive_partitioning = true);
