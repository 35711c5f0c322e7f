"""Backends: what a scheduled kernel graph is written as."""
