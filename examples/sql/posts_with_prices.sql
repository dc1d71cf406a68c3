-- Every mention of a ticker with the last hourly close that was known when it was posted, and the move of the hour in
-- which it was posted. One row a mention, whatever the prices are like: a close is found by its order and not by an
-- equal second, and each hour has one bar.
WITH hourly AS (
    SELECT ticker, open_at, close_at, open, close FROM fact_price WHERE currency = 'USD' AND width = 3600000
)
SELECT post.source, post.id, post.ticker, post."at", known.close AS last_close, known.close_at AS known_since,
    ln(during.close / during.open) AS return_of_the_hour
FROM fact_mention AS post
ASOF LEFT JOIN hourly AS known ON post.ticker = known.ticker AND post."at" >= known.close_at
LEFT JOIN hourly AS during ON post.ticker = during.ticker AND time_bucket(INTERVAL 1 HOUR, post."at") = during.open_at
ORDER BY post."at", post.source, post.id, post.ticker;
