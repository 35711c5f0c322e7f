"""The build record: one JSON file with what was built, from what, and every result with the stage it came from."""

from __future__ import annotations

from hwflow.record.evidence import anchored
from hwflow.record.folder import check_files, hashes, with_testbench
from hwflow.record.gates import failed, gate, gated, measured, with_stage
from hwflow.record.junit import junit_xml, refused_xml, write_junit
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
    Tolerance,
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
    "Tolerance",
    "Totals",
    "anchored",
    "check_files",
    "failed",
    "gate",
    "gated",
    "hashes",
    "junit_xml",
    "load",
    "measured",
    "refused_xml",
    "save",
    "tool_versions",
    "with_stage",
    "with_testbench",
    "write_junit",
]
