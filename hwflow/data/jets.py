"""Reader of the public LHC jet files (hls4ml LHC jet dataset, doi 10.5281/zenodo.3602260, HDF5)."""

from __future__ import annotations

import math
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from hwflow.data.dataset import Dataset, Floats, Labels
from hwflow.errors import UserError
from hwflow.text import printable

CONSTITUENTS = "jetConstituentList"
JETS = "jets"
CLASSES = ("g", "q", "W", "Z", "t")
FEATURES = ("pt", "eta_rel", "phi_rel")
FEATURE_COLUMNS = (5, 8, 11)
PT_COLUMN = 0  # of the three features used
CLASS_COLUMNS = slice(-6, -1)  # j_g j_q j_w j_z j_t, followed by j_undef
CHUNK = 8192  # jets read at a time
MAX_JETS = 10_000_000
MAX_NUMBERS = 1 << 16  # of one jet: bounds what a chunk takes, whatever a file claims to hold


def read_jets(path: Path, particles: int, limit: int | None = None) -> Dataset:
    """The ``particles`` leading particles by pt of each jet: inputs (jets, particles, 3).

    The features are pt [GeV], eta_rel and phi_rel. A jet with fewer particles is padded with zeros.
    ``limit`` stops after that many jets.

    Raises:
        UserError: if the file is not HDF5, lacks a dataset, or a dataset has another rank, too few columns, another
            number of jets, labels that are not one-hot, or the file claims an absurd size.
    """
    if not h5py.is_hdf5(path):
        raise UserError(
            str(path), "a file that is not HDF5, or no file", "an LHC jet file", "Give the path of a .h5 file."
        )
    with h5py.File(path, "r") as file:
        constituents = _dataset(file, path, CONSTITUENTS, rank=3, columns=max(FEATURE_COLUMNS) + 1)
        jets = _dataset(file, path, JETS, rank=2, columns=len(CLASSES) + 1)
        if len(constituents) != len(jets):
            found = f"{len(constituents)} jets in {CONSTITUENTS} and {len(jets)} in {JETS}"
            raise UserError(str(path), found, "the same number in both", "Download or generate the file again.")
        count = len(jets) if limit is None else min(limit, len(jets))
        chunks = [slice(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK)]
        inputs = [_leading(constituents[chunk], particles) for chunk in chunks]
        labels = [_labels(jets[chunk, CLASS_COLUMNS], path) for chunk in chunks]
    if not all(np.isfinite(each).all() for each in inputs):
        raise UserError(str(path), "features that are not finite", "finite numbers", "Remove jets with NaN.")
    if not inputs:
        raise UserError(str(path), "no jets", "at least one jet", "Give another file or a limit above 0.")
    return Dataset(np.concatenate(inputs), np.concatenate(labels), CLASSES)


def _dataset(file: h5py.File, path: Path, name: str, rank: int, columns: int) -> h5py.Dataset:
    """The dataset ``name``, checked before a byte of it is read."""
    node = file.get(name, getlink=False) if isinstance(file.get(name, getlink=True), h5py.HardLink) else None
    if not isinstance(node, h5py.Dataset):
        found = f"the datasets {printable(', '.join(sorted(file))) or 'none'}"
        raise UserError(str(path), found, f"a dataset named {name}", "Give a file of the hls4ml LHC jet layout.")
    found = f"{name} of shape {node.shape}"
    if node.ndim != rank or node.shape[-1] < columns:
        expected = f"rank {rank} with at least {columns} columns"
        raise UserError(str(path), found, expected, "Give a file of the hls4ml LHC jet layout.")
    if node.dtype.kind not in "fiu":
        found = f"{name} of type {printable(str(node.dtype))}"
        raise UserError(str(path), found, "numbers", "Give a file of the hls4ml LHC jet layout.")
    if len(node) > MAX_JETS or math.prod(node.shape[1:]) > MAX_NUMBERS:
        raise UserError(str(path), found, f"at most {MAX_JETS} jets of {MAX_NUMBERS} numbers", "Split the file.")
    return node


def _leading(constituents: NDArray[np.floating], particles: int) -> Floats:
    """The leading ``particles`` by pt of (jets, all, 16), three features each, zero-padded."""
    features = constituents[:, :, FEATURE_COLUMNS].astype(np.float32)
    order = np.argsort(-features[:, :, PT_COLUMN], axis=1, kind="stable")[:, :particles, None]
    leading = np.take_along_axis(features, order, axis=1)
    missing = particles - leading.shape[1]
    return np.pad(leading, ((0, 0), (0, missing), (0, 0))) if missing > 0 else leading


def _labels(one_hot: NDArray[np.floating], path: Path) -> Labels:
    """Class indices of (jets, 5) one-hot rows."""
    if not (np.isin(one_hot, (0, 1)).all() and (one_hot.sum(1) == 1).all()):
        found = f"labels in {JETS} that are not one-hot"
        raise UserError(str(path), found, "one of the five classes per jet", "Remove the jets without a class.")
    labels: Labels = one_hot.argmax(1).astype(np.int64)
    return labels
