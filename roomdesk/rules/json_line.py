"""One line of JSON Lines, as the commands that answer question by question read it."""

import json
from collections.abc import Mapping

from roomdesk.rules.errors import RuleError
from roomdesk.rules.instants import shown


def read_object(text: str) -> Mapping[str, object]:
    """The JSON object that the line is; RuleError with a sentence where it is none."""
    try:
        question = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RuleError(f"The line is not JSON: {error}.") from None
    if not isinstance(question, dict):
        raise RuleError(f"The line must be a JSON object, not {shown(question)}.")
    return question
