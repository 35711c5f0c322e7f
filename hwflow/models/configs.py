"""Configurations of the model zoo, with a JSON round trip. Imports no torch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from hwflow.errors import UserError
from hwflow.models.folded_config import ASR_ZOO, FoldedAsrConfig
from hwflow.models.precision import PAPER, Precision
from hwflow.models.shvit_config import SHVIT_ZOO, ShvitConfig

Size = Annotated[int, Field(ge=1, le=4096)]


class JetTaggerConfig(BaseModel):
    """The tiny jet tagger of Laatu et al. (arXiv 2510.24784): `particles` x 3 features in, 5 classes out.

    The architecture is that of the authors' released models. ``linformer`` projects keys and values to that many rows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    family: Literal["jet_tagger"] = "jet_tagger"
    particles: Size = 8
    linformer: Size | None = None
    precision: Precision = Precision(weight=7)

    @property
    def input_shape(self) -> tuple[int, int]:
        """(tokens, features)."""
        return self.particles, 3

    @property
    def outputs(self) -> int:
        """Logits: g, q, W, Z, t."""
        return 5


class EncoderConfig(BaseModel):
    """A small post-norm encoder for triggers (Jiang et al., arXiv 2402.01047 and 2409.05207).

    Stated there: sequence, input features, blocks, outputs, the hidden width and the parameter count, and softmax
    without maximum subtraction. Our reading: hidden is the feed-forward width; a token has ``dim`` features after a
    linear embedding; no positional encoding; one linear layer pools a token's features to a single one, so that the
    head, a two-layer perceptron of width ``head`` over the tokens, still sees their order.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    family: Literal["encoder"] = "encoder"
    dataset: Literal["btag", "engine", "gw"]
    tokens: Size
    features: Size
    blocks: Size
    dim: Size
    heads: Size
    key_dim: Size
    hidden: Size
    head: Size
    outputs: Size
    precision: Precision = Precision(table=10)

    @property
    def input_shape(self) -> tuple[int, int]:
        """(tokens, features)."""
        return self.tokens, self.features


ModelConfig = Annotated[JetTaggerConfig | EncoderConfig | FoldedAsrConfig | ShvitConfig, Field(discriminator="family")]
_ADAPTER: TypeAdapter[ModelConfig] = TypeAdapter(ModelConfig)

# Parameters, ours against stated: btag 9,124 / 9,135; engine 3,303 / 3,244; gw 3,358 / 3,394.
_BTAG = EncoderConfig(
    dataset="btag", tokens=15, features=6, blocks=3, dim=16, heads=2, key_dim=4, hidden=64, head=40, outputs=3
)
_ENGINE = EncoderConfig(
    dataset="engine", tokens=50, features=1, blocks=3, dim=8, heads=1, key_dim=16, hidden=16, head=12, outputs=2
)
_GW = EncoderConfig(
    dataset="gw", tokens=100, features=2, blocks=2, dim=8, heads=1, key_dim=16, hidden=32, head=10, outputs=1
)
ZOO: dict[str, ModelConfig] = {
    **{f"jet_tagger_n{n}": JetTaggerConfig(particles=n) for n in (8, 16, 32)},
    **{f"jet_tagger_n{n}_linformer": JetTaggerConfig(particles=n, linformer=2) for n in (8, 16, 32)},
    "btag": _BTAG,
    "engine": _ENGINE,
    "gw": _GW,
    **ASR_ZOO,
    **SHVIT_ZOO,
}


def config_for(name: str, *, precision: Literal["default", "paper"] | Precision = "default") -> ModelConfig:
    """The configuration of the model ``name`` of the zoo.

    Args:
        precision: ``"paper"`` gives 10 integer and 10 fractional bits everywhere.

    Raises:
        UserError: for an unknown name.
    """
    if name not in ZOO:
        raise UserError(
            "model zoo", f"the model name {name!r}", f"one of {', '.join(ZOO)}", "Choose one of these names."
        )
    if precision == "default":
        return ZOO[name]
    return ZOO[name].model_copy(update={"precision": PAPER if precision == "paper" else precision})


def to_json(config: ModelConfig) -> str:
    """The configuration as JSON text; `from_json` is its inverse."""
    return config.model_dump_json(indent=2)


def from_json(text: str) -> ModelConfig:
    """Read a configuration.

    Raises:
        UserError: if the text is not JSON, or names an unknown key or an impossible value.
    """
    try:
        return _ADAPTER.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the text"
        expected = "a configuration that hwflow wrote"
        raise UserError("model configuration", f"{first['msg']} at {where}", expected, "Correct the file.") from error
