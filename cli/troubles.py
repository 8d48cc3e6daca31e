"""What databases and disks say when they fail, turned into conditions with a sentence and a way out."""

import errno
import re
import sqlite3
from collections.abc import Iterator

from sqlalchemy import exc

from engine.errors import Unmet

#: What SQLite says more closely: it finds no room for the index of its log.
_SQLITE_CLOSELY = {sqlite3.SQLITE_IOERR_SHMSIZE: "database.full"}
#: SQLite's primary result codes.
_SQLITE = {
    sqlite3.SQLITE_BUSY: "database.busy",
    sqlite3.SQLITE_LOCKED: "database.busy",
    sqlite3.SQLITE_READONLY: "database.read_only",
    sqlite3.SQLITE_FULL: "database.full",
    sqlite3.SQLITE_CANTOPEN: "database.cannot_open",
    sqlite3.SQLITE_PERM: "database.cannot_open",
    sqlite3.SQLITE_NOTADB: "database.no_database",
    sqlite3.SQLITE_CORRUPT: "database.damaged",
    sqlite3.SQLITE_IOERR: "database.disk_fails",
}
#: PostgreSQL's states; one without a state was never let in.
_POSTGRES = {
    "25006": "database.read_only",
    "53100": "database.full",
    "53300": "database.too_many",
    "55P03": "database.busy",
    "40001": "database.busy",
    "40P01": "database.busy",
    "57014": "database.busy",
    "42P01": "schema.missing",
    "42501": "database.forbidden",
    "28P01": "database.password",
    "28000": "database.password",
    "3D000": "database.no_such",
}
#: What the server says to whom it does not let in: the driver keeps no state of that.
_NOT_LET_IN = (
    (re.compile(r'FATAL: +database ".*" does not exist'), "database.no_such"),
    (
        re.compile(r'FATAL: +(password authentication failed|role ".*" does not exist|no pg_hba)'),
        "database.password",
    ),
)
_FILES = {
    errno.ENOENT: "file.missing",
    errno.EACCES: "file.forbidden",
    errno.EPERM: "file.forbidden",
    errno.EROFS: "file.read_only",
    errno.ENOSPC: "file.disk_full",
    errno.EDQUOT: "file.disk_full",
    errno.EISDIR: "file.is_folder",
    errno.ENOTDIR: "file.missing",
    errno.EEXIST: "file.exists",
}


def condition_of(error: BaseException, url: str) -> Unmet | None:
    """The condition behind an error of the database or of a file; ``None`` for our own mistakes."""
    for cause in _causes(error):
        if isinstance(cause, sqlite3.Error):
            return _of_sqlite(cause, url)
        if type(cause).__module__.partition(".")[0] == "psycopg":
            return _of_postgres(cause, url)
        if isinstance(cause, exc.TimeoutError):
            return Unmet("database.busy", {"url": url})
        if isinstance(cause, ModuleNotFoundError) and cause.name == "psycopg":
            return Unmet("database.no_driver", {})
        if isinstance(cause, OSError) and cause.errno in _FILES and cause.filename is not None:
            return Unmet(_FILES[cause.errno], {"file": str(cause.filename)})
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
            return Unmet("file.disk_full", {"file": ""})
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error itself, the driver's under it, and what led to it."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, exc.DBAPIError) and seen.orig is not None:
            yield seen.orig
        yield seen
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)


def _of_sqlite(error: sqlite3.Error, url: str) -> Unmet | None:
    code = getattr(error, "sqlite_errorcode", 0)
    if kind := _SQLITE_CLOSELY.get(code) or _SQLITE.get(code & 0xFF):
        return Unmet(kind, {"url": url})
    if "no such table" in str(error):
        return Unmet("schema.missing", {})
    return None


def _of_postgres(error: BaseException, url: str) -> Unmet | None:
    state = getattr(error, "sqlstate", None)
    if state in _POSTGRES:
        return Unmet(_POSTGRES[state], {"url": url})
    if state is None:
        for says, kind in _NOT_LET_IN:
            if says.search(str(error)):
                return Unmet(kind, {"url": url})
    if state is None or state.startswith(("08", "57P")):
        return Unmet("database.unreachable", {"url": url, "detail": _first_line(error)})
    return None


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]
