#!/usr/bin/env python3
"""Times vaderSentiment on the last column of a TSV file: posts a second, the best of five rounds of CPU time.

    pip install vaderSentiment==3.3.2
    python3 vader.py "$MOODTAPE_DATA/vader/tweets_GroundTruth.odd.tsv"
"""

import platform
import sys
import time
from importlib.metadata import version

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer


def main(path):
    with open(path, encoding="utf-8") as file:
        texts = [line.rstrip("\n").rsplit("\t", 1)[-1] for line in file]
    analyzer = SentimentIntensityAnalyzer()
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        scored = sum(abs(analyzer.polarity_scores(text)["compound"]) >= 0.05 for text in texts)
        best = min(best, time.process_time() - start)
    print(f"{len(texts)} texts; {scored} have a score; {len(texts) / best:,.0f} posts/s "
          f"(vaderSentiment {version('vaderSentiment')}, Python {platform.python_version()})")


if __name__ == "__main__":
    main(sys.argv[1])
