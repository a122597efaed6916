"""Light stemmers for English, Portuguese and Bulgarian: PostgreSQL has none for Bulgarian, and both sides must agree (D35).

All work on folded words, `fold`: no capitals, no accents, Latin letters. Bulgarian is told in the Latin letters of the official
transliteration, so that what somebody types as "faktura" meets "фактура".
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

ENGLISH, PORTUGUESE, BULGARIAN = "en", "pt", "bg"

_LETTERS = "а б в г д е ж з и й к л м н о п р с т у ф х ц ч ш щ ъ ь ю я ѝ ё ы э і"
_SOUNDS = "a b v g d e zh z i y k l m n o p r s t u f h ts ch sh sht a y yu ya i yo y e i"
_LATIN = dict(zip(_LETTERS.split(), _SOUNDS.split(), strict=True))
#: The longest first: `sht` is one letter, not `sh` and `t`.
_CYRILLIC = sorted(
    ((latin, letter) for letter, latin in _LATIN.items() if letter in "абвгдежзийклмнопрстуфхцчшщюя"),
    key=lambda pair: -len(pair[0]),
)


def fold(word: str) -> str:
    """The word as it is compared: `Não` is `nao`, `Фактура` is `faktura`. Empty where nothing of it is a letter or a digit."""
    # Most words need no table, and every word of every message comes through here.
    return word.lower() if word.isascii() and word.isalnum() else "".join(map(_folded, word.casefold()))


@lru_cache(maxsize=4096)
def _folded(letter: str) -> str:
    if letter in _LATIN:
        return _LATIN[letter]
    # The Cyrillic letters stand in the table above: without it, й would lose its sign and become и.
    return "".join(part for part in unicodedata.normalize("NFKD", letter).casefold() if part.isalnum())


def is_cyrillic(word: str) -> bool:
    """Whether the word is written in the letters of Bulgarian."""
    return any(letter in _LATIN for letter in word.casefold())


def english(word: str) -> str:
    """`invoices`, `invoiced` and `invoicing` are `invoic`; `companies` and `company` are `compani`."""
    if len(word) < 4:
        return word
    word = _english_singular(word)
    for ending in ("ing", "ed"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= 3 and any(letter in "aeiouy" for letter in rest):
            word = rest[:-1] if rest[-1] == rest[-2] and rest[-1] in "bdfgmnprt" else rest
            break
    if word.endswith("e") and len(word) > 3:
        return word[:-1]
    return f"{word[:-1]}i" if word.endswith("y") and len(word) > 3 else word


def _english_singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


_PLURALS = (
    ("oes", "ao"), ("aes", "ao"), ("ais", "al"), ("eis", "el"), ("ois", "ol"), ("ns", "m"), ("res", "r"), ("zes", "z"), ("s", ""),
)  # fmt: skip
_VERBS = ("ando", "endo", "indo", "aram", "eram", "iram", "amos", "emos", "ar", "er", "ir", "ou")
_DONE = ("ado", "ada", "ido", "ida")


def portuguese(word: str) -> str:
    """`faturas` and `fatura` are `fatur`, `cartões` and `cartão` are `carta`, `pagando` and `pagou` are `pag`."""
    if len(word) < 4:
        return word
    if word.endswith("mente") and len(word) > 8:
        return _without_vowel(word.removesuffix("mente"))
    for ending, single in _PLURALS:
        if word.endswith(ending) and len(word) > len(ending) + 1:
            word = word[: -len(ending)] + single
            break
    # More must be left before -ido: `comida` would be `com`, which is in every text.
    for endings, left in ((_VERBS, 3), (_DONE, 4)):
        for ending in endings:
            if word.endswith(ending) and len(word) >= len(ending) + left:
                return word[: -len(ending)]
    return _without_vowel(word)


def _without_vowel(word: str) -> str:
    return word[:-1] if len(word) > 3 and word[-1] in "aeo" else word


def bulgarian(word: str) -> str:
    """`фактурите`, `фактури` and `фактура` are `faktur`: Savoy's light stemmer, written in either script."""
    return fold(_without_endings(word.casefold() if is_cyrillic(word) else _in_cyrillic(word)))


def _in_cyrillic(word: str) -> str:
    for latin, letter in _CYRILLIC:
        word = word.replace(latin, letter)
    return word


def _without_endings(word: str) -> str:
    if len(word) < 4:
        return word
    if len(word) > 5 and word.endswith("ища"):
        return word[:-3]
    word = _singular(_without_article(word))
    if len(word) > 3 and word[-1] in "яаое":
        word = word[:-1]
    if len(word) > 4 and word.endswith("ен"):
        word = f"{word[:-2]}н"
    return f"{word[:-2]}{word[-1]}" if len(word) > 5 and word[-2] == "ъ" else word


def _without_article(word: str) -> str:
    for least, endings in ((6, ("ият",)), (5, ("ът", "то", "те", "та", "ия")), (4, ("ят",))):
        for ending in endings:
            if len(word) > least and word.endswith(ending):
                return word[: -len(ending)]
    return word


_MANY = (
    (6, "овци", "о"), (6, "ове", ""), (6, "еве", "й"), (5, "та", ""), (5, "ци", "к"), (5, "зи", "г"), (4, "си", "х"), (4, "и", ""),
)  # fmt: skip


def _singular(word: str) -> str:
    for least, ending, single in _MANY:
        if len(word) > least and word.endswith(ending):
            return word[: -len(ending)] + single
    return word


STEMMERS = {ENGLISH: english, PORTUGUESE: portuguese, BULGARIAN: bulgarian}
