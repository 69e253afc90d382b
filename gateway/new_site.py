"""A new site's folder: the example campus as a working configuration, with secrets that no other site has."""

import re
import secrets
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from gateway.core.kinds import Profile
from gateway.local_authority import own_names, write_authority, write_secret
from gateway.secret_files import SECRET_BYTES, SECRETS
from gateway.settings import shipped

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|[0-9a-fA-F:.]{2,45}")


class CannotInit(Exception):
    """The folder is not taken; the text says why."""


def write_new_site(directory: Path, profile: Profile, hosts: Sequence[str], now: datetime) -> None:
    """Write everything that `wardgate run` needs into an empty or new folder; raises `CannotInit`."""
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise CannotInit(f"{host!r} is not a host name or address")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise CannotInit(f"{directory} is not empty: nothing was written")
        shutil.copyfile(shipped("wardgate.yaml"), directory / "wardgate.yaml")
        shutil.copyfile(shipped(f"campus.{profile.value}.yaml"), directory / "campus.yaml")
        shutil.copyfile(shipped(f"policy.{profile.value}.yaml"), directory / "policy.yaml")
        shutil.copyfile(shipped("roles.yaml"), directory / "roles.yaml")
        shutil.copyfile(shipped("cameras.yaml"), directory / "cameras.yaml")
        shutil.copyfile(shipped("plan.yaml"), directory / "plan.yaml")
        (directory / "secrets").mkdir(mode=0o700)
        for name in SECRETS:
            write_secret(directory / "secrets" / f"{name}.key", secrets.token_hex(SECRET_BYTES).encode() + b"\n")
        write_secret(directory / "secrets" / "mqtt.password", secrets.token_urlsafe(24).encode() + b"\n")
        write_authority(directory / "tls", "main", list(dict.fromkeys([*own_names(), *hosts])), now)
    except NotADirectoryError:
        raise CannotInit(f"{directory} is not a folder") from None
    except FileExistsError:
        raise CannotInit(f"{directory} is not a folder, or somebody else is writing there") from None
    except OSError as error:
        raise CannotInit(f"{directory}: {error.strerror}") from error
