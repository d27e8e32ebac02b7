"""Simple pictures as SVG: boxes, arrows and texts at given places, the same bytes on every run."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

__all__ = ["BLACK", "LINE", "QUIET", "WHITE", "Canvas"]

#: Colours. A picture has its own background, so that it reads the same on light and on dark pages.
WHITE, BLACK, QUIET, LINE = "#ffffff", "#1b1f24", "#5b6470", "#c3c9d1"
FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, 'DejaVu Sans', sans-serif"
#: Half the width of an arrow's head, and its length.
HEAD = (4, 8)


class Canvas:
    """A picture in the making; places and sizes are in pixels, from the upper left corner."""

    def __init__(self, width: int, height: int):
        self._width, self._height = width, height
        self._elements: list[str] = []

    def box(self, x: float, y: float, width: float, height: float, *, radius: float = 0, **style):
        """A rectangle; ``style`` has attributes of SVG, with underscores."""
        self._add("rect", x=x, y=y, width=width, height=height, rx=radius, **style)

    def line(self, *points: tuple[float, float], color: str = BLACK, width: float = 1.3, **style):
        """A line through points."""
        text = " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
        self._add("polyline", points=text, fill="none", stroke=color, stroke_width=width, **style)

    def arrow(self, *points: tuple[float, float]):
        """A line with a head at its end; its last part goes straight along an axis."""
        (x0, y0), (x, y) = points[-2:]
        half, length = HEAD
        along = (_sign(x - x0), _sign(y - y0))
        base = (x - along[0] * length, y - along[1] * length)
        self.line(*points[:-1], base)
        across = (along[1] * half, along[0] * half)
        corners = [(x, y), (base[0] + across[0], base[1] + across[1]), (base[0] - across[0], base[1] - across[1])]
        self._add("polygon", points=" ".join(f"{_number(a)},{_number(b)}" for a, b in corners), fill=BLACK)

    def text(
        self, x: float, y: float, text: str, *, size: float = 12, anchor: str = "start", color: str = BLACK, **style
    ):
        """A line of text that stands on a place."""
        self._add("text", text, x=x, y=y, font_size=size, text_anchor=anchor, fill=color, **style)

    def svg(self, title: str, description: str) -> str:
        """The picture as a file of its own."""
        size = f'width="{self._width}" height="{self._height}" viewBox="0 0 {self._width} {self._height}"'
        frame = (
            f'<rect x="0.5" y="0.5" width="{self._width - 1}" height="{self._height - 1}" rx="8" fill="{WHITE}" '
            f'stroke="{LINE}"/>'
        )
        lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family={quoteattr(FONTS)}>',
            f"<title>{escape(title)}</title>",
            f"<desc>{escape(description)}</desc>",
            frame,
            *self._elements,
            "</svg>",
        ]
        return "\n".join(lines) + "\n"

    def _add(self, tag: str, text: str | None = None, **attributes):
        said = " ".join(
            f"{name.replace('_', '-')}={quoteattr(_number(v))}"
            for name, v in attributes.items()
            if v != 0 or name in "xy"
        )
        self._elements.append(f"<{tag} {said}/>" if text is None else f"<{tag} {said}>{escape(text)}</{tag}>")


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
