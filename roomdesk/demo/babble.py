"""Texts for measuring: three languages in which, as in real ones, few words are said often and most of them hardly ever."""

from __future__ import annotations

import random
from functools import cache
from itertools import accumulate, islice, product

#: Words of each language, the most frequent first; made-up ones follow, up to `SIZE`.
_REAL = {
    "en": "the to is and we in of not it for on with error order invoice export please since report after cannot payment save user "
    "stock morning update sync customer page screen price import account login slow missing wrong server backup invoices orders",
    "pt": "o que de não a para com em uma erro pedido fatura desde relatório pagamento salvar cliente estoque manhã página tela preço "
    "conta lento faltando errado servidor cópia faturas pedidos exportação atualização impossível obrigado",
    "bg": "на не и да за от се в грешка поръчка фактура след справка плащане клиент склад сутринта страница екран цена профил бавно "
    "липсва грешна сървър архив фактури поръчки синхронизация обновяване невъзможно благодаря",
}
_SYLLABLES = {
    "en": "ba con der el fi gra ho in ker lo mer nat or pre qui ros sti ter un ver",
    "pt": "ba con des el fi gra ho in que lo mei nha or pre ri ros ção ter um vel",
    "bg": "ба кон дер ел фи гра хо ин кер ло мер нат ор пре жи рос ща тер ун вел",
}
_SHARE = {"en": 60, "pt": 20, "bg": 20}
SIZE = 8_000
_TEXTS = 5_000


@cache
def vocabulary(language: str) -> list[str]:
    """The words of a language, the most frequent first; always the same."""
    real, syllables = _REAL[language].split(), _SYLLABLES[language].split()
    made = ("".join(parts) for parts in product(syllables, repeat=3))
    return [*real, *islice(made, SIZE - len(real))]


def texts(dice: random.Random) -> list[str]:
    """Some thousands of texts of 4 to 30 words. Made once: what is measured is the finding of a million, not their making."""
    languages = dice.choices(list(_SHARE), list(_SHARE.values()), k=_TEXTS)
    weights = list(accumulate(1 / (rank + 2.7) for rank in range(SIZE)))
    return [_text(dice, vocabulary(language), weights) for language in languages]


def _text(dice: random.Random, words: list[str], weights: list[float]) -> str:
    body = " ".join(dice.choices(words, cum_weights=weights, k=dice.randint(4, 30))).capitalize()
    return f"{body}."
