"""Log-mel features of a waveform: the usual front end of speech recognition, over scipy's short-time Fourier transform.

scipy is chosen because it is kept, and installed beside torch and TensorFlow anyway: a window, a transform and one
matrix are all that a log-mel front end is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hwflow.data.dataset import Floats
from hwflow.errors import UserError

WINDOW, HOP = 0.025, 0.010  # seconds, as in LibriSpeech recipes
FLOOR = 1e-8  # of the power, against log(0)


def log_mel(waveforms: NDArray[np.floating], rate: int, bands: int) -> Floats:
    """Features (..., frames, bands) of waveforms (..., samples) in [-1, 1): log10 of the power in each mel band.

    A frame is 25 ms long and starts 10 ms after the one before; only whole frames count.

    Raises:
        UserError: for a waveform shorter than a frame, or more bands than the frequencies of a frame can tell apart.
    """
    from scipy.signal import ShortTimeFFT
    from scipy.signal.windows import hann

    length, hop = round(WINDOW * rate), round(HOP * rate)
    if waveforms.shape[-1] < length:
        found = f"{waveforms.shape[-1]} samples"
        raise UserError("waveform", found, f"at least {length}, one frame", "Leave it out.")
    transform = ShortTimeFFT(hann(length, sym=False), hop, rate, mfft=_next_power_of_two(length), scale_to="magnitude")
    first = transform.lower_border_end[1]
    power = transform.spectrogram(waveforms, p0=first, p1=first + frames(waveforms.shape[-1], rate))
    energy = mel_matrix(bands, transform.f) @ power
    features: Floats = np.log10(energy + FLOOR).swapaxes(-1, -2).astype(np.float32)
    return features


def frames(samples: int, rate: int) -> int:
    """Whole frames in so many samples."""
    return (samples - round(WINDOW * rate)) // round(HOP * rate) + 1


def mel_matrix(bands: int, frequencies: NDArray[np.floating]) -> NDArray[np.float64]:
    """Triangular filters (bands, frequencies), evenly spaced on the mel scale (O'Shaughnessy, 1987) up to Nyquist.

    Raises:
        UserError: if a filter would hold no frequency.
    """
    edges = _hertz(np.linspace(0.0, _mel(frequencies[-1]), bands + 2))
    rise = (frequencies - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - frequencies) / np.diff(edges)[1:, None]
    matrix: NDArray[np.float64] = np.clip(np.minimum(rise, fall), 0.0, None)
    if not (matrix.sum(1) > 0).all():
        found = f"{bands} bands over {len(frequencies)} frequencies"
        raise UserError("log-mel features", found, "at least one frequency in each band", "Use fewer bands.")
    return matrix


def _mel(hertz: NDArray[np.floating]) -> NDArray[np.floating]:
    mel: NDArray[np.floating] = 2595.0 * np.log10(1.0 + hertz / 700.0)
    return mel


def _hertz(mel: NDArray[np.floating]) -> NDArray[np.floating]:
    return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)


def _next_power_of_two(length: int) -> int:
    return 1 << (length - 1).bit_length()
