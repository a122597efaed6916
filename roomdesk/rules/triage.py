"""What a message wants (R11–R14): kind, severity, the answer to give at once, and what of the checklist it says already.

The order of the questions is that of an experienced support lead: what must not be missed comes first, what is a matter of words last.
What nothing speaks for is `other`: staff decide. Tone never raises a severity. The finding is before the product's own table (D3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from roomdesk.rules.first_word import is_p0
from roomdesk.rules.own_text import own_text
from roomdesk.rules.triage_notice import notice
from roomdesk.rules.triage_reading import Found, Reading
from roomdesk.rules.triage_scope import out_of_scope
from roomdesk.rules.triage_severity import is_of_a_part, severity_of
from roomdesk.rules.triage_text import unquoted, words_of
from roomdesk.rules.triage_vocabulary import Vocabulary

SMALL_TALK, OTHER = "small_talk", "other"
#: In the order in which people list them.
ITEMS = ("workspace", "where", "tried", "expected", "happened", "screenshot", "urgency")
_WORKSPACE = re.compile(
    r"https?://\S+|\bslug\b|\b(?:workspace|tenant|uorkspeis|instance)\b[:\s]+(?:is\s+|e\s+|nome\s+)?[a-z0-9]+(?:-[a-z0-9]+)+|\bworkspace:\s*\S+"
)
_PLAIN_QUOTES = re.compile(r"[\"“„«][^\"”“»]{1,200}[\"”“»]")
#: A name after "in": of a screen, where it is not that of a day or a month.
_NAMED_PLACE = re.compile(
    r"\b(?:in|under|в|във|na|no|em|nas|nos) (?:the )?(?!January|February|March|April|May|June|July|August|September|October|November|December|Bulgaria|Sofia|Europe|EU|Germany|Brazil|Brasil|Portugal|София|България|Monday|Excel|Chrome|Firefox|Safari|WhatsApp Web)[A-ZА-Я][a-zа-яçãõáéíóúâê]+\b(?! (?:Ltd|Foods|Group|GmbH|ООД|ЕООД))"
)
#: Who does not find something asks for it.
_LOST = re.compile(
    r"(?:cannot|can't|don't|do not) (?:find|know|see|understand) (?:how|where|what|which)"
    r"|ne (?:moga da nameria|znam|znaia|namiram) (?:kak|kade|otkade|koi|koia)|nao (?:sei|acho|encontro|achei) (?:como|onde)"
)
_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
#: Numbers alone say nothing ("testing 1 2 3").
_LETTER = re.compile(r"[^\W\d_]")
#: A small word denied is none: it did not work, it did not help.
_DENIES = re.compile(
    r"\bne (?:raboti|stava|stana|tragna|pomogna|se (?:opravi|polu4i))|\bnao (?:resolv|funcion|ajud|deu)"
)
_P0_ALONE = re.compile(r"\W*[pр]0\W*", re.IGNORECASE)


#: What is asked by what is answered at once; anything else is a question.
_KINDS = {
    "security": "security",
    "billing_document": "billing_document",
    "legal": "legal",
    "out_of_scope:custom_development": "module",
}
#: Kinds whose severity the second opinion is asked about.
_GRADED = ("incident", "alert")
_GRAVER = ("normal", "high", "critical")
#: So many words of a module weigh more than that its price is asked for too.
_CONSIDERED = 2
#: In fewer words the rules know what to look for.
_MANY_WORDS = 8


@dataclass(frozen=True, slots=True)
class Finding:
    """What a message wants. `answer` is a product's answer slug or None; `provided` are checklist items; `why` in words, for staff."""

    p0: bool
    kind: str
    severity: str
    answer: str | None
    provided: tuple[str, ...]
    why: tuple[str, ...] = ()


def triage(
    text: str,
    locale: str,
    vocabulary: Vocabulary,
    *,
    is_reply: bool = False,
    formatted: str | None = None,
    is_small: bool | None = None,
) -> Finding:
    """The finding for a message in one of the languages en, bg, pt. Deterministic; it may be wrong, and staff may say so.

    `is_small` is what `is_small_talk` says of the text, where that was asked before.
    """
    p0 = is_p0(text, formatted)
    reader = _Reader(words_of(own_text(text, is_reply), locale), vocabulary)
    kind, answer = reader.kind(p0, is_small=is_small)
    severity = reader.severity(p0, kind, answer)
    return Finding(p0, kind, severity, answer, reader.provided(kind, p0), tuple(reader.why))


def is_small_talk(text: str, locale: str, vocabulary: Vocabulary) -> bool:
    """Whether `triage` finds small talk in it. Most of a conversation is only asked this, and it costs a fraction."""
    return not is_p0(text, None) and _Reader(words_of(own_text(text, False), locale), vocabulary).is_small_talk()


class _Reader(Reading):
    """The questions, in their order."""

    __slots__ = ()

    def kind(self, p0: bool, *, is_small: bool | None = None) -> tuple[str, str | None]:
        if p0 and _P0_ALONE.fullmatch(self.words.original):
            self.why.append("Nothing but P0")
            return "incident", None
        if not p0 and (self.is_small_talk() if is_small is None else is_small):
            self.why.append("Thanks, greetings and the like")
            return SMALL_TALK, None
        whole, self.words = self.words, unquoted(self.words)
        for look in (
            self._other,
            self._security,
            self._own_answer,
            self._paper,
            self._out_of_scope,
            self._restore,
            self._wish,
            self._terms,
        ):
            if found := look():
                self.words = whole
                return found
        self.words = whole
        return notice(self, p0) or self._own_kind() or self._doubted(self._fault_or_question(p0), p0)

    def _own_answer(self) -> Found:
        """What the product answers at once by words of its own."""
        for found in self.own("answers")[:1]:
            answer = self.note("The product's own words for an answer", found)
            return _KINDS.get(answer, "question"), answer
        return None

    def _own_kind(self) -> Found:
        """Where nothing but a fault or a question mark would speak, the product's own words do first."""
        for found in self.own("kinds")[:1]:
            return self.note("The product's own words", found), None
        return None

    def _doubted(self, found: tuple[str, str | None], p0: bool) -> tuple[str, str | None]:
        """What only a fault or a question mark speaks for, unless the second opinion is clearly surer of something else."""
        opinion = self.vocabulary.opinions.get("kind")
        if opinion is None or p0:
            return found
        if found[0] == OTHER:
            # Where not even those speak it must be sure by itself; a guess is not presented as certainty, and staff are asked.
            other = opinion.surest(self.words, self.vocabulary)
        else:
            other = opinion.against(found[0], self.words, self.vocabulary)
        if other is None or other[0] == SMALL_TALK:
            # Small talk would open nothing: a customer's matter is not dropped by a guess.
            return found
        self.why = [other[1].capitalize()]
        return other[0], None

    def severity(self, p0: bool, kind: str, answer: str | None) -> str:
        """By what is said; of a fault or a notice the second opinion may be clearly surer of a graver one. By a guess nobody waits longer."""
        if p0:
            return "critical"
        found = self._graver(severity_of(kind, answer, self.words, self.vocabulary), kind, answer)
        opinion = self.vocabulary.opinions.get("severity")
        tells = len(_WORD.findall(self.words.plain)) >= _MANY_WORDS
        if opinion is None or kind not in _GRADED or answer is not None or not tells:
            return found
        other = opinion.against(found, self.words, self.vocabulary)
        if other is None or _GRAVER.index(other[0]) < _GRAVER.index(found):
            return found
        grade = "high" if other[0] == "critical" and is_of_a_part(self.words, self.vocabulary) else str(other[0])
        self.why.append(other[1].capitalize())
        return grade

    def _graver(self, found: str, kind: str, answer: str | None) -> str:
        """The product's own words may make a fault or a notice graver, never less grave."""
        if kind not in _GRADED or answer is not None:
            return found
        own = [one for one in self.own("severities") if one.name in _GRAVER]
        gravest = max(own, key=lambda one: _GRAVER.index(one.name), default=None)
        if gravest is None or _GRAVER.index(gravest.name) < _GRAVER.index(found):
            return found
        return self.note("The product's own words for how bad it is", gravest)

    def is_small_talk(self) -> bool:
        return self._is_empty_talk() or self._is_polite()

    def _is_empty_talk(self) -> bool:
        """Nothing but such words, whatever stands between them, and no fault made of them: `не работи` is one."""
        whole = (self.words.plain, self.words.sounds) if self.words.is_bulgarian else (self.words.plain,)
        if len(self.words.plain) >= 200 or "?" in self.words.plain or any(map(_DENIES.search, whole)):
            return False
        if not self.vocabulary.begins("small", self.words):
            return False
        rest = self.vocabulary.without("small", self.words)
        text = rest.sounds if self.words.is_bulgarian and not rest.sounds.strip() else rest.plain
        texts = (rest.plain, rest.sounds) if self.words.is_bulgarian else (rest.plain,)
        return any(not _LETTER.search(one) for one in (text, *texts)) and not self.words.plain.isdigit()

    def _is_polite(self) -> bool:
        """A few words that begin with thanks or a greeting, and want nothing."""
        text = self.words.sounds if self.words.is_bulgarian else self.words.plain
        few = len(_WORD.findall(text)) <= 8 and self.has("greeting") and not self.asks
        return few and not self.has(
            "fault",
            "outage",
            "wish",
            "subscription",
            "restore_ask",
            "billing_document",
            "legal",
            "security_change",
            "security_concern",
            "module",
            "absence",
        )

    def _other(self) -> Found:
        is_wish = self.has("wish") and self.count("absence") < 2
        found = (
            not is_wish
            and not self.has("hard", "outage", "accounting")
            and self.said("absence", "Not a matter of support")
        )
        return (OTHER, None) if found else None

    def _security(self) -> Found:
        whole, self.words = self.words, self.vocabulary.without("security_not", self.words)
        found = self._security_told()
        self.words = whole
        return found

    def _security_told(self) -> Found:
        if self.said("security_change", "A security feature is to be changed"):
            return "security", None
        if self.said("security_concern", "A security concern"):
            return "security", "security"
        is_how_to = self.has("how_to") and self.count("security_weak") < 2 and self.has("set_up")
        if self.has("security_weak") and not self.has("fault", "legal") and not is_how_to:
            self.why.append("Something about security, told quietly")
            return "security", "security"
        return None

    def _paper(self) -> Found:
        """Our own invoices on paper; those that customers make with the program are a matter of the program."""
        is_theirs = self.has("app_invoice") and not self.has("from_us")
        if (
            not self.has("disputed")
            and not is_theirs
            and self.said("billing_document", "A printable invoice or receipt")
        ):
            return "billing_document", "billing_document"
        whole, self.words = self.words, self.vocabulary.without("legal_not", self.words)
        is_legal = self.said("legal", "A contract, or a part of one")
        self.words = whole
        return ("legal", "legal") if is_legal else None

    def _out_of_scope(self) -> Found:
        return out_of_scope(self)

    def _restore(self) -> Found:
        asked, lost = self.has("restore_ask"), self.has("loss_event")
        is_request = asked and (
            lost
            or not self.has("how_to")
            or re.search(
                r"\b(please|could you|can you|pls|moje li|molia|mojete li|da pra|podem|preciso|quero)\b",
                f"{self.words.plain} {self.words.sounds}",
            )
        )
        if (
            is_request
            and not self.has("wish", "disputed")
            and (lost or not self.has("outage", "failure", "hard", "which_plan"))
        ):
            self.said("restore_ask", "Data is wanted back")
            return "backup_restore", None
        return None

    def _wish(self) -> Found:
        is_how = self.has("wish_not") and self.count("wish") < 2
        if (
            self.has("wish")
            and not is_how
            and not self.has("seats")
            and not (self.has("hard") and self.count("wish") < 2)
        ):
            self.said("wish", "A wish")
            return "feature_request", None
        return None

    def _is_about_terms(self) -> bool:
        """Whether plan or money is the matter, and not only the plan under which something is asked."""
        if self.has("expiring") and not self.has("plan_word"):
            return False
        if self.asks and not self.has("disputed") and (self.has("rule_word") or not self.has("which_plan")):
            bare = self.vocabulary.without("plan_word", self.words)
            if not self.vocabulary.found("subscription", bare):
                return False
        in_app = self.has("hard", "failure") and self.count("money") < 2 and self.has("group", "where")
        is_fault = self.has("failure", "hard") and not self.has("money", "disputed")
        return self.has("disputed") or (self.has("subscription") and not (is_fault or in_app or self.has("outage")))

    def _terms(self) -> Found:
        """Modules to be had, plans and money; not the prices and plans that customers keep in the program."""
        whole, self.words = self.words, self.vocabulary.without("terms_not", self.words)
        found = self._terms_told()
        self.words = whole
        return found

    def _terms_told(self) -> Found:
        considered = self.count("module") > _CONSIDERED and not self.has("disputed", "seats", "which_plan")
        if self.has("module") and (considered or not self.has("money")) and self._is_module():
            self.said("module", "A module, or what can be adapted")
            return "module", None
        if self.has("seats") or self._is_about_terms():
            concepts = ("seats", "subscription", "disputed")
            _ = any(self.said(concept, "Plan, price or seats") for concept in concepts)
            return "subscription", None
        if self.has("module") and self._is_module():
            self.said("module", "A module, or what can be adapted")
            return "module", None
        return None

    def _is_module(self) -> bool:
        how = self.words.plain.startswith(("how ", "where ", "como ", "onde ")) or self.words.sounds.startswith(
            ("kak ", "kade ")
        )
        return not how and not self.has("fault", "hard", "outage", "reading_matter")

    def _fault_or_question(self, p0: bool) -> tuple[str, str | None]:
        if self.has("outage") and self.has("everybody", "standstill", "hard"):
            self.said("outage", "Something is out of order")
            return "incident", None
        opens = re.match(
            r"(hi|hello|hey|dear \w+|good \w+|ola|oi|bom dia|boa \w+|p0)?\W*(team|all|guys|pessoal|gente)?\W*(how|where|which|what|who|when|can|could|is|are|do|does|may|should|will|como|onde|qual|quais|quando|posso|podemos|da pra|tem como|existe|quem|o que)\b",
            self.words.plain,
        )
        opens_bg = (
            re.search(
                r"(^|[.,!] )(p0\W*)?(kak|kade|kakvo|kakav|koi|koia|koga|moje li|mojem li|ima li|trijabva li|do kolko|kolko)\b",
                self.words.sounds,
            )
            if self.words.is_bulgarian
            else None
        )
        if _LOST.search(f"{self.words.plain} {self.words.sounds}") and not self.has("hard"):
            self.why.append("It is asked for")
            return "question", None
        if (
            self.asks
            and (opens or opens_bg or not self.has("fault"))
            and not (self.has("hard") and self.count("fault") > 1)
        ):
            self.why.append("It is asked")
            return "question", None
        if self.said("fault", "Something is wrong") or self.said("outage", "Something is out of order"):
            return "incident", None
        if not self.asks and (
            self.said("expected", "It is not as it should be") or self.said("tried", "Something was tried")
        ):
            return "incident", None
        if self.asks:
            self.why.append("It is asked")
            return "question", None
        if p0:
            self.why.append("P0, and nothing tells more")
            return "incident", None
        self.why.append("Nothing tells what it is")
        return OTHER, None

    def provided(self, kind: str, p0: bool) -> tuple[str, ...]:
        """Items that the text says. What happened is said by whoever says more than that something is wrong."""
        said = {name for name in ("tried", "expected", "screenshot") if self.has(name)}
        said |= {one.name for one in self.own("items")}
        # The name of a place in the words of a notice is not where somebody was.
        if self.vocabulary.found("where", unquoted(self.words)) or _NAMED_PLACE.search(
            _PLAIN_QUOTES.sub(" ", self.words.original)
        ):
            said.add("where")
        if _WORKSPACE.search(self.words.plain):
            said.add("workspace")
        if p0 or self.has("deadline", "standstill"):
            said.add("urgency")
        tells = kind in ("incident", "alert") or (kind == "backup_restore" and self.has("fault", "outage"))
        if tells and len(_WORD.findall(self.words.plain)) > (2 if p0 else 4):
            said.add("happened")
        return tuple(name for name in ITEMS if name in said)
