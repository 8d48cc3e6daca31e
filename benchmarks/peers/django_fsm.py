"""Django ORM with django-fsm-2 on SQLite."""

import django
from django.conf import settings
from django.db import connection

from benchmarks import schema
from benchmarks.peers import Outcome
from benchmarks.work import fact_of

DATABASE = {
    "ENGINE": "django.db.backends.sqlite3",
    "OPTIONS": {"transaction_mode": "IMMEDIATE", "init_command": "; ".join(schema.DURABLE)},
    # As a long-lived server keeps it: no new connection for each advance.
    "CONN_MAX_AGE": None,
}


class DjangoFsm:
    """Models, FSMField with a condition, select_for_update, one atomic block per advance."""

    def fill(self, url: str, indicators: int) -> None:
        schema.fill_sqlite(url, indicators)

    def open(self, url: str, indicators: int) -> None:
        self._path = url
        self._indicators = indicators
        settings.configure(
            DATABASES={"default": {**DATABASE, "NAME": url}},
            INSTALLED_APPS=["benchmarks.peers.django_app"],
            USE_TZ=True,
            DEBUG=False,
        )
        django.setup()
        # Django allows models only once its settings are in place.
        from benchmarks.peers.django_app.recording import record  # noqa: PLC0415  only once Django is set up

        self._record = record

    def advance(self, i: int) -> None:
        self._record(fact_of(i, self._indicators))

    def outcome(self) -> Outcome:
        return schema.outcome_sqlite(self._path)

    def close(self) -> None:
        connection.close()
