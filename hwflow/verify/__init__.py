"""Verification: golden values from onnxruntime, compared with the reference, csim and later RTL, bit by bit."""
