"""The build record: one JSON file with what was built, from what, and every result with the stage it came from."""

from __future__ import annotations

from hwflow.record.gates import failed, gate, gated, measured, with_stage
from hwflow.record.junit import junit_xml, write_junit
from hwflow.record.model import (
    FILE,
    Accuracy,
    BitWidth,
    BoardSummary,
    Budgets,
    BuildRecord,
    Fold,
    Kernel,
    KernelResources,
    ModelSummary,
    Parity,
    ResourceUse,
    Result,
    Stage,
    Totals,
)
from hwflow.record.storage import load, save
from hwflow.record.versions import tool_versions

__all__ = [
    "FILE",
    "Accuracy",
    "BitWidth",
    "BoardSummary",
    "Budgets",
    "BuildRecord",
    "Fold",
    "Kernel",
    "KernelResources",
    "ModelSummary",
    "Parity",
    "ResourceUse",
    "Result",
    "Stage",
    "Totals",
    "failed",
    "gate",
    "gated",
    "junit_xml",
    "load",
    "measured",
    "save",
    "tool_versions",
    "with_stage",
    "write_junit",
]
