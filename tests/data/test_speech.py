"""Speech: the generator of digits, the log-mel front end, the reader of LibriSpeech's layout, token error rates."""

from __future__ import annotations

import sys
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile

from hwflow.data import DataConfig, generate_digits, load_data, read_speech
from hwflow.data.audio import read_audio
from hwflow.data.log_mel import log_mel, mel_matrix
from hwflow.errors import ToolMissing, UserError
from hwflow.verify.scores import evaluate
from hwflow.verify.transcripts import edit_distance, greedy_decode, token_error_rate

RATE = 16_000


def write_wav(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples * 2**15).astype("<i2").tobytes())
    return path


def write_flac(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, (samples * 2**15).astype(np.int16), rate)
    return path


WRITE = {".wav": write_wav, ".flac": write_flac}


def library(folder: Path, suffix: str = ".wav") -> Path:
    """Two chapters in LibriSpeech's layout; the last utterance is 2 s long, the others 1 s."""
    rng = np.random.default_rng(0)
    texts = {"7-1": ("HELLO WORLD", "IT'S"), "7-2": ("GOODBYE", "LONG")}
    for chapter, lines in texts.items():
        place = folder / Path(*chapter.split("-"))
        names = [f"{chapter}-{i:04}" for i in range(len(lines))]
        for name, line in zip(names, lines, strict=True):
            samples = rng.uniform(-0.5, 0.5, RATE * (2 if line == "LONG" else 1))
            WRITE[suffix](place / f"{name}{suffix}", samples)
        transcript = "".join(f"{n} {line}\n" for n, line in zip(names, lines, strict=True))
        (place / f"{chapter}.trans.txt").write_text(transcript)
    return folder


def test_the_same_seed_gives_the_same_digits() -> None:
    first, again, other = generate_digits(20, 1, 16), generate_digits(20, 1, 16), generate_digits(20, 2, 16)
    np.testing.assert_array_equal(first.inputs, again.inputs)
    assert not np.array_equal(first.inputs, other.inputs)
    assert first.inputs.shape == (20, 208, 16)
    lengths = (first.labels >= 0).sum(1)
    assert set(lengths) <= set(range(3, 8))
    assert ((first.labels >= 0) == (np.arange(7) < lengths[:, None])).all()


def test_a_tone_is_in_the_band_of_its_frequency() -> None:
    tone = 0.5 * np.cos(2 * np.pi * 1000 * np.arange(RATE) / RATE)
    features = log_mel(tone, RATE, 20)
    assert features.shape == (98, 20)  # whole frames of 25 ms, one each 10 ms
    frequencies = np.linspace(0, RATE / 2, 257)
    centres = frequencies[mel_matrix(20, frequencies).argmax(1)]
    assert abs(centres[features.mean(0).argmax()] - 1000) < 150


def test_the_filters_cover_all_frequencies_and_too_many_are_refused() -> None:
    frequencies = np.linspace(0, 4000, 129)
    inner = (frequencies > 100) & (frequencies < 3500)
    np.testing.assert_allclose(mel_matrix(16, frequencies).sum(0)[inner], 1.0)
    with pytest.raises(UserError, match="200 bands over 129 frequencies; expected at least one frequency in each"):
        mel_matrix(200, frequencies)


@pytest.mark.parametrize("suffix", WRITE)
def test_a_folder_of_speech_is_read(suffix: str, tmp_path: Path) -> None:
    data = read_speech(library(tmp_path, suffix), bands=12, frames=150)
    assert data.inputs.shape == (3, 150, 12)  # the utterance of 2 s is left out
    text = ["".join(data.classes[i] for i in row if i >= 0) for row in data.labels]
    assert text == ["HELLO WORLD", "IT'S", "GOODBYE"]
    assert np.array_equal(data.inputs[0, 98:], np.broadcast_to(data.inputs[0, 98], (52, 12)))  # padded
    config = DataConfig(dataset="speech", samples=10, validation=0.34, files=(tmp_path,), bands=12, frames=145)
    training, validation, _ = load_data(config, 16, tmp_path)
    assert (len(training), len(validation)) == (2, 1)
    assert training.inputs.shape[1] == 160  # whole chunks


def test_a_missing_transcript_is_named(tmp_path: Path) -> None:
    write_wav(library(tmp_path) / "7/2/7-2-0009.wav", np.zeros(RATE))
    with pytest.raises(UserError, match=r"7-2-0009\.wav: found no transcript; expected a line 7-2-0009"):
        read_speech(tmp_path, 12, 150)


def test_a_folder_without_audio_and_strange_characters_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no \.flac or \.wav file; expected a folder in the layout of LibriSpeech"):
        read_speech(tmp_path, 12, 150)
    (library(tmp_path) / "7/1/7-1.trans.txt").write_text("7-1-0000 caf\u00e9\n")
    with pytest.raises(UserError, match="the character '\u00c9' in line 1; expected letters, spaces and apostrophes"):
        read_speech(tmp_path, 12, 150)


def test_rates_must_agree(tmp_path: Path) -> None:
    write_wav(library(tmp_path) / "7/2/7-2-0000.wav", np.zeros(8000), 8000)
    with pytest.raises(UserError, match="found 8000 Hz; expected 16000 Hz as in the files before"):
        read_speech(tmp_path, 12, 150)


def test_flac_and_wav_give_the_same_samples(tmp_path: Path) -> None:
    samples = np.random.default_rng(1).uniform(-1, 1, 5000)
    (flac, rate), (wav, _) = (read_audio(write(tmp_path / f"a{suffix}", samples)) for suffix, write in WRITE.items())
    assert (flac.dtype, rate) == (np.float32, RATE)
    np.testing.assert_array_equal(flac, wav)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[:-1000], "of the 16000 samples that its header states"),
        (lambda data: data[:20], "no readable audio"),
        (lambda data: b"not audio", "no readable audio"),
        (lambda data: data[:22] + b"\x02" + data[23:], r"2 channel\(s\) of 8 bits|2 channel\(s\)"),
    ],
)
def test_damaged_audio_is_one_clear_error(damage: object, message: str, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", np.zeros(RATE))
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(UserError, match=message):
        read_audio(path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[:-1000], "no readable audio"),
        (lambda data: data[:20], "no readable audio"),
        (lambda data: data[:21] + bytes([data[21] | 15]) + data[22:], r"found \d+ s; expected mono audio of at most"),
    ],
)
def test_damaged_flac_is_one_clear_error(damage: object, message: str, tmp_path: Path) -> None:
    path = write_flac(tmp_path / "a.flac", np.random.default_rng(2).uniform(-0.5, 0.5, RATE))
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(UserError, match=message):
        read_audio(path)


def test_only_mono_flac_is_taken_for_flac(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", np.zeros((100, 2)), RATE)
    write_wav(tmp_path / "b.wav", np.zeros(100)).rename(tmp_path / "b.flac")
    for name, found in (("a.flac", r"FLAC with 2 channel\(s\)"), ("b.flac", "WAV with 1")):
        with pytest.raises(UserError, match=found):
            read_audio(tmp_path / name)


def test_flac_needs_soundfile_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_flac(tmp_path / "a.flac", np.zeros(100))
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(ToolMissing, match="soundfile: not installed"):
        read_audio(path)


def test_greedy_decoding_joins_repetitions_and_drops_blanks() -> None:
    best = np.array([[0, 3, 3, 0, 3, 1, 1, 2], [0, 0, 0, 0, 0, 0, 0, 0]])
    assert greedy_decode(np.eye(4)[best]) == [[2, 2, 0, 1], []]


def test_the_token_error_rate_counts_edits() -> None:
    assert edit_distance([1, 2, 3], [1, 3]) == 1
    assert edit_distance([], [1, 3]) == 2
    assert edit_distance([4, 1, 9], [1, 3]) == 2
    logits = np.eye(4)[np.array([[1, 0, 2, 2], [3, 3, 3, 0]])]  # decodes to 0 1 and 2
    labels = np.array([[0, 1, -1], [2, 0, 1]])
    assert token_error_rate(logits, labels) == 2 / 5
    scores = evaluate(logits, labels, ("a", "b", "c"))
    assert (scores.token_error_rate, scores.accuracy, scores.auc) == (2 / 5, 0.5, {})
    with pytest.raises(UserError, match=r"logits of shape \(2, 4, 4\); expected \(2, steps, 3\)"):
        evaluate(logits, labels, ("a", "b"))


def test_sequences_are_scored_from_their_chunks() -> None:
    logits = np.eye(4)[np.array([[1, 0], [2, 2], [3, 3], [3, 0]])]  # two chunks of two steps each
    scores = evaluate(logits, np.array([[0, 1], [2, -1]]), ("a", "b", "c"))
    assert (scores.token_error_rate, scores.accuracy) == (0.0, 1.0)
    with pytest.raises(UserError, match=r"logits of shape \(3, 2, 4\); expected \(2, steps, 4\)"):
        evaluate(logits[:3], np.array([[0, 1], [2, -1]]), ("a", "b", "c"))
