"""``python -m hwflow``."""

from __future__ import annotations

import sys

from hwflow.cli import main

sys.exit(main())
