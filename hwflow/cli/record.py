"""Answers that are a build record."""

from __future__ import annotations

from hwflow.cli.reply import Reply
from hwflow.record import BuildRecord, failed, gate
from hwflow.report import print_summary


def answer(reply: Reply, record: BuildRecord) -> None:
    """Reply with the record and its failed gates; for people, with a summary."""
    document = {
        "record": record.model_dump(mode="json"),
        "failed": [result.model_dump(mode="json") for result in failed(record)],
    }
    reply(document, lambda console: print_summary(record, console))


def raise_if_failed(record: BuildRecord) -> None:
    """Raise GateFailed for a failed gate, but not for one that has yet to be measured."""
    if failed(record):
        gate(record)
