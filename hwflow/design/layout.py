"""Names of the files in a build folder."""

from __future__ import annotations

MODEL = "model.onnx"
GOLDEN = "golden.onnx"
GRAPH = "graph.json"
NAMES = "names.json"
SCHEDULE = "schedule.json"
BOARD = "board.json"
VECTORS = "vectors.npz"
HLS = "hls"
RTL = "rtl"
LIBRARY = "library"
REPORT = "report.html"
JUNIT = "junit.xml"
HASHED = (MODEL, GOLDEN, GRAPH, NAMES, SCHEDULE, BOARD, VECTORS)
"""Files whose SHA-256 the build record keeps."""
