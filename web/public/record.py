"""The record of what is published (DCAT-AP as JSON-LD), by which catalogues of open data find the files."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from typing import Any, NamedTuple

from engine.quarter import FiscalYear
from engine.wording import Wording
from storage.published import Corrected, Seal
from storage.store import Store
from web.public.downloads import FILES

MEDIA_TYPE = "application/ld+json"
_EU = "http://publications.europa.eu/resource/authority"
#: Where each word of the record is explained.
_CONTEXT: Mapping[str, Any] = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_LANGUAGES = {"th": "THA", "en": "ENG"}
_FORMATS = {"csv": "CSV", "json": "JSON"}

Data = dict[str, Any]


class Content(NamedTuple):
    """How long a file is, and its hash."""

    size: int
    sha256: str


class Publisher(NamedTuple):
    """Who publishes: a name and a page; and under which licence, by its address, if that was decided."""

    name: str
    page: str
    licence: str = ""


class Addresses(NamedTuple):
    """Where the record lies, the page about a quarter, the data dictionary, and each file of a quarter."""

    record: str
    page: Callable[[Seal], str]
    dictionary: str
    file: Callable[[Seal, str], str]


def content_of(store: Store, seal: Seal, kind: str) -> Content:
    """A file as it would be handed out now: written through once, and held nowhere."""
    _, write = FILES[kind]
    digest, size = sha256(), 0
    for piece in write(store, seal):
        data = piece.encode()
        digest.update(data)
        size += len(data)
    return Content(size, digest.hexdigest())


def catalogue(
    seals: Iterable[Seal],
    since: Iterable[Corrected],
    publisher: Publisher,
    addresses: Addresses,
    wordings: Iterable[Wording],
    content: Callable[[Seal, str], Content],
) -> Data:
    """Every sealed quarter: a dataset for each fiscal year, a distribution for each of its files."""
    say, corrected = _Words(wordings), list(since)
    by_year = groupby(
        sorted(seals, key=lambda one: (one.quarter.fiscal_year, one.quarter.number)),
        key=lambda one: one.quarter.fiscal_year,
    )
    return {
        "@context": _CONTEXT,
        "@id": addresses.record,
        "@type": "dcat:Catalog",
        "dct:title": say("public.title"),
        "dct:description": say("public.about"),
        "dct:publisher": _publisher(publisher),
        "dct:language": [_authority("language", _LANGUAGES[one]) for one in say.languages],
        "foaf:homepage": {"@id": publisher.page},
        "dcat:dataset": [
            _dataset(FiscalYear(year), list(found), corrected, publisher, addresses, say, content)
            for year, found in by_year
        ],
    }


def _dataset(
    year: FiscalYear,
    seals: list[Seal],
    since: list[Corrected],
    publisher: Publisher,
    addresses: Addresses,
    say: "_Words",
    content: Callable[[Seal, str], Content],
) -> Data:
    return {
        "@id": f"{addresses.record}#{year.be}",
        "@type": "dcat:Dataset",
        "dct:identifier": f"radap-{year.be}",
        "dct:title": say("public.dataset", year=year),
        "dct:description": say("public.about"),
        "dct:publisher": _publisher(publisher),
        "dct:language": [_authority("language", _LANGUAGES[one]) for one in say.languages],
        "dct:issued": _instant(seals[0].sealed_at),
        "dct:modified": _instant(
            max([seals[-1].sealed_at, *(one.at for one in since if one.quarter.fiscal_year == year.year)])
        ),
        "dct:accrualPeriodicity": _authority("frequency", "QUARTERLY"),
        "dct:temporal": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": _typed("date", year.first_day.isoformat()),
            "dcat:endDate": _typed("date", year.last_day.isoformat()),
        },
        "dcat:landingPage": {"@id": addresses.page(seals[-1])},
        "foaf:page": {"@id": addresses.dictionary},
        "dcat:distribution": [
            _distribution(seal, kind, publisher, addresses, say, content) for seal in seals for kind in FILES
        ],
    }


def _distribution(
    seal: Seal,
    kind: str,
    publisher: Publisher,
    addresses: Addresses,
    say: "_Words",
    content: Callable[[Seal, str], Content],
) -> Data:
    file, found = {"@id": addresses.file(seal, kind)}, content(seal, kind)
    media_type = FILES[kind][0].partition(";")[0]
    licence = {"dct:license": {"@id": publisher.licence}} if publisher.licence else {}
    return {
        "@type": "dcat:Distribution",
        "dct:title": say("public.distribution", quarter=seal.quarter, kind=_FORMATS[kind]),
        "dct:issued": _instant(seal.sealed_at),
        "dcat:accessURL": {"@id": addresses.page(seal)},
        "dcat:downloadURL": file,
        "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{media_type}"},
        "dct:format": _authority("file-type", _FORMATS[kind]),
        "dcat:byteSize": _typed("nonNegativeInteger", str(found.size)),
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": _typed("hexBinary", found.sha256),
        },
        **licence,
    }


def _publisher(one: Publisher) -> Data:
    return {"@id": one.page, "@type": "foaf:Agent", "foaf:name": one.name}


def _authority(table: str, name: str) -> Data:
    """A word that catalogues of many countries share."""
    return {"@id": f"{_EU}/{table}/{name}"}


def _typed(kind: str, value: str) -> Data:
    return {"@type": f"xsd:{kind}", "@value": value}


def _instant(at: datetime) -> Data:
    return _typed("dateTime", at.isoformat(timespec="seconds"))


class _Words:
    """Says a sentence in every language, each with its tag."""

    def __init__(self, wordings: Iterable[Wording]) -> None:
        self._wordings = tuple(wordings)
        self.languages = [one.language for one in self._wordings]

    def __call__(self, kind: str, /, **params: Any) -> list[Data]:
        return [{"@language": one.language, "@value": one.say(kind, params)} for one in self._wordings]
