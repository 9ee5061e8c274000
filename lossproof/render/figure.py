"""A figure that shows itself in a notebook and is saved with the settings that it was made with."""

from __future__ import annotations

import io
from typing import Any

from matplotlib.figure import Figure

from lossproof.render.drawing import settings

_DPI = 120


class Picture(Figure):
    """A matplotlib figure outside pyplot; notebooks find ``_repr_png_``, whether or not pyplot was imported."""

    def __init__(self, *args: Any, style: str = "light", **options: Any) -> None:
        super().__init__(*args, **options)
        self.style = style

    def savefig(self, fname: Any, **options: Any) -> None:
        """matplotlib's ``savefig``, under the settings of the picture."""
        with settings(self.style):
            super().savefig(fname, **options)

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        target = io.BytesIO()
        self.savefig(target, format="png", dpi=_DPI, metadata={"Software": None})
        width, height = self.get_size_inches()
        return target.getvalue(), {"width": round(width * 72), "height": round(height * 72)}
