"""What a reaction under the question after a resolution says (R57): satisfied or not. Pure."""

GOOD, BAD = "good", "bad"
SCORES = (GOOD, BAD)
_SIGNS = {"👍": GOOD, "👎": BAD}


def score_of(reaction: str) -> str | None:
    """👍 and 👎 in any shade of skin, with or without a variation selector; None for any other sign, which says nothing."""
    rest = reaction[1:]
    is_plain = all(sign == "\ufe0f" or "\U0001f3fb" <= sign <= "\U0001f3ff" for sign in rest)
    return _SIGNS.get(reaction[:1]) if is_plain else None
