"""Refusals in the reader's language. The parts below speak English; whole sentences are known here, with what is filled in.

A sentence that is not here is shown as it came: better in English than not at all.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from django.utils.translation import get_language, gettext, pgettext
from django.utils.translation import gettext_noop as _

from roomdesk.web.refused import REFUSED
from roomdesk.web.sentences import STAFF_SENTENCES
from roomdesk.web.whys import PARTS, WHYS

_GAP = r"%\((\w+)\)s"

#: What people of a workspace can meet on their pages.
SENTENCES = (
    _("The text is empty; write what there is to say."),
    _("The text has %(length)s characters, at most %(limit)s can be sent."),
    _("At most %(most)s files can be given at once."),
    _("“%(name)s” is larger than %(most)s MB."),
    _("“%(name)s” is empty."),
    _("This workspace has no room."),
    _("The workspace's room is not made yet; try again in a moment."),
    _("This installation does not write as people; use a Matrix client."),
    _("You have no access to this room any more."),
    _("You are not in this room, so the desk cannot write there as you."),
    _("Only your own words in this room can be changed, and only while they stand there."),
    _("This reaction is not offered here; choose one of those on the page."),
    _("Nobody can react to this message here."),
    _("The account %(account)s is locked or gone, so the desk does not write as it."),
    _("It was given through a page and is not on the disk any more."),
    _("It was not sent."),
    _("There is no such room, or you have no access to it."),
    _("There is no such message, or it is not yours to see."),
    _("There is no such workspace, or you do not belong to it."),
    _("There is no such request, or it is not yours to see."),
    _("There is no such page, or you have no access to it."),
    _("There is no such question, or it is not yours to see."),
    _("There is no file %(number)s, or it is not yours to see."),
    _("The message that this file came with was removed."),
    _("This file is still being fetched from the homeserver; try again in a moment."),
    _("Only the exact words count: %(phrase)s"),
    _("You may read this question, and not answer it."),
    _("This question waits for no more answers."),
    _("This question has expired. Nothing is done; we ask again if it is still needed."),
    _("This question is over; there is nothing left to refuse."),
    _("The owner and admins of the workspace appeal."),
    _(
        "Nobody who was given access here has this account. Ask the person who gave you access, or your account manager."
    ),
    _("Your account has no role at this desk any more. Ask whoever runs the desk for one."),
    _(
        "Your account says nothing of roles, so nothing was changed. Whoever runs the desk can mend that at the provider."
    ),
    _("Your account has a role that this desk does not know, so nothing was changed: %(role)s"),
    _("You are linked with another account at this provider. Whoever runs the desk can change that."),
)


#: What is filled in and has words of its own: a state of a case, one of a consent or a clock, a word of the product.
_WORDS = frozenset({"stands", "standing", "clock"})
_PLAIN = frozenset({"severity", "lower", "instead", "kind", "what", "before", "after"})
_NESTED = frozenset({"why", "reason", "target", "windows"})
_TIMES = frozenset({"moment", "until", "since", "at", "dates"})
#: How much a product's own word says, behind it.
_SAYS = re.compile(r"(\(|, )(weight|pattern)(?= )")
_DAY = re.compile(r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?= \d{4}-)")


def told(sentence: object) -> str:
    """The sentence in the language of the page."""
    return _told(get_language() or "", str(sentence).replace("`", ""))


@lru_cache(maxsize=4096)
def _told(language: str, words: str) -> str:
    """By language, since it is asked hundreds of times for a long page."""
    return _whole(words) or " ".join(_whole(one) or one for one in re.split(r"(?<=[.:!?]) ", words))


def _whole(words: str) -> str:
    """One sentence that is known; empty for what is not."""
    for known, part, pattern in _patterns():
        found = part in words and pattern.fullmatch(words)
        if found:
            return gettext(known) % {name: _filled(name, value) for name, value in found.groupdict().items()}
    return ""


def _filled(name: str, value: str) -> str:
    """What the desk has words for; everything else, and every name that somebody gave, stays as it was."""
    if name == "state":
        return pgettext("case", _plain(value)).lower()
    if name in _WORDS:
        return gettext(value)
    if name in _PLAIN:
        return gettext(_plain(value)).lower() if gettext(_plain(value)) != _plain(value) else value
    if name == "found":
        return _SAYS.sub(lambda match: match[1] + gettext(match[2]), value)
    if name in _NESTED:
        return _told(get_language() or "", value)
    return _time(value) if name in _TIMES else value


def _time(value: str) -> str:
    first, between, last = value.partition(" to ")
    if between:
        return gettext("%(first)s to %(last)s") % {"first": _time(first), "last": _time(last)}
    return gettext("now") if value == "now" else _DAY.sub(lambda found: gettext(found[0]), value)


def _plain(value: str) -> str:
    return value.replace("_", " ").capitalize()


def make_ready() -> None:
    """Compiles what the sentences are found by, once a process."""
    _patterns()


@cache
def _patterns() -> list[tuple[str, str, re.Pattern[str]]]:
    """Each sentence with its longest part without gaps and with what finds it again. Nothing of what is filled in is read but put back in its place."""
    known = (*SENTENCES, *STAFF_SENTENCES, *REFUSED, *WHYS, *PARTS)
    return [(one, max(re.split(_GAP, one)[::2], key=len), re.compile(_gaps(one), re.DOTALL)) for one in known]


def _gaps(sentence: str) -> str:
    parts = re.split(_GAP, sentence)
    return "".join(f"(?P<{part}>.*)" if number % 2 else re.escape(part) for number, part in enumerate(parts))
