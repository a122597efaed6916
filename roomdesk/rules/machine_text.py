"""Whether a text was written by a machine in somebody's name: absence notes and automatic messages. They ask for nothing."""

import re

from roomdesk.rules.triage_text import by_sound, folded

#: Nobody's absence note is longer.
_LONGEST = 1500
#: How such a text begins.
_BEGINS = re.compile(
    r"\W*(?:re: |fwd: )?(?:automatic(?:ally generated)? (?:reply|response|message)|auto-?(?: )?(?:reply|response|responder)\b|out of (?:the )?office\b(?! (?:screen|message|mode|settings?|button|page|calendar))"
    r"|this is an automat(?:ed|ic) (?:message|e-?mail|reply|response|notification)|resposta automatica|mensagem automatica|esta e uma mensagem automatica)"
)
_BEGINS_BG = re.compile(r"\W*(?:avtomati4en otgovor|avtomati4no sazobten|tova e avtomati4n)")
#: Somebody who is away, and when they are back, or who is there instead.
_AWAY = re.compile(
    r"\b(?:i am|i'm|i will be|am) (?:currently |presently )?(?:out of (?:the )?office|(?:away )?on (?:annual |parental |maternity |paternity |sick )?(?:leave|holidays?|vacation)|away from (?:my desk|the office|work))"
    r"|\b(?:estou|estarei|encontro-me) (?:atualmente )?(?:fora do escritorio|de ferias|ausente|de licenca|em licenca)"
)
_AWAY_BG = re.compile(
    r"\b(?:izvan ofisa s[au]m|v otpuska? s[au]m|s[au]m (?:izvan ofisa|v otpuska?)|6te otsastvam|otsastvam)\b"
)
_BACK = re.compile(
    r"\b(?:until|till|back on|return|reply|respond|no access|limited access|urgent|ate|retorn\w*|voltar?\w*|respond\w*|sem acesso|urgenc\w*|urgente)\b"
)
_BACK_BG = re.compile(r"\bdo \d|\bdo (?:pon|vto|sria|4et|pet|sab|ned|kraia)|6te otgovor|zavr[au6]|vr[au]6tane|spe6n")
_NO_REPLY = re.compile(
    r"(?:please )?do not (?:reply|respond) to this (?:message|e-?mail)|\bno-?reply\b.{0,40}\bautomat|nao responda a est[ea] (?:mensagem|e-?mail)|molia,? ne otgovariaite na to(?:va|zi)"
)


def is_machine(text: str) -> bool:
    """Whether it reads as an absence note, or as a message that wants no reply. A question is never one."""
    if not text.strip() or len(text) > _LONGEST or text.rstrip().endswith("?"):
        return False
    plain, sounds = folded(text), by_sound(text)
    if _BEGINS.match(plain) or _BEGINS_BG.match(sounds) or _NO_REPLY.search(plain) or _NO_REPLY.search(sounds):
        return True
    return bool((_AWAY.search(plain) and _BACK.search(plain)) or (_AWAY_BG.search(sounds) and _BACK_BG.search(sounds)))
