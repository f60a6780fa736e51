"""The supervisor: `from supervisor import Supervisor`."""

from __future__ import annotations

from supervisor._siblings import check_siblings

check_siblings(__file__)

from supervisor.facade import Supervisor  # noqa: E402 - a package of another's would break this import obscurely

__all__ = ["Supervisor"]
