"""How do numbers look?  Small SVG drawings, made on the server.

Widths are percentages and heights are pixels, so a drawing fills its card while its letters
keep their size, on a wide screen and on a phone.  Colours are classes of the style sheet.
Nothing here is money: what is drawn has been reckoned and rounded before.
"""

import dataclasses
from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup, escape

TOP, BASE, FOOT = 22, 196, 24  # of a drawing with an axis, in pixels
TALL = 224  # the base of a drawing of lines
LABELS_MAX = 10  # along an axis
STEPS = (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 5, 6, 8, 10)


@dataclasses.dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a drawing.

    Attributes:
        label: Stands under it.
        value: Not negative.
        text: Stands on it.
        style: Its class.
    """

    label: str
    value: float
    text: str
    style: str


@dataclasses.dataclass(frozen=True, slots=True)
class Series:
    """One line of a drawing: its class and its values, in even steps."""

    style: str
    values: Sequence[float]


def _svg(height: int, said: str, inside: str) -> Markup:
    """Wrap a drawing; ``said`` is what it says to those who cannot see it."""
    return Markup(  # noqa: S704  # every text in it went through escape
        f'<svg class="chart" role="img" width="100%" height="{height}"'
        f' aria-label="{escape(said)}">{inside}</svg>'
    )


def top_of(most: float) -> float:
    """Return a round number that is not below ``most``.

    Examples:
        >>> top_of(0), top_of(3.3), top_of(180), top_of(2_100)
        (1.0, 4.0, 200.0, 2400.0)
    """
    if most <= 0:
        return 1.0
    size = 1.0
    while size * 10 <= most:
        size *= 10
    while size > most:
        size /= 10
    return next(size * step for step in STEPS if size * step >= most)


def columns(bars: Sequence[Bar], said: str) -> Markup:
    """Draw upright bars side by side, each with its text on top and its label below."""
    slot = 100 / max(len(bars), 1)
    most = max((bar.value for bar in bars), default=0)
    parts = [f'<line class="axis" x1="0" x2="100%" y1="{BASE}" y2="{BASE}"/>']
    for place, bar in enumerate(bars):
        height = round((BASE - TOP) * bar.value / most) if most else 0
        height = max(height, 2 if bar.value else 0)
        middle = f"{slot * (place + 0.5):.3f}%"
        parts.append(
            f'<rect class="{bar.style}" x="{slot * (place + 0.2):.3f}%" width="{slot * 0.6:.3f}%"'
            f' y="{BASE - height}" height="{height}" rx="2"/>'
            f'<text class="value" x="{middle}" y="{BASE - height - 7}">{escape(bar.text)}</text>'
            f'<text class="label" x="{middle}" y="{BASE + 17}">{escape(bar.label)}</text>'
        )
    return _svg(BASE + FOOT, said, "".join(parts))


def pairs(groups: Sequence[tuple[str, Bar, Bar]], said: str) -> Markup:
    """Draw two upright bars for each label; the text of a bar is told when it is pointed at."""
    slot = 100 / max(len(groups), 1)
    most = max((bar.value for _, *both in groups for bar in both), default=0)
    parts = [f'<line class="axis" x1="0" x2="100%" y1="{BASE}" y2="{BASE}"/>']
    for place, (label, *both) in enumerate(groups):
        for side, bar in enumerate(both):
            height = round((BASE - TOP) * bar.value / most) if most else 0
            x = slot * (place + 0.14 + 0.37 * side)
            parts.append(
                f'<rect class="{bar.style}" x="{x:.3f}%" width="{slot * 0.34:.3f}%"'
                f' y="{BASE - height}" height="{height}" rx="2">'
                f"<title>{escape(label)} {escape(bar.label)} {escape(bar.text)}</title></rect>"
            )
        middle = f"{slot * (place + 0.5):.3f}%"
        parts.append(f'<text class="label" x="{middle}" y="{BASE + 17}">{escape(label)}</text>')
    return _svg(BASE + FOOT, said, "".join(parts))


def stack(bars: Sequence[Bar], said: str) -> Markup:
    """Draw one lying bar made of parts."""
    total = sum(bar.value for bar in bars)
    at, parts = 0.0, ['<rect class="rail" width="100%" height="14" rx="3"/>']
    for bar in bars:
        width = 100 * bar.value / total if total else 0
        parts.append(
            f'<rect class="{bar.style}" x="{at:.3f}%" width="{width:.3f}%" height="14">'
            f"<title>{escape(bar.label)} {escape(bar.text)}</title></rect>"
        )
        at += width
    return _svg(14, said, "".join(parts))


def lines(
    series: Sequence[Series],
    ticks: Sequence[tuple[float, str]],
    marks: Sequence[str],
    said: str,
) -> Markup:
    """Draw lines over even steps, the first one filled below.

    Args:
        series: All of one length.
        ticks: Where on the way (0 .. 1) a label stands, and the label.
        marks: Labels of the grid from the bottom to the top, which is ``top_of`` the most.
        said: The drawing in words.
    """
    most = top_of(max((max(line.values, default=0) for line in series), default=0))
    parts = []
    for place, mark in enumerate(marks):
        y = TALL - (TALL - TOP) * place / max(len(marks) - 1, 1)
        kind = "grid" if place else "axis"
        parts.append(
            f'<line class="{kind}" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="mark" x="0" y="{y - 5:.1f}">{escape(mark)}</text>'
        )
    drawn = [_path(line, most, filled=not place) for place, line in enumerate(series)]
    parts.append(
        f'<svg x="0" y="{TOP}" width="100%" height="{TALL - TOP}" viewBox="0 0 1000 100"'
        f' preserveAspectRatio="none">{"".join(drawn)}</svg>'
    )
    parts += [
        f'<text class="label" x="{100 * at:.2f}%" y="{TALL + 17}">{escape(text)}</text>'
        for at, text in ticks
    ]
    return _svg(TALL + FOOT, said, "".join(parts))


def _path(line: Series, most: float, *, filled: bool) -> str:
    """Draw one line in a field of 1000 x 100."""
    count = len(line.values)
    if not count:
        return ""
    points = [
        (1000 * place / max(count - 1, 1), 100 - 100 * value / most)
        for place, value in enumerate(line.values)
    ]
    d = "M" + "L".join(f"{x:.1f} {y:.2f}" for x, y in points)
    area = ""
    if filled:
        area = f'<path class="area {line.style}" d="{d}L{points[-1][0]:.1f} 100L0 100Z"/>'
    return f'{area}<path class="line {line.style}" d="{d}"/>'


def month_ticks(
    starts: Sequence[int], count: int, labels: Sequence[str]
) -> list[tuple[float, str]]:
    """Place a label in the middle of each month that has room for it.

    Args:
        starts: Place of the first day of each month among ``count`` days, ascending from 0.
        count: Days in all.
        labels: One a month.
    """
    ends = [*starts, count]
    return [
        ((first + last) / 2 / count, label)
        for (first, last), label in zip(pairwise(ends), labels, strict=True)
        if (last - first) * LABELS_MAX >= count
    ]
