-- Is the archive fit for use? A line for each check: how many rows fail it, of how many. Lines about what sources do
-- (late posts, hours without a price) have no verdict of their own, since a night is no fault.
WITH raw_post AS (
    SELECT * FROM read_parquet(getvariable('archive') || '/kind=post/**/*.parquet', hive_partitioning = true)
), raw_bar AS (
    SELECT * FROM read_parquet(getvariable('archive') || '/kind=bar/**/*.parquet', hive_partitioning = true)
), n AS (
    SELECT (SELECT count(*) FROM raw_post) AS posts, (SELECT count(*) FROM raw_bar) AS bars,
        (SELECT count(*) FROM fact_mention) AS mentions
), hours AS (
    SELECT ticker, currency, count(*) AS n_bars,
        1 + date_diff('hour', min(open_at), max(open_at)) AS n_hours
    FROM fact_price WHERE width = 3600000 GROUP BY ALL
), checks AS (
    SELECT 1 AS no, 'there are posts' AS "check", (n.posts = 0)::BIGINT AS n_failed, n.posts AS n_rows, true AS is_hard FROM n
    UNION ALL
    SELECT 2, 'there are prices', (n.bars = 0)::BIGINT, n.bars, true FROM n
    UNION ALL
    SELECT 3, 'posts have an id and a time', count(*) FILTER (id IS NULL OR id = '' OR "at" IS NULL OR seen_at IS NULL), count(*), true
    FROM raw_post
    UNION ALL
    SELECT 4, 'no post is there twice', count(*) - count(DISTINCT (source, id)), count(*), true FROM raw_post
    UNION ALL
    SELECT 5, 'no bar is there twice', count(*) - count(DISTINCT (source, ticker, currency, width, open_at)), count(*), true FROM raw_bar
    UNION ALL
    SELECT 6, 'prices are possible',
        count(*) FILTER (low > least(open, close) OR high < greatest(open, close) OR low <= 0 OR volume < 0), count(*), true
    FROM raw_bar
    UNION ALL
    SELECT 7, 'posts lie in the folder of their hour',
        count(*) FILTER (strftime("at" AT TIME ZONE 'UTC', '%Y-%m-%d %H') <> strftime(date, '%Y-%m-%d ') || printf('%02d', hour::INT)),
        count(*), true
    FROM raw_post
    UNION ALL
    SELECT 8, 'mentions of a ticker that has no prices',
        (SELECT count(*) FROM fact_mention ANTI JOIN fact_price USING (ticker)), n.mentions, false FROM n
    UNION ALL
    SELECT 9, 'hours without a bar between a ticker''s first and last',
        coalesce(sum(n_hours - n_bars), 0)::BIGINT, coalesce(sum(n_hours), 0)::BIGINT, false FROM hours
    UNION ALL
    SELECT 10, 'posts that came late', count(*) FILTER (epoch_ms(seen_at) - epoch_ms("at") > 60000), count(*), false FROM raw_post
    UNION ALL
    SELECT 11, 'posts whose source''s clock was not believed', count(*) FILTER (skewed), count(*), false FROM raw_post
    UNION ALL
    SELECT 12, 'posts whose text was withdrawn', count(*) FILTER ("text" = '' AND author = ''), count(*), false FROM raw_post
)
SELECT "check", n_failed, n_rows, CASE WHEN NOT is_hard THEN 'note' WHEN n_failed = 0 THEN 'passed' ELSE 'FAILED' END AS verdict
FROM checks ORDER BY no;
