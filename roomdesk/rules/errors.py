"""What the rules refuse. Every message is one whole sentence that names the field and the reason."""


class RuleError(ValueError):
    """Something given to a rule cannot be used; `str()` of it may be shown to people."""


class CalendarError(RuleError):
    """A calendar definition is wrong."""


class TargetError(RuleError):
    """A target is wrong."""


class TimeError(RuleError):
    """An instant or a list of pauses is wrong, or a result lies outside the years that can be told."""


class NoWorkingTime(RuleError):
    """A business target on a calendar without working time within ten years (sla/README, `Error when`)."""

    def __init__(self) -> None:
        super().__init__("calendar has no working time")
