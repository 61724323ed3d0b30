"""Code that has been checked, or that somebody trusts, as functions to call."""

import inspect
from collections.abc import Callable, Mapping
from itertools import islice
from types import TracebackType
from typing import Any

import numpy as np

from websim.errors import CodeFailed, Problem, TooCostly, UnsafeCode, WebSimError
from websim.safecode.checker import Functions, accessors, check, parse
from websim.safecode.guards import Guards, OverBudget, frozen
from websim.safecode.reads import Reads, possible_reads, reads
from websim.safecode.rewriting import guarded

TRIES = 3
"""A machine with other things to do may make one call slow; a call that is slow always is slow."""


class Program:
    """The functions of a file.

    Attributes:
        source: The file.
        file: What it is called in errors.
        trusted: Whether it was not checked, because somebody trusts it.
        reads: The arrays that are read through each parameter.
        constants: What it assigns outside functions.
    """

    reads: Reads

    def __init__(
        self, source: str, functions: Functions, *, file: str, trusted: bool = False
    ) -> None:
        """Checks and loads a file.

        Args:
            source: Python.
            functions: What it has to define.
            file: What it is called in errors.
            trusted: Takes code that is not safe, and may do anything, on somebody's word.

        Raises:
            UnsafeCode: it says what safe code may not, or lacks a function.
            CodeFailed: its constants cannot be computed.
        """
        self.source, self.file, self.trusted = source, file, trusted
        self._guards = Guards()
        if trusted:
            tree = parse(source, file)
            self.reads = possible_reads(tree, functions)
            self._namespace: dict[str, Any] = {"np": np, "numpy": np, "__name__": file}
        else:
            tree = check(source, functions, file)
            self.reads = reads(tree, functions)
            self._namespace = self._guards.namespace()
            for name in {name for kind in accessors(functions) for name in kind.methods}:
                self._namespace.setdefault(f".{name}", self._guards.accessor(name))
            tree = guarded(tree)
        try:
            self._code = compile(tree, f"<{file}>", "exec")
        except SyntaxError as error:
            place = error.lineno or 1, error.offset or 1
            problem = Problem(*place, f"This is no Python: {error.msg}", "")
            raise UnsafeCode(file, [problem]) from None
        given = set(self._namespace)
        self._run(lambda: exec(self._code, self._namespace), 1)
        for name in functions:
            if not callable(self._namespace.get(name)):
                raise UnsafeCode(file, [Problem(1, 1, f"There is no function {name}", "")])
        known: dict[int, Any] = {}
        self.constants: Mapping[str, Any] = {
            name: frozen(value, known)
            for name, value in self._namespace.items()
            if name not in given and not name.startswith("_") and not callable(value)
        }
        self._namespace.update(self.constants)

    def call(self, function: str, arguments: tuple[Any, ...], environments: int) -> Any:
        """Calls a function over so many environments.

        Raises:
            TooCostly: it took more time or memory than it may, and was stopped.
            CodeFailed: it failed.
        """
        return self._run(lambda: self._namespace[function](*arguments), environments)

    def docstring(self, function: str) -> str:
        """What a function's docstring says, or else that of the file."""
        text = self._namespace[function].__doc__ or self._namespace.get("__doc__") or ""
        return inspect.cleandoc(text)

    def _run(self, call: Callable[[], Any], environments: int) -> Any:
        for tries_left in reversed(range(TRIES)):
            self._guards.budget.begin(environments)
            try:
                return call()
            except OverBudget as error:
                if not (error.seconds and tries_left):
                    raise TooCostly(self.file, str(error), *self._place(error)) from None
            except Exception as error:
                told = (
                    str(error)
                    if isinstance(error, WebSimError)
                    else f"{type(error).__name__}: {error}"
                )
                raise CodeFailed(self.file, told, *self._place(error)) from None
        raise AssertionError  # The last try returns or raises.

    def _place(self, error: Exception) -> tuple[int, int]:
        """Line and column of the file at which something went wrong, the innermost."""
        place = (0, 0)
        trace: TracebackType | None = error.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            if code.co_filename == f"<{self.file}>":
                positions = next(
                    islice(code.co_positions(), trace.tb_lasti // 2, None), (None,) * 4
                )
                column = self._column(trace.tb_lineno, positions[2] or 0)
                place = trace.tb_lineno, column
            trace = trace.tb_next
        return place

    def _column(self, line: int, offset: int) -> int:
        """The column of a byte of a line, from 1."""
        lines = self.source.splitlines()
        text = lines[line - 1] if line <= len(lines) else ""
        return len(text.encode()[:offset].decode(errors="ignore")) + 1
