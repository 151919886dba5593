#!/usr/bin/env python3
"""Saves the diagram of the failure to expect first, for the problems that failures.toml lists.

    python3 docs/pictures/failures.py [part1-problem1 …]
    python3 docs/pictures/failures.py --check      fails if a problem has no picture

Each picture is made from a real run: the near-miss is graded on processes, in the place of the exercise,
and chromium opens the page of the run and saves its diagram, as the button "save picture" does. No two
runs are alike, so the pictures stay as they are until this is run again. What does not fit on a page is left
out, and failures.js says how much that is.
"""

import base64
import contextlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib

HERE = pathlib.Path(__file__).parent
COURSE = HERE.parent.parent
IMAGES = COURSE / "training" / "img"
MAX_BYTES = 40_000
ELISION = "// …"  # stands for all lines up to the first that is like the next one
SAVE = (HERE / "failures.js").read_text()


def is_code(line):
    return line.strip() and not line.strip().startswith("//")


def end_of(wanted, code, first):
    """The end of the lines of code that begin at `first` and are the wanted ones, or None."""
    at = first
    for place, line in enumerate(wanted):
        if line == ELISION:
            while at < len(code) and code[at] != wanted[place + 1]:
                at += 1
        elif at < len(code) and code[at] == line:
            at += 1
        else:
            return None
    return at


def edited(source, old, new, keeps):
    """Puts lines behind lines of code, or in their place, whatever their depth; comments between them go along."""
    lines = source.splitlines()
    wanted = [line.strip() for line in old if is_code(line) or line.strip() == ELISION]
    if not wanted:
        return "\n".join(lines + new) + "\n"
    numbers = [number for number, line in enumerate(lines) if is_code(line)]
    code = [lines[number].strip() for number in numbers]
    for first in range(len(code)):
        if end := end_of(wanted, code, first):
            after = numbers[end - 1] + 1
            return "\n".join(lines[: after if keeps else numbers[first]] + new + lines[after:]) + "\n"
    raise SystemExit(f"not found: {old}")


def apply(near_miss, folder):
    """Makes a near-miss of a copy of the solution, as `checker/grader/src/dev/edits.rs` does."""
    file, old, new, into, keeps = None, [], [], None, False
    for line in near_miss.read_text().splitlines():
        match line.removeprefix("// ── ").split() if line.startswith("// ── ") else []:
            case ["file", name]:
                file = folder / "src" / name
            case ["replace" | "after" as kind]:
                old, new, into, keeps = [], [], "old", kind == "after"
            case ["with"]:
                into = "new"
            case ["add"]:
                old, new, into, keeps = (old if into else []), [], "new", True
            case ["end"]:
                file.write_text(edited(file.read_text(), old, new, keeps))
                into = None
            case []:
                if into:
                    (old if into == "old" else new).append(line)
            case other:
                raise SystemExit(f"{near_miss}: {other}")


@contextlib.contextmanager
def in_place_of_exercise(part, near_miss):
    """Puts a near-miss into the folder of the exercise, which is as it was afterwards."""
    if subprocess.run(["git", "diff", "--quiet", "--", "exercises"], cwd=COURSE, check=False).returncode:
        raise SystemExit("exercises/ has changes, which this would overwrite: commit them first")
    [about] = (COURSE / "checker/parts").glob(f"{part}_*")
    exercise = COURSE / "exercises" / about.name
    try:
        for file in tomllib.loads((about / "part.toml").read_text())["editable"]:
            shutil.copy(COURSE / "solutions" / about.name / file, exercise / file)
        apply(about / "near_misses" / f"{near_miss}.rs", exercise)
        yield
    finally:
        subprocess.run(["git", "checkout", "--quiet", "--", exercise], check=True)


def page_of_run(part, problem, near_miss):
    checker = ["cargo", "checker", part, "--problem", problem, "--seed", "7", "--world", "processes", "--json"]
    with in_place_of_exercise(part, near_miss):
        ran = subprocess.run(checker, cwd=COURSE, stdout=subprocess.PIPE, check=False)
    [report] = json.loads(ran.stdout)["parts"]
    if report["standing"] != "failed":
        raise SystemExit(f"{near_miss} did not fail: {report['standing']}")
    return pathlib.Path(report["run"]) / "report.html"


def chromium(*arguments):
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    return subprocess.run(["chromium", *flags, *arguments], capture_output=True, text=True, check=True).stdout


def picture_of(page, scratch):
    copy = scratch / "page.html"
    copy.write_text(page.read_text().replace("</body>", f"<script>{SAVE}</script></body>"))
    shown = chromium("--window-size=900,800", "--dump-dom", copy.as_uri())
    [code] = re.findall(r'<pre id="picture">([^<]*)</pre>', shown)
    return base64.b64decode(code).decode()


def check(wanted):
    """Each problem has a picture, and no picture is large."""
    problems = set()
    for about in (COURSE / "checker/parts").glob("*/part.toml"):
        part = tomllib.loads(about.read_text())
        problems |= {f"part{part['number']}-problem{problem['number']}" for problem in part["problem"]}
    if problems != set(wanted):
        raise SystemExit(f"failures.toml and the problems differ: {problems ^ set(wanted)}")
    for name in sorted(problems):
        size = (IMAGES / f"{name}.svg").stat().st_size
        if size > MAX_BYTES:
            raise SystemExit(f"{name}.svg has {size} bytes, more than {MAX_BYTES}")


def main():
    wanted = tomllib.loads((HERE / "failures.toml").read_text())
    if sys.argv[1:] == ["--check"]:
        return check(wanted)
    for name in sys.argv[1:] or wanted:
        part, problem = re.fullmatch(r"(part\d)-problem(\d+)", name).groups()
        with tempfile.TemporaryDirectory() as scratch:
            page = page_of_run(part, problem, wanted[name])
            (IMAGES / f"{name}.svg").write_text(picture_of(page, pathlib.Path(scratch)))
        print(name)


if __name__ == "__main__":
    main()
