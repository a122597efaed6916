"""D9: what begins with `!desk` is a command, and answers nobody."""

import pytest

from roomdesk.rules.desk_command import is_command


@pytest.mark.parametrize("text", ["!desk ack", "  !DESK", "!desk: ack", "\n!desk\nack"])
def test_commands(text):
    assert is_command(text)


@pytest.mark.parametrize("text", ["", "desk ack", "write !desk ack", "!desktop", "!desk-ack", "! desk"])
def test_words_of_people(text):
    assert not is_command(text)
