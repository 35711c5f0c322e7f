"""The Brevitas front end: quantized building blocks that are exact by contract, training, and export to QONNX.

Exact means: every scale is a power of two, every zero point 0, rounding is half-even, no non-linear function stands
outside two quantizers (so each is a table), and every fp32 intermediate is an integer of at most 24 bits times a
power of two.
"""
