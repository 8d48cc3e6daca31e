"""The schema's version: create it, upgrade it, and refuse a database that a newer release has written."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine

from engine.errors import refuse

_FOLDER = Path(__file__).parent / "migrations"


def upgrade(engine: Engine, target: str = "head") -> tuple[str | None, str | None]:
    """Bring the schema to ``target``; returns the revision before and after."""
    before = revision(engine)
    _refuse_newer(before)
    with engine.connect() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, target)
        connection.commit()
    return before, revision(engine)


def revision(engine: Engine) -> str | None:
    """The revision that the database is at; ``None`` for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """The revision that this release needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def require_current(engine: Engine) -> None:
    """Refuse an empty database, an older schema and a newer one, each with what to do."""
    found = revision(engine)
    if found is None:
        raise refuse("schema.missing")
    _refuse_newer(found)
    if found != newest():
        raise refuse("schema.older", found=found, needed=newest())


def _refuse_newer(found: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found is not None and found not in known:
        raise refuse("schema.newer", found=found, needed=newest())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config
