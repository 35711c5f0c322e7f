"""Every fault that was ever found by an attack, as a recipe of a small model."""
