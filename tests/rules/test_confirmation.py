import pytest

from roomdesk.rules.confirmation import is_confirmation, is_confirming_sign


@pytest.mark.parametrize(
    "text",
    [
        "Works now, thank you!",
        "It's working again. Thanks a lot 👍",
        "Problem solved",
        "Yes, that fixed it for us, great job team",
        "You can close this, thanks.",
        "Работи, благодаря!",
        "Да, вече всичко работи при нас. Много благодаря за бързата помощ!",
        "raboti, blagodarya",
        "Проблемът е решен.",
        "Funciona, obrigado!",
        "Já está funcionando, muito obrigada pela ajuda",
        "tudo certo agora, pode encerrar o chamado",
        "RESOLVIDO",
    ],
)
def test_a_text_that_is_nothing_but_a_confirmation_is_one(text: str) -> None:
    assert is_confirmation(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "👍",
        "Thanks!",
        "Yes, thank you",
        "It still does not work",
        "still broken",
        "It works?",
        "Works now, but it is slow",
        "It worked yesterday, thank you",
        "Fixed 👎",
        "The printer works, the scanner does not",
        "Не работи",
        "Работи ли вече?",
        "Още не работи, благодаря",
        "Работи бавно",
        "Ne raboti",
        "Não funciona, obrigado",
        "Ainda não está funcionando",
        "Voltou a funcionar mas o relatório não",
        "O erro voltou",
        "works " * 13,
        "P0 works",
    ],
)
def test_whatever_says_more_or_less_is_none(text: str) -> None:
    assert not is_confirmation(text)


@pytest.mark.parametrize("sign", ["👍", "👍🏽", "👍️", "✅", "✔️", "☑"])
def test_a_thumb_and_check_marks_confirm(sign: str) -> None:
    assert is_confirming_sign(sign)


@pytest.mark.parametrize("sign", ["", "👎", "🎉", "👀", "👍👎", "ok"])
def test_other_signs_do_not(sign: str) -> None:
    assert not is_confirming_sign(sign)
