"""A built design: run it, trace it, simulate it in C, check it. The methods are those of an hls4ml model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hwflow import record as r
from hwflow.boards import Board, read_board
from hwflow.design import layout
from hwflow.design.golden_check import read_golden
from hwflow.design.vectors import Vectors, load_vectors
from hwflow.errors import UserError
from hwflow.files import BuildFolder, read_object, read_text
from hwflow.ir import reference, serialise
from hwflow.ir.graph import IntArray
from hwflow.kernels.network import KernelGraph, kernel_graph
from hwflow.record.evidence import FILES
from hwflow.schedule.schedule import Schedule
from hwflow.verify.cosim.modes import MODES, ModeName
from hwflow.verify.ports import Given, ModelPorts

if TYPE_CHECKING:
    from hwflow.design.library import Library
    from hwflow.design.synthesise import Tool
    from hwflow.synthesis.figures import Figures
    from hwflow.verify.cosim import CosimResult

Progress = Callable[[str], None]
Outputs = np.ndarray | list[np.ndarray]


@dataclass
class Design:
    """A design in its build folder. Made by ``hwflow.convert`` or ``Design.load``.

    ``record`` is what build.json holds; steps that measure something replace it.
    """

    folder: BuildFolder
    network: KernelGraph
    schedule: Schedule
    record: r.BuildRecord
    names: Mapping[str, str]
    _library: Library | None = field(default=None, repr=False)

    @classmethod
    def load(cls, path: str | Path) -> Design:
        """Open a build folder. UserError for a missing or damaged record, GateFailed if a file is not as it says."""
        folder = BuildFolder(Path(path))
        build = r.load(folder.path / r.FILE)
        r.check_files(folder.path, build, FILES)
        schedule = Schedule.from_json(read_text(folder.path / layout.SCHEDULE, "a schedule"))
        graph = serialise.loads(read_text(folder.path / layout.GRAPH, "a graph"))
        names = {k: str(v) for k, v in read_object(folder.path / layout.NAMES, "names of tensors").items()}
        return cls(folder, kernel_graph(graph, schedule.clock_mhz), schedule, build, names)

    @property
    def path(self) -> Path:
        """The build folder."""
        return self.folder.path

    @property
    def has_hls(self) -> bool:
        """The unrolled style is RTL alone."""
        return self.record.style == "streaming"

    @property
    def has_rtl(self) -> bool:
        """io_parallel is HLS alone."""
        return self.record.style == "unrolled" or self.record.io_type == "io_stream"

    @cached_property
    def board(self) -> Board:
        """The board of the build, as it was then."""
        return read_board(self.path / layout.BOARD)

    @cached_property
    def vectors(self) -> Vectors:
        """The stored vectors."""
        return load_vectors(self.path / layout.VECTORS)

    @cached_property
    def ports(self) -> ModelPorts:
        """Names of the inputs and outputs, states, and what lies between real units and the design's ports."""
        return ModelPorts(self.network.graph, read_golden(self.path / layout.GOLDEN))

    def predict(self, inputs: Given) -> Outputs:
        """Real outputs (count, *output shape) for real inputs (count, *input shape).

        Of several inputs one array each, by name or in their order; several outputs come as a list. After ``compile``
        the C++ design computes them, before it the integer reference; they agree on every bit.
        """
        raw = _integers(self.ports, inputs)
        values = self._library.run(raw) if self._library else reference.emulate(self.network.graph, raw)
        return _outputs(self.ports, values)

    def run_chunks(
        self, chunks: Given, state: Mapping[str, np.ndarray] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Run the integer reference on one chunk after the other, each with the states that the one before left.

        Args:
            chunks: real data of every input but the states, (chunks, *input shape), by name or the data alone.
            state: by input name what the first chunk has; zeros where nothing is given.

        Returns:
            Real outputs (chunks, *output shape) by name, and the state by input name to go on with.
        """
        from hwflow.design.chunks import run_chunks

        return run_chunks(self, chunks, state or {})

    def trace(self, inputs: Given) -> tuple[Outputs, dict[str, np.ndarray]]:
        """Outputs as ``predict`` gives them, and every named tensor by its name in golden.onnx, as it computes it.

        The graph before the passes computes them: of an image the design itself has some in another order of axes only.
        """
        graph = serialise.loads(read_text(self.path / layout.GRAPH, "a graph"))
        ports = ModelPorts(graph, self.ports.golden)
        named = {name: id for name, id in self.names.items() if not graph.tensors[id].is_constant}
        values = reference.emulate(graph, _integers(ports, inputs), tuple(dict.fromkeys(named.values())))
        return _outputs(ports, values), {name: values[id] * graph.tensors[id].type.step for name, id in named.items()}

    def compile(self) -> None:
        """Compile the C++ of the design to a library that ``predict`` then runs. Needs g++."""
        from hwflow.design.library import compile_library

        self.check_hls("compile")
        self._library = compile_library(self)

    def csim(self, count: int = 1000, progress: Progress | None = None) -> list[r.Result]:
        """Compile and run the self-checking testbench on ``count`` inferences; the results are in the record too."""
        from hwflow.design.simulate_c import simulate_c

        self.check_hls("csim")
        with self._alone(progress):
            self.verify(layout.HLS)
            self.record = simulate_c(self, count, progress)
        return [result for result in self.record.results if result.stage == "csim"]

    def cosim(
        self,
        frames: int = 100,
        modes: Sequence[ModeName] = MODES,
        seed: int = 2026,
        streams: bool = False,
        progress: Progress | None = None,
    ) -> CosimResult:
        """Run the RTL under Verilator in each mode; what it measured is in the record too. Needs g++ and Verilator.

        Args:
            frames: sent back to back in each mode.
            modes: "nominal", "stalls" at both ends, "reset" in mid-frame.
            streams: compare what every kernel puts out, not only the last.
        """
        from hwflow.design.cosimulate import cosimulate

        self.check_rtl("cosim")
        with self._alone(progress):
            self.verify(layout.RTL)
            return cosimulate(self, frames, modes, seed, streams, progress)

    def synth(self, tool: Tool = "auto", route: bool = False, progress: Progress | None = None) -> list[Figures]:
        """Synthesise with Vitis HLS, Vivado or Yosys; resources by kernel are in the record too. Needs the tool."""
        from hwflow.design.synthesise import synthesise

        with self._alone(progress):
            return synthesise(self, tool, route, progress)

    def build(self, csim: bool = True, synth: bool = False, cosim: bool = False, vsynth: bool = False) -> r.BuildRecord:
        """hls4ml's ``build``: C simulation by g++; synthesis and cosimulation by Vitis HLS where it is installed.

        Vitis runs on the project in ``hls/`` with hwflow's testbench, whose exit code fails cosimulation. What its
        reports say is in the record.
        """
        from hwflow.design.synthesise import run_hls
        from hwflow.verify.vitis import find_vitis

        steps = {name for name, wanted in (("synth", synth), ("cosim", cosim), ("vsynth", vsynth)) if wanted}
        if steps:
            self.check_hls("build")
            find_vitis()  # before anything else is done
        project = self.path / layout.HLS
        if csim or (steps and not (project / "testbench_config.h").exists()):
            self.csim()
        if steps:
            with self._alone():
                self.save(run_hls(self, steps).recorded(self.record, self.board))
        return self.record

    def check(self) -> None:
        """Raise GateFailed unless every file is as recorded and as it is made, and all gates are there and hold."""
        r.check_files(self.path, self.record)
        r.gate(self.record)
        self.check_artefacts()

    def check_artefacts(self, progress: Progress | None = None) -> None:
        """Make everything again from model.onnx on, and compare. Raises GateFailed with what differs."""
        from hwflow.design.recheck import checks

        for step in checks(self):
            (progress or (lambda _: None))(step)

    def verify(self, *groups: str) -> None:
        """Raise GateFailed unless ``groups`` (hls, rtl, testbench), and what they were made from, are as built.

        Every step calls it before it compiles or runs anything of the folder: that is then what hwflow itself writes.
        """
        from hwflow.design.artefacts import check_projects

        r.check_files(self.path, self.record, (*FILES, *groups))
        check_projects(self, *(name for name in groups if name in (layout.HLS, layout.RTL)))

    def save(self, build: r.BuildRecord) -> r.BuildRecord:
        """Make ``build`` the record, with its report and JUnit file."""
        from hwflow.report import write_report

        self.record = build
        r.save(build, self.path / r.FILE)
        r.write_junit(build, self.path / layout.JUNIT)
        write_report(build, self.path / layout.REPORT)
        return build

    @contextmanager
    def _alone(self, say: Progress | None = None) -> Iterator[None]:
        """Hold the folder, after whom there was, with the record as that one left it."""
        with self.folder.lock(say):
            found = r.load(self.path / r.FILE) if (self.path / r.FILE).exists() else self.record
            if found.inputs != self.record.inputs:
                expected = "the design that was opened"
                raise UserError(str(self.path), "another design, built meanwhile", expected, "Start the command again.")
            self.record = found
            yield

    def check_hls(self, step: str) -> None:
        """Raise UserError, which names the step, for a design that has no HLS project."""
        if not self.has_hls:
            found = "an unrolled design, which has no HLS project"
            raise UserError(step, found, "a streaming design", "Verify this one with hwflow cosim.")

    def check_rtl(self, step: str) -> None:
        """Raise UserError, which names the step, for a design that has no RTL."""
        if not self.has_rtl:
            found = "a design of io_parallel, which has HLS alone"
            raise UserError(step, found, "io_stream, or the style unrolled", "Build it with one of them.")


def _integers(ports: ModelPorts, inputs: Given) -> dict[str, IntArray]:
    return ports.integers([array for array in ports.checked(inputs, "input") if array is not None])


def _outputs(ports: ModelPorts, integers: Mapping[str, np.ndarray]) -> Outputs:
    real = [ports.real(n, integers[id]) for n, id in enumerate(ports.graph.outputs)]
    return real if len(real) > 1 else real[0]
