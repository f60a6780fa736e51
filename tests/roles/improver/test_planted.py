"""What is planted in agents as the builder writes them is found where it is, and agents of before can be had.

That it is mended is measured by `benchmarks.bench_planted`, which takes a while.
"""

from __future__ import annotations

import pytest

from benchmarks.bench_agent_improvements import agent_of
from benchmarks.older_templates import older_templates
from roles.engineering.specification import Specification
from roles.improver.catalogue import load_strategies
from roles.improver.strategies.managers import GeneratorContexts
from tests.roles.builder import odd_specifications as odd
from tests.roles.improver.planting import KINDS, plant

SPECIFICATIONS = (odd.hidden_names(), odd.no_rules())


@pytest.mark.parametrize("specification", SPECIFICATIONS, ids=[one.name for one in SPECIFICATIONS])
def test_what_is_planted_is_found_where_it_is(specification: Specification) -> None:
    number = SPECIFICATIONS.index(specification)
    kinds = KINDS[number::2]
    case = plant(agent_of(specification, 1), kinds, seed=number)
    assert sorted(one.kind for one in case.planted) == sorted(kinds)
    assert len({one.file for one in case.planted}) >= 2
    files = {one.file: case.agent.files[one.file] for one in case.planted}
    others = {path: text for path, text in case.agent.files.items() if path not in files}
    found = {
        (site.file, site.function, site.line, site.kind)
        for strategy in load_strategies() if strategy.kind in kinds
        for site in strategy.change(files, case.agent.specification, {**others, **case.agent.tests}).sites
        if not site.refused
    }  # fmt: skip
    assert {(one.file, one.function, one.line, one.kind) for one in case.planted} <= found


def test_agents_of_before_have_what_the_templates_do_better_now() -> None:
    specification = odd.hidden_names()
    with older_templates():
        before = agent_of(specification, 1)
    now = agent_of(specification, 1)
    assert before.files != now.files
    assert GeneratorContexts().change(before.files, before.specification, before.tests).changed
    assert not GeneratorContexts().change(now.files, now.specification, now.tests).sites
