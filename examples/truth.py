"""What the page's engine says of a ticker, and the same asked of the archive by SQL."""

import json
import subprocess
import time
from pathlib import Path

import duckdb

SQL = Path(__file__).resolve().parent / "sql"


def open_archive(folder):
    db = duckdb.connect()
    db.execute("SET TimeZone = 'UTC'")
    db.execute("SET VARIABLE archive = ?", [str(folder)])
    db.execute((SQL / "star.sql").read_text())
    return db


def answer(db, name):
    return db.execute((SQL / name).read_text()).fetchall()


def engine(programs, lines, tickers, config=None):
    """By ticker what the page's panels show of these events; `lines` are bytes or an open file."""
    options = [option for ticker in tickers for option in ("--ticker", ticker)]
    options += ["--config", str(config)] if config else []
    given = {"input": lines} if isinstance(lines, bytes) else {"stdin": lines}
    ended = subprocess.run([programs / "replay", *options], stdout=subprocess.PIPE, check=True, **given)
    return json.loads(ended.stdout)["panels"]


def compare_months(rows, expect):
    """Lines of the table that are not the engine's, and the engine's that are missing."""
    wrong = []
    found = {}
    for ticker, currency, width, year, month, *values in rows:
        found.setdefault(ticker, []).append((year, month, currency, width, values))
    for ticker, panels in expect.items():
        months, lines = panels["months"], []
        for row in months["rows"]:
            (low, high), caps, volumes = row["price"] or (None, None), row["market_cap"] or (None, None), row["volume"] or (None, None)
            n_posts = (row["counts"] or {"posts": 0})["posts"]
            start = time.gmtime(row["start"] / 1000)
            has_bars = row["n_bars"] > 0
            head = (start.tm_year, start.tm_mon, months["currency"] if has_bars else None, months["bar_width"] if has_bars else None)
            lines.append((*head, [low, high, *caps, *volumes, row["n_bars"], n_posts]))
        if sorted(found.get(ticker, [])) != sorted(lines):
            wrong.append((ticker, found.get(ticker), lines))
    return wrong
