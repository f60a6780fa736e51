"""A local server that answers like Open-Meteo: its paths, parameters, response shapes and errors, and faults on demand.

Figures are made from the day alone, so that a test can say what it must get.
"""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from roles.weather.provider import plain


def place(name: str, region: str, country: str, code: str, zone: str, population: int | None, **more: Any) -> Any:
    row: dict[str, Any] = {
        "id": abs(hash((name, region))) % 10_000_000,
        "name": name,
        "latitude": more.get("latitude", 46.0),
        "longitude": more.get("longitude", 7.0),
        "elevation": 540.0,
        "feature_code": more.get("feature", "PPL"),
        "country_code": code,
        "admin1_id": 1,
        "timezone": zone,
        "country_id": 2,
        "country": country,
        "admin1": region,
    }
    if population is not None:  # the real service leaves it out for small places
        row["population"] = population
    if not region:  # countries have none
        del row["admin1"], row["admin1_id"]
    return row


PLACES = [
    place("Zermatt", "Valais", "Switzerland", "CH", "Europe/Zurich", 5759, latitude=46.01998, longitude=7.74863),
    place("Zürich", "Zurich", "Switzerland", "CH", "Europe/Zurich", 341730),
    place("Paris", "Texas", "United States", "US", "America/Chicago", 24782, latitude=33.66, longitude=-95.55),
    place("Paris", "Île-de-France", "France", "FR", "Europe/Paris", 2138551, latitude=48.85, longitude=2.35),
    place("Paris", "Ontario", "Canada", "CA", "America/Toronto", None),
    place("Paris", "Tennessee", "United States", "US", "America/Chicago", 10156),
    place("Paris", "Kentucky", "United States", "US", "America/New_York", 9846),
    place("Georgia", "", "Georgia", "GE", "Asia/Tbilisi", 3731000, feature="PCLI"),
    place("Georgia", "Georgia", "United States", "US", "America/New_York", 8975842, feature="ADM1"),
    place("London", "England", "United Kingdom", "GB", "Europe/London", 8961989),
    place("London", "Ontario", "Canada", "CA", "America/Toronto", 346765),
    place("San José", "San José Province", "Costa Rica", "CR", "America/Costa_Rica", 335007),
    place("Honolulu", "Hawaii", "United States", "US", "Pacific/Honolulu", 371657),
    place("Chicago", "Illinois", "United States", "US", "America/Chicago", 2720546),
    place("Springfield", "Missouri", "United States", "US", "America/Chicago", 166810),
    place("Springfield", "Illinois", "United States", "US", "America/Chicago", 116565),
    place("Tokyo", "Tokyo", "Japan", "JP", "Asia/Tokyo", 8336599),
    *(
        place(
            "Llanfair",
            f"A county of a rather long name {number}",
            "United Kingdom",
            "GB",
            "Europe/London",
            900,
        )
        for number in range(5)
    ),
    place("Bernau", "Brandenburg", "Germany", "DE", "Europe/Berlin", 30000),
]

_UNITS = {
    "temperature_2m": ("temperature_unit", {"celsius": "°C", "fahrenheit": "°F"}),
    "apparent_temperature": ("temperature_unit", {"celsius": "°C", "fahrenheit": "°F"}),
    "wind_speed": ("wind_speed_unit", {"kmh": "km/h", "mph": "mp/h", "ms": "m/s", "kn": "kn"}),
    "precipitation_probability": ("", {"": "%"}),
    "precipitation": ("precipitation_unit", {"mm": "mm", "inch": "inch"}),
    "relative_humidity": ("", {"": "%"}),
    "weather_code": ("", {"": "wmo code"}),
}
FAULTS = (
    "500", "503", "429", "html", "broken", "nan", "list", "hang", "drip", "huge", "cut", "redirect", "bomb", "error",
    "lengths",
)  # fmt: skip


def daily_value(name: str, day: date) -> float | int:
    """What the stand-in forecasts; Saturdays are wet."""
    wet = day.weekday() == 5
    return {
        "weather_code": 63 if wet else 2,
        "temperature_2m_min": day.day % 10 - 5.4,
        "temperature_2m_max": day.day % 10 + 2.4,
        "precipitation_sum": 12.3 if wet else 0.0,
        "precipitation_probability_max": 80 if wet else 5,
        "wind_speed_10m_max": 20.0,
    }[name]


def hourly_value(name: str, moment: datetime) -> float | int:
    wet = moment.weekday() == 5 and moment.hour >= 15
    return {
        "weather_code": 61 if wet else 3,
        "temperature_2m": float(moment.hour),
        "precipitation": 0.5 if wet else 0.0,
        "precipitation_probability": 70 if wet else 0,
        "wind_speed_10m": 10.0,
    }[name]


CURRENT = {
    "weather_code": 71,
    "temperature_2m": -3.2,
    "apparent_temperature": -8.1,
    "relative_humidity_2m": 81,
    "precipitation": 0.2,
    "wind_speed_10m": 12.2,
}


def _turned(name: str, value: float, query: dict[str, str]) -> float:
    """A figure in the units that the query names, rounded as the service rounds."""
    if "temperature" in name and query.get("temperature_unit") == "fahrenheit":
        return round(value * 9 / 5 + 32, 1)
    if name.startswith("wind"):
        size = {"mph": 1.609344, "ms": 3.6, "kn": 1.852}.get(query.get("wind_speed_unit", ""), 1.0)
        return round(value / size, 1)
    if name in ("precipitation", "precipitation_sum") and query.get("precipitation_unit") == "inch":
        return round(value / 25.4, 3)
    return value


class StandIn:
    """The server. `now` is its clock; set `fault` to one of `FAULTS` to break it, `missing` to leave values out.

    `empty` are variables that are null, as behind the reach of the service's models; `packed` sends gzip unasked, as a
    proxy may; `limit` is the window that status 429 names.
    """

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.fault: str | None = None
        self.fault_at: str = "/v1/"
        self.missing: set[str] = set()
        self.empty: set[str] = set()
        self.packed = False
        self.limit = "Minutely API request limit exceeded. Please try again in one minute."
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.stop = threading.Event()
        self.address = ""

    @property
    def forecast_url(self) -> str:
        return f"{self.address}/v1/forecast"

    @property
    def geocoding_url(self) -> str:
        return f"{self.address}/v1/search"

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        if path == "/v1/search":
            return 200, self._geocode(query)
        if path != "/v1/forecast":
            return 404, {"error": True, "reason": "Not Found"}
        try:
            return 200, self._forecast(query)
        except ValueError as error:
            return 400, {"reason": str(error), "error": True}

    @staticmethod
    def _geocode(query: dict[str, str]) -> Any:
        wanted = plain(query["name"])
        exact = len(wanted) < 3  # two letters match whole names only, three and more the start of a name
        found = [
            row for row in PLACES if (plain(row["name"]) == wanted if exact else plain(row["name"]).startswith(wanted))
        ]
        answer: dict[str, Any] = {"generationtime_ms": 0.51}
        if found:  # the real service has no "results" where it found nothing
            answer["results"] = found[: int(query["count"])]
        return answer

    def _forecast(self, query: dict[str, str]) -> Any:
        named = query.get("timezone", "GMT")
        zone = ZoneInfo("Europe/Zurich" if named == "auto" else named)
        local = self.now.astimezone(zone)
        answer: dict[str, Any] = {
            "latitude": float(query["latitude"]),
            "longitude": float(query["longitude"]),
            "generationtime_ms": 0.07,
            "utc_offset_seconds": int((local.utcoffset() or timedelta()).total_seconds()),
            "timezone": zone.key,
            "timezone_abbreviation": "GMT+1",
            "elevation": 1608.0,
        }
        if "current" in query:
            names = query["current"].split(",")
            time = f"{local:%Y-%m-%dT%H}:{local.minute // 15 * 15:02d}"
            answer["current_units"] = {"time": "iso8601", "interval": "seconds", **self._units(names, query)}
            values = {name: None if name in self.empty else _turned(name, CURRENT[name], query) for name in names}
            answer["current"] = {"time": time, "interval": 900, **values}
        for section in ("daily", "hourly"):
            if section in query:
                answer |= self._series(section, query, local.date())
        return answer

    def _series(self, section: str, query: dict[str, str], today: date) -> Any:
        first, last = date.fromisoformat(query["start_date"]), date.fromisoformat(query["end_date"])
        reach = (today - timedelta(days=92), today + timedelta(days=15))
        for name, day in (("start_date", first), ("end_date", last)):
            if not reach[0] <= day <= reach[1]:
                raise ValueError(f"Parameter '{name}' is out of allowed range from {reach[0]} to {reach[1]}")
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        names = [name for name in query[section].split(",") if name not in self.missing]
        units = {"time": "iso8601", **self._units(names, query)}
        if section == "daily":
            series: dict[str, Any] = {
                name: [_turned(name, daily_value(name, day), query) for day in days] for name in names
            }
            times = [day.isoformat() for day in days]
        else:
            hours = [datetime(day.year, day.month, day.day, hour) for day in days for hour in range(24)]
            series = {name: [_turned(name, hourly_value(name, hour), query) for hour in hours] for name in names}
            times = [f"{hour:%Y-%m-%dT%H:%M}" for hour in hours]
        for name in self.empty.intersection(series):
            series[name] = [None] * len(times)
            units[name] = "undefined"
        if self.fault == "lengths":
            series = {name: values[:-1] for name, values in series.items()}
        return {f"{section}_units": units, section: {"time": times, **series}}

    @staticmethod
    def _units(names: list[str], query: dict[str, str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in names:
            parameter, words = next(value for start, value in _UNITS.items() if name.startswith(start))
            found[name] = words[query.get(parameter, next(iter(words))) if parameter else ""]
        return found


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def stand_in(self) -> StandIn:
        assert isinstance(self.server, _Server)
        return self.server.stand_in

    def do_GET(self) -> None:
        stand_in = self.stand_in
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        stand_in.asked.append((url.path, query))
        self.close_connection = True
        fault = stand_in.fault if url.path.startswith(stand_in.fault_at) else None
        try:
            if fault is not None and fault != "lengths":
                getattr(self, f"_fault_{fault}")()
                return
            status, answer = stand_in.answer(url.path, query)
            body = json.dumps(answer).encode()
            self._send(status, gzip.compress(body) if stand_in.packed else body, packed=stand_in.packed)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def _send(
        self, status: int, body: bytes, kind: str = "application/json; charset=utf-8", *, packed: bool = False
    ) -> None:
        self.send_response(status)
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _fault_500(self) -> None:
        self._send(500, b"Internal Server Error", "text/plain")

    def _fault_503(self) -> None:
        self._send(503, b"<html>Service Unavailable</html>", "text/html")

    def _fault_429(self) -> None:
        self._send(429, json.dumps({"error": True, "reason": self.stand_in.limit}).encode())

    def _fault_error(self) -> None:
        self._send(404, json.dumps({"error": True, "reason": "Not Found"}).encode())

    def _fault_bomb(self) -> None:
        self._send(200, gzip.compress(b" " * 20_000_000), packed=True)

    def _fault_html(self) -> None:
        self._send(200, b"<!doctype html><title>Log in to the hotel network</title>", "text/html")

    def _fault_broken(self) -> None:
        self._send(200, b'{"results": [{"name": "Zer')

    def _fault_nan(self) -> None:
        self._send(200, b'{"results": [{"name": "Zermatt", "latitude": NaN, "longitude": 7.0}]}')

    def _fault_list(self) -> None:
        self._send(200, b"[1, 2, 3]")

    def _fault_redirect(self) -> None:
        self.send_response(302)
        self.send_header("Location", self.stand_in.address + "/login")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _fault_hang(self) -> None:
        self.stand_in.stop.wait(30)

    def _fault_drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        while not self.stand_in.stop.wait(0.02):
            self.wfile.write(b" ")
            self.wfile.flush()

    def _fault_huge(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000000")
        self.end_headers()
        for _ in range(200):
            self.wfile.write(b" " * 100_000)

    def _fault_cut(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'{"results": ')

    def log_message(self, format: str, *args: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, stand_in: StandIn) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.stand_in = stand_in


@contextmanager
def serving(now: datetime) -> Generator[StandIn]:
    """A running stand-in."""
    stand_in = StandIn(now)
    with _Server(stand_in) as server:
        stand_in.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield stand_in
        finally:
            stand_in.stop.set()
            server.shutdown()
            thread.join()
