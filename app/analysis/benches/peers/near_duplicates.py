#!/usr/bin/env python3
"""Times datasketch on texts, one a line: MinHash of 128 permutations over 5-character shingles, with LSH at .8.

    pip install datasketch==2.0.0
    python3 near_duplicates.py FILE

Posts a second of CPU time; the texts are taken as they are.
"""

import platform
import sys
import time
from importlib.metadata import version

from datasketch import MinHash, MinHashLSH


def main(path):
    with open(path, encoding="utf-8") as file:
        texts = [line.rstrip("\n").lower() for line in file]
    lsh = MinHashLSH(threshold=0.8, num_perm=128)
    start = time.process_time()
    n_copies = 0
    for key, text in enumerate(texts):
        sketch = MinHash(num_perm=128)
        sketch.update_batch([text[i : i + 5].encode() for i in range(max(1, len(text) - 4))])
        n_copies += bool(lsh.query(sketch))
        lsh.insert(key, sketch)
    elapsed = time.process_time() - start
    print(f"datasketch {version('datasketch')}, Python {platform.python_version()}: "
          f"{len(texts) / elapsed:,.0f} posts/s, {n_copies} of {len(texts)} with an earlier candidate")


main(sys.argv[1])
