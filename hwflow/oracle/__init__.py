"""An independent executor of ONNX files: the user's own file, as it is, against which the importer is checked.

It is written from the specifications of ONNX and QONNX by another author than the importer, and shares no code with
``hwflow.onnx_import``, ``hwflow.ir`` and ``hwflow.numerics``; a test holds it to that.
"""

from hwflow.oracle.edges import edge_inputs
from hwflow.oracle.executor import Oracle, Undefined, run

__all__ = ["Oracle", "Undefined", "edge_inputs", "run"]
