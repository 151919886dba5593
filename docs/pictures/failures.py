#!/usr/bin/env python3
"""Saves the diagram of the failure to expect first, for the problems that failures.toml lists.

    python3 docs/pictures/failures.py [part1-problem1 …]

Each picture is made from a real run: the near-miss is graded on processes, in the place of the exercise,
and chromium opens the page of the run and saves its diagram, as the button "save picture" does. No two
runs are alike, so the pictures stay as they are until this is run again.
"""

import base64
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
SAVE = """<script>
addEventListener("load", () => {
  const picture = diagram.toFile(scenario.title);
  const bytes = new TextEncoder().encode(picture);
  const code = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  document.body.innerHTML = `<pre id="picture">${code}</pre>`;
});
</script></body>"""


def is_code(line):
    return line.strip() and not line.strip().startswith("//")


def edited(source, old, new):
    """Replaces lines of code, whatever their depth; comments between them go along."""
    lines = source.splitlines()
    wanted = [line.strip() for line in old if is_code(line)]
    code = [number for number, line in enumerate(lines) if is_code(line)]
    for first in range(len(code) - len(wanted) + 1):
        found = code[first : first + len(wanted)]
        if [lines[number].strip() for number in found] == wanted:
            return "\n".join(lines[: found[0]] + new + lines[found[-1] + 1 :]) + "\n"
    raise SystemExit(f"not found: {old}")


def apply(near_miss, folder):
    """Makes a near-miss of a copy of the solution. Only edits of the kind `replace` are known."""
    file, old, new, into = None, [], [], None
    for line in near_miss.read_text().splitlines():
        match re.split(r"\s+", line.removeprefix("// ── "), maxsplit=1) if line.startswith("// ── ") else []:
            case ["file", name]:
                file = folder / "src" / name
            case ["replace"]:
                old, new, into = [], [], "old"
            case ["with"]:
                into = "new"
            case ["end"]:
                file.write_text(edited(file.read_text(), old, new))
                into = None
            case []:
                if into:
                    (old if into == "old" else new).append(line)
            case other:
                raise SystemExit(f"{near_miss}: {other}")


def page_of_run(part, problem, near_miss):
    """Grades a near-miss in the place of the exercise, which is then as it was."""
    [about] = (COURSE / "checker/parts").glob(f"{part}_*")
    exercise = COURSE / "exercises" / about.name
    for file in tomllib.loads((about / "part.toml").read_text())["editable"]:
        shutil.copy(COURSE / "solutions" / about.name / file, exercise / file)
    try:
        apply(about / "near_misses" / f"{near_miss}.rs", exercise)
        checker = ["cargo", "checker", part, "--problem", str(problem), "--seed", "7", "--json"]
        ran = subprocess.run(checker, cwd=COURSE, stdout=subprocess.PIPE, check=False)
    finally:
        subprocess.run(["git", "checkout", "--quiet", "--", exercise], check=True)
    [report] = json.loads(ran.stdout)["parts"]
    if report["standing"] != "failed":
        raise SystemExit(f"{near_miss} did not fail: {report['standing']}")
    return pathlib.Path(report["run"]) / "report.html"


def picture_of(page, scratch):
    copy = scratch / "page.html"
    copy.write_text(page.read_text().replace("</body>", SAVE))
    browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--window-size=900,800", "--dump-dom", copy.as_uri()]
    shown = subprocess.run(browser, capture_output=True, text=True, check=True).stdout
    [code] = re.findall(r'<pre id="picture">([^<]*)</pre>', shown)
    return base64.b64decode(code).decode()


def main():
    if subprocess.run(["git", "diff", "--quiet", "--", "exercises"], cwd=COURSE, check=False).returncode:
        raise SystemExit("exercises/ has changes, which this would overwrite: commit them first")
    wanted = tomllib.loads((HERE / "failures.toml").read_text())
    for name in sys.argv[1:] or wanted:
        part, problem = re.fullmatch(r"(part\d)-problem(\d+)", name).groups()
        with tempfile.TemporaryDirectory() as scratch:
            scratch = pathlib.Path(scratch)
            page = page_of_run(part, problem, wanted[name])
            (COURSE / "training/img" / f"{name}.svg").write_text(picture_of(page, scratch))
        print(name)


main()
