"""Tensors that are kept as views of others while a pass walks over a graph, and made real where a node needs them."""

from __future__ import annotations

from hwflow.ir.graph import Graph
from hwflow.ir.ops import Reshape, Transpose
from hwflow.passes.editor import Editor
from hwflow.passes.layout import Shape, View, lone_axis


class Views:
    """The graph that is built, and the views by tensor."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.editor = graph, Editor(graph)
        self.of: dict[str, View] = {}
        self._made: dict[str, str] = {}

    def shape(self, id: str) -> Shape:
        """Of any tensor."""
        return self.editor.tensors[id].shape

    def new(self, shape: Shape, like: str) -> str:
        """A tensor of another's type."""
        return self.editor.tensor(shape, self.editor.tensors[like].type)

    def result(self, shape: Shape, output: str) -> str:
        """The tensor that a node computes in place of ``output``; people find it under that one's name."""
        id, names = self.new(shape, output), self.editor.names
        if output in names:
            names[id] = f"{names[output]} (channels last)"
        return id

    def reshape(self, id: str, shape: Shape) -> str:
        """A tensor under another shape."""
        return id if self.shape(id) == shape else self.editor.add(Reshape(shape), (id,), self.new(shape, id))

    def real(self, id: str) -> str:
        """The tensor itself, or one equal to it in shape and order."""
        view = self.of.get(id)
        if view is None or id in self._made:
            return self._made.get(id, id)
        if view.in_order and self.shape(view.base) == self.shape(id):
            self._made[id] = view.base
        else:
            self._made[id] = self.make(id)
        return self._made[id]

    def make(self, id: str) -> str:
        """Compute a view under its own id."""
        view, shape = self.of[id], self.shape(id)
        if id in self.editor.producers:
            return id
        if view.in_order:
            return self.editor.add(Reshape(shape), (view.base,), id)
        source = self.reshape(view.base, view.mid)
        if view.shape == shape:
            return self.editor.add(Transpose(view.perm), (source,), id)
        moved = self.editor.add(Transpose(view.perm), (source,), self.new(view.shape, id))
        return self.editor.add(Reshape(shape), (moved,), id)

    def along(self, view: View, id: str, axis: int) -> tuple[str, Shape, int] | None:
        """The base, its shape and its axis that are an axis of a view; torn out of a longer axis if need be."""
        if view.row or view.shape != self.shape(id):
            return None
        place = view.perm[axis]
        found = lone_axis(view.mid, self.shape(view.base), place)
        if found is not None:
            return view.base, self.shape(view.base), found
        return self.reshape(view.base, view.mid), view.mid, place
