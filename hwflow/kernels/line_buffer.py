"""Which rows of an image a row of windows waits for and lets go, and how many rows a buffer has to hold."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, cycle, pairwise

from hwflow.ir.ops import Window

_FRAMES = 6  # from the third or so on, every frame takes as long as the one before


@dataclass(frozen=True)
class LineBuffer:
    """``op`` on an image of ``height`` x ``width`` pixels. A row that no window sees is dropped as it comes."""

    op: Window
    height: int
    width: int

    @property
    def out_height(self) -> int:
        """Rows of windows."""
        return (self.height + self.op.pads[0] + self.op.pads[2] - self.op.kernel[0]) // self.op.stride[0] + 1

    @property
    def out_width(self) -> int:
        """Windows in a row."""
        return (self.width + self.op.pads[1] + self.op.pads[3] - self.op.kernel[1]) // self.op.stride[1] + 1

    @property
    def row_beats(self) -> int:
        """Beats that a row of windows gives."""
        return self.out_width * self.op.kernel[0] * self.op.kernel[1]

    @cached_property
    def _seen(self) -> list[range]:
        """Rows of the image under each row of windows."""
        tops = [n * self.op.stride[0] - self.op.pads[0] for n in range(self.out_height)]
        return [range(max(0, top), min(self.height, top + self.op.kernel[0])) for top in tops]

    @cached_property
    def kept(self) -> list[bool]:
        """For each row of the image, whether a window sees it."""
        seen = {row for rows in self._seen for row in rows}
        return [row in seen for row in range(self.height)]

    @cached_property
    def awaited(self) -> list[int]:
        """Kept rows that each row of windows waits for; the first one waits for one at least."""
        numbers = [0, *accumulate(self.kept)]
        before = [numbers[rows.stop] if rows else 0 for rows in self._seen]
        return [b - a for a, b in pairwise([0, *accumulate([max(1, before[0]), *before[1:]], max)])]

    @cached_property
    def freed(self) -> list[int]:
        """Kept rows that no later row of windows sees, for each row of windows; the last one frees the rest."""
        last = {row: n for n, rows in enumerate(self._seen) for row in rows}
        ends = Counter(last.values())
        return [ends[n] for n in range(self.out_height)]

    @cached_property
    def slots(self) -> int:
        """The fewest rows with which no frame takes longer than its pixels or its windows, whichever is slower.

        That holds too where the neighbours slow the faster side down to the pace of the other.
        """
        load, emit = self.width, self.row_beats
        pixels, windows = self.height * load, self.out_height * emit
        paces = ((load, emit), (load * windows, emit * pixels))
        enough = (n for n in range(1, 2 * sum(self.kept)) if all(self._keeps_up(n, *pace) for pace in paces))
        return next(enough, 2 * sum(self.kept))

    def _keeps_up(self, slots: int, load: int, emit: int) -> bool:
        """Whether the interval is that of the slower side, when a row takes ``load`` cycles in and ``emit`` out."""
        ends = self._frame_ends(slots, load, emit)
        return bool(ends) and ends[-1] - ends[-2] == max(load * self.height, emit * self.out_height)

    def _frame_ends(self, slots: int, load: int, emit: int) -> list[int]:
        """Row by row: a kept one waits for a free slot, one of windows for its rows. Empty if that never ends."""
        free, dropped = deque([0] * slots), cycle(self._dropped)
        loaded, emitted, ends = 0, 0, []
        for _ in range(_FRAMES):
            for awaited, freed in zip(self.awaited, self.freed, strict=True):
                for _ in range(awaited):
                    if not free:
                        return []
                    loaded = max(loaded + load * next(dropped), free.popleft()) + load
                emitted = max(emitted, loaded) + emit
                free.extend([emitted] * freed)
            ends.append(emitted)
        return ends

    @property
    def _dropped(self) -> list[int]:
        """Rows that are dropped between each kept row and the one before, which may be of the frame before."""
        rows = [row for row, kept in enumerate(self.kept) if kept]
        return [b - a - 1 for a, b in pairwise([rows[-1] - self.height, *rows])]

    @property
    def counter_bits(self) -> int:
        """Registers of hwflow_window beside its memory. With a single tap, a position and its start are one."""
        op, several = self.op, [1 + (taps > 1) for taps in self.op.kernel]
        address = (self.slots * self.width - 1).bit_length()
        line = address - (self.width & -self.width).bit_length() + 1  # lines start at multiples of the width
        bits = 2 * self.slots.bit_length() + (self.width - 1).bit_length() + address + line * several[0]
        for axis, size, windows in ((0, self.height, self.out_height), (1, self.width, self.out_width)):
            reach = max(size + op.pads[axis], (windows - 1) * op.stride[axis] + op.kernel[axis])
            bits += (op.kernel[axis] - 1).bit_length() + (windows - 1).bit_length()
            bits += reach.bit_length() * several[axis]
        return bits

    @property
    def steps(self) -> int:
        """Steps of window.h for a frame by itself: a row comes in once ``slots`` lines reach as far, kept or not."""
        emitted, ready = 0, [0]  # when each number of rows is there
        for n in range(self.out_height + 1):
            top = n * self.op.stride[0] - self.op.pads[0]
            reach = self.height if n == self.out_height else min(self.height, max(0, top) + self.slots)
            while len(ready) <= reach:
                ready.append(max(ready[-1], emitted) + self.width)
            if n < self.out_height:
                bottom = min(self.height, max(0, top + self.op.kernel[0]))
                emitted = max(emitted, ready[bottom]) + self.row_beats
        return max(emitted, ready[-1])
