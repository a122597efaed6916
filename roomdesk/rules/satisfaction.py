"""What a reaction under the question after a resolution says (R57): satisfied or not. Pure."""

GOOD, BAD = "good", "bad"
SCORES = (GOOD, BAD)
_SIGNS = {"👍": GOOD, "👎": BAD}


def score_of(reaction: str) -> str | None:
    """👍 and 👎 as `plain_sign` has them; None for any other sign, which says nothing."""
    return _SIGNS.get(plain_sign(reaction))


def plain_sign(reaction: str) -> str:
    """The sign without shade of skin and variation selector; empty for what is more than one sign."""
    rest = reaction[1:]
    is_plain = all(sign == "\ufe0f" or "\U0001f3fb" <= sign <= "\U0001f3ff" for sign in rest)
    return reaction[:1] if is_plain else ""
