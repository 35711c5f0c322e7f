"""Configurations of the single-head vision transformers. Imports no torch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from hwflow.models.precision import Precision

Size = Annotated[int, Field(ge=1, le=4096)]


class ShvitConfig(BaseModel):
    """The single-head vision transformer SHViT (Yun and Ro, arXiv 2401.16456) of square images.

    ``stem`` holds the strides of the first convolutions, which double the channels up to ``dims[0]``; ``partial`` the
    channels that attend in the second and the third stage. S1 to S4 follow the paper; the nano ones are ours.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    family: Literal["shvit"] = "shvit"
    dataset: Literal["handwritten", "cifar10"] | None = None
    channels: Size = 3
    side: Size
    stem: tuple[Literal[1, 2], ...] = Field(default=(2, 2, 2, 2), min_length=1, max_length=8)
    dims: tuple[Size, Size, Size]
    depth: tuple[Size, Size, Size]
    partial: tuple[Size, Size]
    key_dim: Literal[4, 16, 64] = 16
    outputs: Size = 1000
    precision: Precision = Precision(table=10)

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(channels, height, width)."""
        return self.channels, self.side, self.side

    @property
    def stem_widths(self) -> tuple[int, ...]:
        """Channels of the image and behind each convolution of the stem."""
        return self.channels, *(self.dims[0] >> i for i in reversed(range(len(self.stem))))

    @property
    def sides(self) -> tuple[int, int, int]:
        """Pixels on a side in each stage; a stride of 2 rounds up."""
        side = self.side
        for stride in self.stem:
            side = -(-side // stride)
        return side, -(-side // 2), -(-side // 4)


_NANO = ShvitConfig(
    dataset="handwritten",
    channels=1,
    side=8,
    stem=(1, 1),
    dims=(16, 24, 32),
    depth=(1, 1, 1),
    partial=(8, 8),
    outputs=10,
    precision=Precision(weight=4, activation=6),
)
SHVIT_ZOO = {
    "shvit_nano": _NANO,
    "shvit_nano32": _NANO.model_copy(update={"dataset": "cifar10", "channels": 3, "side": 32, "stem": (2, 2)}),
    "shvit_s1": ShvitConfig(side=224, dims=(128, 224, 320), depth=(2, 4, 5), partial=(48, 68)),
    "shvit_s2": ShvitConfig(side=224, dims=(128, 308, 448), depth=(2, 4, 5), partial=(66, 96)),
    "shvit_s3": ShvitConfig(side=224, dims=(192, 352, 448), depth=(3, 5, 5), partial=(75, 96)),
    "shvit_s4": ShvitConfig(side=256, dims=(224, 336, 448), depth=(4, 7, 6), partial=(72, 96)),
}
