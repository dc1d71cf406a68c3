"""How long DuckDB takes for the monthly table of 1.5 million archived posts, and whether it is the page's.

    months_speed.py FOLDER      of the built examples `made_archive` and `replay`; `make bench-archive` builds them
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from truth import answer, compare_months, engine, open_archive

PROGRAMS = Path(sys.argv[1])
ROUNDS = 5

with tempfile.TemporaryDirectory(prefix="moodtape-months-") as folder:
    archive, lines = Path(folder) / "archive", Path(folder) / "events.ndjson"
    with lines.open("wb") as out:
        subprocess.run([PROGRAMS / "made_archive", archive], stdout=out, check=True)
    tables = {}
    for name in ["monthly.sql", "monthly_from_events.sql"]:
        took = []
        for _ in range(ROUNDS):
            # A new connection each time: nothing of the files is remembered but by the system.
            db = open_archive(archive)
            began = time.perf_counter()
            tables[name] = answer(db, name)
            took.append(time.perf_counter() - began)
        print(f"{name}: best of {ROUNDS} {min(took):.2f} s, worst {max(took):.2f} s; {len(tables[name])} rows", flush=True)
    with lines.open("rb") as events:
        expect = engine(PROGRAMS, events, sorted({row[0] for row in tables["monthly.sql"]}))
    for name, table in tables.items():
        wrong = compare_months(table, expect)
        print(f"{name}: {'equal to the engine' if not wrong else f'differs: {wrong[0]}'}")
        if wrong:
            sys.exit(1)
