-- The table of monthly.sql from every event. Posts and prices are each summed before they are joined, so that neither
-- multiplies the other.
WITH prices AS (
    SELECT ticker, currency, width, year(open_at AT TIME ZONE 'UTC') AS year, month(open_at AT TIME ZONE 'UTC') AS month,
        min(low) AS price_min, max(high) AS price_max, min(market_cap) AS market_cap_min, max(market_cap) AS market_cap_max,
        min(volume) AS volume_min, max(volume) AS volume_max, count(*) AS n_bars
    FROM fact_price WHERE width <= 86400000 GROUP BY ALL
), posts AS (
    SELECT ticker, year("at" AT TIME ZONE 'UTC') AS year, month("at" AT TIME ZONE 'UTC') AS month, count(*) AS n_posts
    FROM fact_mention GROUP BY ALL
)
SELECT ticker, currency, width, year, month, price_min, price_max, market_cap_min, market_cap_max, volume_min, volume_max,
    coalesce(n_bars, 0) AS n_bars, coalesce(n_posts, 0) AS n_posts
FROM prices FULL JOIN posts USING (ticker, year, month)
ORDER BY ticker, currency, width, year, month;
