"""Redis, PgBouncer and nginx of one's own: Debian's packages, started in a folder and on ports of their own."""

import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.browser.standing import ROOT, eventually, free_port

CACHE_PASSWORD = "the-word-of-this-cluster"
CONF = ROOT / "deploy" / "nginx" / "flinkey-admin.conf"
AROUND = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
worker_processes 1;
events {{ worker_connections 512; }}
http {{
    log_format seen '$status $upstream_addr $request';
    access_log {folder}/nginx-access.log seen;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/flinkey-admin.conf;
}}
"""


POOL = """
[databases]
{name} = host=127.0.0.1 port={database} user=flinkey

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
ignore_startup_parameters = extra_float_digits, options
"""


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(
    command: Sequence[str], folder: Path, port: int, how: signal.Signals, user: str | None = None
) -> "Iterator[subprocess.Popen[bytes]]":
    """A server that is ended with this signal; it must have come as far as listening. user: who runs it, if not we."""
    program = shutil.which(command[0], path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, (
        f"This test needs {command[0]}. Install it (Debian: apt install redis-server nginx-light pgbouncer)."
    )
    log = folder / f"{command[0]}.log"
    with log.open("ab") as out:
        server = subprocess.Popen(
            [program, *command[1:]], cwd=folder, stdout=out, stderr=out, start_new_session=True, user=user
        )
    try:
        eventually(lambda: server.poll() is not None or listens(port))
        assert server.poll() is None, log.read_text()
        yield server
    finally:
        server.send_signal(how)
        server.wait(timeout=20)


@contextmanager
def redis(folder: Path, port: int) -> Iterator[str]:
    """The CACHE_URL of a Redis that keeps nothing on disk and asks for a password."""
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    options += ["--requirepass", CACHE_PASSWORD]
    with running(["redis-server", *options], folder, port, signal.SIGTERM):
        yield f"redis://:{CACHE_PASSWORD}@127.0.0.1:{port}/0"


@contextmanager
def pgbouncer(folder: Path, database: str, mode: str) -> Iterator[str]:
    """The same DATABASE_URL through a PgBouncer. mode: session, or transaction: each time on another connection."""
    port = free_port()
    rest, _slash, name = database.rpartition("/")
    conf = folder / "pgbouncer.ini"
    conf.write_text(POOL.format(name=name, database=rest.rpartition(":")[2], port=port, mode=mode), encoding="utf-8")
    # It refuses to run as root.
    user = "postgres" if os.geteuid() == 0 else None
    with running(["pgbouncer", str(conf)], folder, port, signal.SIGINT, user):
        yield f"{rest.rpartition(':')[0]}:{port}/{name}"


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody trusts, and its key."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    subprocess.run([*command, *names, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    return cert, key


@contextmanager
def nginx(folder: Path, nodes: Sequence[int]) -> Iterator[str]:
    """The address of an nginx with our example before nodes on these ports; nothing of the example is changed but the
    name, the ports and the paths."""
    cert, key = certificate(folder)
    port, plain = free_port(), free_port()
    servers = "\n".join(f"    server 127.0.0.1:{node} max_fails=1 fail_timeout=5s;" for node in nodes)
    swaps = {
        "    server 127.0.0.1:8000;": servers,
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "https://$host$request_uri": f"https://$host:{port}$request_uri",
        "fleet.example.com;": "127.0.0.1;",
        "/etc/ssl/fleet.example.com.pem": str(cert),
        "/etc/ssl/private/fleet.example.com.key": str(key),
        "access_log /var/log/nginx/flinkey-admin.log flinkey_admin;": (
            f"access_log {folder}/nginx-access.log seen; access_log {folder}/nginx-own.log flinkey_admin;"
        ),
    }
    text = CONF.read_text(encoding="utf-8")
    for old, new in swaps.items():
        assert old in text, f"{old} is no longer in {CONF.name}"
        text = text.replace(old, new)
    (folder / CONF.name).write_text(text, encoding="utf-8")
    whole = folder / "nginx.conf"
    whole.write_text(AROUND.format(folder=folder) + ("user root;\n" if os.geteuid() == 0 else ""), encoding="utf-8")
    command = ["nginx", "-e", "stderr", "-c", str(whole)]
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "This test needs nginx. Install it (Debian: apt install nginx-light)."
    tried = subprocess.run([program, "-t", *command[1:]], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    assert not re.search(r"\[(warn|error)\]", tried.stderr), tried.stderr
    with running(command, folder, port, signal.SIGQUIT):
        yield f"https://127.0.0.1:{port}"


def served_by(folder: Path, since: int = 0) -> list[tuple[int, str, str]]:
    """Status, node and request of each answer that nginx has passed on; the first `since` of them left out."""
    lines = (folder / "nginx-access.log").read_text(encoding="utf-8").splitlines()[since:]
    return [(int(status), node, request) for status, node, request in (line.split(" ", 2) for line in lines)]
