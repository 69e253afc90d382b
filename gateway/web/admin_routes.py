"""The routes of a school's everyday work: a part of the one table in `routes`."""

from gateway.core.rights import Right
from gateway.web import admin_shapes as shapes
from gateway.web import administration as desk
from gateway.web.dispatch import Route
from gateway.web.problems import Kind
from gateway.web.shapes import PersonWithCredentials

API = "/api/v1"
PEOPLE = frozenset({Right.MANAGE_PEOPLE})
SEE_WINDOWS = frozenset({Right.MANAGE_PEOPLE, Right.CONFIGURE, Right.MANAGE_PASSES, Right.SIGN_ORDERS})
USERS = frozenset({Right.MANAGE_USERS})
CONFIGURE = frozenset({Right.CONFIGURE})
SECOND = frozenset({Right.CONFIGURE, Right.SIGN_ORDERS})
"""Whoever may be the other of the two people."""
CONFLICT = (Kind.CONFLICT,)
TEXT_LIMIT = 2 * 1024 * 1024
"""A text of the largest size, each character as six of JSON."""

ADMIN_ROUTES: tuple[Route, ...] = (
    Route("POST", f"{API}/people", desk.add_person, "Enter one person; the next tap knows.", allowed=PEOPLE,
          body=shapes.NewPerson, answer=PersonWithCredentials, status=201, tag="people", problems=CONFLICT,
          records=True),
    Route("PATCH", f"{API}/people/{{person:[A-Za-z0-9._-]{{1,64}}}}", desk.change_person,
          "Change one person's entry or card; the next tap knows.", allowed=PEOPLE, body=shapes.PersonChange,
          answer=PersonWithCredentials, tag="people", records=True, problems=CONFLICT),
    Route("GET", f"{API}/windows", desk.get_windows, "Groups, and where and when they may pass.",
          allowed=SEE_WINDOWS, answer=shapes.Rights, tag="configuration"),
    Route("GET", f"{API}/roles", desk.list_roles, "The closed table of roles.", allowed=USERS, answer=shapes.Roles,
          tag="users"),
    Route("GET", f"{API}/configuration", desk.get_configuration,
          "The files, what is wrong with them, and what is proposed.", allowed=SECOND,
          answer=shapes.ConfigurationInfo, tag="configuration"),
    Route("GET", f"{API}/configuration/campus", desk.get_campus_file, "The campus file as it is.", allowed=SECOND,
          answer=shapes.ConfigurationText, tag="configuration", problems=(Kind.NOT_FOUND,)),
    Route("POST", f"{API}/configuration/check", desk.check_configuration, "What would be wrong with this campus file.",
          allowed=CONFIGURE, body=shapes.CheckConfiguration, answer=shapes.Faults, body_limit=TEXT_LIMIT,
          tag="configuration"),
    Route("POST", f"{API}/configuration/proposal", desk.propose_configuration,
          "Put another campus file before a second person.", allowed=CONFIGURE, body=shapes.ProposeConfiguration,
          answer=shapes.ProposalInfo, status=201, body_limit=TEXT_LIMIT, tag="configuration", problems=CONFLICT),
    Route("POST", f"{API}/configuration/proposal/withdraw", desk.withdraw_proposal, "Take the proposal back.",
          allowed=SECOND, body=shapes.ThisProposal, status=204, tag="configuration", problems=CONFLICT),
    Route("POST", f"{API}/configuration/proposal/accept", desk.accept_proposal,
          "The second person's word: the file is written and holds from the next start.", allowed=SECOND,
          body=shapes.ThisProposal, answer=shapes.ConfigurationInfo, tag="configuration", problems=CONFLICT),
    Route("POST", f"{API}/configuration/restart", desk.restart_gateway,
          "Start the gateway anew; devices decide alone for some seconds.", allowed=CONFIGURE, status=204,
          tag="configuration", problems=CONFLICT),
    Route("GET", f"{API}/backups", desk.list_backups, "The backups there are, and how the newest stands.",
          allowed=CONFIGURE, answer=shapes.BackupsInfo, tag="configuration"),
    Route("POST", f"{API}/backups", desk.make_backup, "Make one now.", allowed=CONFIGURE, answer=shapes.BackupsInfo,
          status=201, tag="configuration", problems=CONFLICT, body_within_s=30.0),
)  # fmt: skip
