"""A seeded generator of engine noise: 50 x 1 samples, classes normal and faulty (a task like FordA, see arXiv
2402.01047).

Normal noise is a few harmonics of the firing frequency; a faulty engine adds short decaying knocks.
"""

from __future__ import annotations

import numpy as np

from hwflow.data.dataset import Dataset

CLASSES = ("normal", "faulty")
LENGTH = 50
HARMONICS = 3


def generate_engine(samples: int, seed: int) -> Dataset:
    """Inputs (samples, 50, 1), each series scaled to unit variance; same seed, same data."""
    rng = np.random.default_rng(seed)
    label = rng.integers(2, size=samples)
    time = np.arange(LENGTH)
    order = np.arange(1, HARMONICS + 1)[:, None]
    frequency = rng.normal(0.06, 0.006, (samples, 1, 1))
    amplitude = rng.rayleigh(1.0, (samples, HARMONICS, 1)) / order
    phase = rng.uniform(0, 2 * np.pi, (samples, HARMONICS, 1))
    series = (amplitude * np.sin(2 * np.pi * frequency * order * time + phase)).sum(1)
    series += rng.normal(0, 0.25, series.shape)
    start, strength = rng.uniform(0, LENGTH - 8, (samples, 1)), rng.gamma(4.0, 0.6, (samples, 1))
    since = np.maximum(time - start, 0)
    knock = strength * np.exp(-since / 3.0) * np.cos(2 * np.pi * 0.33 * since) * (time >= start)
    series += knock * label[:, None]
    series /= series.std(1, keepdims=True)
    return Dataset(series[:, :, None].astype(np.float32), label, CLASSES)
