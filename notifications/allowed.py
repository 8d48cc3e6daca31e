"""What a template with the house's own wording may contain: an allow-list, asked before anything is compiled.

What passes is bounded by what it is given: it prints fields of the mail and its own words, chooses between
them, and goes through lists of the mail, each at most once inside another. It can call nothing, build nothing
and repeat nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from jinja2 import Environment, TemplateSyntaxError, nodes

from engine.nearest import nearest
from engine.thai_dates import to_thai_digits

#: What a template can see: the fields of a mail with the shape of each, the one shape of all in a list, or
#: ``None`` for a text, a number or a truth.
Shape = dict[str, "Shape"] | list["Shape"] | None

#: Filters that cannot make much out of little. `replace`, `join`, `center` and `format` can.
FILTERS: Mapping[str, Callable[..., Any] | None] = {
    "default": None,
    "e": None,
    "escape": None,
    "length": None,
    "lower": None,
    "trim": None,
    "upper": None,
    "thai_digits": lambda value: to_thai_digits(str(value)),
}
TESTS = ("divisibleby", "even", "odd")
MOST_BYTES = 64 * 1024
DEEPEST_LOOP = 2

_LOOP: Shape = dict.fromkeys(("index", "index0", "revindex", "revindex0", "first", "last", "length"))
#: These say nothing themselves; what is inside them is looked at.
_HARMLESS = (
    nodes.Template,
    nodes.Scope,
    nodes.Output,
    nodes.TemplateData,
    nodes.Const,
    nodes.If,
    nodes.CondExpr,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Compare,
    nodes.Operand,
)
#: How what is refused is written, where its name in Jinja says it badly.
_WRITTEN = {
    "Add": "+",
    "Assign": "set",
    "AssignBlock": "set",
    "Call": "( )",
    "CallBlock": "call",
    "Concat": "~",
    "Dict": "{ }",
    "Div": "/",
    "FilterBlock": "filter",
    "FloorDiv": "//",
    "FromImport": "import",
    "Getitem": "[ ]",
    "List": "[ ]",
    "Mod": "%",
    "Mul": "*",
    "Neg": "-",
    "Pos": "+",
    "Pow": "**",
    "ScopedEvalContextModifier": "autoescape",
    "Sub": "-",
    "Tuple": "( , )",
}


class Fault(NamedTuple):
    """What is wrong in a template: its line (0 for all of it), the kind, and plain particulars."""

    line: int
    kind: str
    params: dict[str, Any]


def shape_of(value: Any) -> Shape:
    """The shape of the values that a mail gives to its template; of a list, that of its first element."""
    if isinstance(value, dict):
        return {name: shape_of(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shape_of(value[0])]
    return None


def faults_of(source: str, environment: Environment, shape: Shape, frame: str) -> list[Fault]:
    """Everything in the template that is not allowed, by line; nothing of it is compiled or run.

    ``frame`` is the only template that it may extend.
    """
    if len(source.encode()) > MOST_BYTES:
        return [Fault(0, "override.too_long", {"most": MOST_BYTES})]
    try:
        tree = environment.parse(source)
        found = list(_Inspector(shape, frame).faults(tree))
    except TemplateSyntaxError as error:
        return [Fault(error.lineno, "override.syntax", {"text": error.message or ""})]
    except ValueError as error:  # a number of more digits than Python reads
        return [Fault(0, "override.syntax", {"text": str(error)})]
    except RecursionError:
        return [Fault(0, "override.too_deep", {})]
    return sorted(found, key=lambda fault: fault.line)


class _Inspector:
    """Walks through a parsed template and knows what each name stands for where it is used."""

    def __init__(self, shape: Shape, frame: str) -> None:
        assert isinstance(shape, dict)
        self._top = shape
        self._frame = frame
        self._scopes: list[dict[str, Shape]] = [shape]

    def faults(self, node: nodes.Node) -> Iterator[Fault]:
        """Every fault of the node and of what is in it."""
        match node:
            case nodes.For():
                yield from self._loop(node)
            case nodes.Name() | nodes.Getattr():
                yield from self._reached(node)[1]
            case nodes.Filter():
                yield from self._filter(node)
            case nodes.Test():
                yield from self._listed(node, node.node, "override.test", [*TESTS])
            case nodes.Extends():
                if not isinstance(node.template, nodes.Const) or node.template.value != self._frame:
                    yield Fault(node.lineno, "override.extends", {"known": self._frame})
            case nodes.Block():
                if node.name != "content" or node.scoped or len(self._scopes) > 1:
                    yield Fault(node.lineno, "override.block", {"given": node.name})
                yield from self._inside(node)
            case _ if isinstance(node, _HARMLESS):
                yield from self._inside(node)
            case _:
                name = type(node).__name__
                given = _WRITTEN.get(name, name.lower())
                yield Fault(node.lineno, "override.not_allowed", {"given": given})

    def _inside(self, node: nodes.Node) -> Iterator[Fault]:
        for child in node.iter_child_nodes():
            yield from self.faults(child)

    def _loop(self, node: nodes.For) -> Iterator[Fault]:
        """A loop goes through a list of the mail; one inside it through a list of the element at hand."""
        shape, faults = self._reached(node.iter)
        if node.recursive or not isinstance(node.target, nodes.Name):
            faults.append(Fault(node.lineno, "override.not_allowed", {"given": "for"}))
        elif not faults and not isinstance(shape, list):
            faults.append(Fault(node.lineno, "override.no_list", {}))
        elif len(self._scopes) > DEEPEST_LOOP or (len(self._scopes) > 1 and self._from_top(node.iter)):
            faults.append(Fault(node.lineno, "override.nested", {"deepest": DEEPEST_LOOP}))
        if faults:
            yield from faults
            return
        assert isinstance(node.target, nodes.Name)
        assert isinstance(shape, list)
        self._scopes.append({node.target.name: shape[0], "loop": _LOOP})
        for child in (*node.body, *([node.test] if node.test else [])):
            yield from self.faults(child)
        self._scopes.pop()
        for child in node.else_:
            yield from self.faults(child)

    def _reached(self, node: nodes.Node) -> tuple[Shape, list[Fault]]:
        """What a name, or a field of one, stands for."""
        match node:
            case nodes.Name(ctx="load"):
                for scope in reversed(self._scopes):
                    if node.name in scope:
                        return scope[node.name], []
                known = [name for scope in self._scopes for name in scope]
                return None, [_unknown(node, "override.unknown_name", node.name, known)]
            case nodes.Getattr(ctx="load"):
                shape, faults = self._reached(node.node)
                if faults:
                    return None, faults
                known = list(shape) if isinstance(shape, dict) else []
                if isinstance(shape, dict) and node.attr in shape:
                    return shape[node.attr], []
                return None, [_unknown(node, "override.unknown_field", node.attr, known)]
        return None, [*self.faults(node)]

    def _from_top(self, node: nodes.Node) -> bool:
        """Whether the list is one of the whole mail, which would be gone through again and again."""
        while isinstance(node, nodes.Getattr):
            node = node.node
        return isinstance(node, nodes.Name) and not any(node.name in scope for scope in self._scopes[1:])

    def _filter(self, node: nodes.Filter) -> Iterator[Fault]:
        if node.node is None:
            yield Fault(node.lineno, "override.not_allowed", {"given": "filter"})
        else:
            yield from self._listed(node, node.node, "override.filter", [*FILTERS])

    def _listed(
        self, node: nodes.Filter | nodes.Test, value: nodes.Node, kind: str, known: list[str]
    ) -> Iterator[Fault]:
        """A filter or a test is one of the list, and is given plain arguments."""
        if node.name not in known:
            yield _unknown(node, kind, node.name, known)
            yield from self.faults(value)
        elif node.kwargs or node.dyn_args or node.dyn_kwargs:
            yield Fault(node.lineno, "override.not_allowed", {"given": f"{node.name}(…=…)"})
        else:
            yield from self._inside(node)


def _unknown(node: nodes.Node, kind: str, given: str, known: list[str]) -> Fault:
    return Fault(
        node.lineno, kind, {"given": given, "nearest": nearest(given, known), "known": sorted(known)}
    )
