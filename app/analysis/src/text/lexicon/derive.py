#!/usr/bin/env python3
"""Derives words.txt and emoji.txt from the two lexicon files of vaderSentiment 3.3.2.

    pip install vaderSentiment==3.3.2
    python3 derive.py "$(python3 -c 'import os, vaderSentiment as v; print(os.path.dirname(v.__file__))')"

Kept is what vaderSentiment can ever match, with what it then uses:

* A key that is there twice has its last valence.
* Words are looked up in lower case, one token at a time, after `_strip_punc_if_word`. A key with a capital
  (`:D`), with a space (`fed up`) or that does not survive the stripping (`^urs`) is never found.
* Emoji are looked up by single code points. A key of several (`❤️` is two) is never found.

words.txt has a line for each valence in tenths, ascending: `valence word word …`, words sorted.
emoji.txt has a line for each emoji, sorted: `emoji description`.
"""

import string
import sys
from pathlib import Path


def entries(path):
    """Key and second column of each line; of equal keys the last one wins."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.strip().split("\t")[:2] for line in lines if line)


def survives_stripping(key):
    stripped = key.strip(string.punctuation)
    return len(stripped) <= 2 or stripped == key


def reachable(key):
    return key == key.lower() and key.split() == [key] and survives_stripping(key)


def main(source, target):
    words_by_valence = {}
    for word, valence in entries(source / "vader_lexicon.txt").items():
        if reachable(word):
            tenths = round(float(valence) * 10)
            assert tenths / 10 == float(valence), word
            words_by_valence.setdefault(tenths, []).append(word)
    emoji = entries(source / "emoji_utf8_lexicon.txt")

    with open(target / "words.txt", "w", encoding="utf-8", newline="\n") as out:
        for tenths, words in sorted(words_by_valence.items()):
            print(tenths, *sorted(words), file=out)
    with open(target / "emoji.txt", "w", encoding="utf-8", newline="\n") as out:
        for char in sorted(key for key in emoji if len(key) == 1):
            print(char, emoji[char], file=out)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(__file__).parent)
