"""The streaming acoustic model with folding attention in torch (arXiv 2309.07988)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from hwflow.frontends.brevitas.folding import FoldedLayer
from hwflow.frontends.brevitas.past import Past, Stream, Whole, Windows
from hwflow.frontends.brevitas.quantization import Quantization, Quantized, values
from hwflow.models.folded_config import STRIDE, FoldedAsrConfig


class FoldedAsr(nn.Module):
    """Logits (batch, frames / 2, tokens + 1) of CTC from log-mel frames (batch, frames, bands).

    `forward`, `whole` and `step`, chunk after chunk, give the same bits.
    """

    def __init__(self, config: FoldedAsrConfig, q: Quantization) -> None:
        super().__init__()
        self.config = config
        window = config.context + config.chunk_tokens
        self.input = q.identity("input")
        self.front = q.strided_conv("front", config.bands, config.dim, config.kernel, STRIDE)
        self.front_relu = q.relu("front_relu")
        self.layers = nn.ModuleList(
            FoldedLayer(config.dim, config.hidden, config.heads, fold, config.context, window, q.at(f"layers.{index}"))
            for index, fold in enumerate(config.folds)
        )
        self.head = q.linear("head", config.dim, config.outputs)
        self.output = q.identity("output", "output")

    def forward(self, x: Tensor) -> Tensor:
        """Whole sequences (batch, frames, bands), each of whole chunks, worked on chunk beside chunk."""
        chunks = self.config.chunks(int(x.shape[1]))
        y = self._run(x.reshape(-1, self.config.chunk, x.shape[2]), Windows(chunks))
        return y.reshape(len(x), -1, y.shape[2])

    def whole(self, x: Tensor) -> Tensor:
        """The same, as one sequence under the mask of the chunks."""
        self.config.chunks(int(x.shape[1]))
        tokens = int(x.shape[1]) // STRIDE
        return self._run(x, Whole(tokens, self.config.chunk_tokens, self.config.context))

    def step(self, x: Tensor, states: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """One chunk (batch, chunk, bands) after ``states``: its logits and the states behind it. Theirs are those
        of ``config.state_shapes``."""
        stream = Stream(states)
        return self._run(x, stream), stream.next

    def _run(self, x: Tensor, past: Past) -> Tensor:
        y = self._front(x, past)
        for layer in self.layers:
            y = layer(y, past)
        return values(self.output(self.head(y)))

    def _front(self, x: Tensor, past: Past) -> Quantized:
        """The causal convolution: frames and those before them to tokens."""
        frames = values(self.input(x))
        if self.config.kernel > STRIDE:
            # The quantiser again, for its scale: it changes nothing.
            frames = past.extend(frames, self.config.kernel - STRIDE, self.input)
        accumulator = self.front(self.input(frames).transpose(1, 2))
        return self.front_relu(accumulator.transpose(1, 2))


class ChunkModel(nn.Module):
    """`FoldedAsr.step` with its states as arguments: (chunk, *states) to (logits, *new states)."""

    def __init__(self, model: FoldedAsr) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        logits, after = self.model.step(x, states)
        return logits, *after


class WholeModel(nn.Module):
    """`FoldedAsr.whole` as a module."""

    def __init__(self, model: FoldedAsr) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        return self.model.whole(x)
