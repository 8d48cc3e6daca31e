"""Which operation of the API is the twin of which route of the pages, and which are for people alone."""

from web.coordinator.acts import ACTS

#: Routes without a twin, by how their path begins, each with the reason.
PAGES_ONLY: dict[str, str] = {
    "/sign-in": "programs bring a token",
    "/sign-out": "programs bring a token",
    "/forgotten": "a password is for people",
    "/password/": "a password is for people",
    "/account/password": "a password is for people",
    "/account/sessions": "a session is a browser's",
    "/account/second-factor": "a code is for people",
    "/account/tokens": "no token makes another one, or ends one that was stolen first",
    "/account/agency": "programs say each time of which agency they speak",
    "/links/": "what mails open, for whoever holds the mail",
    "/calendar/{token}": "what calendars fetch, by a secret of their own",
    "/offline": "the page without a connection",
    "/worker.js": "the page without a connection",
    "/matrix/live": "tells an open page that it is out of date; programs ask again",
    "/public": "open to everybody, with files of its own for programs",
    "/administration:GET": "nothing but the way to the pages below it",
}

_ONE = "/indicators/{year}/{code}"
_PROPOSALS = f"{_ONE}/proposals"
_QUARTER = f"{_ONE}/quarters/{{quarter}}"
_MILESTONE = f"{_ONE}/milestones/{{milestone}}"
#: What a page calls a part of its path is called otherwise by its twin.
_PARTS = {"milestones": "milestone"}

Route = tuple[str, str]
#: By method and path of the page; a form that is only asked for has the twin that does what it asks.
TWINS: dict[Route, Route] = {
    ("GET", "/"): ("GET", "/me/work"),
    ("GET", "/account"): ("GET", "/me"),
    ("GET", "/indicators"): ("GET", "/indicators"),
    ("GET", _ONE): ("GET", _ONE),
    ("GET", f"{_ONE}/history"): ("GET", f"{_ONE}/history"),
    ("GET", f"{_ONE}/proof"): ("GET", f"{_ONE}/level"),
    ("GET", _MILESTONE): ("GET", _MILESTONE),
    ("GET", f"{_MILESTONE}/record"): ("POST", f"{_MILESTONE}/record"),
    ("POST", f"{_MILESTONE}/record"): ("POST", f"{_MILESTONE}/record"),
    ("GET", f"{_MILESTONE}/correct"): ("POST", f"{_MILESTONE}/correct"),
    ("POST", f"{_MILESTONE}/correct"): ("POST", f"{_MILESTONE}/correct"),
    ("POST", f"{_MILESTONE}/evidence"): ("POST", f"{_MILESTONE}/evidence"),
    ("GET", f"{_ONE}/petitions/{{key}}"): ("GET", f"{_ONE}/petitions/{{number}}"),
    **{
        (method, f"{path}/ask"): ("POST", f"{_ONE}/petitions")
        for path in (_ONE, _MILESTONE, _QUARTER)
        for method in ("GET", "POST")
    },
    **{
        (method, f"{_ONE}/{act.to}/{{key}}/{act.name}"): (
            "POST",
            f"{_ONE}/{act.to}/{{{_PARTS.get(act.to, 'number')}}}/{act.name}",
        )
        for act in ACTS
        for method in ("GET", "POST")
    },
    **{
        (method, f"{path}/ask_correction"): ("POST", f"{_ONE}/petitions")
        for path in (_MILESTONE, f"{_ONE}/occurrences/{{key}}")
        for method in ("GET", "POST")
    },
    ("GET", _PROPOSALS): ("GET", _PROPOSALS),
    ("POST", f"{_PROPOSALS}/read"): ("POST", f"{_PROPOSALS}/read"),
    ("POST", f"{_PROPOSALS}/accept"): ("POST", f"{_PROPOSALS}/accept"),
    ("GET", f"{_PROPOSALS}/{{key}}"): ("GET", f"{_PROPOSALS}/{{number}}"),
    ("POST", f"{_PROPOSALS}/{{key}}/accept"): ("POST", f"{_PROPOSALS}/{{number}}/accept"),
    ("POST", f"{_PROPOSALS}/{{key}}/refuse"): ("POST", f"{_PROPOSALS}/{{number}}/refuse"),
    ("GET", _QUARTER): ("GET", _QUARTER),
    ("POST", _QUARTER): ("POST", f"{_QUARTER}/write"),
    ("POST", f"{_QUARTER}/draft"): ("PUT", f"{_QUARTER}/draft"),
    ("POST", f"{_QUARTER}/draft/forget"): ("DELETE", f"{_QUARTER}/draft"),
    ("GET", f"{_QUARTER}/check"): ("GET", f"{_QUARTER}/check"),
    ("POST", f"{_QUARTER}/submit"): ("POST", f"{_QUARTER}/submit"),
    ("GET", f"{_QUARTER}/receipt"): ("GET", f"{_QUARTER}/receipt"),
    **{
        (method, f"{_QUARTER}/{name}"): ("POST", f"{_QUARTER}/{name}")
        for name in ("endorse", "return", "appeal")
        for method in ("GET", "POST")
    },
    ("GET", f"{_QUARTER}/evaluate"): ("GET", f"{_QUARTER}/evaluate"),
    ("POST", f"{_QUARTER}/evaluate"): ("POST", f"{_QUARTER}/accept"),
    ("GET", f"{_QUARTER}/second"): ("GET", f"{_QUARTER}/second"),
    ("POST", f"{_QUARTER}/second"): ("POST", f"{_QUARTER}/second"),
    ("GET", f"{_ONE}/appeals/{{number}}"): ("GET", f"{_ONE}/appeals/{{number}}"),
    ("POST", f"{_ONE}/appeals/{{number}}"): ("POST", f"{_ONE}/appeals/{{number}}/decide"),
    **{
        ("GET", f"{_ONE}/{name}"): ("GET", f"{_ONE}/{name}")
        for name in (
            "report.pdf",
            "report.xlsx",
            "evidence.zip",
            "evidence/{number}",
            "evidence/{number}/preview",
        )
    },
    **{
        ("GET", path): ("GET", path)
        for path in (
            "/matrix",
            "/matrix/{workflow}",
            "/city",
            "/city/plan",
            "/city/agencies",
            "/city/waiting",
            "/search",
            "/review",
            "/review/strictness",
            "/review/{year}/{workflow}/{milestone}",
            "/seals",
            "/seals/{year}/{quarter}",
            "/reports",
            "/jobs",
            "/jobs/{number}",
            "/jobs/{number}/file",
            "/uploads/{id}",
        )
    },
    ("POST", "/review/{year}/{workflow}/{milestone}"): ("POST", "/review/{year}/{workflow}/{milestone}"),
    # The last look before a seal; what it shows is told by the quarter itself.
    ("POST", "/seals/{year}/{quarter}/check"): ("POST", "/seals/{year}/{quarter}/close"),
    ("POST", "/seals/{year}/{quarter}/close"): ("POST", "/seals/{year}/{quarter}/close"),
    ("POST", "/seals/{year}/{quarter}/verify"): ("POST", "/seals/{year}/{quarter}/verify"),
    ("POST", "/reports"): ("POST", "/jobs"),
    ("POST", "/uploads"): ("POST", "/uploads"),
    ("PATCH", "/uploads/{id}"): ("PATCH", "/uploads/{id}"),
    ("DELETE", "/uploads/{id}"): ("DELETE", "/uploads/{id}"),
    # The diagram of the states is drawn; programs are told of each rung and what is met of it.
    ("GET", f"{_ONE}/states"): ("GET", f"{_ONE}/level"),
    ("GET", "/administration/jobs"): ("GET", "/administration/jobs"),
    ("POST", "/administration/jobs/{number}/move"): ("POST", "/administration/jobs/{number}/retry"),
    ("GET", "/administration/settings"): ("GET", "/settings"),
    ("GET", "/administration/settings/{key}"): ("GET", "/settings/{key}"),
    ("POST", "/administration/settings/{key}"): ("POST", "/settings/{key}"),
    ("GET", "/administration/agencies"): ("GET", "/agencies"),
    ("GET", "/administration/agencies/add"): ("POST", "/agencies"),
    ("POST", "/administration/agencies/add"): ("POST", "/agencies"),
    ("GET", "/administration/people"): ("GET", "/people"),
    ("GET", "/administration/people/add"): ("POST", "/people"),
    ("POST", "/administration/people/add"): ("POST", "/people"),
    ("GET", "/administration/people/{person}"): ("GET", "/people/{person}"),
    **{
        ("POST", f"/administration/people/{{person}}/{name}"): ("POST", f"/people/{{person}}/{name}")
        for name in (
            "give",
            "take",
            "link",
            "sessions",
            "tokens",
            "second-factor",
            "away",
            "back",
            "reachable",
        )
    },
    ("GET", "/administration/import"): ("POST", "/import/page"),
    ("POST", "/administration/import"): ("POST", "/import/page"),
    ("POST", "/administration/import/keep"): ("POST", "/import/page/keep"),
    ("GET", "/administration/calendar"): ("GET", "/calendar"),
    ("GET", "/administration/calendar/extend"): ("POST", "/extensions"),
    ("POST", "/administration/calendar/extend"): ("POST", "/extensions"),
    ("GET", "/administration/workflows"): ("GET", "/workflows"),
    ("GET", "/administration/workflows/{version}"): ("GET", "/workflows/{number}"),
    ("GET", "/administration/outbox"): ("GET", "/outbox"),
    ("GET", "/administration/outbox/{message}"): ("GET", "/outbox/{number}"),
    ("POST", "/administration/outbox/{message}/move"): ("POST", "/outbox/{number}/retry"),
    ("GET", "/administration/journal"): ("GET", "/journal"),
    ("GET", "/administration/entrance"): ("GET", "/entrance"),
    ("GET", "/administration/webhooks"): ("GET", "/webhooks"),
    ("GET", "/administration/webhooks/add"): ("POST", "/webhooks"),
    ("POST", "/administration/webhooks/add"): ("POST", "/webhooks"),
    ("GET", "/administration/webhooks/{endpoint}"): ("GET", "/webhooks/{number}"),
    ("POST", "/administration/webhooks/{endpoint}/do"): ("POST", "/webhooks/{number}/pause"),
    ("GET", "/administration/campaign"): ("POST", "/campaign"),
    ("POST", "/administration/campaign"): ("POST", "/campaign"),
    ("GET", "/administration/campaign/file"): ("GET", "/campaign"),
    ("POST", "/administration/campaign/carry-over"): ("POST", "/campaign/carry-over"),
    **{
        (method, page): (method, twin)
        for path in ("/spreadsheets", "/administration/spreadsheets")
        for method, page, twin in (
            ("GET", path, path),
            ("POST", path, path),
            ("GET", f"{path}/template", f"{path}/template"),
            ("GET", f"{path}/{{number}}", f"{path}/{{number}}"),
            ("POST", f"{path}/{{number}}", f"{path}/{{number}}/confirm"),
        )
    },
}


def is_for_people(method: str, path: str) -> bool:
    """Whether a route is for people alone."""
    exact = f"{path}:{method}" in PAGES_ONLY
    return exact or any(path.startswith(one) for one in PAGES_ONLY if ":" not in one)
