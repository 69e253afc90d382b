"""roles.yaml: who may do what.

Promises: read and checked whole, every fault at once, and never roles among which none manages users. Leaves to others:
what each right opens (`core.rights`, `web`).
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from gateway.config_faults import Fault, FaultList
from gateway.config_values import Group, LabelPart, Part, listed
from gateway.core.rights import Right
from gateway.yaml_lines import Document, read_file

FILE = "roles.yaml"


class RolePart(Part):
    name: LabelPart
    rights: list[Annotated[Right, listed(Right)]]


class RolesFile(Part):
    """roles.yaml"""

    roles: Annotated[dict[Group, RolePart], Field(min_length=1)]


def load_roles(path: Path) -> tuple[RolesFile | None, list[Fault]]:
    """The roles, or None with what is wrong."""
    document: Document = read_file(path)
    faults = FaultList(path.name, document)
    if document.data is None and document.slips:
        return None, faults.faults
    try:
        roles = RolesFile.model_validate(document.data)
    except ValidationError as error:
        faults.add_all(error, RolesFile)
        return None, faults.faults
    for name, part in roles.roles.items():
        for index, right in enumerate(part.rights):
            if right in part.rights[:index]:
                faults.add(("roles", name, "rights", index), f"{right.value!r} is written twice")
    if not any(Right.MANAGE_USERS in part.rights for part in roles.roles.values()):
        faults.add(("roles",), f"no role has the right {Right.MANAGE_USERS.value!r}: nobody could add a user")
    return (None if faults.faults else roles), faults.faults
