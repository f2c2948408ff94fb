"""PostgreSQL: found on this machine or installed, with a database cluster of the platform's own in its data folder."""

import asyncio
import os
import pwd
import secrets
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.local.child import Executable
from infra.local.engines.build import EngineError
from infra.local.options import HOST
from infra.local.plan import Part

USER: Final = "tasks"
DATABASE: Final = "postgres"

_DEBIAN: Final = Path("/usr/lib/postgresql")
_ADVICE: Final = "Install it (Debian: apt-get install postgresql), or have its `initdb` on PATH"
_PASSWORD: Final = "password"  # noqa: S105 - the name of a file
_PROTOCOL: Final = 3 << 16
_SETTINGS: Final = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "log_checkpoints": "off",
}


def find() -> Path | None:
    """Return the folder of PostgreSQL's programs, or None where there is none."""
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    versions = (folder for folder in _DEBIAN.glob("*/bin") if (folder / "initdb").exists())
    return max(versions, key=lambda folder: int(folder.parent.name), default=None)


def programs() -> Path:
    """Return the folder of PostgreSQL's programs; EngineError where there is none."""
    if found := find():
        return found
    raise EngineError(f"postgresql is missing. {_ADVICE}")


def install() -> None:
    """Install Debian's package; EngineError where that cannot be done."""
    if os.geteuid() or not shutil.which("apt-get"):
        raise EngineError(f"postgresql is missing, and only root can install it here. {_ADVICE}")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", "postgresql"]):
        done = subprocess.run(  # noqa: S603 - the commands are those above
            ["apt-get", *command],  # noqa: S607 - whichever is on PATH
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = done.stderr.strip() or done.stdout[-1000:]
            raise EngineError(f"postgresql cannot be installed: `apt-get {command[0]}` failed:\n{said}")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A database cluster in `folder`, served on `port` by the programs in `programs`."""

    programs: Path
    folder: Path
    port: int

    @property
    def connection_string(self) -> str:
        """What daprd's state store connects with; the password is there once the cluster is made."""
        password = (self.folder / _PASSWORD).read_text()
        return f"host={HOST} port={self.port} user={USER} password={password} dbname={DATABASE} sslmode=disable"

    def make(self) -> None:
        """Make the cluster, if there is none yet."""
        if (self._data / "PG_VERSION").exists():
            return
        owner = owner_of_clusters()
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._data, ignore_errors=True)
        password = self.folder / _PASSWORD
        password.touch(0o600)
        password.write_text(secrets.token_urlsafe(24))
        if owner:
            shutil.chown(self.folder, owner)
            shutil.chown(password, owner)
        unfinished = self.folder / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        if problem := self._init(unfinished, password, owner):
            hint = f" The server runs as {owner}, since you are root: is the folder within its reach?" if owner else ""
            raise EngineError(f"postgresql cannot make its cluster in {self.folder}.{hint} It said:\n{problem}")
        unfinished.rename(self._data)

    def part(self) -> Part:
        """Return the server."""
        settings = {**_SETTINGS, "port": str(self.port)}
        program = Executable(
            name="postgresql",
            path=str(self.programs / "postgres"),
            arguments=("-D", str(self._data), *(f"--{name}={value}" for name, value in settings.items())),
            environment={"PATH": os.defpath, "TZ": "UTC"},
            user=owner_of_clusters(),
        )
        return Part(program, PostgresProbe(self.port), (self.port,))

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _init(self, folder: Path, password: Path, owner: str | None) -> str:
        """Return what went wrong, if anything."""
        initdb = [str(self.programs / "initdb"), "-D", str(folder), "-U", USER, f"--pwfile={password}"]
        try:
            subprocess.run(  # noqa: S603 - the command is the one above
                [*initdb, "-A", "scram-sha-256", "-E", "UTF8", "--no-locale", "--no-instructions"],
                user=owner,
                cwd="/",
                capture_output=True,
                text=True,
                check=True,
            )
        except OSError as error:
            return str(error)
        except subprocess.CalledProcessError as error:
            return str(error.stderr).strip()
        return ""


@dataclass(frozen=True, slots=True)
class PostgresProbe:
    """Asks to log in: what follows is the question for the password, once the server takes connections."""

    port: int

    async def succeeds(self) -> bool:
        """Tell whether the server is ready."""
        reader, writer = await asyncio.open_connection(HOST, self.port)
        try:
            parameters = f"user\0{USER}\0database\0{DATABASE}\0\0".encode()
            writer.write(struct.pack("!ii", 8 + len(parameters), _PROTOCOL) + parameters)
            return await reader.readexactly(1) == b"R"
        finally:
            writer.close()


def owner_of_clusters() -> str | None:
    """Return the user that the server runs as: it refuses to be root. None is whoever we are."""
    if os.geteuid():
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise EngineError("postgresql refuses to run as root, and there is neither a user postgres nor nobody")
