"""Whether a customer says that a resolution holds: a text that is nothing but that, in three languages, or a sign under the question (R26). Pure.

Bulgarian is heard in either script. A text with a word that is not listed here confirms nothing: `works now, but slowly` is a
matter, and so is every question.
"""

from roomdesk.rules.satisfaction import plain_sign
from roomdesk.rules.small_talk import normalised
from roomdesk.rules.triage_text import by_sound, folded

_LONGEST = 200
_MOST_WORDS = 12
_SIGNS = frozenset("👍✅✔☑")
#: Each of these confirms by itself.
_SAYS = """
it works, works, works now, works again, works fine, works perfectly, works great, works well, that works, this works, all works, everything works,
it is working, it's working, all working, working now, working again, that worked, it worked, fixed, it is fixed, it's fixed, that fixed it,
solved, it is solved, it's solved, that solved it, problem solved, problem fixed, issue solved, issue fixed, issue resolved, the problem is solved,
the problem is fixed, the problem is gone, the issue is solved, the issue is fixed, the issue is resolved, resolved, it is resolved, it's resolved,
that did it, that helped, it helped, all good, confirmed, i confirm, we confirm, please close it, please close this, please close the case,
please close the request, please close the ticket, you can close it, you can close this, you can close the case, you can close the request,
you can close the ticket, can be closed
работи, проработи, заработи, тръгна, оправи се, оправено, оправено е, оправихте го, решено, решено е, решен, решен е, решен е проблемът,
проблемът е решен, проблема е решен, проблемът е отстранен, проблема е отстранен, всичко е наред, наред е, вече става, сега става, стана, получи се,
помогна, това помогна, потвърждавам, потвърждаваме, може да го затворите, можете да го затворите, може да се затвори, затворете го
funciona, funcionou, funcionando, está funcionando, tá funcionando, voltou a funcionar, voltou ao normal, deu certo, tudo certo, resolvido, resolvida,
foi resolvido, está resolvido, tá resolvido, resolveu, resolveu o problema, problema resolvido, o problema foi resolvido, o problema está resolvido,
ajudou, isso resolveu, isso ajudou, confirmo, confirmado, confirmamos, pode fechar, podem fechar, pode encerrar, podem encerrar, pode fechar o chamado,
podem fechar o chamado, pode encerrar o chamado, podem encerrar o chamado
"""
#: These may stand beside it.
_BESIDE = """
yes, yep, yeah, ok, okay, great, perfect, super, excellent, awesome, fantastic, thanks, thanks a lot, thank you, thank you very much, thank you so much,
many thanks, thx, cheers, now, again, already, finally, perfectly, fine, everything, here, for me, for us, on our side, on my side, for the help,
for your help, for the quick help, for the quick fix, hi, hello, good morning, all, team, guys, good job, great job, great work, regards, best regards
да, благодаря, благодаря ви, много благодаря, благодарим, благодарим ви, мерси, вече, сега, пак, отново, всичко, супер, чудесно, страхотно, отлично,
перфектно, идеално, нормално, добре, ок, при нас, при мен, за помощта, за бързата помощ, за бързата реакция, за съдействието, здравейте, здрасти,
колеги, поздрави, лек ден, приятен ден
sim, obrigado, obrigada, muito obrigado, muito obrigada, agradeço, agradecemos, valeu, perfeito, ótimo, excelente, show, agora, já, tudo, aqui, por aqui,
normalmente, perfeitamente, bem, de novo, novamente, do nosso lado, pela ajuda, pelo suporte, pela rapidez, pela atenção, olá, oi, bom dia, boa tarde,
boa noite, pessoal, equipe, abraços
"""


def _form(text: str) -> str:
    return by_sound(folded(normalised(text))).replace("'", "")


def _listed(phrases: str) -> frozenset[str]:
    return frozenset(_form(one) for line in phrases.splitlines() for one in line.split(",") if one.strip())


_CONFIRMING, _BESIDES = _listed(_SAYS), _listed(_BESIDE)
_MOST_IN_ONE = max(len(phrase.split()) for phrase in _CONFIRMING | _BESIDES)


def is_confirmation(text: str) -> bool:
    """Whether the text is made of such phrases alone, and one of them confirms. A question and a 👎 never do."""
    if len(text) > _LONGEST or "?" in text or "👎" in text:
        return False
    words = _form(text).split()
    return len(words) <= _MOST_WORDS and _is_made(words)


def _is_made(words: list[str]) -> bool:
    """Whether phrases in a row use up every word. For each number of words used: whether one of the phrases so far confirmed."""
    reached: dict[int, bool] = {0: False}
    for end in range(1, len(words) + 1):
        for start in range(max(0, end - _MOST_IN_ONE), end):
            phrase = " ".join(words[start:end])
            confirms = phrase in _CONFIRMING
            if start in reached and (confirms or phrase in _BESIDES):
                reached[end] = reached.get(end, False) or reached[start] or confirms
    return reached.get(len(words), False)


def is_confirming_sign(reaction: str) -> bool:
    """👍 and the check marks, in any shade of skin, with or without a variation selector."""
    return plain_sign(reaction) in _SIGNS
