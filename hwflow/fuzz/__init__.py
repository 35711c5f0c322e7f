"""The fuzzer: random models, every one of which must be refused by name or come out right at every stage."""

from __future__ import annotations
