"""Configuration of the streaming acoustic model with folding attention. Imports no torch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hwflow.errors import UserError
from hwflow.models.precision import Precision

Size = Annotated[int, Field(ge=1, le=4096)]
STRIDE = 2  # frames a token
FACTORS = (1, 2, 4, 8)
FRAME_SECONDS = 0.01


class FoldedAsrConfig(BaseModel):
    """A streaming acoustic model with folding attention (arXiv 2309.07988).

    Stated there: folding splits each token of D features into N sub-tokens. The rest is our reading: attention,
    feed-forward, residuals and norms of a folded layer all have the width D / N; a causal convolution of stride 2 over
    log-mel frames in front, a CTC head behind. A query sees its own chunk and ``context`` tokens before it, whose keys
    and values are cached: zeros before the first chunk.

    ``folds``: the factor N of each layer, 1 for a plain one. ``chunk``: frames of 10 ms in one inference.
    ``context``: tokens in a cache, each of 2 frames. ``tokens``: what is told apart, without CTC's blank.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    family: Literal["folded_asr"] = "folded_asr"
    dataset: Literal["digits", "speech"] = "digits"
    bands: Annotated[int, Field(ge=1, le=256)] = 16
    dim: Size = 32
    heads: Size = 2
    hidden: Size = 64
    folds: Annotated[tuple[int, ...], Field(min_length=1, max_length=48)] = (1, 2, 1, 2)
    kernel: Annotated[int, Field(ge=2, le=64)] = 4
    chunk: Size = 16
    context: Size = 16
    tokens: Size = 10
    precision: Precision = Precision()

    @property
    def input_shape(self) -> tuple[int, int]:
        """(frames of a chunk, mel bands)."""
        return self.chunk, self.bands

    @property
    def chunk_tokens(self) -> int:
        """Tokens of a chunk."""
        return self.chunk // STRIDE

    @property
    def outputs(self) -> int:
        """Logits of a token: CTC's blank, then the tokens."""
        return self.tokens + 1

    @property
    def state_shapes(self) -> dict[str, tuple[int, int]]:
        """Name and shape (rows, width) of each state, in order; all start as zeros.

        The frames that the convolution still needs, then the keys and values of every layer, folded.
        """
        shapes = {"frames": (self.kernel - STRIDE, self.bands)} if self.kernel > STRIDE else {}
        for index, fold in enumerate(self.folds):
            for name in ("key", "value"):
                shapes[f"{name}_{index}"] = (self.context * fold, self.dim // fold)
        return shapes

    def chunks(self, frames: int) -> int:
        """The chunks in a sequence of ``frames`` frames.

        Raises:
            UserError: if they do not come out even.
        """
        if frames % self.chunk:
            expected = f"a multiple of the chunk of {self.chunk}"
            raise UserError("folded_asr", f"{frames} frames", expected, "Pad the sequence with silence.")
        return frames // self.chunk

    @property
    def chunk_seconds(self) -> float:
        """The duration of a chunk."""
        return self.chunk * FRAME_SECONDS

    @model_validator(mode="after")
    def _check(self) -> FoldedAsrConfig:
        """Refuse what does not fold or stream; a UserError goes through pydantic as it is."""
        for index, fold in enumerate(self.folds):
            subject = f"layer {index} of folded_asr"
            if fold not in FACTORS:
                expected = "a factor of 1, 2, 4 or 8"
                raise UserError(subject, f"folding factor {fold}", expected, "Change the factor.")
            width = self.dim // fold
            if self.dim % fold or self.hidden % fold:
                found = f"folding factor {fold} for a width of {self.dim} and a feed-forward width of {self.hidden}"
                raise UserError(subject, found, "a factor that divides both", "Change the factor or the widths.")
            if width % self.heads:
                found = f"{self.heads} heads in a folded width of {self.dim} / {fold} = {width}"
                raise UserError(subject, found, "heads that divide it", "Use fewer heads or a smaller factor.")
        if self.chunk % STRIDE:
            found, expected = f"chunks of {self.chunk} frames", f"a multiple of the stride {STRIDE}"
            raise UserError("folded_asr", found, expected, "Change the chunk.")
        if self.chunk_tokens > self.context:
            found = f"chunks of {self.chunk_tokens} tokens and a cache of {self.context}"
            raise UserError("folded_asr", found, "chunks no longer than the cache", "Shorten the chunk or lengthen it.")
        return self


_SMALL = FoldedAsrConfig()
ASR_ZOO = {
    "folded_asr": _SMALL,
    "folded_asr_plain": _SMALL.model_copy(update={"folds": (1, 1, 1, 1)}),
    "folded_asr_all2": _SMALL.model_copy(update={"folds": (2, 2, 2, 2)}),
    "folded_asr_all4": _SMALL.model_copy(update={"folds": (4, 4, 4, 4)}),
}
"""D = 32, 4 layers: two of them folded by 2, none, all by 2, all by 4."""
