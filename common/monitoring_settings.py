"""Settings of monitoring: how often it looks, what counts as too much, and what is kept."""

from __future__ import annotations

from pydantic import Field

from common.section import Positive, Section

__all__ = ["MaintenanceSettings", "MonitoringSettings", "ThresholdSettings"]


class ThresholdSettings(Section):
    """From where on something is too slow, too full or wrong too often (docs/monitoring.md)."""

    response_time: Positive = Field(default=30.0, description="seconds, the mean of the window")
    success_rate: float = Field(default=0.8, gt=0, le=1, description="share of requests or calls, at the least")
    error_rate: float = Field(default=0.1, gt=0, le=1, description="share of requests or calls, at the most")
    cpu_usage: float = Field(default=80.0, gt=0, le=100, description="percent of the machine")
    memory_usage: float = Field(default=85.0, gt=0, le=100, description="percent of the machine")
    disk_usage: float = Field(default=90.0, gt=0, le=100, description="percent of the file system of data_dir")
    file_descriptors: float = Field(default=80.0, gt=0, le=100, description="percent of what the process may have")
    loop_lag: Positive = Field(default=1.0, description="seconds by which the event loop is late")
    store_queue: float = Field(default=80.0, gt=0, le=100, description="percent of store.queue_size")
    projection_lag: int = Field(default=100_000, gt=0, description="events a view is behind")


class MaintenanceSettings(Section):
    """What `agent-supervisor maintain` does, also on a schedule."""

    every: float = Field(
        default=0.0, ge=0, description="hours between two runs by itself; 0: only when it is asked for"
    )
    archive_after: int = Field(default=0, ge=0, description="days until ended traces move to the archive; 0: never")
    keep_reports: int = Field(default=288, gt=0, description="reports, the latest ones; older ones are deleted")
    keep_samples: int = Field(
        default=90, ge=0, description="days that samples stay in the tables of monitoring; 0: for ever"
    )
    vacuum: bool = Field(default=True, description="give room that is left over back to the file system")


class MonitoringSettings(Section):
    """Monitoring: samples, analysis, improvements, reports."""

    enabled: bool = True
    node: str = Field(default="", max_length=100, description="this process's name in samples; empty: the host's name")
    sample_every: Positive = Field(default=30.0, description="seconds between samples, which health goes by")
    analyze_every: Positive = Field(default=300.0, description="seconds between analyses, which suggest improvements")
    predict_every: Positive = Field(default=600.0, description="seconds between forecasts")
    report_every: Positive = Field(default=300.0, description="seconds between reports")
    window: Positive = Field(default=300.0, description="seconds that rates and mean times are over")
    min_calls: int = Field(default=5, gt=0, description="calls in the window before a rate or time is judged")
    worse_after: int = Field(default=2, gt=0, description="samples in a row until a component's health gets worse")
    better_after: int = Field(default=4, gt=0, description="samples in a row until it gets better")
    margin: float = Field(default=0.1, ge=0, lt=1, description="share of a threshold by which it has to be better")
    metric_timeout: Positive = Field(default=2.0, description="seconds a custom metric may take")
    history: Positive = Field(default=168.0, description="hours of samples that an analysis looks at, at the most")
    analyzer_timeout: Positive = Field(default=60.0, description="seconds one analyzer may take")
    evidence_every: Positive = Field(default=3600.0, description="seconds between two records of the same finding")
    close_after: int = Field(default=3, gt=0, description="analyses in a row without the cause that close a suggestion")
    again_after: Positive = Field(
        default=720.0, description="hours until what was rejected or undone is suggested anew"
    )
    auto_apply_types: tuple[str, ...] = Field(
        default=(), description="types of improvements that the flag auto-apply-improvements may approve"
    )
    measure_calls: int = Field(default=20, gt=0, description="calls after a change that are enough to judge it")
    measure_for: Positive = Field(default=3600.0, description="seconds after which a change is judged by what there is")
    notify_every: float = Field(
        default=3600.0, ge=0, description="seconds between two notifications about improvements that are not critical"
    )
    thresholds: ThresholdSettings = ThresholdSettings()
    maintenance: MaintenanceSettings = MaintenanceSettings()
