"""Answers in words, compared as SQuAD does: without case, punctuation, articles and extra white space."""

from __future__ import annotations

import re
import string
from collections import Counter

__all__ = ["exact_match", "normalised", "word_f1"]

PUNCTUATION = str.maketrans("", "", string.punctuation)
ARTICLES = re.compile(r"\b(a|an|the)\b")


def normalised(answer: str) -> str:
    """An answer as it is compared; a punctuation mark is taken out, an article makes place for a space."""
    return " ".join(ARTICLES.sub(" ", answer.lower().translate(PUNCTUATION)).split())


def exact_match(answer: str, truths: list[str]) -> float:
    """1 if an answer is one of the truths, else 0."""
    return float(any(normalised(answer) == normalised(truth) for truth in truths))


def word_f1(answer: str, truths: list[str]) -> float:
    """F1 of an answer's words, against the truth with which it is highest; an empty answer is right only if that is."""
    return max(_word_f1(normalised(answer).split(), normalised(truth).split()) for truth in truths)


def _word_f1(answer: list[str], truth: list[str]) -> float:
    if not answer or not truth:
        return float(answer == truth)
    common = sum((Counter(answer) & Counter(truth)).values())
    return 2 * common / (len(answer) + len(truth))
