"""A seeded generator of sequences of 3 to 7 spoken-digit-like tones, with the digits as transcript.

Each digit has two gliding tones, as vowels have formants, and a third one above them; speaker (pitch factor),
duration, gaps, gain and noise are random. It is a toy that trains in minutes, not speech.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hwflow.data.dataset import PADDING, Dataset
from hwflow.data.log_mel import HOP, WINDOW, log_mel

CLASSES = tuple("0123456789")
RATE = 8000  # samples a second
FRAMES = 208  # of a sequence: 2.1 s
LONGEST = 7  # digits
CHUNK = 256  # sequences generated at a time; part of what a seed means
# From and to what frequency the two tones of each digit glide, in hertz.
_FIRST = np.array([(300, 600), (400, 400), (600, 300), (300, 300), (700, 700), (350, 700), (700, 350), (500, 500),
                   (600, 600), (450, 300)], float)  # fmt: skip
_SECOND = np.array([(900, 1400), (2000, 1200), (1800, 1800), (1000, 2200), (1100, 1100), (2200, 1500), (1500, 2300),
                    (900, 900), (2400, 2400), (1300, 900)], float)  # fmt: skip


def generate_digits(samples: int, seed: int, bands: int) -> Dataset:
    """Log-mel inputs (samples, 208, bands); labels (samples, 7), digits and then `PADDING`. Same seed, same data."""
    rng = np.random.default_rng(seed)
    parts = [_sequences(rng, min(CHUNK, samples - start)) for start in range(0, samples, CHUNK)]
    inputs = np.concatenate([log_mel(waveforms, RATE, bands) for waveforms, _ in parts])
    return Dataset(inputs, np.concatenate([labels for _, labels in parts]), CLASSES)


def _sequences(rng: np.random.Generator, count: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Waveforms (count, samples) in [-1, 1] and their labels (count, 7)."""
    length = round(RATE * (HOP * (FRAMES - 1) + WINDOW))
    waveforms = rng.normal(0.0, 1.0, (count, length)) * rng.uniform(0.002, 0.02, (count, 1))
    labels = np.full((count, LONGEST), PADDING)
    for waveform, label in zip(waveforms, labels, strict=True):
        digits = rng.integers(10, size=rng.integers(3, LONGEST + 1))
        label[: len(digits)] = digits
        _speak(rng, waveform, digits)
    return np.clip(waveforms, -1.0, 1.0), labels


def _speak(rng: np.random.Generator, waveform: NDArray[np.float64], digits: NDArray[np.int64]) -> None:
    """Add the digits of one speaker to the waveform, one after the other with gaps."""
    voice, gain = np.exp(rng.normal(0.0, 0.05)), rng.uniform(0.15, 0.5)
    at = int(rng.uniform(0.02, 0.10) * RATE)
    for digit in digits:
        length = int(rng.uniform(0.10, 0.20) * RATE)
        waveform[at : at + length] += gain * _digit(rng, int(digit), voice, length)
        at += length + int(rng.uniform(0.02, 0.08) * RATE)


def _digit(rng: np.random.Generator, digit: int, voice: float, length: int) -> NDArray[np.float64]:
    """One digit: three tones under a smooth envelope."""
    progress = np.linspace(0.0, 1.0, length)
    tones = np.zeros(length)
    for (start, stop), level in ((_FIRST[digit], 1.0), (_SECOND[digit], 0.7), (_SECOND[digit] * 1.45, 0.2)):
        frequency = voice * np.exp(rng.normal(0.0, 0.03)) * (start + (stop - start) * progress)
        tones += level * np.cos(2 * np.pi * np.cumsum(frequency) / RATE + rng.uniform(0, 2 * np.pi))
    envelope: NDArray[np.float64] = np.sin(np.pi * progress) ** 0.5 * tones / 2
    return envelope
