"""What was drawn before, and from what: while that is the same, it is not drawn again."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

from markupsafe import Markup


class Drawn:
    """The last pieces of one kind, each beside the values that it was drawn from; shared by threads.

    The values are compared, not trusted to be new or old: whatever changes in the database is seen at once.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._pieces: OrderedDict[Hashable, tuple[object, Markup]] = OrderedDict()
        self._lock = Lock()

    def piece(self, place: Hashable, values: object, draw: Callable[[], Markup]) -> Markup:
        """The piece that was drawn in that place from equal values, or else a new one."""
        with self._lock:
            kept = self._pieces.get(place)
        if kept is not None and kept[0] == values:
            return kept[1]
        piece = draw()
        with self._lock:
            self._pieces[place] = values, piece
            self._pieces.move_to_end(place)
            while len(self._pieces) > self._most:
                self._pieces.popitem(last=False)
        return piece
