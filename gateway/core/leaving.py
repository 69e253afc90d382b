"""Where leaving can be refused at all: a school's pupils at a gate, and who may be one for all anybody knows.

Everywhere else nobody is held: a rule, a clock, a ledger or a guard that fails lets out.
"""

from gateway.core.nouns import CredentialKind, HolderKind, Portal, PortalKind, Profile, Request, World


def is_watched_exit(portal: Portal, profile: Profile, credential: CredentialKind) -> bool:
    """A school's pedestrian gate that is no escape route; what a plate opens is a vehicle's exit, and free."""
    return (
        profile is Profile.SCHOOL
        and portal.kind is PortalKind.GATE
        and not portal.is_escape_route
        and credential is not CredentialKind.PLATE
    )


def leaving_can_be_refused(request: Request, world: World, holder: str | None) -> bool:
    """True if `holder` (a reference, None if unknown) may be kept from leaving by this portal."""
    portal = world.campus.portals.get(request.portal)
    if portal is None or not is_watched_exit(portal, world.campus.profile, request.credential):
        return False
    person = None if holder is None else world.directory.holders.get(holder)
    return person is None or person.kind is HolderKind.STUDENT
