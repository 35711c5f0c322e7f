"""The data of a build record. Immutable; unknown keys and values that are not finite are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, Strict, model_validator

FILE = "build.json"
VERSION: Final = 2

Stage = Literal[
    "float",
    "torch",
    "qkeras",
    "onnxruntime",
    "oracle",
    "framework",
    "near-exact",
    "near-exact (synthetic)",
    "reference",
    "estimate",
    "artefacts",
    "csim",
    "cosim",
    "yosys",
    "csynth",
    "hls-cosim",
    "vsynth",
    "post-route",
]
"""Where a figure comes from. ``estimate`` is computed by hwflow; every other stage ran something."""

T = TypeVar("T")
Many = Annotated[tuple[T, ...], Strict(False)]  # takes a list as well
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Sha256 = Annotated[str, Field(pattern=r"\A[0-9a-f]{64}\z")]
FileName = Annotated[str, Field(pattern=r"\A\w[\w.+-]*(/\w[\w.+-]*)*\z")]  # below the build folder


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class ResourceUse(_Data):
    """Look-up tables, flip-flops, DSP slices, 18 Kb block RAMs and UltraRAMs."""

    lut: Count = 0
    ff: Count = 0
    dsp: Count = 0
    bram18: Count = 0
    uram: Count = 0


class ModelSummary(_Data):
    """``parameters`` are weights and biases, ``macs`` multiply-accumulates of one inference.

    ``wide_tensors``: those whose fp32 intermediates do not fit 24 bits, which golden.onnx computes in double.
    ``rewrites``: what near-exact mode replaced, in words.
    """

    name: str
    mode: Literal["exact", "near-exact"]
    parameters: Count
    macs: Count
    wide_tensors: Many[str] = ()
    rewrites: Many[str] = ()


class BoardSummary(_Data):
    """``total`` is the whole chip, ``usable`` what a design may take of it."""

    name: str
    part: str
    total: ResourceUse
    usable: ResourceUse


class Budgets(_Data):
    """What the user asked for: latency in microseconds, initiation interval in cycles."""

    latency_us: Annotated[float, Field(gt=0)] | None = None
    ii_cycles: Positive | None = None

    def latency_cycles(self, clock_mhz: float) -> int | None:
        """The latency budget in whole cycles; the small term undoes the rounding of the product."""
        return None if self.latency_us is None else int(self.latency_us * clock_mhz + 1e-9)


class Tolerance(_Data):
    """How far a near-exact design may be from its original: the share of inferences with another top class, and the
    mean error of an output, in its steps."""

    disagreement: Share = 0.01
    mean_error: Annotated[float, Field(ge=0)] = 0.5


class Fold(_Data):
    """``pe`` outputs and ``simd`` inputs at a time, ``cycles`` for a beat."""

    pe: Positive
    simd: Positive
    cycles: Positive


class Kernel(_Data):
    """One kernel under its schedule. Cycles count from the first input beat of the first frame.

    ``tensors`` are the model's names of what it computes; ``occupancy`` is the busy share of the initiation interval.
    """

    name: str
    kind: str
    tensors: Many[str] = ()
    fold: Fold | None = None
    first_start: Count
    first_output: Count
    last_output: Count
    occupancy: Share
    resources: ResourceUse = ResourceUse()


class Totals(_Data):
    """The whole design as scheduled. ``resources`` are of the kernels and the FIFOs between them."""

    latency_cycles: Count
    first_output_cycles: Count
    ii_cycles: Count
    resources: ResourceUse = ResourceUse()


class BitWidth(_Data):
    """The type of one tensor, such as ``fixed<8,3>``, and its width in bits."""

    tensor: str
    type: str
    width: Positive
    kind: Literal["weight", "activation", "accumulator"]


class Accuracy(_Data):
    """Accuracy and area under the ROC curve, class against the rest, over ``samples`` inferences.

    Of transcripts ``samples`` are sequences, and ``accuracy`` is the share of them without an error.
    """

    stage: Literal["float", "torch", "qkeras", "onnxruntime", "reference", "csim"]
    accuracy: Share
    auc: dict[str, Share] = {}
    token_error_rate: Annotated[float, Field(ge=0)] | None = None
    samples: Positive


class Parity(_Data):
    """One tensor against golden.onnx: how many elements were compared, and how many differed."""

    tensor: str
    stage: Stage
    compared: Positive
    mismatches: Count

    @model_validator(mode="after")
    def _check(self) -> Parity:
        if self.mismatches > self.compared:
            raise ValueError(f"{self.mismatches} mismatches in {self.compared} elements")
        return self


class Result(_Data):
    """A figure, and with a ``limit`` a gate, which holds up to and including the limit.

    ``ok`` says whether it held and is computed; null without a limit. One that is given must say the same.
    """

    stage: Stage
    metric: str
    value: int | float
    unit: str = ""
    limit: int | float | None = None
    ok: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _judge(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or "ok" in data:
            return data
        value, limit = data.get("value"), data.get("limit")
        if isinstance(value, int | float) and isinstance(limit, int | float):
            return {**data, "ok": value <= limit}
        return data

    @model_validator(mode="after")
    def _check(self) -> Result:
        held = None if self.limit is None else self.value <= self.limit
        if self.ok is not held:
            raise ValueError(f"ok is {self.ok}, which value {self.value} and limit {self.limit} contradict")
        return self

    def __str__(self) -> str:
        figure = f"{self.stage}: {self.metric} {amount(self.value)} {self.unit}".rstrip()
        return figure if self.limit is None else f"{figure}, limit {amount(self.limit)}"


class KernelResources(_Data):
    """What one kernel takes by the tool of ``stage``. ``kernel`` is null for what lies outside all of them."""

    stage: Stage
    kernel: str | None
    resources: ResourceUse


class BuildRecord(_Data):
    """All of build.json. ``versions``: tool to version.

    ``inputs``: file of the build folder to the SHA-256 of its content; ``artefacts``: the same of what lies in hls/ and
    rtl/. ``evidence``: stage to what its results rest on, each with the SHA-256 that it had then.
    ``outputs``: the tensors that the design puts out. ``tolerance``: the limits of near-exact mode.
    """

    format: Literal["hwflow-build-record"] = "hwflow-build-record"
    version: Literal[2] = VERSION
    versions: dict[str, str]
    inputs: dict[FileName, Sha256]
    artefacts: dict[FileName, Sha256] = {}
    evidence: dict[Stage, dict[str, Sha256]] = {}
    model: ModelSummary
    board: BoardSummary
    clock_mhz: Annotated[float, Field(gt=0)]
    io_type: Literal["io_stream", "io_parallel"]
    style: Literal["streaming", "unrolled"] = "streaming"
    axi_lite: bool = False
    outputs: Many[str] = ()
    budgets: Budgets = Budgets()
    tolerance: Tolerance = Tolerance()
    totals: Totals | None = None
    kernels: Many[Kernel] = ()
    bit_widths: Many[BitWidth] = ()
    accuracy: Many[Accuracy] = ()
    parity: Many[Parity] = ()
    results: Many[Result] = ()
    kernel_resources: Many[KernelResources] = ()


def amount(value: int | float) -> str:
    """A number for people: whole numbers in full, others to four digits."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"
