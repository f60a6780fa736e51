"""The entry point of `agent-supervisor`: commands, and what their ends mean as exit codes.

0: done. 1: the request failed (failure, a limit, cancelled, interrupted), or something could not be done or found.
2: bad usage or configuration. A partial answer and one that waits for an approval are 0: the account says which part
failed or waits.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from io import TextIOWrapper
from typing import cast

from cyclopts import App, CycloptsError, Parameter

from common.errors import ConfigurationError, RequestRejected, SupervisorError
from common.logs import get_logger
from supervisor.cli.output import note, writing

__all__ = ["FAILED", "OK", "USAGE", "main", "run"]

OK, FAILED, USAGE = 0, 1, 2

_USUAL = {
    ("agents",): "list",
    ("builds",): "list",
    ("evolve",): "cycle",
    ("flags",): "list",
    ("guidelines",): "list",
    ("improvements",): "list",
    ("monitor",): "status",
    ("events", "parked"): "list",
    ("learn",): "cycle",
    ("tokens",): "list",
    ("tuning",): "list",
}
_HELP = frozenset({"--help", "-h", "--version"})

_log = get_logger(__name__)


def _build() -> App:
    app = App(
        name="agent-supervisor",
        help="Routes requests to roles and agents with tools; every step is an event in a log.",
        version=lambda: version("agent-supervisor"),
        default_parameter=Parameter(negative=(), show_default=False),
        help_format="plaintext",
        result_action="return_value",
        suppress_keyboard_interrupt=False,
    )
    app.command("supervisor.cli.ask:ask", name="ask", help="Handle one request and tell how it was done.")
    app.command("supervisor.cli.chat:chat", name="chat", help="Talk, with timers firing meanwhile.")
    app.command("supervisor.cli.compare:compare", name="compare", help="Both planning engines on the same requests.")
    app.command("supervisor.cli.build:build", name="build", help="Build an agent from a sentence.")
    for group in (
        _traces(), _approvals(), _events(), _agents(), _flags(), _guidelines(), _learn(), _improvements(), _tuning(),
        _builds(), _evolve(), _monitor(), _eval(), _tokens(),
    ):  # fmt: skip
        app.command(group)
    app.command("supervisor.cli.serve:serve", name="serve", help="The HTTP API and the dashboard.")
    app.command("supervisor.cli.serving:mcp", name="mcp", help="Be an MCP server, for other programs and agents.")
    app.command("supervisor.cli.serving:a2a", name="a2a", help="Be an A2A agent, for other agents.")
    app.command("supervisor.cli.monitoring:maintain", name="maintain", help="Archive, delete, give room back.")
    app.command("supervisor.cli.doctor:doctor", name="doctor", help="Is everything there that is configured?")
    return app


def _traces() -> App:
    traces = App(name="traces", help="Look at requests that were handled; stop one, or go on with it.")
    traces.command("supervisor.cli.traces:list_traces", name="list", help="The latest requests, newest first.")
    traces.command("supervisor.cli.traces:show_trace", name="show", help="One request, step by step.")
    traces.command("supervisor.cli.trace_control:cancel_trace", name="cancel", help="Stop a running request.")
    traces.command("supervisor.cli.trace_control:resume_trace", name="resume", help="Go on with a stopped request.")
    traces.command("supervisor.cli.trace_files:outcome", name="outcome", help="Say how good a run was.")
    traces.command("supervisor.cli.trace_files:import_files", name="import", help="Take in runs of other agents.")
    traces.command("supervisor.cli.trace_files:export_file", name="export", help="All runs as a file of traces.")
    return traces


def _approvals() -> App:
    approvals = App(name="approvals", help="Decide on what waits for a person.")
    approvals.command("supervisor.cli.approvals:list_approvals", name="list", help="What waits, oldest first.")
    approvals.command("supervisor.cli.approvals:approve", name="approve", help="Approve one, and carry it out.")
    approvals.command("supervisor.cli.approvals:deny", name="deny", help="Deny one.")
    return approvals


def _events() -> App:
    events = App(name="events", help="The event log.")
    events.command("supervisor.cli.events:tail", name="tail", help="The latest events; --follow stays and waits.")
    events.command("supervisor.cli.event_transfer:export", name="export", help="All events as JSON lines.")
    events.command("supervisor.cli.event_transfer:import_events", name="import", help="Put an export into a store.")
    events.command("supervisor.cli.events:verify", name="verify", help="Check the log's hashes and the views.")
    events.command("supervisor.cli.events:seal", name="seal", help="Append a digest of the whole log.")
    events.command("supervisor.cli.event_archive:archive", name="archive", help="Move ended traces to files.")
    events.command("supervisor.cli.event_forget:forget", name="forget", help="Make a tenant unreadable for ever.")
    events.command("supervisor.cli.event_views:list_views", name="views", help="The views and how far they are.")
    events.command("supervisor.cli.event_views:rebuild", name="rebuild", help="Build a view anew, and switch to it.")
    parked = App(name="parked", help="Events that a view could not take.")
    parked.command("supervisor.cli.event_views:list_parked", name="list", help="What is parked, and why.")
    parked.command("supervisor.cli.event_views:retry", name="retry", help="Have the views try them again.")
    parked.command("supervisor.cli.event_views:drop", name="drop", help="Have them listed no more.")
    events.command(parked)
    return events


def _agents() -> App:
    agents = App(name="agents", help="The roles and agents that requests can be routed to.")
    agents.command("supervisor.cli.agents:list_agents", name="list", help="All of them, now or as they stood.")
    agents.command("supervisor.cli.agents:disable_agent", name="disable", help="Have no request routed to one.")
    agents.command("supervisor.cli.agents:restore_agent", name="restore", help="Undo a disable or a remove.")
    built = "supervisor.cli.agent_versions"
    agents.command(f"{built}:show", name="show", help="A built agent: what it does, its figures and versions.")
    agents.command(f"{built}:health", name="health", help="Start a built agent and see whether it is well.")
    agents.command(f"{built}:rollback", name="rollback", help="Have an earlier version of a built agent serve.")
    agents.command("supervisor.cli.agent_share:promote", name="promote", help="Have an improved version serve all.")
    agents.command(f"{built}:remove", name="remove", help="Take a built agent out of service; its files stay.")
    agents.command(f"{built}:export", name="export", help="Write a built agent as a project of its own.")
    return agents


def _builds() -> App:
    builds = App(name="builds", help="How agents were built.")
    builds.command("supervisor.cli.build:list_builds", name="list", help="The latest builds, newest first.")
    builds.command("supervisor.cli.build:show_build", name="show", help="One build, stage by stage.")
    return builds


def _evolve() -> App:
    group = App(name="evolve", help="Agents that are missing appear, better versions replace others, weak ones go.")
    group.command("supervisor.cli.evolve:evolve", name="cycle", help="A cycle now; --dry-run only shows it.")
    group.command("supervisor.cli.evolve:status", name="status", help="What evolution did, and how fit agents are.")
    return group


def _eval() -> App:
    measured = App(name="eval", help="How well requests are routed and tools selected, on labelled rows.")
    measured.command("supervisor.cli.eval:routing", name="routing", help="Recall, calibration, coverage, confusion.")
    measured.command("supervisor.cli.eval:tools", name="tools", help="Right tool first, exact sets, no tool.")
    return measured


def _tokens() -> App:
    tokens = App(name="tokens", help="Who may use the HTTP API, and what for.")
    tokens.command("supervisor.cli.tokens:create", name="create", help="Make a token; it is shown this once.")
    tokens.command("supervisor.cli.tokens:list_tokens", name="list", help="Every token, revoked ones too.")
    tokens.command("supervisor.cli.tokens:revoke", name="revoke", help="Have a token count for nothing.")
    return tokens


def _flags() -> App:
    group = App(name="flags", help="Feature flags: their values, why, and who gets what.")
    looking, changing = "supervisor.cli.flags", "supervisor.cli.flag_changes"
    group.command(f"{looking}:list_flags", name="list", help="Every flag with its value, why, and what is wrong.")
    group.command(f"{changing}:set_flag", name="set", help="Change who gets which variant.")
    group.command(f"{changing}:reset_flag", name="reset", help="Go back to what settings and default say.")
    group.command(f"{looking}:history", name="history", help="Every recorded change.")
    group.command("supervisor.cli.flag_guard:guard", name="guard", help="What is known of each variant's errors.")
    return group


def _guidelines() -> App:
    group = App(name="guidelines", help="The rules that agents work by.")
    looking, changing = "supervisor.cli.guidelines", "supervisor.cli.guideline_changes"
    group.command(f"{looking}:list_guidelines", name="list", help="Every version, now or as they stood.")
    group.command(f"{looking}:show", name="show", help="One version with its rules.")
    group.command(f"{looking}:diff", name="diff", help="What leads from one version to another.")
    group.command(f"{looking}:history", name="history", help="Every proposal and decision, oldest first.")
    group.command(f"{looking}:export", name="export", help="Every version as a YAML file.")
    group.command(f"{changing}:propose", name="propose", help="Offer rules for a decision.")
    group.command(f"{changing}:trial", name="trial", help="Have a version serve a share of the requests.")
    group.command(f"{changing}:activate", name="activate", help="Put a version into service.")
    group.command(f"{changing}:reject", name="reject", help="Decide against a proposal.")
    group.command(f"{changing}:rollback", name="rollback", help="Take the version in service back.")
    return group


def _learn() -> App:
    group = App(name="learn", help="Learn from the traces in the log.")
    group.command("supervisor.cli.learn:learn", name="cycle", help="A cycle now; --follow stays and waits.")
    group.command("supervisor.cli.learn:status", name="status", help="How learning stands.")
    group.command("supervisor.cli.learn_trials:trials", name="trials", help="Guidelines on trial and in service.")
    group.command("supervisor.cli.learn_report:report", name="report", help="What was learned, as a page of plots.")
    return group


def _improvements() -> App:
    group = App(name="improvements", help="What would make the system better, and your decisions on it.")
    home = "supervisor.cli.improvements"
    group.command(f"{home}:list_improvements", name="list", help="All of them, newest first.")
    group.command(f"{home}:show", name="show", help="One with its evidence and plan.")
    group.command(f"{home}:approve", name="approve", help="Allow its plan to be carried out.")
    group.command(f"{home}:reject", name="reject", help="Decide against one.")
    group.command(f"{home}:done", name="done", help="You carried out an approved one yourself.")
    group.command(f"{home}:failed", name="failed", help="An approved one can't be carried out.")
    group.command(f"{home}:undo", name="undo", help="Take back what one changed.")
    group.command(f"{home}:history", name="history", help="What became of one, step by step.")
    return group


def _tuning() -> App:
    group = App(name="tuning", help="Settings that are changed while supervisors run.")
    home = "supervisor.cli.tuning"
    group.command(f"{home}:list_settings", name="list", help="What may be tuned, its bounds, and what holds.")
    group.command(f"{home}:set_value", name="set", help="Have a setting hold a value from now on.")
    group.command(f"{home}:reset", name="reset", help="Have the configured value hold again.")
    group.command(f"{home}:history", name="history", help="Every change of a setting.")
    return group


def _monitor() -> App:
    group = App(name="monitor", help="How the system does.")
    home = "supervisor.cli.monitoring"
    group.command(f"{home}:status", name="status", help="Score, health, figures, improvements.")
    group.command(f"{home}:metrics", name="metrics", help="The samples of the last hours.")
    group.command(f"{home}:reports", name="reports", help="The reports, or one of them.")
    group.command(f"{home}:analyze", name="analyze", help="Look for improvements now.")
    return group


def main(arguments: Sequence[str]) -> int:
    """Run one command line; returns its exit code."""
    with writing():
        return _main(arguments)


def _main(arguments: Sequence[str]) -> int:
    for number, argument in enumerate(arguments, 1):
        try:
            argument.encode()
        except UnicodeEncodeError:
            note(f"agent-supervisor: argument {number} holds bytes that are no text in UTF-8: {argument!a}")
            return USAGE
    try:
        code = _build()(_with_usual(arguments), exit_on_error=False)
    except CycloptsError:  # already told on standard error
        return USAGE
    except KeyboardInterrupt:
        note("agent-supervisor: interrupted")
        return FAILED
    except BrokenPipeError:  # who read our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        return _failed(error)
    return code if isinstance(code, int) else OK


def _with_usual(arguments: Sequence[str]) -> Sequence[str]:
    """Groups do what they are mostly there for when nothing else is said; their commands are imported when they run."""
    for group, usual in _USUAL.items():
        size = len(group)
        rest = arguments[size:]
        if tuple(arguments[:size]) == group and (not rest or rest[0].startswith("-")) and not _HELP & set(rest):
            return [*group, usual, *rest]
    return arguments


def run() -> None:
    """Entry point of the installed command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(main(sys.argv[1:]))


def _failed(error: Exception) -> int:
    for inner in _leaves(error):
        if isinstance(inner, SupervisorError):
            note(f"agent-supervisor: {inner}")
            return USAGE if isinstance(inner, (ConfigurationError, RequestRejected)) else FAILED
    _log.error("internal error", exc_info=error)
    note(f"agent-supervisor: internal error: {type(error).__name__}: {error}")
    return FAILED


def _leaves(error: Exception) -> Iterator[Exception]:
    if isinstance(error, ExceptionGroup):
        for inner in cast("ExceptionGroup[Exception]", error).exceptions:
            yield from _leaves(inner)
    else:
        yield error


if __name__ == "__main__":
    run()
