-- By ticker and month (UTC, in the order of the calendar): least and greatest price, market capitalisation and volume
-- of a bar, beside the posts that name the ticker by its cashtag. From the sums of days, so that two years of hours are
-- read in a moment; monthly_from_events.sql says the same from the events themselves.
WITH prices AS (
    SELECT ticker, currency, width, year(date) AS year, month(date) AS month, min(low) AS price_min, max(high) AS price_max,
        min(market_cap_min) AS market_cap_min, max(market_cap_max) AS market_cap_max,
        min(volume_min) AS volume_min, max(volume_max) AS volume_max, sum(n_bars)::BIGINT AS n_bars
    FROM day_prices GROUP BY ALL
), posts AS (
    SELECT ticker, year(date) AS year, month(date) AS month, sum(n_posts)::BIGINT AS n_posts FROM day_mentions GROUP BY ALL
)
SELECT ticker, currency, width, year, month, price_min, price_max, market_cap_min, market_cap_max, volume_min, volume_max,
    coalesce(n_bars, 0) AS n_bars, coalesce(n_posts, 0) AS n_posts
FROM prices FULL JOIN posts USING (ticker, year, month)
ORDER BY ticker, currency, width, year, month;
