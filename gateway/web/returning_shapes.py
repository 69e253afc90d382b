"""The shapes of a visitor who comes again."""

from gateway.web.shapes import Answer, Given
from gateway.web.visit_shapes import NewDocument


class AskReturning(Given, frozen=True):
    document: NewDocument


class Returning(Answer, frozen=True):
    """What the last visit said; `last_kind` is the kind of that visit."""

    name: str
    organisation: str
    plate: str | None
    last_kind: str
