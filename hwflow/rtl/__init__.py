"""RTL of kernels: pipelines of library modules whose stages are placed for a clock, and the modules around them."""
