"""The server of the bench of uploads, a process asked by lines: ``python -m benchmarks.uploading``."""

import json
import sys
import threading
from pathlib import Path

import uvicorn

from benchmarks import schema, work
from benchmarks import sweep_city as city
from benchmarks.memory import held_megabytes, peak_megabytes
from cli import bootstrap
from cli.bootstrap import keep_what_is_there
from cli.evidence_settings import EvidenceSection
from cli.serve import listening_on
from cli.settings import Database, Settings
from cli.site import site_of
from engine.quarter import BE_OFFSET
from storage import sessions
from storage.sessions import Client
from web.app import create_app

_RESET = Path("/proc/self/clear_refs")


def main() -> None:
    folder, most = Path(sys.argv[1]), int(sys.argv[2])
    path = str(folder / "city.db")
    city.build(path, 1, agencies=2)
    settings = Settings(
        database=Database(url=schema.sqlite_url(path)),
        evidence=EvidenceSection(folder=folder / "evidence", max_bytes=most, open_bytes=2 * most),
    )
    house = bootstrap.build(settings)
    with house.store.begin() as tx:
        coordinator = work.coordinator_of(city.agency_of(1, 2))
        secret = sessions.begin(tx, coordinator, Client("127.0.0.1", "bench"), house.clock())
    with listening_on("127.0.0.1", 0) as listening:
        config = uvicorn.Config(create_app(site_of(house)), lifespan="off", log_level="warning")
        threading.Thread(target=uvicorn.Server(config).run, args=([listening],), daemon=True).start()
        keep_what_is_there(house)
        year, code = work.FISCAL_YEAR + BE_OFFSET, work.code_of(1)
        told = {
            "port": listening.getsockname()[1],
            "cookie": f"radap-session={secret}",
            "form": f"/indicators/{year}/{code}/milestones/{work.MILESTONES[0]}/evidence",
        }
        print(json.dumps(told), flush=True)
        for line in sys.stdin:
            print(_answer(line.strip()), flush=True)


def _answer(asked: str) -> float:
    if asked == "most":
        return peak_megabytes()
    if _RESET.exists():
        _RESET.write_text("5")  # from now on the peak is that of what comes
    return held_megabytes()


if __name__ == "__main__":
    main()
