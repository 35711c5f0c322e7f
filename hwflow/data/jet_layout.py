"""Names of the columns in the public LHC jet files (`particleFeatureNames`, `jetFeatureNames`)."""

from __future__ import annotations


def _names(prefix: str, text: str) -> tuple[str, ...]:
    return tuple(prefix + name for name in text.split())


_SHAPES = "tau1_b1 tau2_b1 tau3_b1 tau1_b2 tau2_b2 tau3_b2 tau32_b1 tau32_b2"
_CORRELATIONS = "c1_b0 c1_b1 c1_b2 c2_b1 c2_b2 d2_b1 d2_b2 d2_a1_b1 d2_a1_b2 m2_b1 m2_b2 n2_b1 n2_b2"
_GROOMED = tuple(name + "_mmdt" for name in _names("j_", f"{_SHAPES} {_CORRELATIONS}"))

PARTICLE_NAMES = _names(
    "j1_", "px py pz e erel pt ptrel eta etarel etarot phi phirel phirot deltaR costheta costhetarel"
)
JET_NAMES = (
    *_names("j_", f"ptfrac pt eta mass {_SHAPES} zlogz {_CORRELATIONS}"),
    *_GROOMED,
    *_names("j_", "mass_trim mass_mmdt mass_prun mass_sdb2 mass_sdm1 multiplicity g q w z t undef"),
)
