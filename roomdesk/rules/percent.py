"""Parts of a hundred, exact."""

from fractions import Fraction


def percent(part: int, whole: int) -> str | None:
    """`part` of `whole` in percent with one decimal, halves up (`66.7`); None where there is no whole."""
    if whole == 0:
        return None
    tenths = (Fraction(1000 * part, whole) + Fraction(1, 2)).__floor__()
    return f"{tenths // 10}.{tenths % 10}"
