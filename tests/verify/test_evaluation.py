"""Labelled inputs in a file: a class for each, or a transcript for each sequence of chunks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwflow.errors import UserError
from hwflow.verify.evaluation import Evaluation, load_evaluation, save_evaluation

CLASSES = ("a", "b")


@pytest.mark.parametrize(
    ("labels", "sequence"), [(np.array([0, 1, 1, 0]), None), (np.array([[0, 1, 1], [1, -1, -1]]), 2)]
)
def test_what_is_saved_is_read_again(labels: np.ndarray, sequence: int | None, tmp_path: Path) -> None:
    saved = Evaluation(np.arange(24.0).reshape(4, 3, 2), labels, CLASSES, {"torch": {"accuracy": 0.5}})
    found = load_evaluation(save_evaluation(tmp_path / "e.npz", saved))
    assert np.array_equal(found.inputs, saved.inputs) and np.array_equal(found.labels, labels)
    assert (found.classes, found.scores, found.sequence) == (CLASSES, saved.scores, sequence)


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (np.zeros(3, int), r"found inputs \(4, 2\) and labels \(3,\)"),
        (np.zeros(2, int), r"labels \(2,\)"),  # only transcripts have several inputs each
        (np.zeros((3, 2), int), r"labels \(3, 2\)"),
        (np.zeros((8, 2), int), r"labels \(8, 2\)"),
        (np.zeros((4, 1, 1), int), r"labels \(4, 1, 1\)"),
        (np.zeros(0, int), r"labels \(0,\)"),
        (np.array([0, 1, 2, 0]), r"labels outside 0\.\.1"),
        (np.array([0, 1, -1, 0]), r"labels outside 0\.\.1"),
    ],
)
def test_labels_that_do_not_fit(labels: np.ndarray, text: str, tmp_path: Path) -> None:
    path = save_evaluation(tmp_path / "e.npz", Evaluation(np.zeros((4, 2)), labels, CLASSES))
    with pytest.raises(UserError, match=text):
        load_evaluation(path)
