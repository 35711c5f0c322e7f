"""The HLS backend: a Vitis project written by hls4ml, with hwflow's kernels as its layers."""
