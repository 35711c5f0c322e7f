"""Reading an audio file: WAV by the standard library, FLAC by the optional package soundfile."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hwflow.errors import ToolMissing, UserError

MAX_SECONDS = 3600


def read_audio(path: Path) -> tuple[NDArray[np.float32], int]:
    """The samples of a mono file, in [-1, 1), and their rate in hertz.

    Raises:
        UserError: for a file that is damaged, not mono, longer than an hour, or a WAV that is not 16 bits PCM.
        ToolMissing: for a FLAC file without soundfile.
    """
    samples, rate = _read_flac(path) if path.suffix == ".flac" else _read_wav(path)
    if not len(samples):
        raise _refused(path, "no samples")
    return samples, rate


def _read_wav(path: Path) -> tuple[NDArray[np.float32], int]:
    try:
        with wave.open(str(path), "rb") as file:
            found = f"{file.getnchannels()} channel(s) of {8 * file.getsampwidth()} bits at {file.getframerate()} Hz"
            if (file.getnchannels(), file.getsampwidth()) != (1, 2) or file.getframerate() < 1:
                raise _refused(path, found)
            count, rate = file.getnframes(), file.getframerate()
            _check_length(path, count, rate)
            data = file.readframes(count)
    except (wave.Error, EOFError, OSError, ValueError) as error:
        raise _refused(path, f"no readable audio ({error or type(error).__name__})") from error
    if len(data) != 2 * count:
        raise _refused(path, f"{len(data) // 2} of the {count} samples that its header states")
    samples: NDArray[np.float32] = np.frombuffer(data, "<i2").astype(np.float32) / np.float32(2**15)
    return samples, rate


def _read_flac(path: Path) -> tuple[NDArray[np.float32], int]:
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise ToolMissing("soundfile", f"reading {path.name}", "Install it: pip install 'hwflow[audio]'.") from error
    try:
        with soundfile.SoundFile(path) as file:
            if (file.format, file.channels) != ("FLAC", 1):
                raise _refused(path, f"{file.format} with {file.channels} channel(s)")
            _check_length(path, file.frames, file.samplerate)
            samples, rate, stated = file.read(dtype="float32"), file.samplerate, file.frames
    except (soundfile.SoundFileError, OSError, ValueError) as error:
        raise _refused(path, f"no readable audio ({error})") from error
    if len(samples) != stated:
        raise _refused(path, f"{len(samples)} of the {stated} samples that its header states")
    return samples, int(rate)


def _check_length(path: Path, samples: int, rate: int) -> None:
    """Before a sample is read: a header may claim anything."""
    if samples > MAX_SECONDS * rate:
        raise _refused(path, f"{samples / rate:.0f} s")


def _refused(path: Path, found: str) -> UserError:
    expected = f"mono audio of at most {MAX_SECONDS} s, as FLAC or 16-bit PCM WAV"
    return UserError(str(path), found, expected, "Convert the file, or remove it and its transcript.")
