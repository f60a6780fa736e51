"""A real MQTT broker as a process: Debian's mosquitto where it is installed, else aMQTT; nothing outlives it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
import yaml
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from tests.services.process import ServerProcess, free_port

__all__ = ["Broker", "mqtt_broker"]


class Broker(ServerProcess):
    """The broker on a port of 127.0.0.1. With `users` (name -> password) nobody else may connect.

    With `tls` it has a certificate of its own for that address, `certificate`. What is retained is gone when it ends.
    """

    def __init__(
        self, folder: Path, port: int | None = None, *, users: Mapping[str, str] | None = None, tls: bool = False
    ) -> None:
        port = port or free_port()
        self.certificate, key = folder / "broker.pem", folder / "broker.key"
        if tls:
            _make_certificate(self.certificate, key)
        program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
        configure = _mosquitto if program is not None else _amqtt
        certificate = (self.certificate, key) if tls else None
        super().__init__(configure(program or "", folder, port, users or {}, certificate), port, folder=folder)

    def __enter__(self) -> Broker:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


_Certificate = tuple[Path, Path] | None


def _mosquitto(
    program: str, folder: Path, port: int, users: Mapping[str, str], certificate: _Certificate
) -> Sequence[str]:
    lines = [
        f"listener {port} 127.0.0.1",
        "persistence false",
        "user root",
        f"allow_anonymous {str(not users).lower()}",
    ]
    if users:
        passwords = folder / "passwords"
        passwords.write_text("".join(f"{name}:{word}\n" for name, word in users.items()))
        subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True, capture_output=True)
        lines.append(f"password_file {passwords}")
    if certificate is not None:
        lines += [f"certfile {certificate[0]}", f"keyfile {certificate[1]}"]
    configuration = folder / f"mosquitto-{port}.conf"
    configuration.write_text("\n".join(lines) + "\n")
    return program, "-c", str(configuration)


def _amqtt(_: str, folder: Path, port: int, users: Mapping[str, str], certificate: _Certificate) -> Sequence[str]:
    listener: dict[str, object] = {"type": "tcp", "bind": f"127.0.0.1:{port}"}
    if certificate is not None:
        listener |= {"ssl": True, "certfile": str(certificate[0]), "keyfile": str(certificate[1])}
    plugins: dict[str, object] = {"amqtt.plugins.sys.broker.BrokerSysPlugin": {"sys_interval": 60}}
    if users:
        passwords, hasher = folder / "passwords", PasswordHash((Argon2Hasher(),))
        passwords.write_text("".join(f"{name}:{hasher.hash(word)}\n" for name, word in users.items()))
        plugins["amqtt.plugins.authentication.FileAuthPlugin"] = {"password_file": str(passwords)}
    else:
        plugins["amqtt.plugins.authentication.AnonymousAuthPlugin"] = {"allow_anonymous": True}
    configuration = folder / f"amqtt-{port}.yaml"
    configuration.write_text(yaml.safe_dump({"listeners": {"default": listener}, "plugins": plugins}))
    return sys.executable, str(Path(__file__).with_name("amqtt_process.py")), str(configuration)


def _make_certificate(certificate: Path, key: Path) -> None:
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )


@pytest.fixture(scope="session")
def mqtt_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all tests that let it live; each uses a discovery prefix of its own."""
    with Broker(tmp_path_factory.mktemp("broker")) as broker:
        yield broker
