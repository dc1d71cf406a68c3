"""Runs the notebook and the SQL examples on a relay that plays the demo recording, and on its archive.

    check.py FOLDER     of the built programs; `make test-notebook` builds them

What they say is compared with what the page's engine makes of the same events (`analysis`' example `replay --ticker`).
"""

import json
import math
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from truth import answer, compare_months, engine, open_archive

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "examples/notebook/moodtape.ipynb"
PROGRAMS = Path(sys.argv[1])
PATIENCE_SECS = 60


def get(url):
    return urllib.request.urlopen(url, timeout=PATIENCE_SECS)


def history_lines(relay):
    after, lines = "", []
    while after is not None:
        with get(f"{relay}/api/v1/history?limit=10000&after={after}") as page:
            after = page.headers["x-next-cursor"]
            lines += page.read().splitlines(keepends=True)
    return lines


def printed(notebook):
    """What each cell printed, which a kernel sends in one message or in several."""
    of_cells = [[o["text"] for o in cell.get("outputs", []) if o["output_type"] == "stream"] for cell in notebook.cells]
    return ["".join(texts) for texts in of_cells if texts]


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="moodtape-examples-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        cls.relay = f"http://{address}"
        arguments = ["--recording", "examples/demo.ndjson.gz", "--speed", "unlimited", "--at-once", "--listen", address]
        started = subprocess.Popen([PROGRAMS / "moodtape-relay", *arguments, "--data", cls.folder / "data"], cwd=ROOT, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(started.wait)
        cls.addClassCleanup(started.kill)
        cls.wait_for_the_end()
        cls.archive = cls.folder / "archive"
        archive = [PROGRAMS / "moodtape-archive", "--relay", cls.relay, "--until-tip", "--to", cls.archive]
        subprocess.run(archive, check=True, capture_output=True)
        cls.lines = history_lines(cls.relay)
        cls.db = open_archive(cls.archive)
        cls.card = cls.folder / "card.json"
        os.environ.update(MOODTAPE_RELAY_URL=cls.relay, MOODTAPE_ARCHIVE=str(cls.archive), MOODTAPE_CARD=str(cls.card))
        cls.notebook = nbformat.read(NOTEBOOK, as_version=4)
        cls.stored = printed(cls.notebook)
        NotebookClient(cls.notebook, timeout=PATIENCE_SECS, resources={"metadata": {"path": NOTEBOOK.parent}}).execute()
        if os.environ.get("KEEP_OUTPUTS"):
            keep(cls.notebook)

    @classmethod
    def wait_for_the_end(cls):
        deadline = time.monotonic() + PATIENCE_SECS
        while time.monotonic() < deadline:
            try:
                sources = json.load(get(f"{cls.relay}/api/v1/status"))["sources"]
                if [source["state"] for source in sources] == ["ended"]:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise TimeoutError("the relay does not come to the end of the recording")

    def test_the_notebook_says_what_the_card_says(self):
        config = self.folder / "config.json"
        # Filters were applied by the relay.
        public = json.load(get(f"{self.relay}/api/v1/config")) | {"filters": None}
        config.write_text(json.dumps(public))
        expect = engine(PROGRAMS / "examples", b"".join(self.lines), ["BTC"], config)["BTC"]["lag"]
        found = json.loads(self.card.read_text())

        self.assertEqual(expect["verdict"], {"SentimentLeads": {"lag": 3}})
        for name in ["lags", "n", "n_posts", "ar_order", "best_lag"]:
            self.assertEqual(found[name], expect[name], name)
        self.assertGreater(len(expect["lags"]), 20)
        for lag, ours, theirs in zip(found["lags"], found["correlation"], expect["correlation"]):
            self.assertAlmostEqual(ours, theirs, 9, f"lag {lag}")
        self.assertAlmostEqual(found["bound"], expect["bound"], 9)
        self.assertAlmostEqual(found["best_correlation"], expect["sentiment_leads"]["correlation"], 9)
        for name in ["p_raw", "p_family"]:
            self.assertTrue(math.isclose(found[name], expect[name], rel_tol=1e-6), name)

    def test_the_stored_outputs_are_those_of_this_run(self):
        self.assertGreater(len(self.stored), 4, "the notebook is kept with its outputs; see examples/README.md")
        self.assertEqual(printed(self.notebook), self.stored)
        pictures = [output for cell in self.notebook.cells for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]
        self.assertEqual(len(pictures), 1)

    def test_the_months_are_those_of_the_page(self):
        tickers = [row[0] for row in self.db.execute("SELECT ticker FROM dim_ticker").fetchall()]
        self.assertGreater(len(tickers), 4)
        expect = engine(PROGRAMS / "examples", b"".join(self.lines), tickers)
        for name in ["monthly.sql", "monthly_from_events.sql"]:
            self.assertEqual(compare_months(answer(self.db, name), expect), [], name)

    def test_joining_posts_with_prices_multiplies_nothing(self):
        rows = answer(self.db, "posts_with_prices.sql")
        (n_mentions,) = self.db.execute("SELECT count(*) FROM fact_mention").fetchone()
        posts = [event["post"] for event in map(json.loads, self.lines) if "post" in event]
        expect = sum(len(set(post.get("cashtags", []))) for post in posts)
        self.assertEqual((len(rows), n_mentions), (expect, expect))
        closes = dict(self.db.execute("SELECT close_at, close FROM fact_price WHERE ticker = 'BTC'").fetchall())
        n_known = 0
        for _, _, ticker, at, close, since, _ in rows:
            if since is not None:
                self.assertLessEqual(since, at)
            if ticker == "BTC":
                latest = max((known for known in closes if known <= at), default=None)
                self.assertEqual((since, close), (latest, closes.get(latest)))
                n_known += latest is not None
        self.assertGreater(n_known, 100)

    def test_the_checks_pass_and_find_what_is_wrong(self):
        hard = [(row[0], row[3]) for row in answer(self.db, "quality.sql") if row[3] != "note"]
        self.assertEqual(len(hard), 7)
        self.assertTrue(all(verdict == "passed" for _, verdict in hard), hard)

        broken = self.folder / "broken"
        shutil.copytree(self.archive, broken)
        post = next(broken.glob("kind=post/**/*.parquet"))
        later = post.parent.parent / "hour=23" if post.parent.name != "hour=23" else post.parent.parent / "hour=22"
        later.mkdir(exist_ok=True)
        shutil.copy(post, later / "again.parquet")
        bar = next(broken.glob("kind=bar/**/*.parquet"))
        self.db.execute(f"COPY (SELECT * EXCLUDE (low), high + 1 AS low FROM read_parquet('{bar}', hive_partitioning = false)) TO '{bar}.new' (FORMAT parquet)")
        os.replace(f"{bar}.new", bar)
        n_posts, n_bars = (self.db.execute(f"SELECT count(*) FROM read_parquet('{path}')").fetchone()[0] for path in (post, bar))

        found = {row[0]: (row[1], row[3]) for row in answer(open_archive(broken), "quality.sql")}

        self.assertEqual(found["no post is there twice"], (n_posts, "FAILED"))
        self.assertEqual(found["posts lie in the folder of their hour"], (n_posts, "FAILED"))
        self.assertEqual(found["prices are possible"], (n_bars, "FAILED"))
        self.assertEqual(found["no bar is there twice"], (0, "passed"))

    def test_an_archive_without_prices_is_not_fit_for_use(self):
        empty = self.folder / "empty"
        shutil.copytree(self.archive, empty)
        bar = next(empty.glob("kind=bar/**/*.parquet"))
        self.db.execute(f"COPY (FROM read_parquet('{bar}', hive_partitioning = false) LIMIT 0) TO '{bar}.new' (FORMAT parquet)")
        for other in empty.glob("kind=bar/**/*.parquet"):
            other.unlink()
        os.replace(f"{bar}.new", bar)

        found = {row[0]: row[3] for row in answer(open_archive(empty), "quality.sql")}

        self.assertEqual((found["there are posts"], found["there are prices"]), ("passed", "FAILED"))


def keep(notebook):
    """Writes the notebook with its outputs, without what differs from run to run."""
    for cell in notebook.cells:
        cell.metadata = {}
        # The address of a picture's memory, say.
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("text/plain", None)
    notebook.metadata = {"kernelspec": notebook.metadata["kernelspec"], "language_info": {"name": "python"}}
    nbformat.write(notebook, NOTEBOOK)


if __name__ == "__main__":
    began = time.monotonic()
    result = unittest.main(argv=sys.argv[:1], exit=False, verbosity=2).result
    n_failed = len(result.failures) + len(result.errors)
    n_passed = max(result.testsRun - n_failed, 0)
    # As cargo says it, so that all tests are counted in one way.
    print(f"test result: {'FAILED' if n_failed else 'ok'}. {n_passed} passed; {n_failed} failed; in {time.monotonic() - began:.0f} s")
    sys.exit(n_failed > 0)
