"""The shapes of a visitor who comes again."""

from gateway.web.shapes import Answer, Given
from gateway.web.visit_shapes import NewDocument


class AskReturning(Given, frozen=True):
    document: NewDocument


class Returning(Answer, frozen=True):
    """What the last visit said, if there was one; `last_kind` is the kind of that visit."""

    found: bool
    name: str = ""
    organisation: str = ""
    plate: str | None = None
    last_kind: str | None = None
