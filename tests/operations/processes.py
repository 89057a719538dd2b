"""Processes of the stack."""

from __future__ import annotations

from tests.operations.stack import Stack


def children_of(stack: Stack) -> list[int]:
    pid = stack.processes["web"].pid
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(one) for one in file.read().split()]
