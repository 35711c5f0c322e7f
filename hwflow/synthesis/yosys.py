"""Synthesis of RTL modules for UltraScale+ with Yosys, each in a run of its own, with a cache."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hwflow.errors import GateFailed
from hwflow.files import sha256_file
from hwflow.processes import ending
from hwflow.schedule.resources import Resources
from hwflow.synthesis.cache import Cache, cache_folder
from hwflow.synthesis.cells import resources_of
from hwflow.synthesis.pool import Job, run_jobs, tail, width_for
from hwflow.synthesis.script import MAPS, TIME_LIMIT_S, last_words, read_lines, synth_lines
from hwflow.synthesis.sources import Closure, closure
from hwflow.synthesis.tool import LOG, Yosys, find_yosys

_MEMORY = 4 << 30  # the most that the WebAssembly package can take
_FORMAT = 1  # of a cache entry
_OWN_WARNING = re.compile(r"Resizing cell port \S+\.[A-Z0-9]+ from")  # of Yosys' library: pins of a block RAM
_NETLIST, _STAT = "netlist.json", "stat.json"


@dataclass(frozen=True)
class Module:
    """A module to synthesise. ``black_boxes``: modules below it that are left out. The heaviest is started first."""

    name: str
    parameters: Mapping[str, int] = field(default_factory=dict)
    black_boxes: tuple[str, ...] = ()
    weight: int = 0


@dataclass(frozen=True)
class Synthesised:
    """A mapped module. ``cells``: type -> count; ``netlist``: Yosys' JSON in the cache; ``warnings`` of the tool."""

    resources: Resources
    cells: dict[str, int]
    netlist: Path
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Plan:
    module: Module
    files: Closure
    script: str
    key: str


Say = Callable[[str], None]


def synth_module(
    rtl: Path, sources: Sequence[str], top: str, parameters: Mapping[str, int] | None = None
) -> Synthesised:
    """One module of the folder ``rtl``, as `synth_modules`."""
    return synth_modules(rtl, sources, [Module(top, parameters or {})])[top]


def synth_modules(
    rtl: Path, sources: Sequence[str], modules: Iterable[Module], say: Say = lambda _: None, cache: Cache | None = None
) -> dict[str, Synthesised]:
    """Map modules to UltraScale+ cells, side by side, the heaviest first; what did not change comes from the cache.

    Args:
        rtl: the folder of ``sources`` and of the ROM contents they name; nothing is written into it.
        say: told the module that is done, and how many are.

    Returns:
        Module name -> what became of it, in the order of ``modules``.

    Raises:
        ToolMissing: there is no Yosys.
        GateFailed: a module could not be mapped; names it and gives the tool's last lines.
    """
    tool, cache = find_yosys(), cache or Cache(cache_folder("yosys"))
    plans = [_plan(rtl, sources, module, tool) for module in modules]
    found = {plan.module.name: _cached(cache, plan) for plan in plans}
    missing = sorted((p for p in plans if not found[p.module.name]), key=lambda p: -p.module.weight)
    if missing:
        say(f"{tool}: {len(missing)} of {len(plans)} modules")
        tool.environment()  # takes a minute the first time
    for number, (name, result) in enumerate(_run(rtl, missing, tool, cache), 1):
        found[name] = result
        say(f"{name} ({number} of {len(missing)})")
    return {name: result for name, result in found.items() if result}


def _plan(rtl: Path, sources: Sequence[str], module: Module, tool: Yosys) -> _Plan:
    files = closure(rtl, sources, module.name, module.black_boxes)
    script = _script(module, files)
    rules = [sha256_file(file) for file in MAPS]
    content = [_FORMAT, str(tool), script, rules, {name: sha256_file(rtl / name) for name in files.files}]
    return _Plan(module, files, script, hashlib.sha256(json.dumps(content).encode()).hexdigest())


def _script(module: Module, files: Closure) -> str:
    lines = read_lines(module.name, module.parameters, files)
    lines += [*synth_lines(module.name), f"tee -q -o {_STAT} stat -json"]
    lines += [f"select {module.name}", f"write_json -selected {_NETLIST}"]  # without the library of all cells
    return "\n".join([*lines, ""])


def _run(rtl: Path, plans: Sequence[_Plan], tool: Yosys, cache: Cache) -> Iterator[tuple[str, Synthesised]]:
    plan_of = {plan.module.name: plan for plan in plans}
    with ExitStack() as scratches:
        jobs = (_job(rtl, plan, tool, scratches.enter_context(cache.scratch())) for plan in plans)
        with closing(run_jobs(jobs, width_for(_MEMORY), TIME_LIMIT_S)) as ended:
            for job, code in ended:
                if code != 0:
                    raise _failed(job, code)
                plan = plan_of[job.name]
                yield job.name, _read(cache.put(plan.key, _kept(job.folder)), plan)


def _job(rtl: Path, plan: _Plan, tool: Yosys, scratch: Path) -> Job:
    run, temporary = scratch / "run", scratch / "tmp"
    run.mkdir()
    temporary.mkdir()
    for name in plan.files.files:
        shutil.copyfile(rtl / name, run / name)
    for file in MAPS:
        shutil.copyfile(file, run / file.name)
    (run / "script.ys").write_text(plan.script)
    environment = {**tool.environment(), "TMPDIR": str(temporary)}  # what the tool leaves when it is ended goes as well
    return Job(plan.module.name, tool.command("script.ys"), run, scratch / "output", environment)


def _kept(run: Path) -> Path:
    """The run's folder as a cache entry, without what it was made from."""
    for file in run.iterdir():
        if file.name not in (_NETLIST, _STAT, LOG):
            file.unlink()
    return run


def _cached(cache: Cache, plan: _Plan) -> Synthesised | None:
    entry = cache.get(plan.key)
    if entry is None:
        return None
    try:
        return _read(entry, plan)
    except (OSError, ValueError, KeyError, TypeError):
        cache.drop(plan.key)
        return None


def _read(entry: Path, plan: _Plan) -> Synthesised:
    stat: dict[str, Any] = json.loads((entry / _STAT).read_text())
    counts: dict[str, int] = stat["design"]["num_cells_by_type"]
    cells = {kind: count for kind, count in counts.items() if kind not in plan.module.black_boxes}
    log = (entry / LOG).read_text(errors="replace").splitlines()
    warnings = [line.strip() for line in log if line.startswith("Warning: ") and not _OWN_WARNING.search(line)]
    return Synthesised(_resources(plan.module, cells), cells, entry / _NETLIST, tuple(dict.fromkeys(warnings)))


def _resources(module: Module, cells: Mapping[str, int]) -> Resources:
    try:
        return resources_of(cells)
    except GateFailed as error:
        raise GateFailed(f"{module.name}: {error}") from None


def _failed(job: Job, code: int) -> GateFailed:
    said = last_words(job.folder, tail(job.log))
    hint = " Fold it further, so that it becomes smaller." if "memory" in said.lower() else ""
    return GateFailed(f"{job.name}: Yosys {ending(code)}.{hint}\n{said}")
