"""What is swept out of a house: files that nobody attached, results that nobody fetched, old pictures."""

from cli.bootstrap import House
from storage import endpoints, jobs
from storage.previews import Previews
from storage.uploads import Uploads


def sweep_files(house: House) -> int:
    """Remove what has lain long enough; returns how many files there were."""
    now = house.clock()
    with house.store.begin() as tx:
        jobs.sweep(tx.connection, now)
        endpoints.sweep(tx.connection, now)
    uploads = Uploads(house.store, house.evidence, house.scanner)
    return uploads.sweep(now) + Previews(house.evidence).sweep(now)
