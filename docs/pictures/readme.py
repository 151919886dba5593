#!/usr/bin/env python3
"""Makes the two pictures of the README from real runs: a terminal, and the page of a run.

    python3 docs/pictures/readme.py            needs chromium, and `pip install pyte`
    python3 docs/pictures/readme.py --check    fails if a picture is missing or large

Both show the same mistake in part 1: a consumer that keeps the number of the ping that came last.
"""

import os
import pathlib
import pty
import sys
import tempfile
from html import escape

import failures

IMAGES = failures.HERE / "img"
MAX_BYTES = {"terminal.svg": 40_000, "page.png": 150_000}
NEAR_MISS = "last_wins"
COMMAND = ["cargo", "checker", "part1", "--problem", "1", "--seed", "7", "--world", "processes"]
COLUMNS, ROWS = 100, 80
LETTER, LINE, EDGE = 7.83, 18, 14  # in pixels; the font has 13
PAGE = "1100,820"
# The README shows the diagram; the failure's text is in the picture of the terminal.
ONLY_DIAGRAM = "<style>nav, .pair, .tools, .when { display: none !important; } main { display: block !important; }</style></head>"

STYLE = """
  :root { --paper: #ffffff; --edge: #c3ccd6; --ink: #1c2733; --soft: #57687c;
          --red: #b3261e; --green: #1b6e37; --yellow: #805300; --blue: #2557a7; --cyan: #0b6478; --magenta: #7a3fb0; }
  @media (prefers-color-scheme: dark) {
  :root { --paper: #141a21; --edge: #46535f; --ink: #e4e9ee; --soft: #9fb0c4;
          --red: #ff8a80; --green: #7cd69a; --yellow: #f0c26a; --blue: #86b3f7; --cyan: #7bd3e6; --magenta: #cda4f5; } }
  .paper { fill: var(--paper); stroke: var(--edge); }
  text { font: 13px ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", monospace; fill: var(--ink); white-space: pre; }
  .bold { font-weight: 700; } .brightblack { fill: var(--soft); }
  .red { fill: var(--red); } .green { fill: var(--green); } .brown, .yellow { fill: var(--yellow); }
  .blue { fill: var(--blue); } .cyan { fill: var(--cyan); } .magenta { fill: var(--magenta); }
"""


def screen_of(command):
    """What a terminal shows when the command has ended."""
    import pyte

    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(failures.COURSE)
        os.environ.update(TERM="xterm-256color", COLUMNS=str(COLUMNS), LINES=str(ROWS))
        os.execvp(command[0], command)
    import fcntl
    import struct
    import termios

    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    while True:
        try:
            stream.feed(os.read(terminal, 65536))
        except OSError:  # the other end is closed
            break
    os.waitpid(child, 0)
    return screen


def pieces(screen, row):
    """The pieces of a row that look alike, with their classes."""
    text, before = "", None
    for column in range(COLUMNS):
        cell = screen.buffer[row][column]
        look = " ".join(filter(None, ["bold" if cell.bold else "", cell.fg if cell.fg != "default" else ""]))
        if look != before and text:
            yield before, text
            text = ""
        before = look
        text += cell.data
    yield before, text.rstrip()


def picture_of(screen, command):
    rows = [row.strip() for row in screen.display]
    first = next(row for row, text in enumerate(rows) if "FAILED" in text)
    last = next(row for row, text in enumerate(rows) if text.startswith("again"))
    # The lines of the scenarios above it and the points below it are left out.
    shown = range(first, last + 1)
    lines = [[("bold", f"$ {' '.join(command)}")], *[list(pieces(screen, row)) for row in shown]]
    width, height = round(COLUMNS * LETTER + 2 * EDGE), len(lines) * LINE + 2 * EDGE
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">'
    yield f"<title>A terminal: {escape(' '.join(command))} fails, and says why</title>"
    yield f'<style>{STYLE}</style><rect class="paper" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>'
    for number, line in enumerate(lines):
        words = "".join(f'<tspan class="{look}">{escape(text)}</tspan>' if look else escape(text) for look, text in line)
        if words:
            yield f'<text x="{EDGE}" y="{EDGE + 13 + number * LINE}">{words}</text>'
    yield "</svg>"


def check():
    for name, most in MAX_BYTES.items():
        size = (IMAGES / name).stat().st_size
        if size > most:
            raise SystemExit(f"{name} has {size} bytes, more than {most}")


def main():
    if sys.argv[1:] == ["--check"]:
        return check()
    IMAGES.mkdir(exist_ok=True)
    with failures.in_place_of_exercise("part1", NEAR_MISS):
        screen = screen_of(COMMAND)
    (IMAGES / "terminal.svg").write_text("\n".join(picture_of(screen, COMMAND[:5])) + "\n")
    page = failures.page_of_run("part1", "1", NEAR_MISS)
    with tempfile.TemporaryDirectory() as scratch:
        copy, shot = pathlib.Path(scratch) / "page.html", pathlib.Path(scratch) / "page.png"
        copy.write_text(page.read_text().replace("</head>", ONLY_DIAGRAM))
        failures.chromium(f"--window-size={PAGE}", f"--screenshot={shot}", copy.as_uri())
        (IMAGES / "page.png").write_bytes(shot.read_bytes())
    check()


if __name__ == "__main__":
    main()
