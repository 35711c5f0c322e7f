"""A seeded generator of toy jets in the layout of the public LHC jet files, for machines without the real ones.

Five classes: gluon (one wide prong of many particles) and quark (one narrow prong), both of which may split like QCD
does; W and Z (two prongs of mass 80.4 and 91.2 GeV); top (three prongs of mass 173 GeV, two of them from a W). The
masses are only resolved with enough particles, so accuracy grows with the number of particles read. It is a toy, not a
simulation.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from hwflow.data.jet_layout import JET_NAMES, PARTICLE_NAMES
from hwflow.data.jets import CLASSES, CONSTITUENTS, JETS
from hwflow.errors import disk_full

Array = NDArray[np.float64]
_HEADERS = 1 << 16  # bytes
CHUNK = 4096  # jets generated at a time; part of what a seed means
MASS_W, MASS_Z, MASS_TOP = 80.4, 91.2, 173.0  # GeV
GLUON, QUARK, W, Z, TOP = range(5)


def generate_jets(path: Path, jets: int, seed: int, particles: int = 100) -> Path:
    """Write ``jets`` toy jets of at most ``particles`` particles to the HDF5 file ``path``.

    Same seed, same file contents. Of the 53 jet features only pt, eta, mass and multiplicity are filled; the rest is 0.
    The file appears in one step.
    """
    rng = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    size = 4 * jets * (particles * len(PARTICLE_NAMES) + len(JET_NAMES))
    if shutil.disk_usage(path.parent).free < size + _HEADERS:  # HDF5 crashes when it cannot write
        raise disk_full(str(path))
    with h5py.File(partial, "w") as file:
        file["particleFeatureNames"] = np.array(PARTICLE_NAMES, dtype="S")
        file["jetFeatureNames"] = np.array(JET_NAMES, dtype="S")
        constituents = file.create_dataset(CONSTITUENTS, (jets, particles, len(PARTICLE_NAMES)), np.float32)
        table = file.create_dataset(JETS, (jets, len(JET_NAMES)), np.float32)
        for start in range(0, jets, CHUNK):
            stop = min(start + CHUNK, jets)
            constituents[start:stop], table[start:stop] = _chunk(rng, stop - start, particles)
    partial.replace(path)
    return path


@dataclass(frozen=True)
class _Prongs:
    """Up to three prongs a jet, arrays (jets, 3): share of the jet's pt, offset from its axis, and whether a gluon."""

    share: Array
    eta: Array
    phi: Array
    gluon: NDArray[np.bool_]


def _chunk(rng: np.random.Generator, jets: int, particles: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    label = rng.integers(len(CLASSES), size=jets)
    jet_pt = rng.normal(1000.0, 100.0, jets)
    jet_eta = rng.uniform(-2.0, 2.0, jets)
    jet_phi = rng.uniform(-np.pi, np.pi, jets)
    pt, eta, phi = _shower(rng, _decay(rng, label, jet_pt), jet_pt, max(particles, 120))
    order = np.argsort(-pt, axis=1)[:, :particles]
    pt, eta, phi = (np.take_along_axis(a, order, axis=1) for a in (pt, eta, phi))
    features = _particle_features(pt, eta, phi, jet_eta, jet_phi)
    return features, _jet_features(features, label, pt, jet_eta)


def _decay(rng: np.random.Generator, label: NDArray[np.int64], pt: Array) -> _Prongs:
    """The prongs of each jet: none, one or two splittings of the given masses."""
    jets = len(label)
    mass = np.select([label == W, label == Z, label == TOP], [MASS_W, MASS_Z, MASS_TOP], _qcd_mass(rng, label))
    share = np.where(label == TOP, rng.uniform(0.35, 0.9, jets), rng.uniform(0.1, 0.9, jets))
    inner = np.where(label == TOP, MASS_W**2 / share, 0.0)  # the W inside the top takes its part of the mass
    angle = np.sqrt(np.maximum(mass**2 - inner, 0.0) / (share * (1 - share))) / pt
    first_eta, first_phi = _direction(rng, angle)
    inner_share = rng.uniform(0.1, 0.9, jets)
    inner_angle = np.where(label == TOP, MASS_W / np.sqrt(inner_share * (1 - inner_share)) / (share * pt), 0.0)
    inner_eta, inner_phi = _direction(rng, inner_angle)
    split = np.where(label == TOP, inner_share, 1.0)
    return _Prongs(
        np.stack([share * split, share * (1 - split), 1 - share], 1),
        _offsets(first_eta, inner_eta, share, inner_share),
        _offsets(first_phi, inner_phi, share, inner_share),
        np.stack([label == GLUON, np.zeros(jets, bool), label <= QUARK], 1),
    )


def _qcd_mass(rng: np.random.Generator, label: NDArray[np.int64]) -> Array:
    """The mass of a QCD splitting: steeply falling, larger for gluons."""
    typical = np.where(label == GLUON, 60.0, 36.0)
    mass: Array = typical * rng.lognormal(0.0, 0.75, len(label))
    return mass


def _direction(rng: np.random.Generator, angle: Array) -> tuple[Array, Array]:
    """A vector of length ``angle`` in a random direction of the (eta, phi) plane."""
    turn = rng.uniform(0, 2 * np.pi, len(angle))
    return angle * np.cos(turn), angle * np.sin(turn)


def _offsets(first: Array, inner: Array, share: Array, inner_share: Array) -> Array:
    """Positions (jets, 3) of the prongs about the momentum-weighted centre, along one coordinate."""
    near = (1 - share) * first
    return np.stack([near + (1 - inner_share) * inner, near - inner_share * inner, -share * first], 1)


def _shower(rng: np.random.Generator, prongs: _Prongs, jet_pt: Array, slots: int) -> tuple[Array, Array, Array]:
    """Particles (jets, slots): pt (0 where there is none), eta and phi about the jet axis."""
    jets = len(jet_pt)
    expected = np.where(prongs.gluon, 42.0, 24.0) * np.sqrt(prongs.share)
    total = expected.sum(1)
    count = np.minimum(rng.negative_binomial(12, 12 / (12 + total)) + 4, slots)
    edges = np.cumsum(expected, axis=1) / total[:, None]
    prong = (rng.random((jets, slots, 1)) > edges[:, None, :2]).sum(2)
    weight = rng.gamma(0.6, size=(jets, slots)) * (np.arange(slots) < count[:, None]) + 1e-12
    sums = np.stack([np.where(prong == p, weight, 0).sum(1) for p in range(3)], 1) + 1e-9
    share, eta, phi, norm = (np.take_along_axis(a, prong, axis=1) for a in (prongs.share, prongs.eta, prongs.phi, sums))
    width = np.where(np.take_along_axis(prongs.gluon, prong, axis=1), 0.052, 0.034)
    fraction: Array = weight / norm
    pt = share * jet_pt[:, None] * fraction * rng.normal(1.0, 0.1, fraction.shape).clip(0.5, 1.5)
    spread = width * np.sqrt(0.05 / (fraction + 0.005)) * rng.lognormal(0, 0.5, fraction.shape)
    turn = rng.uniform(0, 2 * np.pi, fraction.shape)
    return np.where(pt > 0.2, pt, 0.0), eta + spread * np.cos(turn), phi + spread * np.sin(turn)


def _particle_features(pt: Array, eta: Array, phi: Array, jet_eta: Array, jet_phi: Array) -> NDArray[np.float32]:
    """The 16 columns of `PARTICLE_NAMES` (jets, particles, 16), massless particles, 0 in empty slots."""
    weight = pt.sum(1, keepdims=True)
    eta_rel = eta - (pt * eta).sum(1, keepdims=True) / weight
    phi_rel = phi - (pt * phi).sum(1, keepdims=True) / weight
    eta, phi = eta_rel + jet_eta[:, None], phi_rel + jet_phi[:, None]
    energy, pz = pt * np.cosh(eta), pt * np.sinh(eta)
    turn = np.arctan2(phi_rel[:, 1:2], eta_rel[:, 1:2])  # rotate the second particle onto the eta axis
    eta_rot = eta_rel * np.cos(turn) + phi_rel * np.sin(turn)
    phi_rot = phi_rel * np.cos(turn) - eta_rel * np.sin(turn)
    columns = [pt * np.cos(phi), pt * np.sin(phi), pz, energy, energy / energy.sum(1, keepdims=True), pt, pt / weight]
    columns += [
        eta,
        eta_rel,
        eta_rot,
        phi,
        phi_rel,
        phi_rot,
        np.hypot(eta_rel, phi_rel),
        np.tanh(eta),
        np.tanh(eta_rel),
    ]
    features: NDArray[np.float32] = (np.stack(columns, 2) * (pt > 0)[:, :, None]).astype(np.float32)
    return features


def _jet_features(
    features: NDArray[np.float32], label: NDArray[np.int64], pt: Array, eta: Array
) -> NDArray[np.float32]:
    """The 59 columns of `JET_NAMES` (jets, 59)."""
    table = np.zeros((len(label), len(JET_NAMES)), np.float32)
    momentum = features[:, :, :4].sum(1, dtype=np.float64)
    mass = np.sqrt(np.maximum(momentum[:, 3] ** 2 - (momentum[:, :3] ** 2).sum(1), 0.0))
    filled = {"j_pt": pt.sum(1), "j_eta": eta, "j_mass": mass, "j_multiplicity": (pt > 0).sum(1)}
    for name, column in filled.items():
        table[:, JET_NAMES.index(name)] = column
    table[np.arange(len(label)), JET_NAMES.index("j_g") + label] = 1
    return table
