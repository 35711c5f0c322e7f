"""Accuracy and AUC against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from hwflow.errors import UserError
from hwflow.verify.scores import auc, evaluate


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_auc_is_that_of_scikit_learn_ties_included(seed: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    score, positive = rng.integers(0, levels, 60) / 8, rng.random(60) < 0.4
    positive[:2] = True, False
    assert auc(score, positive) == pytest.approx(roc_auc_score(positive, score))


def test_many_classes() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 500)
    logits = rng.normal(size=(500, 3)) + np.eye(3)[labels]
    scores = evaluate(logits, labels, ("a", "b", "c"))
    probability = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert scores.accuracy == (logits.argmax(1) == labels).mean()
    for i, name in enumerate("abc"):
        assert scores.auc[name] == pytest.approx(roc_auc_score(labels == i, probability[:, i]))


def test_one_logit_scores_two_classes() -> None:
    labels = np.array([0, 0, 1, 1, 1])
    scores = evaluate(np.array([[-2.0], [1.0], [0.5], [3.0], [2.0]]), labels, ("noise", "signal"))
    assert scores.accuracy == 0.8
    assert scores.auc["signal"] == scores.auc["noise"] == pytest.approx(5 / 6)


def test_integers_of_hardware_score_as_floats_of_the_same_order() -> None:
    rng = np.random.default_rng(1)
    labels, integers = rng.integers(0, 2, 100), rng.integers(-128, 128, (100, 1))
    assert evaluate(integers, labels, ("a", "b")) == evaluate(integers / 64, labels, ("a", "b"))


def test_an_absent_class_has_no_auc() -> None:
    assert evaluate(np.eye(3), np.array([0, 1, 0]), ("a", "b", "c")).auc["c"] is None


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(UserError, match=r"logits of shape \(4, 2\); expected \(4, 3\)"):
        evaluate(np.zeros((4, 2)), np.zeros(4, int), ("a", "b", "c"))
