"""Each compiled module has a stub that says what is in it."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

import hybridbg._kernels

ROOT = Path(__file__).parents[2]
NAMES = sorted(path.stem for path in (ROOT / "ext").glob("*.pyx"))


def stub(name):
    path = Path(hybridbg._kernels.__file__).with_name(f"{name}.pyi")
    return ast.parse(path.read_text(encoding="utf-8"))


def public(name):
    """Functions and constants of the kernel; its variants call themselves like the plain one."""
    ending, found = f".{name}", set()
    for each, value in vars(getattr(hybridbg._kernels, name)).items():
        of_it = isinstance(value, (int, float)) or str(getattr(value, "__module__", "")).endswith(
            ending
        )
        if of_it and not each.startswith("_"):
            found.add(each)
    return found


def test_there_are_kernels():
    assert "closed_form" in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_stub_has_the_modules_functions_and_their_parameters(name):
    module = getattr(hybridbg._kernels, name)
    functions = {node.name: node for node in stub(name).body if isinstance(node, ast.FunctionDef)}
    classes = {node.name for node in stub(name).body if isinstance(node, ast.ClassDef)}
    constants = {node.target.id for node in stub(name).body if isinstance(node, ast.AnnAssign)}
    assert {*functions, *classes, *constants} == public(name)
    for function, node in functions.items():
        compiled = getattr(module, function)
        one_type = next(iter(getattr(compiled, "__signatures__", {}).values()), compiled)
        assert [argument.arg for argument in node.args.args] == list(
            inspect.signature(one_type).parameters
        )
