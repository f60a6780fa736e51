"""From traces to patterns: what agents do that goes with success or failure beyond task, agent and chance.

`PatternAnalyzer` keeps the evidence of each agent type; `add` takes traces as they end, `analyze` says what they show
so far. A fresh analysis of the same traces gives the same patterns in whatever order they came. numpy and scipy are
loaded at the first `analyze`, not before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from supervisor.learning.candidates import Key
from supervisor.learning.evidence import Evidence
from supervisor.learning.patterns import Analysis, AnalysisSettings, Counts, Pattern, Refusal, Weight
from supervisor.learning.records import Record
from supervisor.learning.tool_figures import ToolTally

__all__ = ["Analysis", "AnalysisSettings", "Pattern", "PatternAnalyzer", "Refusal", "Weight", "analyze_records"]


class PatternAnalyzer:
    """Takes traces, says patterns. Not for several threads at once."""

    def __init__(self, settings: AnalysisSettings | None = None) -> None:
        self.settings = settings or AnalysisSettings()
        self._evidence: dict[str, Evidence] = {}
        self._tools: dict[str, ToolTally] = {}
        self._last: dict[str, Analysis] = {}
        self._seen: dict[str, int] = {}

    @property
    def agent_types(self) -> tuple[str, ...]:
        """The agent types of which traces were added."""
        return tuple(sorted(self._evidence))

    def add(self, records: Iterable[Record]) -> int:
        """Take traces; how many were new and of use. The others are counted by reason (see `Counts`)."""
        taken = 0
        for record in records:
            evidence = self._evidence.setdefault(record.agent_type, Evidence())
            if evidence.add(record):
                self._tools.setdefault(record.agent_type, ToolTally()).add(record)
                taken += 1
        return taken

    def counts(self, agent_type: str) -> Counts:
        """What was taken of the type, and what was left out and why."""
        return _counts(self._evidence.get(agent_type, Evidence()))

    def traces(self, agent_type: str) -> int:
        """How many traces of the type were taken."""
        return len(self._evidence[agent_type]) if agent_type in self._evidence else 0

    def analyze(self, agent_type: str, *, fresh: bool = False, cancelled: Callable[[], bool] | None = None) -> Analysis:
        """The patterns of one agent type.

        The last analysis is given again, with the number of traces that came since, until the traces have grown by
        `AnalysisSettings.growth` (2 %, corrected outcomes included): fewer move no z-value by more than a hundredth
        part, and so a cycle after a few new traces costs next to nothing however many came before. `fresh` judges
        anew all the same.
        `cancelled` is asked between stages; InterruptedError is raised once it says yes.
        """
        evidence = self._evidence.get(agent_type, Evidence())
        last = self._last.get(agent_type)
        moved = len(evidence) + evidence.corrected
        if last and not fresh and moved - self._seen[agent_type] < self.settings.growth * last.counts.traces:
            return replace(last, later=len(evidence) - last.counts.traces)
        tally = self._tools.get(agent_type, ToolTally())
        needed = 2 * self.settings.least
        if len(evidence) < needed:
            note = f"{len(evidence)} traces with a known outcome are too few to compare; {needed} are needed."
            return Analysis(agent_type, _counts(evidence), (), (), tally.figures(), (note,))
        from supervisor.learning.judging import judge  # loads numpy and scipy, which only analyses need

        found = judge(agent_type, evidence, tally, self.settings, cancelled or (lambda: False))
        self._last[agent_type], self._seen[agent_type] = found, moved
        return found

    def weigh(self, agent_type: str, keys: Sequence[Key]) -> dict[Key, Weight]:
        """What this agent type's traces say of behaviours found in others (`Pattern.key`)."""
        if agent_type not in self._evidence:
            return {}
        from supervisor.learning.judging import weigh  # loads numpy and scipy, which only analyses need

        return weigh(self._evidence[agent_type], keys)


def _counts(evidence: Evidence) -> Counts:
    return Counts(
        traces=len(evidence),
        successes=sum(evidence.outcomes),
        tasks=len(evidence.task_buckets),
        agents=len(evidence.agent_names),
        unknown=evidence.unknown,
        repeated=evidence.repeated,
        contradictory=evidence.contradictory,
        empty=evidence.empty,
    )


def analyze_records(records: Iterable[Record], settings: AnalysisSettings | None = None) -> dict[str, Analysis]:
    """All agent types of these records at once."""
    analyzer = PatternAnalyzer(settings)
    analyzer.add(records)
    return {agent_type: analyzer.analyze(agent_type) for agent_type in analyzer.agent_types}
