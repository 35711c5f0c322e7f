"""Reader of folders in the layout of LibriSpeech (Panayotov et al., 2015): FLAC or WAV files beside transcripts.

Each folder with audio holds ``<speaker>-<chapter>.trans.txt`` with a line ``<utterance> <WORDS>`` for each file
``<utterance>.flac`` (or ``.wav``). Tokens are characters.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hwflow.data.audio import read_audio
from hwflow.data.dataset import PADDING, Dataset, Floats
from hwflow.data.log_mel import log_mel
from hwflow.errors import UserError
from hwflow.text import printable

CLASSES = (" ", "'", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
SUFFIXES = (".flac", ".wav")
MAX_LINE = 10_000  # characters of a transcript


def read_speech(folder: Path, bands: int, frames: int, limit: int | None = None) -> Dataset:
    """Log-mel inputs (utterances, frames, bands) and labels (utterances, longest), characters and then `PADDING`.

    Utterances of more than ``frames`` frames are left out; shorter ones end in the quietest frame of their own.
    ``limit`` stops after that many.

    Raises:
        UserError: for a folder without audio, a file without a transcript or damaged, a character that is not in
            `CLASSES`, or files of different sample rates.
    """
    inputs: list[Floats] = []
    labels: list[list[int]] = []
    common: int | None = None
    for path, text in utterances(folder):
        samples, rate = read_audio(path)
        common = common or rate
        if rate != common:
            raise UserError(str(path), f"{rate} Hz", f"{common} Hz as in the files before", "Resample it.")
        features = log_mel(samples, rate, bands)
        if len(features) <= frames:
            inputs.append(_padded(features, frames))
            labels.append([CLASSES.index(character) for character in text])
        if limit is not None and len(inputs) >= limit:
            break
    if not inputs:
        expected = f"audio of at most {frames} frames of 10 ms"
        raise UserError(str(folder), "no utterance short enough", expected, "Allow more frames.")
    longest = max(map(len, labels))
    rows = [row + [PADDING] * (longest - len(row)) for row in labels]
    return Dataset(np.stack(inputs), np.array(rows, np.int64), CLASSES)


def utterances(folder: Path) -> Iterator[tuple[Path, str]]:
    """Every audio file below ``folder`` with its transcript, by name.

    Raises:
        UserError: if there is none, or one has no transcript or characters that are not in `CLASSES`.
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES)
    if not paths:
        expected = "a folder in the layout of LibriSpeech"
        raise UserError(str(folder), "no .flac or .wav file", expected, "Give the folder of a subset.")
    known: dict[Path, dict[str, str]] = {}
    for path in paths:
        if path.parent not in known:
            known[path.parent] = dict(_transcripts(path.parent))
        if path.stem not in known[path.parent]:
            raise UserError(str(path), "no transcript", f"a line {path.stem} in a .trans.txt beside it", "Add it.")
        yield path, known[path.parent][path.stem]


def _transcripts(folder: Path) -> Iterator[tuple[str, str]]:
    """Utterance and text of each line of the transcripts in a folder."""
    for path in sorted(folder.glob("*.trans.txt")):
        try:
            lines = path.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(str(path), "a file that cannot be read", "UTF-8 text", "Restore the file.") from error
        for number, line in enumerate(lines, 1):
            name, _, text = line[:MAX_LINE].strip().partition(" ")
            text = text.strip().upper()
            if unknown := set(text) - set(CLASSES):
                found = f"the character {printable(min(unknown))!r} in line {number}"
                raise UserError(str(path), found, "letters, spaces and apostrophes", "Spell it out.")
            if name and text:
                yield name, text


def _padded(features: Floats, frames: int) -> Floats:
    """Frames up to ``frames``, the quietest one repeated."""
    quiet = features[features.sum(1).argmin()]
    return np.concatenate([features, np.broadcast_to(quiet, (frames - len(features), features.shape[1]))])
