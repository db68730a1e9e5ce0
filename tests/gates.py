"""Gates that need no server: missing migrations, translations, lengths, layout. `python -m tests.gates`."""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("platform", "tenants", "verticals", "billing", "api", "web")
LONGEST_MODULE = 400
LONGEST_FUNCTION = 60


def modules() -> Iterator[Path]:
    """Every module of ours, tests and benchmarks included, migrations not."""
    for source in (*SOURCES, "tests", "bench"):
        for path in sorted((ROOT / source).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def too_long() -> Iterator[str]:
    """Modules over 400 lines, functions over 60."""
    for path in modules():
        text = path.read_text(encoding="utf-8")
        lines = text.count("\n")
        name = path.relative_to(ROOT)
        if lines > LONGEST_MODULE:
            yield f"{name} has {lines} lines, {LONGEST_MODULE} are allowed"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    yield f"{name}:{node.lineno} {node.name} has {length} lines, {LONGEST_FUNCTION} are allowed"


def misplaced() -> Iterator[str]:
    """platform/ is a second source root, never a package: the standard library has a module of that name."""
    for path in sorted((ROOT / "platform").glob("*.py")):
        yield f"{path.relative_to(ROOT)} stands directly in platform/"


def shadowed() -> Iterator[str]:
    """No installed distribution may ship one of our top-level names."""
    from importlib.metadata import distributions

    ours = {path.name for path in (ROOT / "platform").iterdir() if path.is_dir()} | set(SOURCES) - {
        "platform"
    }
    for distribution in distributions():
        if distribution.metadata["Name"] == "tessera":
            continue
        for name in (distribution.read_text("top_level.txt") or "").split():
            if name in ours:
                yield f"{distribution.metadata['Name']} ships a top-level module named {name}"


def named_industries() -> Iterator[str]:
    """Industries named outside verticals/: by their codes, in any file of ours that is code or page."""
    codes = {path.parent.name for path in (ROOT / "verticals").glob("*/manifest.py")}
    named = re.compile(rf"(?<![a-z])({'|'.join(sorted(codes))})(?![a-z])", re.IGNORECASE)
    for source in (*SOURCES, "bench", "docker", "requirements", "miniprogram"):
        for path in sorted((ROOT / source).rglob("*")):
            parts = path.relative_to(ROOT).parts
            if path.suffix not in {".py", ".html", ".txt", ".js", ".css", ".in", ".yaml"}:
                continue
            if parts[0] == "verticals" or "vendor" in parts:
                continue
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                if found := named.search(line):
                    yield f"{'/'.join(parts)}:{number} names the industry {found[0]}; only verticals/ may"


def missing_migrations() -> Iterator[str]:
    """Changes of models that no migration holds."""
    from django.apps import apps
    from django.db.migrations.autodetector import MigrationAutodetector
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.questioner import NonInteractiveMigrationQuestioner
    from django.db.migrations.state import ProjectState

    ours = {config.label for config in apps.get_app_configs() if ROOT in Path(config.path).parents}
    ours = {label for label in ours if ".venv" not in Path(apps.get_app_config(label).path).parts}
    loader = MigrationLoader(None, ignore_no_migrations=True)
    changes = MigrationAutodetector(
        loader.project_state(), ProjectState.from_apps(apps), NonInteractiveMigrationQuestioner()
    ).changes(graph=loader.graph, trim_to_apps=ours)
    for label, migrations in sorted(changes.items()):
        for migration in migrations:
            yield f"{label} lacks a migration: {', '.join(op.describe() for op in migration.operations)}"


def untranslated() -> Iterator[str]:
    """Texts that are not in the Chinese catalogue."""
    from web.translations import check_catalogue

    yield from check_catalogue().faults


def set_up_without_servers() -> None:
    """Settings that name servers nobody asks."""
    os.environ.update(
        TESSERA_MODE="test",
        SECRET_KEY="only-for-gates-only-for-gates-only-for-gates",
        DATABASE_URL="postgresql://nobody:nothing@127.0.0.1:9/tessera",
        REDIS_URL="redis://127.0.0.1:9/0",
        DJANGO_SETTINGS_MODULE="config.settings",
    )
    sys.path[:0] = [str(ROOT), str(ROOT / "platform")]
    import django

    django.setup()


def main() -> int:
    """Every gate; 1 if any found something."""
    set_up_without_servers()
    gates = (too_long, misplaced, shadowed, named_industries, missing_migrations, untranslated)
    faults = [line for gate in gates for line in gate()]
    for line in faults:
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"{len(faults)} faults found\n" if faults else "gates: nothing found\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
