#!/usr/bin/env python3
"""The text engine beside its peers in one run: the same texts, contenders in turn, their outputs compared.

    pip install vaderSentiment==3.3.2 datasketch==2.0.0
    (cd DIR && npm install twitter-text@3.1.0 vader-sentiment@1.1.3)
    text_engine.py PROGRAMS DIR TEXTS

PROGRAMS is the folder of the programs `sentiment`, `tags`, `trending` and `spam` (cargo build --release --examples);
TEXTS has one text a line. Prints a Markdown table: posts a second of processor time, best of three rounds, what a
contender takes to start up subtracted, and how far its output equals ours. Whole programs are measured, with
reading and writing, so our own rates are below those of the library.
"""

import collections
import csv
import io
import json
import os
import platform
import resource
import subprocess
import sys
import time
from importlib.metadata import version

ROUNDS = 3
N_SLOW = 20_000

HASHTAGS_JS = """
const twitter = require('twitter-text'), lines = require('fs').readFileSync(0, 'utf8').split('\\n'); lines.pop();
process.stdout.write(lines.map((t) => JSON.stringify([twitter.extractHashtags(t), twitter.extractCashtags(t),
  twitter.extractMentions(t), twitter.extractUrls(t)])).join('\\n') + '\\n');
"""
VADER_JS = """
const vader = require('vader-sentiment'), lines = require('fs').readFileSync(0, 'utf8').split('\\n'); lines.pop();
process.stdout.write(lines.map((t) => { const s = vader.SentimentIntensityAnalyzer.polarity_scores(t);
  return s.compound.toFixed(4); }).join('\\n') + '\\n');
"""


def child(command, cwd=None):
    """A contender that is a program: text in, text out, and its processor time."""

    def run(text):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, input=text.encode(), stdout=subprocess.PIPE, cwd=cwd, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return done.stdout.decode(), sum(after[i] - before[i] for i in (0, 1))

    return run


def own(function):
    """A contender in this process: the same."""

    def run(text):
        begun = time.process_time()
        output = function(text)
        return output, time.process_time() - begun

    return run


def vader(text):
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    rows = (analyzer.polarity_scores(line) for line in text.split("\n")[:-1])
    return "".join(f"{s['compound']:.4f}\n" for s in rows)


def counting(text):
    """The usual way: a deque of observations and a Counter, the top read at the end."""
    window, counts = collections.deque(), collections.Counter()
    for row in csv.reader(io.StringIO(text)):
        at = int(row[0])
        for tag in {word[1:].lower() for word in row[1].split()}:
            window.append((at, tag))
            counts[tag] += 1
        while window and window[0][0] <= at - 300_000:
            counts[window.popleft()[1]] -= 1
    return json.dumps(sorted(count for count in counts.values() if count > 0)[-10:])


def minhash(text):
    from datasketch import MinHash, MinHashLSH

    lsh, n = MinHashLSH(threshold=0.8, num_perm=128), 0
    for key, line in enumerate(text.split("\n")[:-1]):
        post = json.loads(line)["text"].lower()
        sketch = MinHash(num_perm=128)
        sketch.update_batch([post[i : i + 5].encode() for i in range(max(1, len(post) - 4))])
        n += bool(lsh.query(sketch))
        lsh.insert(key, sketch)
    return f"{n} posts with an earlier candidate"


def compounds(output):
    return [line.split("\t")[-1] for line in output.split("\n")[:-1]]


def tag_lists(output):
    def lists(line):
        row = json.loads(line)
        return row if isinstance(row, list) else [row[kind] for kind in ("hashtags", "cashtags", "mentions", "urls")]

    return [lists(line) for line in output.split("\n")[:-1]]


def top_counts(output):
    row = json.loads(output.strip().split("\n")[-1])
    return [sorted(item[1] if isinstance(item, list) else item for item in row)]


def main(programs, node_folder, path):
    with open(path, encoding="utf-8") as file:
        texts = [line.rstrip("\n").replace("\r", " ") for line in file]
    few = texts[:N_SLOW]
    lines = "".join(f"{text}\n" for text in few)
    posts = "".join(json.dumps({"id": str(i), "author": "", "text": text, "at": i * 40}) + "\n" for i, text in enumerate(few))
    program = lambda name, *options: child([os.path.join(programs, name), *options])
    node = lambda script: child(["node", "-e", script], node_folder)
    python = platform.python_version()
    found, _ = program("tags")(lines)
    rows = io.StringIO()
    hashtags = (json.loads(line)["hashtags"] for line in found.split("\n")[:-1])
    csv.writer(rows).writerows([i * 40, " ".join(f"#{tag}" for tag in tags)] for i, tags in enumerate(hashtags))
    jobs = [
        ("VADER compound", lines, compounds, [
            ("ours", program("sentiment")),
            (f"vaderSentiment {version('vaderSentiment')}, Python {python}", own(vader)),
            ("vader-sentiment 1.1.3, npm", node(VADER_JS))]),
        ("hashtags, cashtags, mentions, URLs", lines, tag_lists, [
            ("ours", program("tags")),
            ("twitter-text 3.1.0, npm", node(HASHTAGS_JS))]),
        ("trending, 5 minutes, counts of the top 10", rows.getvalue(), top_counts, [
            ("ours", program("trending", "--window", "300", "--top", "10")),
            (f"deque and Counter, Python {python}", own(counting))]),
        ("near-duplicates (ours with all rules of spam)", posts, None, [
            ("ours", program("spam")),
            (f"datasketch {version('datasketch')}, Python {python}", own(minhash))]),
    ]
    print(f"{len(few)} texts of {os.path.basename(path)}\n")
    print("| job | contender | posts a second | ours is | same output as ours |\n|---|---|---|---|---|")
    for job, text, parse, contenders in jobs:
        report(job, text, len(few), parse, contenders)


def report(job, text, n, parse, contenders):
    best, outputs = {}, {}
    for _ in range(ROUNDS):
        for name, run in contenders:
            _, idle = run("")
            outputs[name], seconds = run(text)
            best[name] = min(best.get(name, float("inf")), max(seconds - idle, 1e-6))
    ours = parse(outputs["ours"]) if parse else None
    for name, _ in contenders:
        same = "–"
        if parse and name != "ours":
            theirs = parse(outputs[name])
            n_same = sum(a == b for a, b in zip(ours, theirs))
            same = f"{100 * n_same / max(len(ours), 1):.2f} %"
        ratio = best[name] / best["ours"]
        print(f"| {job} | {name} | {n / best[name]:,.0f} | {'–' if name == 'ours' else f'{ratio:.1f} × as fast' if ratio >= 1 else f'**lost**, {ratio:.2f} ×'} | {same} |", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
