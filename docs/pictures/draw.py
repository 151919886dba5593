#!/usr/bin/env python3
"""Draws the picture at the beginning of each part: parts.toml becomes training/img/*.svg.

    python3 docs/pictures/draw.py           draws all
    python3 docs/pictures/draw.py --check   fails if a picture is not what the description says

A picture has boxes and arrows, in units of a pixel. A box is [x, y, width, height, its kind, its lines]; an
arrow is [its kind, its label, where the label stands, its points]. The colors follow the reader's choice of
light or dark.
"""

import pathlib
import sys
import tomllib
from html import escape

HERE = pathlib.Path(__file__).parent
IMAGES = HERE.parent.parent / "training" / "img"

STYLE = """
  :root { --paper: #ffffff; --edge: #c3ccd6; --ink: #1c2733; --soft: #57687c; --node: #f2f5f8;
          --server: #ffffff; --cast: #2557a7; --answer: #57687c; --store: #8a5a00; --bad: #b3261e; }
  @media (prefers-color-scheme: dark) {
  :root { --paper: #141a21; --edge: #46535f; --ink: #e4e9ee; --soft: #9fb0c4; --node: #1c242d;
          --server: #26303b; --cast: #86b3f7; --answer: #9fb0c4; --store: #e0b060; --bad: #ff8a80; } }
  .paper { fill: var(--paper); stroke: var(--edge); }
  .node { fill: var(--node); stroke: var(--edge); }
  .server { fill: var(--server); stroke: var(--soft); }
  .store { fill: var(--server); stroke: var(--store); }
  .plain { fill: none; stroke: none; }
  text { font: 13px ui-sans-serif, system-ui, sans-serif; fill: var(--ink); }
  text.first { font-weight: 600; }
  text.label { font: 12px ui-monospace, "DejaVu Sans Mono", monospace; }
  .under { fill: var(--paper); }
  .cast { stroke: var(--cast); fill: none; } text.cast, .head.cast { fill: var(--cast); stroke: none; }
  .answer { stroke: var(--answer); fill: none; stroke-dasharray: 4 3; }
  text.answer, .head.answer { fill: var(--answer); stroke: none; }
  .ask { stroke: var(--store); fill: none; } text.ask, .head.ask { fill: var(--store); stroke: none; }
  .arrow { stroke-width: 1.6; }
"""

LINE = 17  # from one line of a box to the next
LETTER = 7.3  # the width of a letter of a label


def box(x, y, width, height, kind, lines):
    yield f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>'
    for number, line in enumerate(lines):
        first = ' class="first"' if number == 0 else ""
        yield f'<text{first} x="{x + 10}" y="{y + 20 + number * LINE}">{escape(line)}</text>'


def arrow(kind, label, place, points):
    path = " L".join(f"{x} {y}" for x, y in points)
    yield f'<path class="arrow {kind}" d="M{path}"/>'
    (x0, y0), (x1, y1) = points[-2:]
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
    dx, dy = (x1 - x0) / length, (y1 - y0) / length
    back = [(x1 - 9 * dx + side * 4 * dy, y1 - 9 * dy - side * 4 * dx) for side in (1, -1)]
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in [(x1, y1), *back])
    yield f'<polygon class="head {kind}" points="{corners}"/>'
    if label:
        x, y = place
        yield f'<rect class="under" x="{x - 3}" y="{y - 12}" width="{len(label) * LETTER + 6:.0f}" height="16"/>'
        yield f'<text class="label {kind}" x="{x}" y="{y}">{escape(label)}</text>'


def picture(about):
    width, height = about["size"]
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">'
    yield f"<title>{escape(about['title'])}</title>"
    yield f"<style>{STYLE}</style>"
    yield f'<rect class="paper" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>'
    for one in about["boxes"]:
        yield from box(*one)
    for one in about["arrows"]:
        yield from arrow(*one)
    yield "</svg>\n"


def main():
    check = "--check" in sys.argv[1:]
    wrong = []
    for name, about in tomllib.loads((HERE / "parts.toml").read_text()).items():
        file = IMAGES / f"{name}.svg"
        text = "\n".join(picture(about))
        if not check:
            file.write_text(text)
        elif not file.is_file() or file.read_text() != text:
            wrong.append(f"{file} is not as parts.toml says: run docs/pictures/draw.py")
    sys.exit("\n".join(wrong) or 0)


main()
