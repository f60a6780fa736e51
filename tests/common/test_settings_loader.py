"""Settings from file and environment: what is read, and how everything wrong is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import ConfigurationError
from common.intents import Policy
from common.settings import Settings
from common.settings_loader import load_settings

ROOT = Path(__file__).parents[2]

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a configuration file; the current folder is another one."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)

    def write_it(text: str) -> Path:
        path = tmp_path / "config.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_it


def refused(path: Path | None, environ: dict[str, str] | None = None) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(path, environ or {})
    return caught.value


def test_without_file_and_environment_everything_has_its_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings(None, {}) == Settings(data_dir=tmp_path / "data")


@pytest.mark.parametrize("text", ["", "# nothing but a comment\n", "---\n", "store:\nflags:\n  values:\n"])
def test_an_empty_file_section_or_key_means_the_defaults(write: Write, text: str) -> None:
    assert load_settings(write(text), {}) == load_settings(None, {})


def test_the_shipped_configuration_is_the_default_and_names_every_key() -> None:
    shipped = load_settings(ROOT / "config.yaml", {})
    assert shipped == Settings(data_dir=ROOT / "data")
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    for name, section in Settings.model_fields.items():
        assert f"\n{name}:" in text
        for key in getattr(section.annotation, "model_fields", {}):
            assert f"\n  {key}:" in text, f"{name}.{key}"


def test_values_of_the_file_are_read(write: Write) -> None:
    path = write(
        """
timezone: Europe/Zurich
requests: {max_concurrent: 3, limits: {cost: 2}}
flags:
  values: {meta-planning: on, rollout: 0.25, colour: "on"}
intents:
  policies:
    calendar.add_event: ask
calendar:
  default_start: 10:30
smart_home:
  devices:
    - {name: desk lamp, kind: light, state: {power: "off", since: 2026-11-28}}
"""
    )
    loaded = load_settings(path, {})
    assert loaded.timezone == "Europe/Zurich"
    assert loaded.requests.max_concurrent == 3
    assert loaded.requests.limits.cost == 2.0
    assert loaded.flags.values == {"meta-planning": True, "rollout": 0.25, "colour": "on"}
    assert loaded.intents.policies == {"calendar.add_event": Policy.ASK}
    assert loaded.calendar.default_start == time(10, 30)
    assert loaded.smart_home.devices[0].state == {"power": "off", "since": "2026-11-28"}


def test_relative_paths_of_a_file_stand_relative_to_it(write: Write, tmp_path: Path) -> None:
    path = write("data_dir: here\ncalendar: {path: cal/home.ics}\nstore: {url: 'sqlite:///log/events.db'}\n")
    loaded = load_settings(path, {"SUPERVISOR_SEARCH__FOLDER": "papers"})
    assert loaded.data_dir == tmp_path / "here"
    assert loaded.calendar.path == tmp_path / "cal/home.ics"
    assert loaded.store_url == f"sqlite:///{tmp_path}/log/events.db"
    assert loaded.search.folder == tmp_path / "elsewhere/papers"


def test_paths_of_the_environment_and_defaults_stand_relative_to_the_current_folder(
    write: Write, tmp_path: Path
) -> None:
    assert load_settings(write("timezone: UTC"), {}).data_dir == tmp_path / "elsewhere/data"
    loaded = load_settings(write("data_dir: here"), {"SUPERVISOR_DATA_DIR": "there"})
    assert loaded.data_dir == tmp_path / "elsewhere/there"


def test_a_tilde_is_the_home_folder(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    assert load_settings(write('data_dir: "~/supervisor"'), {}).data_dir == Path("/home/someone/supervisor")


def test_the_environment_wins_over_the_file(write: Write) -> None:
    path = write("requests: {limits: {tokens: 5, turns: 7}}\nlocation: Bern\n")
    loaded = load_settings(
        path,
        {
            "SUPERVISOR_REQUESTS__LIMITS__TOKENS": "6",
            "SUPERVISOR_LOCATION": "8000",
            "SUPERVISOR_CALENDAR__DEFAULT_START": "10:30",
            "SUPERVISOR_LOG__JSON_LINES": "on",
            "SUPERVISOR_INTENTS__POLICIES": '{"timer.set": "deny"}',
            "SUPERVISOR_MODELS__FAST__TEMPERATURE": "1",
            "SUPERVISOR_TIMEZONE": "",
            "PATH": "/bin",
        },
    )
    assert (loaded.requests.limits.tokens, loaded.requests.limits.turns) == (6, 7)
    assert loaded.location == "8000"
    assert loaded.calendar.default_start == time(10, 30)
    assert loaded.log.json_lines is True
    assert loaded.intents.policies == {"timer.set": Policy.DENY}
    assert loaded.models["fast"].temperature == 1.0
    assert loaded.timezone == "UTC"


def test_a_variable_finds_the_mapping_key_it_can_not_spell(write: Write) -> None:
    path = write("intents: {policies: {calendar.add_event: ask}}\nflags: {values: {meta-planning: on}}\n")
    loaded = load_settings(
        path,
        {"SUPERVISOR_INTENTS__POLICIES__CALENDAR_ADD_EVENT": "deny", "SUPERVISOR_FLAGS__VALUES__META_PLANNING": "off"},
    )
    assert loaded.intents.policies == {"calendar.add_event": Policy.DENY}
    assert loaded.flags.values == {"meta-planning": False}


@pytest.mark.parametrize(("text", "value"), [("1", True), ("true", True), ("on", True), ("0", False), ("No", False)])
def test_the_meta_planning_variable_sets_the_default(text: str, value: bool) -> None:
    assert load_settings(None, {"ENABLE_PHASE4_META_PLANNING": text}).flags.values == {"meta-planning": value}


def test_the_meta_planning_variable_gives_way_to_what_is_configured(write: Write) -> None:
    path = write("flags: {values: {meta-planning: off}}")
    assert load_settings(path, {"ENABLE_PHASE4_META_PLANNING": "true"}).flags.values == {"meta-planning": False}
    environ = {"ENABLE_PHASE4_META_PLANNING": "true", "SUPERVISOR_FLAGS__VALUES__META_PLANNING": "off"}
    assert load_settings(None, environ).flags.values == {"meta-planning": False}


def test_a_meta_planning_variable_that_is_no_boolean_is_refused() -> None:
    error = refused(None, {"ENABLE_PHASE4_META_PLANNING": "maybe"})
    assert str(error) == "expected true or false, got 'maybe' [environment ENABLE_PHASE4_META_PLANNING]"


@pytest.mark.parametrize(
    ("text", "line_and_key", "what", "todo"),
    [
        ("store:\n  ulr: x\n", ":2 store.ulr", "unknown key 'ulr'", "Did you mean 'url'?"),
        ("queue_size: 5\n", ":1 queue_size", "unknown key 'queue_size'", "Did you mean 'store.queue_size'?"),
        (
            "language:\n  zzz: 1\n",
            ":2 language.zzz",
            "unknown key 'zzz'",
            "Known keys here: week_starts, date_order.",
        ),
        ("\nstore:\n  timeout: soon\n", ":3 store.timeout", 'expected a number, got "soon"', ""),
        ("requests: {queue: true}\n", ":1 requests.queue", "expected a whole number, got true", ""),
        ("requests:\n  queue: 1.5\n", ":2 requests.queue", "expected a whole number, got 1.5", ""),
        ("store: 5\n", ":1 store", "expected keys with values below it, got 5", ""),
        (
            "location: NO\n",
            ":1 location",
            "expected text (in quotes where it looks like a number or like true or false), got false",
            "",
        ),
        ("smart_home: {devices: lamp}\n", ":1 smart_home.devices", 'expected a list, got "lamp"', ""),
        (
            "smart_home:\n  devices:\n  - name: a\n    kind: light\n  - kind: light\n",
            ":5 smart_home.devices.1.name",
            "the key 'name' is missing",
            "",
        ),
        (
            "timezone: Mars/Base\n",
            ":1 timezone",
            "unknown timezone 'Mars/Base'; use an IANA name such as Europe/Zurich",
            "",
        ),
        (
            "store:\n  timeout: -1\n",
            ":2 store.timeout",
            "input should be greater than 0, got -1",
            "",
        ),
        (
            "intents:\n  policies:\n    timer.set: perhaps\n",
            ":3 intents.policies.timer.set",
            "input should be 'auto', 'ask' or 'deny', got \"perhaps\"",
            "",
        ),
        (
            "store: {}\ntimezone: UTC\nstore: {}\n",
            ":3 store",
            "the key 'store' is given twice (first on line 1)",
            "Keep one of them.",
        ),
        (
            "- a\n- b\n",
            ":1",
            "the top level must be sections with keys, not a list",
            "Write for example “timezone: Europe/Zurich”.",
        ),
        (
            "just words\n",
            ":1",
            "the top level must be sections with keys, not a single value",
            "Write for example “timezone: Europe/Zurich”.",
        ),
        ("store:\n\ttimeout: 1\n", ":2 column 1", "a tab stands where YAML wants spaces", "Indent with spaces."),
        ('location: "\\ud800"\n', ":1 location", "the text is not valid Unicode", ""),
        ("? [a]\n: 1\n", ":1", "a key must be plain text", ""),
        (
            "location: !!python/name:os.system x\n",
            ":1 location",
            "tags such as tag:yaml.org,2002:python/name:os.system are not supported",
            "",
        ),
    ],
)
def test_what_is_wrong_is_told_with_file_line_and_key(
    write: Write, text: str, line_and_key: str, what: str, todo: str
) -> None:
    path = write(text)
    error = refused(path)
    assert (error.where, error.what, error.todo) == (f"{path}{line_and_key}", what, todo)


@pytest.mark.parametrize("text", ["a: b: c", "store: {", "x: [1, 2", "'", "a: 1\n---\nb: 2\n", "\0", "&a *a", "@"])
def test_broken_yaml_names_the_file(write: Write, text: str) -> None:
    path = write(text)
    assert refused(path).where.startswith(str(path))


def test_several_problems_are_all_told(write: Write) -> None:
    path = write("store:\n  timeout: soon\n  timeout: 5\ntimezon: UTC\n")
    error = refused(path, {"SUPERVISOR_LOG__LEVEL": "loud"})
    assert error.where == f"{path}:3 store.timeout"
    assert error.what.startswith("4 problems in the configuration:")
    assert f"{path}:4 timezon: unknown key 'timezon'. Did you mean 'timezone'?" in error.what
    assert "environment SUPERVISOR_LOG__LEVEL: input should be 'debug', 'info', 'warning' or 'error'" in error.what


def test_an_unknown_variable_names_the_nearest_one() -> None:
    error = refused(None, {"SUPERVISOR_STORE__ULR": "memory://"})
    assert str(error) == (
        "no setting has this name [environment SUPERVISOR_STORE__ULR] Did you mean SUPERVISOR_STORE__URL?"
    )
    assert refused(None, {"SUPERVISOR_": "x"}).where == "environment SUPERVISOR_"
    assert refused(None, {"SUPERVISOR_TIMEZONE__NAME": "x"}).where == "environment SUPERVISOR_TIMEZONE__NAME"


def test_variables_of_others_are_left_alone() -> None:
    environ = {
        "SUPERVISOR_CONFIG": "x",
        "SUPERVISOR_TEST_ANYTHING": "x",
        "SUPERVISOR_PROCESS_NAME": "web",
        "SUPERVISOR_ENABLED": "1",
        "SUPERVISORY": "x",
    }
    assert load_settings(None, environ) == load_settings(None, {})


def test_secrets_are_not_repeated_in_messages(write: Write) -> None:
    path = write("store: {url: [postgresql://me:hunter2@host/db]}\nintents: {policies: {x: 'password=hunter2'}}")
    assert "hunter2" not in str(refused(path))
    assert "hunter2" not in str(refused(None, {"SUPERVISOR_SMART_HOME__DEVICES": "postgresql://me:hunter2@host/db"}))


def test_bytes_of_the_environment_that_are_no_text_are_refused() -> None:
    error = refused(None, {"SUPERVISOR_LOCATION": "Z\udcfcrich"})
    assert (error.where, error.what) == ("environment SUPERVISOR_LOCATION", "the text is not valid Unicode")


def test_files_that_can_not_be_read(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.yaml").what == "there is no such configuration file"
    assert "can't be read" in refused(tmp_path).what
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("location: Zürich".encode("latin-1"))
    assert refused(latin).what == "the file is not UTF-8 (byte 11)"
    assert "can't be read" in refused(Path("a\0b")).what


def test_a_byte_order_mark_is_no_key(tmp_path: Path) -> None:
    path = tmp_path / "bom.yaml"
    path.write_bytes("location: Zürich".encode("utf-8-sig"))
    assert load_settings(path, {}).location == "Zürich"


def test_documents_that_expand_without_end_are_refused(write: Write) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "too deeply or expands" in refused(write("\n".join(lines))).what
    assert "too deeply" in refused(write("a: " + "[" * 5000)).what
    assert "too deeply" in refused(write("a: &a\n  b: *a\n")).what


def test_two_loads_share_nothing(write: Write) -> None:
    path = write("flags: {values: {x: 1}}")
    first, second = load_settings(path, {}), load_settings(path, {})
    first.flags.values["x"] = 2
    first.models.clear()
    first.intents.policies["timer.set"] = Policy.DENY
    assert second == load_settings(path, {})
    assert second.flags.values == {"x": 1}


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=60) | st.binary(max_size=60))
def test_whatever_the_file_holds_the_answer_is_settings_or_a_configuration_error(
    tmp_path: Path, content: str | bytes
) -> None:
    path = tmp_path / "any.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    try:
        where = str(load_settings(path, {}).data_dir.parent)
    except ConfigurationError as error:
        where = error.where
    assert where.startswith((str(path), str(Path.cwd())))


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [("([a-z", "is no regular expression"), ("x*", "must match neither nothing"), ("redact", "the replacement")],
)
def test_patterns_of_redaction_that_can_not_be_used(tmp_path: Path, pattern: str, problem: str) -> None:
    (tmp_path / "config.yaml").write_text(f'redaction:\n  patterns: ["{pattern}"]\n')
    with pytest.raises(ConfigurationError, match=problem):
        load_settings(tmp_path / "config.yaml", {})


def test_patterns_of_redaction_are_used(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text('redaction:\n  patterns: ["CUST-[0-9]+"]\n')
    settings = load_settings(tmp_path / "config.yaml", {})
    assert settings.redaction.redactor().text("of CUST-12, token=abc") == "of [redacted], token=[redacted]"
