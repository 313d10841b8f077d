"""`make test-quick` leaves no module out: each is imported by a test that is not slow.

Sources are read and not run, so this costs a second. Only what is certain counts: what a quick
test's file imports, at its top or within its tests, and from there on what modules import at their
own top. A module that is only ever imported within a function, or in a process of its own, stands
in a table here, beside a quick test that runs it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import REPOSITORY

PLACES = [REPOSITORY / "core", REPOSITORY / "ocio", REPOSITORY / "plugin"]

KEYED = (
    "end_to_end/test_key.py::test_a_green_screen_with_its_plate_gives_alpha_layers_and_the_identity"
)
RUN_BY = {
    "make_gizmo": "plugin/nuke/test_gizmo.py::test_the_gizmo_is_what_its_generator_writes",
    "make_zip": "hosts/test_add_on.py::test_equal_sources_give_equal_zips",
    "mattebox.__main__": (
        "plugin/test_run.py::test_a_plate_that_is_not_there_is_66_with_the_next_step"
    ),
    "mattebox.bench.blender_keying": (
        "unit/bench/test_blender.py::test_a_knob_that_the_node_has_not_is_blenders_error"
    ),
    "mattebox.cli.exits": KEYED,
    "mattebox.cli.jobs": KEYED,
    "mattebox.cli.run": KEYED,
    "mattebox.cli.stop": KEYED,
    "mattebox.engines.screen": KEYED,
    "mattebox.engines.torch_files": (
        "unit/engines/test_checkpoints.py::test_an_old_style_pth_is_read"
    ),
    "mattebox.pipeline.check": (
        "end_to_end/test_check.py::test_whole_frames_are_told_from_missing_cut_and_stale_ones"
    ),
    "mattebox.pipeline.preview": "end_to_end/test_key.py::test_the_preview_is_a_contact_sheet",
    "mattebox_plugin.blender_host": (
        "hosts/test_add_on.py::test_it_can_be_switched_off_and_on_again"
    ),
    "mattebox_plugin.nuke_host": (
        "plugin/nuke/test_installation.py::test_the_menu_makes_a_node_that_is_ready"
    ),
    "nuke_path.init": "plugin/nuke/test_installation.py::test_the_menu_makes_a_node_that_is_ready",
    "nuke_path.menu": "plugin/nuke/test_installation.py::test_the_menu_makes_a_node_that_is_ready",
}


def name_of(file: Path, place: Path) -> str:
    return ".".join(file.relative_to(place).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(file, place): file for place in PLACES for file in place.rglob("*.py")}
TESTS = {name_of(file, REPOSITORY): file for file in (REPOSITORY / "tests").rglob("*.py")}
CONFTESTS = [name for name in TESTS if name.endswith(".conftest")]
FILES = TESTS | MODULES


def is_slow(node: ast.stmt) -> bool:
    """A test that is marked, or the mark of a whole file."""
    match node:
        case ast.FunctionDef():
            marks = [ast.unparse(one) for one in node.decorator_list]
        case ast.Assign(targets=[ast.Name("pytestmark")], value=value):
            marks = [ast.unparse(value)]
        case _:
            return False
    return any("mark.slow" in mark for mark in marks)


def quick_part(file: Path) -> list[ast.stmt]:
    """What `make test-quick` may run of a test's file: nothing where no test is left."""
    body = ast.parse(file.read_text("utf-8")).body
    if any(is_slow(node) for node in body if isinstance(node, ast.Assign)):
        return []
    quick = [node for node in body if not is_slow(node)]
    has_test = any(isinstance(n, ast.FunctionDef) and n.name.startswith("test_") for n in quick)
    return quick if has_test else []


def _condition(node: ast.stmt) -> str:
    return ast.unparse(node.test) if isinstance(node, ast.If) else ""


def statements(body: list[ast.stmt], *, in_functions: bool) -> Iterator[ast.AST]:
    for node in body:
        if in_functions:
            yield from ast.walk(node)
        elif not isinstance(node, ast.FunctionDef) and "TYPE_CHECKING" not in _condition(node):
            yield node
            for part in ("body", "orelse", "handlers", "finalbody"):
                yield from statements(getattr(node, part, []), in_functions=False)


def imported(body: list[ast.stmt], within: str, *, in_functions: bool) -> set[str]:
    """Modules of ours, and the packages that they lie in, which come along."""
    found: set[str] = set()
    for node in statements(body, in_functions=in_functions):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = within.split(".")[: 1 - node.level or None] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    parts = [name.split(".") for name in found]
    return {
        whole
        for words in parts
        for length in range(1, len(words) + 1)
        if (whole := ".".join(words[:length])) in FILES
    }


def package_of(name: str) -> str:
    return name if FILES[name].name == "__init__.py" else name.rpartition(".")[0]


def reached(start: set[str]) -> set[str]:
    """These modules and all that is imported when they are."""
    found: set[str] = set()
    waiting = set(start)
    while waiting:
        name = waiting.pop()
        found.add(name)
        body = ast.parse(FILES[name].read_text("utf-8")).body
        waiting |= imported(body, package_of(name), in_functions=name in TESTS) - found
    return found


def test_every_module_is_imported_by_a_test_that_is_not_slow() -> None:
    start = set(RUN_BY)
    for name, file in TESTS.items():
        if file.name.startswith("test_"):
            quick = quick_part(file)
            start |= imported(quick, package_of(name), in_functions=True)
            if quick:  # its fixtures are loaded with it
                start |= {
                    conftest for conftest in CONFTESTS if TESTS[conftest].parent in file.parents
                }
    found = reached(start)
    assert len(MODULES) > 200
    assert sorted(set(MODULES) - found) == []


def test_the_table_names_quick_tests_and_modules_that_are_there() -> None:
    assert sorted(set(RUN_BY) - set(MODULES)) == []
    for place in set(RUN_BY.values()):
        file, _, test = place.partition("::")
        body = quick_part(REPOSITORY / "tests" / file)
        assert test in [node.name for node in body if isinstance(node, ast.FunctionDef)], place
