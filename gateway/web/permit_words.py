"""What the handlers of permits share: a flow's refusal as a problem, a reference as what a screen shows of a person."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from gateway.core.papers import PaperKind
from gateway.flows import told
from gateway.flows.permits import NoSuchPermit, NotPossible, NotYours, WrongField
from gateway.flows.site import Site
from gateway.web import shapes
from gateway.web.context import Call
from gateway.web.problems import FieldError, Kind, Problem, not_found


@asynccontextmanager
async def in_words(call: Call, id: str | None = None) -> AsyncIterator[None]:
    """What a flow raises, as a problem. `id`: the paper that it is about, to tell *over* from *never was*."""
    try:
        yield
    except NoSuchPermit as error:
        kind = str(error)
        if id is not None and await call.site.archive.paper(PaperKind(kind), id) is not None:
            raise Problem(Kind.CONFLICT, f"over: this {kind} is over") from None
        raise not_found(kind) from None
    except NotYours as error:
        raise Problem(Kind.NOT_ALLOWED, str(error)) from None
    except NotPossible as error:
        raise Problem(Kind.CONFLICT, f"{error.code}: {error}") from None
    except WrongField as error:
        raise Problem(Kind.VALIDATION, errors=(FieldError(error.field, error.message),)) from None


def person(site: Site, ref: str | None) -> shapes.HolderInfo | None:
    """A person as screens show one; None for nobody, and for whom retention has erased."""
    found: dict[str, Any] | None = told.person(site, ref)
    return None if found is None else shapes.HolderInfo(found["id"], found["name"], found["kind"])


def ref_of(site: Site, id: str | None) -> str | None:
    """The reference of somebody by the school's id; one that fits nobody if there is no such person."""
    if id is None:
        return None
    holder = site.directory.with_id(id)
    return "" if holder is None else holder.ref
