"""An indicator's page of the existing site: read from its text, and looked through for what is odd."""

from engine.pages.findings import findings
from engine.pages.kinds import Finding, Found, Weight
from engine.pages.reading import read_page
from engine.pages.text import LONGEST, Decoded, decoded
from engine.pages.values import Form, PlanLine, ReadPage, ReadQuarter

__all__ = [
    "LONGEST",
    "Decoded",
    "Finding",
    "Form",
    "Found",
    "PlanLine",
    "ReadPage",
    "ReadQuarter",
    "Weight",
    "decoded",
    "findings",
    "read_page",
]
