"""Commands to the desk: they answer nobody, wherever they are written (DESIGN §6, D9)."""

import re

_COMMAND = re.compile(r"\s*!desk(?![\w-])", re.IGNORECASE)


def is_command(text: str) -> bool:
    """Whether a text is a command: its first word is `!desk`."""
    return _COMMAND.match(text) is not None
