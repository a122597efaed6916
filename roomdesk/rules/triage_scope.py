"""What is answered at once as out of scope (R13): training, advice on accounting, development on order, the trouble of others.

None is told by one word: a word of the matter counts together with what is wanted of it, and what speaks of the program itself speaks
against it. A wrong answer at once costs a customer more than one that staff give a little later.
"""

from __future__ import annotations

import re

from roomdesk.rules.triage_reading import Found, Reading

_BOTS = re.compile(r"\b(bot|robo|chatbot|agent|agente|model|modelo|assistant|ia|ai|intents?)\b")


def out_of_scope(reading: Reading) -> Found:
    """Kind and answer, or None where the matter is the program's."""
    if _is_training(reading):
        return "question", "out_of_scope:training"
    if _is_accounting(reading):
        return "question", "out_of_scope:accounting"
    if _is_development(reading):
        return "module", "out_of_scope:custom_development"
    if _is_of_others(reading):
        return ("incident" if _is_trouble(reading) else "question"), "out_of_scope:third_party"
    return None


def _is_trouble(reading: Reading) -> bool:
    """Something fails there, and it is not only asked how theirs is used."""
    if reading.has("theirs_howto", "set_up") and not reading.has("hard", "outage", "theirs_acts"):
        return False
    return reading.has("hard", "failure", "fault", "outage", "theirs_acts", "theirs")


def _is_training(reading: Reading) -> bool:
    """Somebody is to be taught by people of ours: the word, or teaching, who learns and who teaches."""
    if reading.has("hard", "outage", "not_training") or (_BOTS.search(reading.words.plain) and reading.asks):
        return False
    if reading.said("training_more", "Training") or reading.said("training", "Training"):
        return True
    if reading.has("module", "failure", "fault"):
        return False
    together = reading.has("teach") and reading.has("learner") and reading.has("teacher")
    return together and reading.said("teach", "Training")


def _is_accounting(reading: Reading) -> bool:
    """What the law or good bookkeeping asks for, and not how the program does it."""
    many = reading.count("accounting") + reading.count("books")
    if not many or (reading.has("hard", "wish") and not (reading.has("books_ask") and many > 1)):
        return False
    if reading.has("failure", "outage") and not reading.has("books_ask", "law_word"):
        return False
    norm = reading.has("books_ask")
    if reading.has("in_product") and not (norm and reading.has("law_word")):
        return False
    told = norm or (reading.has("accounting") and (reading.asks or reading.count("accounting") > 1))
    return told and (
        reading.said("accounting", "Accounting or tax advice") or reading.said("books", "Accounting or tax advice")
    )


def _is_development(reading: Reading) -> bool:
    """People of ours are to write it: what is to be written, and that it is ordered."""
    if reading.has("hard", "outage", "loss_event"):
        return False
    ordered, thing = reading.has("order_dev"), reading.has("dev_thing")
    if reading.has("not_dev") and not (ordered and thing):
        return False
    if ordered and thing:
        return reading.said("dev_thing", "Development on order")
    return reading.said("custom_development", "Development on order")


def _is_of_others(reading: Reading) -> bool:
    """Somebody else's service fails by what is said of it, or is asked about itself."""
    if reading.has("everybody") and reading.has("standstill"):
        return False
    named, theirs = reading.has("third_party", "theirs_acts"), reading.has("theirs")
    if theirs and (named or reading.count("theirs") > 1):
        return _told(reading)
    if not named or reading.has("ours_broke"):
        return False
    if reading.has("theirs_howto", "set_up") and reading.asks and not reading.has("hard", "outage", "theirs_acts"):
        return reading.has("theirs_howto") and _told(reading)
    if reading.has("fault", "outage", "hard", "theirs_acts"):
        return _told(reading)
    return reading.asks and reading.has("theirs_howto") and not reading.has("connects") and _told(reading)


def _told(reading: Reading) -> bool:
    """Always true; notes the words."""
    return any(
        reading.said(concept, "Somebody else's software") for concept in ("theirs_acts", "third_party", "theirs")
    )
