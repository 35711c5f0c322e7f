"""The synthesis step: the right tool with the right arguments, its figures in the record, exit 2 over the board."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from hwflow import record as r
from hwflow.boards import load_board
from hwflow.cli.synth import synth
from hwflow.design import Design, artefacts, layout
from hwflow.design.synthesise import Tool, synthesise
from hwflow.errors import GateFailed, ToolMissing, UserError
from hwflow.files import BuildFolder
from hwflow.schedule.resources import Resources
from hwflow.synthesis.figures import Figures
from tests.support.folders import fill
from tests.synthesis import reports

SAMPLE = Path(__file__).parents[1] / "record" / "sample.json"
VIVADO = """#!{python}
import json, pathlib, re, sys
here = pathlib.Path(__file__).parent
script = pathlib.Path(sys.argv[sys.argv.index("-source") + 1]).read_text()
record = {{"argv": sys.argv[1:], "cwd": str(pathlib.Path.cwd()), "script": script}}
(here / "vivado.json").write_text(json.dumps(record))
for kind, path in re.findall(r"^report_(.*?)-file {{(.*)}}$", script, re.MULTILINE):
    name = "timing" if "timing" in kind else "kernels" if "hierarchical" in kind else "utilisation"
    pathlib.Path(path).write_text((here / name).read_text())
sys.exit(int((here / "exit").read_text()))
"""
VITIS = """#!{python}
import json, pathlib, sys
here = pathlib.Path(__file__).parent
options = pathlib.Path("build_opt.tcl").read_text()
(here / "vitis.json").write_text(json.dumps({{"argv": sys.argv[1:], "options": options}}))
folder = pathlib.Path("hwflow_top_prj/solution1/syn/report")
folder.mkdir(parents=True, exist_ok=True)
(folder / "csynth.xml").write_text((here / "csynth").read_text())
"""


@pytest.fixture
def design(rtl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Design:
    """A build folder with RTL, and a record, but without a model that it could be made from again."""
    monkeypatch.setattr(artefacts, "check_projects", lambda *_: None)
    folder = BuildFolder.create(tmp_path / "design")
    rtl.rename(folder.path / "rtl")
    (folder.path / layout.HLS).mkdir()
    (folder.path / layout.BOARD).write_text(load_board("vcu118").model_dump_json())
    record = r.load(SAMPLE)
    kernels = [record.kernels[0].model_copy(update={"name": name}) for name in ("k0_scale", "k1_sum")]
    record = record.model_copy(update={"kernels": tuple(kernels), "results": (), "kernel_resources": ()})
    record = fill(folder.path, record)
    return Design(folder, None, None, record, {})  # type: ignore[arg-type]


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole PATH; what the stand-ins are to report."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    files = {
        "utilisation": reports.utilisation(),
        "kernels": reports.kernels(),
        "timing": reports.timing(),
        "exit": "0",
    }
    for name, text in {**files, "csynth": reports.csynth()}.items():
        (folder / name).write_text(text)
    return folder


def install(tools: Path, name: str, text: str) -> None:
    program = tools / name
    program.write_text(text.format(python=sys.executable))
    program.chmod(0o755)


def values(record: r.BuildRecord, stage: str) -> dict[str, float]:
    return {result.metric: result.value for result in record.results if result.stage == stage}


def test_vivado_out_of_context_in_batch(design: Design, tools: Path) -> None:
    install(tools, "vivado", VIVADO)
    (figures,) = synthesise(design, "vivado")
    called = json.loads((tools / "vivado.json").read_text())
    work = design.path / "vivado"
    assert called["argv"][:3] == ["-mode", "batch", "-nojournal"]
    assert called["cwd"] == str(design.path / "rtl")
    script = called["script"]
    assert (
        "read_verilog -sv [list {k0_scale.sv} {k1_sum.sv} {hwflow_top.sv} {hwflow_fifo.sv} {hwflow_actor.sv}]" in script
    )
    assert f"-mode out_of_context -flatten_hierarchy rebuilt -top {{hwflow_top}} -part {design.board.part}" in script
    assert script.index("read_xdc -mode out_of_context") < script.index("synth_design")
    assert "place_design" not in script
    assert (work / "clock.xdc").read_text() == "create_clock -period 5.000 -name aclk [get_ports aclk]\n"
    assert figures.total == Resources(4500, 2600, 18, 5, 0)
    assert values(design.record, "vsynth")["clock period"] == 3.75
    assert values(design.record, "vsynth")["lut"] == 4500
    assert design.record.versions["vivado"] == "2023.2"
    assert [k.kernel for k in design.record.kernel_resources] == ["k0_scale", "k1_sum", None]
    assert r.load(design.path / r.FILE) == design.record


def test_vivado_places_and_routes_on_request_and_the_clock_is_a_gate_then(design: Design, tools: Path) -> None:
    install(tools, "vivado", VIVADO)
    (tools / "timing").write_text(reports.timing("-0.125"))
    assert [each.stage for each in synthesise(design, "vivado", route=True)] == ["vsynth", "post-route"]
    script = json.loads((tools / "vivado.json").read_text())["script"]
    steps = re.findall(r"^(\w+_design|report_timing_summary)", script, re.MULTILINE)
    assert steps == [
        "synth_design", "report_timing_summary", "opt_design", "place_design", "phys_opt_design", "route_design",
        "report_timing_summary",
    ]  # fmt: skip
    assert [str(each) for each in r.failed(design.record)] == ["post-route: clock period 5.125 ns, limit 5"]


def test_vivado_that_fails_says_where_its_log_is_and_the_folder_stays_usable(design: Design, tools: Path) -> None:
    install(tools, "vivado", VIVADO)
    (tools / "exit").write_text("1")
    with pytest.raises(GateFailed, match=r"Vivado ended with exit code 1; see .*/vivado/vivado\.out"):
        synthesise(design, "vivado")
    (tools / "exit").write_text("0")
    synthesise(design, "vivado")


def test_a_path_that_tcl_would_read_as_its_own_is_refused(design: Design, tools: Path, tmp_path: Path) -> None:
    install(tools, "vivado", VIVADO)
    moved = design.path.rename(tmp_path / "a}; exec rm {b")
    with pytest.raises(UserError, match="a brace, a backslash or a line end"):
        synthesise(Design(BuildFolder(moved), None, None, design.record, {}), "vivado")  # type: ignore[arg-type]
    assert not (tools / "vivado.json").exists()


@pytest.mark.parametrize(
    ("name", "argv"),
    [("vitis-run", ["--mode", "hls", "--tcl", "build_prj.tcl"]), ("vitis_hls", ["-f", "build_prj.tcl"])],
)
def test_vitis_synthesises_the_hls_project(design: Design, tools: Path, name: str, argv: list[str]) -> None:
    install(tools, name, VITIS)
    (figures,) = synthesise(design, "vitis")
    called = json.loads((tools / "vitis.json").read_text())
    assert called["argv"] == argv
    assert re.findall(r"(\w+) 1", called["options"]) == ["reset", "synth"]
    assert list(figures.kernels) == ["k0_scale", "k1_sum", None]
    assert values(design.record, "csynth") == {
        "lut": 5000, "ff": 3000, "dsp": 20, "bram18": 6, "uram": 0, "latency": 41, "initiation interval": 9,
        "clock period": 3.65,
    }  # fmt: skip


@pytest.mark.parametrize("tool", ["vitis", "yosys"])
def test_only_vivado_routes(design: Design, tools: Path, tool: Tool) -> None:
    with pytest.raises(UserError, match=f"route: found the tool {tool}; expected vivado"):
        synthesise(design, tool, route=True)
    with pytest.raises(ToolMissing, match="vivado"):
        synthesise(design, route=True)


def test_a_report_of_an_earlier_run_is_not_taken_for_a_new_one(design: Design, tools: Path) -> None:
    install(tools, "vitis-run", VITIS)
    synthesise(design, "vitis")
    install(tools, "vitis-run", "#!{python}\n")
    with pytest.raises(UserError, match=r"csynth\.xml: found No such file"):
        synthesise(design, "vitis")


def test_auto_takes_the_vendors_tools_where_they_are(design: Design, tools: Path) -> None:
    install(tools, "vivado", VIVADO)
    assert [each.stage for each in synthesise(design)] == ["vsynth"]
    install(tools, "vitis-run", VITIS)
    assert [each.stage for each in synthesise(design)] == ["csynth", "vsynth"]


@pytest.mark.parametrize(
    ("change", "stage", "other", "said"),
    [
        ({"style": "unrolled"}, "vsynth", "vitis", "tool vitis: found an unrolled design, which has no HLS project"),
        ({"io_type": "io_parallel"}, "csynth", "yosys", "tool yosys: found a design of io_parallel, which has HLS al"),
    ],
)
def test_what_a_design_does_not_have_is_not_synthesised(
    design: Design, tools: Path, change: dict[str, str], stage: str, other: Tool, said: str
) -> None:
    install(tools, "vivado", VIVADO)
    install(tools, "vitis-run", VITIS)
    design.record = design.record.model_copy(update=change)
    assert [each.stage for each in synthesise(design)] == [stage]
    with pytest.raises(UserError, match=said):
        synthesise(design, other)


def test_without_them_it_is_yosys(design: Design, tools: Path) -> None:
    (figures,) = synthesise(design)
    assert figures.stage == "yosys"
    resources = {metric: v for metric, v in values(design.record, "yosys").items() if not metric.startswith("clock")}
    assert resources == figures.total.as_dict()
    (clock,) = [result for result in design.record.results if result.metric.startswith("clock") and result.ok]
    assert clock.metric == "clock period, open estimate, 200 ps a net" and clock.limit == 5000
    assert clock.unit.startswith("ps in k0_scale, ") and " -> " in clock.unit
    assert sum(k.resources.lut for k in design.record.kernel_resources) == figures.total.lut
    assert design.record.versions[figures.tool] == figures.version


@pytest.mark.parametrize("tool", ["vitis", "vivado"])
def test_a_tool_that_is_not_there_is_exit_3(design: Design, tools: Path, tool: Tool) -> None:
    with pytest.raises(ToolMissing):
        synthesise(design, tool)


def run(design: Design, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str]:
    monkeypatch.setattr(Design, "load", lambda _: design)
    app = typer.Typer()
    app.command()(synth)
    done = CliRunner().invoke(app, [str(design.path), *arguments])
    return done.exit_code, done.output


def test_over_the_usable_share_is_exit_2_with_the_kernel_that_costs_most(
    design: Design, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tools, "vivado", VIVADO)
    assert run(design, monkeypatch, "--tool", "vivado")[0] == 0
    for name, text in (
        ("utilisation", reports.utilisation(lut=1_100_000)),
        ("kernels", reports.kernels(lut=1_100_000)),
    ):
        (tools / name).write_text(text)
    code, output = run(design, monkeypatch, "--tool", "vivado")
    assert code == 2
    assert "what lies between the kernels takes most" in " ".join(output.split())
    assert r.load(design.path / r.FILE).results[0].ok is False


def test_the_message_names_what_is_exceeded_and_by_whom() -> None:
    board = load_board("vcu118")
    parts = {"k0_linear": Resources(lut=10, dsp=3000), "k1_linear": Resources(lut=5, dsp=6000), None: Resources(lut=9)}
    with pytest.raises(GateFailed) as error:
        Figures.by_kernel("yosys", "yosys", "0.70", parts).check_fit(board)
    limit = f"{board.usable.dsp:,}"
    assert str(error.value) == (
        f"the design does not fit {board.name}: yosys: dsp 9,000, limit {limit} (k1_linear takes most: 6,000)"
    )


def test_ultraram_on_a_board_without_is_a_user_error() -> None:
    board = load_board("zcu102")
    assert board.resources.uram == 0
    parts = {"k0_linear": Resources(uram=2), None: Resources()}
    with pytest.raises(UserError, match=r"2 UltraRAMs \(k0_linear takes most: 2\), and .* has none; expected a board"):
        Figures.by_kernel("yosys", "yosys", "0.70", parts).check_fit(board)


def test_as_json(design: Design, tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tools, "vitis-run", VITIS)
    assert "k0_scale 3,500 2,000 16 4 0" in " ".join(run(design, monkeypatch, "--tool", "vitis")[1].split())
    code, output = run(design, monkeypatch, "--json", "--tool", "vitis")
    document = json.loads(output[output.index("{") :])
    assert code == 0
    assert [row["kernel"] for row in document["record"]["kernel_resources"]] == ["k0_scale", "k1_sum", None]
