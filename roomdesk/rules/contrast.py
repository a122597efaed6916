"""Colours that people can read: relative luminance and contrast by WCAG 2.2 (1.4.3), and a colour moved until its contrast suffices."""

from __future__ import annotations

from roomdesk.rules.errors import RuleError

#: What text needs against its ground.
LEAST = 4.5
Colour = tuple[int, int, int]
BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)
_STEPS = 100


def colour_of(text: str) -> Colour:
    """`#rrggbb` in numbers; RuleError for anything else."""
    digits = text.removeprefix("#")
    if len(digits) != 6 or digits == text or any(one not in "0123456789abcdefABCDEF" for one in digits):
        raise RuleError(f"{text!r} is no colour; write it as #rrggbb.")
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def text_of(colour: Colour) -> str:
    return f"#{colour[0]:02x}{colour[1]:02x}{colour[2]:02x}"


def contrast(one: Colour, other: Colour) -> float:
    """From 1 (the same) to 21 (black on white)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def readable(colour: Colour, *grounds: Colour, least: float = LEAST) -> Colour:
    """The colour itself where it can be read on every one of the grounds, else the nearest one towards black or white that can.

    Grounds of both a light and a dark page at once have none; then it is the end that does better.
    """
    towards = max((BLACK, WHITE), key=lambda end: min(contrast(end, ground) for ground in grounds))
    for step in range(_STEPS):
        moved = _between(colour, towards, step / _STEPS)
        if all(contrast(moved, ground) >= least for ground in grounds):
            return moved
    return towards


def _between(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue
