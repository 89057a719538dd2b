"""The trace of `make load`: the parts of a save add up, and the slowest are told apart."""

from __future__ import annotations

import json

from bench.load import trace


def test_the_parts_of_the_slowest_saves_add_up(tmp_path):
    path = tmp_path / "trace.jsonl"
    lines = [
        {"at": float(n), "whole": 0.010, "thread": 0.001, "PostgreSQL": 0.004, "processor": 0.003}
        for n in range(300)
    ]
    lines += [
        {
            "at": 300.0 + n,
            "whole": 0.200,
            "thread": 0.150,
            "chain's lock": 0.020,
            "processor": 0.006,
        }
        for n in range(100)
    ]
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))
    found = trace.read(path, since=100)
    assert len(found) == 300
    assert {one["whole"] for one in trace.slowest(found)} == {0.2}
    table = trace.table(found)
    assert "slowest 100" in table and "all 300" in table
    (waiting,) = [line for line in table.splitlines() if "for a thread" in line]
    assert "150.0 (75 %)" in waiting
    (rest,) = [line for line in table.splitlines() if "another thread" in line]
    assert "24.0 (12 %)" in rest
    assert trace.table(trace.read(tmp_path / "none")) == "no save was traced"
