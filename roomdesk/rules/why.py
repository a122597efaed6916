"""A reason that travels with a decision: a code for programs, words for people."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Why:
    """`code` is stable and listed where it is made; `words` is one English sentence."""

    code: str
    words: str
