"""House rules that no single tool checks."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = ("*.py", "*.html", "*.js", "*.css", "*.txt")
MOST_LINES = 400


def files(
    *patterns: str, under: tuple[str, ...] = ("roomdesk", "roomdesk_synapse", "tests", "benchmarks")
) -> Iterator[Path]:
    for folder in under:
        for pattern in patterns:
            yield from (ROOT / folder).rglob(pattern)


def hits(expression: str, paths: Iterator[Path]) -> list[str]:
    """`file:line` of every line the expression finds."""
    found = re.compile(expression)
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if found.search(line)
    ]


def product_words() -> list[str]:
    """Slugs, names and vendors of the products that ship."""
    found = set()
    for file in (ROOT / "products").glob("*/product.toml"):
        product = tomllib.loads(file.read_text("utf-8"))
        found |= {product["slug"], product["name"], product["brand"]["vendor"]}
    return sorted(found, key=len, reverse=True)


def run(*command: str, **environ: str) -> None:
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environ}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_imports_go_one_way() -> None:
    run(str(Path(sys.executable).with_name("lint-imports")), "--no-logo")


def test_migrations_say_what_the_models_say() -> None:
    command = (sys.executable, "-m", "django", "makemigrations", "--check", "--dry-run")
    run(*command, DJANGO_SETTINGS_MODULE="tests.tool_settings")


def test_no_product_is_named_in_code() -> None:
    words = "|".join(re.escape(word) for word in product_words())
    assert hits(rf"(?i)(?<![\w-])({words})(?![\w-])", files(*CODE, under=("roomdesk", "roomdesk_synapse"))) == []


def test_files_stay_small() -> None:
    long = {
        str(p.relative_to(ROOT)): n
        for p in files("*.py", "*.js")
        if (n := len(p.read_text("utf-8").splitlines())) >= MOST_LINES
    }
    assert long == {}


def texts_of(path: Path) -> Iterator[str]:
    """Every string literal of a Python file."""
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def test_time_comes_from_one_place() -> None:
    """SQL's clock and the machine's tell another time than a moved clock (D29)."""
    python = [path for path in files("*.py", under=("roomdesk",)) if path != ROOT / "roomdesk/runtime/clock.py"]
    ours = r"auto_now|functions import.*\bNow\b|timezone\.now\(|datetime\.(now|utcnow|today)\(|date\.today\("
    assert hits(ours, iter(python)) == []
    sql = re.compile(
        r"(?s)\b(SELECT|UPDATE|INSERT|DELETE|WHERE|DEFAULT)\b.*\b(now\(\)|CURRENT_(TIMESTAMP|DATE)|clock_timestamp\()"
    )
    assert [path for path in python if any(sql.search(text) for text in texts_of(path))] == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_lock_files_name_no_host_and_every_hash(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert not re.search(r"://|--index-url|--extra-index-url|--find-links|--trusted-host|@ ", text)
    pinned = re.findall(
        r"(?m)^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==\S+[^\n]*\\\n((?:\s+--hash=sha256:[0-9a-f]{64}(?: \\)?\n?)+)", text
    )
    assert len(pinned) == len(re.findall(r"(?m)^[A-Za-z0-9]", text)) > 0


def test_the_lock_files_agree_and_bring_what_builds_us() -> None:
    """What runs is what was tested; and the project itself is installed without asking any index."""
    pins = {
        name: dict(re.findall(r"(?m)^([\w.-]+)==([^\s;]+)", (ROOT / name).read_text("utf-8")))
        for name in ("requirements.lock", "requirements-dev.lock")
    }
    run_pins, dev_pins = pins["requirements.lock"], pins["requirements-dev.lock"]
    assert {name: dev_pins.get(name) for name in run_pins} == run_pins
    assert int(run_pins["setuptools"].split(".")[0]) >= 77


def test_pages_bring_nothing_from_elsewhere() -> None:
    """No CDN, no inline script or style: the content security policy would refuse them."""
    pages = list(files("*.html", under=("roomdesk",)))
    assert hits(r"(?i)(src|href)\s*=\s*[\"'](https?:)?//", iter(pages)) == []
    assert hits(r"(?i)<style|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:", iter(pages)) == []
    assert hits(r"(?i)<script(?![^>]*\ssrc=)", iter(pages)) == []
    assert hits(r"(?i)@import|url\(\s*[\"']?(https?:)?//", files("*.css", under=("roomdesk",))) == []


def test_the_licence_is_there_in_full() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in text and "END OF TERMS AND CONDITIONS" in text
