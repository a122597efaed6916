import pytest

from roomdesk.rules.satisfaction import score_of


@pytest.mark.parametrize(
    ("reaction", "score"),
    [
        ("👍", "good"),
        ("👍️", "good"),
        ("👍🏽", "good"),
        ("👎", "bad"),
        ("👎🏿", "bad"),
        ("", None),
        ("✅", None),
        ("👍 thanks", None),
        ("👍👎", None),
        ("+1", None),
    ],
)
def test_a_thumb_is_a_word_and_nothing_else_is(reaction: str, score: str | None) -> None:
    assert score_of(reaction) == score
