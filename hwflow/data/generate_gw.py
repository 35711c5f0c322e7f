"""A seeded generator of gravitational-wave snippets: 100 x 2 (two detectors), classes noise and signal (see arXiv
2402.01047).

A signal is a chirp, its frequency and amplitude growing up to the merger as in the Newtonian limit, seen by both
detectors with a small delay and opposite sign (as for Hanford and Livingston), in white noise.
"""

from __future__ import annotations

import numpy as np

from hwflow.data.dataset import Dataset

CLASSES = ("noise", "signal")
LENGTH = 100
DETECTORS = 2


def generate_gw(samples: int, seed: int) -> Dataset:
    """Inputs (samples, 100, 2) in units of the noise's standard deviation; same seed, same data."""
    rng = np.random.default_rng(seed)
    label = rng.integers(2, size=samples)
    merger = rng.normal(75.0, 2.0, (samples, 1, 1)) + rng.uniform(-1, 1, (samples, 1, DETECTORS))
    left = np.maximum(merger - np.arange(LENGTH)[None, :, None], 0.0) + 1.0  # samples until the merger
    before = np.arange(LENGTH)[None, :, None] <= merger
    mass = rng.uniform(0.85, 1.15, (samples, 1, 1))
    phase = 5.5 * (left / mass) ** 0.625 + rng.normal(0.0, 0.6, (samples, 1, 1))
    chirp = left**-0.25 * np.cos(phase) * before
    strength = rng.uniform(1.0, 3.5, (samples, 1, 1)) * np.array([1.0, -1.0])
    strain = rng.normal(0, 1, (samples, LENGTH, DETECTORS)) + label[:, None, None] * strength * chirp
    return Dataset(strain.astype(np.float32), label, CLASSES)
