"""Thanks, ok, greetings, emoji: messages that open, reopen and restart nothing (DESIGN §6)."""

import re
from collections.abc import Collection
from functools import lru_cache

_WORDS = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_MOST_WORDS = 12


@lru_cache(maxsize=16)
def normalised(text: str) -> str:
    """Words only, case-folded, one space between: `Ok, thanks! 👍` is `ok thanks`."""
    return " ".join(_WORDS.findall(text.casefold().replace("’", "'")))


def is_small_talk(text: str, phrases: Collection[str]) -> bool:
    """Whether the text is nothing but such phrases (normalised), in any number, or has no word at all."""
    words = normalised(text).split(" ") if len(text) < 400 else []
    if len(text) >= 400 or len(words) > _MOST_WORDS:
        return False
    ends = {0}
    for end in range(1, len(words) + 1):
        if any(start in ends and " ".join(words[start:end]) in phrases for start in range(end)):
            ends.add(end)
    return words == [""] or len(words) in ends
