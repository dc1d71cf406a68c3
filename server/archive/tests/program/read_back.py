"""Reads an archive with DuckDB and pyarrow, as an analyst would, and prints what it holds as one line of JSON each.

    read_back.py FOLDER
"""

import json
import sys

import duckdb
import pyarrow.dataset
import pyarrow.parquet

folder = sys.argv[1]
query = duckdb.connect().execute


def hive(kind):
    return f"read_parquet('{folder}/kind={kind}/**/*.parquet', hive_partitioning = true, union_by_name = true)"


def by_duckdb():
    posts = query(f"SELECT count(*), count(DISTINCT id), sum(seq)::BIGINT, count(*) FILTER (text = '') FROM {hive('post')}").fetchone()
    tags = query(f"SELECT count(*) FROM (SELECT unnest(cashtags) AS tag FROM {hive('post')}) WHERE tag = 'BTC'").fetchone()
    sources = query(f"SELECT DISTINCT source FROM {hive('post')} ORDER BY source").fetchall()
    first = query(f"SELECT epoch_ms(min(\"at\")) FROM {hive('post')}").fetchone()
    hours = query(f"SELECT count(*) FROM {hive('post')} WHERE hour(\"at\" AT TIME ZONE 'UTC') != hour::INT").fetchone()
    closes = query(f"SELECT sum(close), count(*) FROM {hive('bar')}").fetchone()
    counts = query(f"SELECT sum(n)::BIGINT FROM {hive('attention')}").fetchone()
    daily = query(f"SELECT sum(n_posts)::BIGINT FROM read_parquet('{folder}/daily=mentions/**/*.parquet')").fetchone()
    return {
        "posts": posts[0], "ids": posts[1], "seqs": posts[2], "empty": posts[3], "tags": tags[0],
        "sources": [source for (source,) in sources], "first": first[0], "in_wrong_hour": hours[0],
        "closes": closes[0], "bars": closes[1], "counts": counts[0], "mentions": daily[0],
    }


def by_pyarrow():
    def table(kind):
        return pyarrow.dataset.dataset(f"{folder}/kind={kind}", partitioning="hive").to_table()

    posts, bars, counts = table("post").to_pydict(), table("bar").to_pydict(), table("attention").to_pydict()
    daily = pyarrow.dataset.dataset(f"{folder}/daily=mentions", partitioning="hive").to_table().to_pydict()
    return {
        "posts": len(posts["id"]), "ids": len(set(posts["id"])), "seqs": sum(posts["seq"]),
        "empty": posts["text"].count(""), "tags": sum(tags.count("BTC") for tags in posts["cashtags"]),
        "sources": sorted(set(posts["source"])), "first": round(min(posts["at"]).timestamp() * 1000),
        "in_wrong_hour": sum(at.hour != int(hour) for at, hour in zip(posts["at"], posts["hour"])),
        "closes": sum(bars["close"]), "bars": len(bars["close"]), "counts": sum(counts["n"]),
        "mentions": sum(daily["n_posts"]),
    }


print(json.dumps(by_duckdb()))
print(json.dumps(by_pyarrow()))
