"""`system_status.json` and the folder `system_reports` in the data folder: written whole or not at all, and bounded."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from common.errors import ConfigurationError, NotFound
from supervisor.monitoring.models import ReportInfo

__all__ = ["ReportFolder", "write_status"]

_NAME = re.compile(r"system_report_([0-9]{8}T[0-9]{6}Z)(?:_[0-9]{1,4})?\.(json|html)")
_STAMP = "%Y%m%dT%H%M%SZ"
_MAX_BYTES = 50_000_000


class ReportFolder:
    """The reports of one data folder. All methods block; names are checked, so that none leads out of the folder."""

    def __init__(self, data_dir: Path, keep: int) -> None:
        self.path = data_dir / "system_reports"
        self._keep = keep

    def write(self, at: datetime, report: Mapping[str, Any], html: str) -> ReportInfo:
        """Write a report as JSON with its HTML beside it, and delete those beyond the bound.

        Raises `ConfigurationError` where the folder can't be written.
        """
        stamp = at.astimezone(UTC).strftime(_STAMP)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            name, number = f"system_report_{stamp}.json", 1
            while (self.path / name).exists() and number < 10_000:  # another process's, of the same second
                name, number = f"system_report_{stamp}_{number}.json", number + 1
            _replace(self.path / f"{name[:-5]}.html", html)
            _replace(self.path / name, json.dumps(report, indent=2, ensure_ascii=False, default=str) + "\n")
            self.prune()
            return self._info(self.path / name)
        except OSError as error:
            raise _unwritable(self.path, error) from None

    def list(self) -> list[ReportInfo]:
        """The reports, newest first."""
        found = [path for path in self._files() if path.suffix == ".json"]
        infos: list[ReportInfo] = []
        for path in sorted(found, key=lambda each: each.name, reverse=True):
            try:
                infos.append(self._info(path))
            except OSError:  # deleted meanwhile
                continue
        return infos

    def read(self, name: str) -> JsonValue:
        """A report by the name that `list` gives. Raises `NotFound`."""
        path = self.find(name)
        if path.suffix != ".json":
            raise _unknown(name)
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise _unknown(name) from None

    def read_html(self, name: str) -> str:
        """The HTML of a report, by its own name or that of the report. Raises `NotFound`."""
        path = self.find(name).with_suffix(".html")
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, ValueError):
            raise _unknown(name) from None

    def find(self, name: str) -> Path:
        """The file of that name: one of ours, in this very folder, no link. Raises `NotFound`."""
        path = self.path / name if _NAME.fullmatch(name) else None
        if path is None or path.is_symlink() or not path.is_file() or path.stat().st_size > _MAX_BYTES:
            raise _unknown(name)
        return path

    def prune(self, keep: int | None = None) -> int:
        """Delete the oldest reports beyond the bound; how many."""
        stems = sorted({path.stem for path in self._files()}, reverse=True)
        old = stems[self._keep if keep is None else keep :]
        for stem in old:
            for suffix in (".json", ".html"):
                (self.path / f"{stem}{suffix}").unlink(missing_ok=True)
        return len(old)

    def _files(self) -> list[Path]:
        try:
            return [path for path in self.path.iterdir() if _NAME.fullmatch(path.name) and not path.is_symlink()]
        except FileNotFoundError:
            return []

    def _info(self, path: Path) -> ReportInfo:
        told = _NAME.fullmatch(path.name)
        stamp = told[1] if told else ""
        html = path.with_suffix(".html")
        return ReportInfo(
            name=path.name,
            at=datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC),
            size=path.stat().st_size,
            html=html.name if html.is_file() else None,
        )


def write_status(data_dir: Path, status: Mapping[str, Any]) -> None:
    """Replace `system_status.json`; whoever reads it sees the old one or the new one. Raises `ConfigurationError`."""
    path = data_dir / "system_status.json"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        _replace(path, json.dumps(status, indent=2, ensure_ascii=False, default=str) + "\n")
    except OSError as error:
        raise _unwritable(path, error) from None


def _replace(path: Path, text: str) -> None:
    descriptor, partial = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(partial, path)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def _unknown(name: str) -> NotFound:
    return NotFound(
        f"there is no report {name[:100]!r}", where="system_reports", todo="List them with monitor reports."
    )


def _unwritable(path: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"monitoring can't write its files: {error.strerror}", where=str(path), todo="Name a data_dir you may write to."
    )
