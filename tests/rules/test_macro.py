import pytest

from roomdesk.rules.errors import RuleError
from roomdesk.rules.macro import refusal, values_of


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("", {}),
        ("  ", {}),
        ("when=tomorrow", {"when": "tomorrow"}),
        ('when="Friday noon"  invoice=INV-7', {"when": "Friday noon", "invoice": "INV-7"}),
        ("When = “в петък”", {"when": "в петък"}),
        ('when=""', {"when": ""}),
    ],
)
def test_values_are_read(words: str, values: dict[str, str]) -> None:
    assert values_of(words) == values


@pytest.mark.parametrize("words", ["tomorrow", "when=", "when=a then", '="x"'])
def test_what_is_no_value_is_named(words: str) -> None:
    with pytest.raises(RuleError, match="is no value"):
        values_of(words)


@pytest.mark.parametrize(
    ("asks", "given", "sentence"),
    [
        ((), {}, ""),
        (("when",), {"when": "now"}, ""),
        (("when",), {}, 'The macro "m" needs when: give when=….'),
        (("when",), {"when": " "}, 'The macro "m" needs when: give when=….'),
        (("when",), {"wen": "x"}, 'The macro "m" has no variable "wen" to be given; it asks for when.'),
        ((), {"ref": "x"}, 'The macro "m" has no variable "ref" to be given (the desk fills it in); it asks for none.'),
    ],
)
def test_the_values_are_those_that_are_asked_for(asks: tuple[str, ...], given: dict[str, str], sentence: str) -> None:
    assert refusal("m", asks, given) == sentence
