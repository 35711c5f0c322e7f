"""A seeded generator of toy b-tagging jets: 15 tracks x 6 features, classes b, c, light (the task of arXiv 2402.01047).

A heavy hadron flies before it decays, so some tracks of a b or c jet miss the primary vertex; the impact parameters
carry the signal, blurred by the tracker's resolution.
"""

from __future__ import annotations

import numpy as np

from hwflow.data.dataset import Dataset

CLASSES = ("b", "c", "light")
FEATURES = ("log_pt", "eta_rel", "phi_rel", "d0_significance", "z0_significance", "hits")
TRACKS = 15
_DISPLACED = np.array([5.5, 3.0, 0.2])  # mean tracks from the decay
_IMPACT = np.array([360.0, 150.0, 60.0])  # typical impact parameter, micrometres


def generate_btag(samples: int, seed: int) -> Dataset:
    """Inputs (samples, 15, 6) ordered by pt, zero-padded; same seed, same data."""
    rng = np.random.default_rng(seed)
    label = rng.integers(3, size=samples)
    shape = (samples, TRACKS)
    pt = -np.sort(-rng.lognormal(1.0, 0.9, shape), axis=1)
    displaced = rng.random(shape) < np.minimum(rng.poisson(_DISPLACED[label]) / 9.0, 1.0)[:, None]
    flight = rng.gamma(3.0, 1 / 3, (samples, 1)) * _IMPACT[label][:, None]
    resolution = 18.0 + 60.0 / pt
    tail = np.where(rng.random(shape) < 0.04, 4.0, 1.0)
    impact = np.where(displaced, flight * rng.normal(0.8, 0.4, shape), 0.0)
    d0 = (impact + rng.normal(0, 1, shape) * resolution * tail) / resolution
    z0 = (impact * rng.normal(0, 1, shape) + rng.normal(0, 1, shape) * 1.8 * resolution * tail) / (1.8 * resolution)
    eta, phi = (rng.normal(0, 0.12 / np.sqrt(pt), shape) for _ in range(2))
    hits = rng.integers(8, 13, shape)
    tracks = np.stack([np.log(pt), eta, phi, np.clip(d0, -25, 25), np.clip(z0, -25, 25), hits], axis=2)
    present = np.arange(TRACKS) < rng.integers(6, TRACKS + 1, samples)[:, None]
    return Dataset((tracks * present[:, :, None]).astype(np.float32), label, CLASSES)
