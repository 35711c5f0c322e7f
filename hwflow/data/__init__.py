"""Readers and seeded generators of the data the model zoo is trained on. Imports no torch."""

from __future__ import annotations

from hwflow.data.cifar import read_cifar10
from hwflow.data.dataset import PADDING, Dataset, Standardisation
from hwflow.data.generate_btag import generate_btag
from hwflow.data.generate_cifar import generate_cifar10
from hwflow.data.generate_digits import generate_digits
from hwflow.data.generate_engine import generate_engine
from hwflow.data.generate_gw import generate_gw
from hwflow.data.generate_jets import generate_jets
from hwflow.data.handwritten import read_handwritten
from hwflow.data.jets import read_jets
from hwflow.data.load import DataConfig, DatasetName, load_data
from hwflow.data.speech import read_speech

__all__ = [
    "PADDING",
    "DataConfig",
    "Dataset",
    "DatasetName",
    "Standardisation",
    "generate_btag",
    "generate_cifar10",
    "generate_digits",
    "generate_engine",
    "generate_gw",
    "generate_jets",
    "load_data",
    "read_cifar10",
    "read_handwritten",
    "read_jets",
    "read_speech",
]
