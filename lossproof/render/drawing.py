"""Curves as a matplotlib figure: density, NLL and loss with the constant between them, and the influence function.

Importing this imports matplotlib, and never pyplot: a figure belongs to who asked for it.
"""

from __future__ import annotations

import math as mathematics
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from lossproof.render.curves import Losses, Sketch
from lossproof.render.mathtext import math, plain
from lossproof.render.settings import number, shown_values
from lossproof.syntax import latex_name, to_latex
from lossproof.terms import ZERO, sub, sym, symbols

#: Okabe and Ito's colours, which people with any colour vision tell apart; on black the dark ones are lightened.
_LIGHT: Final = ("#0072b2", "#d55e00", "#009e73", "#b5508b", "#56b4e9", "#a87b00", "#444444", "#7a5cc0")
_DARK: Final = ("#56b4e9", "#f0883e", "#2fd0a0", "#e79cc8", "#9ad1f5", "#f0c744", "#dddddd", "#b6a1f0")
_DASHES: Final[tuple[Any, ...]] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (3, 1, 1, 1)), (0, (1, 2.5)))
#: As many assumptions fit into one picture.
MOST: Final = len(_LIGHT)
Array = NDArray[np.float64]
Truth = NDArray[np.bool_]
_NEAR, _NEARER, _NEAR_RESIDUAL = 6.0, 3.0, 16.0
_LONGEST: Final = 56  # characters of a formula in the legend
_MARKED: Final = 40  # counts up to here have a dot each


@dataclass(frozen=True)
class Style:
    """Colours of a figure."""

    ink: str
    paper: str
    faint: str
    colours: tuple[str, ...]


STYLES: Final[Mapping[str, Style]] = {
    "light": Style("#1a1a1a", "#ffffff", "#d0d0d0", _LIGHT),
    "dark": Style("#e8e8e8", "#15181c", "#444a52", _DARK),
}


@contextmanager
def settings(style: str) -> Iterator[None]:
    """matplotlib's own defaults with ours on top, whatever the user's are: the same input gives the same figure."""
    s = STYLES[style]
    everything: Any = mpl.rcParamsDefault
    defaults = {k: v for k, v in everything.items() if not k.startswith(("backend", "interactive", "toolbar", "webagg"))}
    ours: dict[str, Any] = {
        "font.family": ["DejaVu Sans"], "mathtext.fontset": "dejavusans", "font.size": 10, "axes.titlesize": 10, "axes.labelsize": 10,
        "legend.fontsize": 9, "figure.constrained_layout.h_pad": 0.07, "figure.facecolor": s.paper, "savefig.facecolor": s.paper, "axes.facecolor": s.paper,
        "text.color": s.ink, "axes.labelcolor": s.ink, "axes.edgecolor": s.ink, "xtick.color": s.ink, "ytick.color": s.ink,
        "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": s.faint, "grid.linewidth": 0.5,
        "axes.axisbelow": True, "legend.frameon": True, "legend.framealpha": 0.85, "legend.edgecolor": "none", "legend.facecolor": s.paper,
        "lines.linewidth": 1.8, "svg.fonttype": "path", "svg.hashsalt": "lossproof", "pdf.fonttype": 42, "axes.unicode_minus": True,
    }  # fmt: skip
    used: Any = {**defaults, **ours}
    with mpl.rc_context(used):
        yield


def draw(figure: Figure, sketches: Sequence[Sketch], style: str, window: tuple[float, float]) -> None:
    """Draw into an empty figure: three panels below one another, or side by side where it is wide."""
    _Drawing(figure, sketches, STYLES[style], window).draw()


class _Drawing:
    def __init__(self, figure: Figure, sketches: Sequence[Sketch], style: Style, window: tuple[float, float]) -> None:
        self.figure = figure
        self.sketches = sketches
        self.style = style
        self.window = window
        self.alone = len(sketches) == 1
        self.first = sketches[0].view
        width, height = figure.get_size_inches()
        self.is_wide = width > 1.5 * height
        shape = (1, 3) if self.is_wide else (3, 1)
        self.lines: list[Line2D] = []
        self.panels: list[Axes] = list(figure.subplots(*shape, squeeze=False).flat)

    def draw(self) -> None:
        top, middle, bottom = self.panels
        self.draw_density(top)
        self.draw_losses(middle)
        self.draw_psi(bottom)
        name = self.axis_label()
        shared = self.panels if self.over_variable() else self.panels[1:]
        for axes in shared:
            axes.set_xlim(*self.window)
        for axes in self.panels:
            below = axes is bottom or self.is_wide or (axes is top and axes not in shared)
            axes.set_xlabel("" if not below else name if axes in shared else math(sym(self.first.variate)))
            axes.tick_params(labelbottom=bool(below))
        self.title()

    def over_variable(self) -> bool:
        """Whether the top panel has the axis of the others."""
        return self.first.is_residual or self.first.is_joint

    def axis_label(self) -> str:
        view = self.first
        if view.prediction is None:
            return math(sym(view.moving))
        shared = {s.view.axis for s in self.sketches}
        return "residual  " + (f"$r = {_difference(view)}$" if len(shared) == 1 else "$r$ = data - prediction")

    def losses(self) -> list[Losses]:
        return [losses for s in self.sketches for losses in s.losses]

    def likely(self, level: float = _NEAR) -> list[Truth] | None:
        """Where the NLL is not far above its least: the panels need show no more of a pole."""
        doubled = level == _NEAR
        if self.first.is_residual:
            level = _NEAR_RESIDUAL
        elif str(self.first.derivation.symbols[self.first.moving].domain.value) == "reals":
            return None
        kept = []
        for losses in self.losses():
            near = losses.nll.y <= np.nanquantile(losses.nll.y, 0.03) + level
            kept += [near, near] if self.alone and doubled else [near]
        return kept

    # -- the panels

    def draw_density(self, axes: Axes) -> None:
        for i, s in enumerate(self.sketches):
            colour, dash = self.style.colours[i], _DASHES[i]
            x, y = s.density.x, s.density.y
            if s.view.is_discrete and not self.over_variable():
                if self.alone:
                    axes.vlines(x, 0, y, color=colour, linewidth=2, label="_")
                marker = "os^Dv<>p"[i] if len(x) <= _MARKED else ""
                axes.plot(x, y, color=colour, linestyle="none" if self.alone and marker else ":", marker=marker, markersize=5, linewidth=1)
            else:
                axes.plot(x, y, color=colour, linestyle=dash)
                if self.alone:
                    axes.fill_between(x, 0, np.nan_to_num(y), color=colour, alpha=0.12, linewidth=0)
        _fit(axes, [s.density.y for s in self.sketches], floor=0.0)
        if self.first.is_discrete and not self.over_variable():
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if self.first.members and not self.over_variable():
            axes.set_xticks([number(m) for m in self.first.members], [str(m) for m in self.first.members])
            axes.margins(x=0.4)
        axes.set_title(self.density_title(), loc="left")
        axes.set_ylabel(self.density_label())

    def density_title(self) -> str:
        view = self.first
        if view.is_joint:
            return "likelihood times prior, at " + self.observed_words(self.sketches[0].losses)
        if not view.is_density:
            return "likelihood contribution"
        return ("mass" if view.is_discrete else "density") + (" over the residual" if view.is_residual else " of the data")

    def density_label(self) -> str:
        view = self.first
        if view.is_joint or not view.is_density:
            return r"$\exp(-\mathrm{NLL})$"
        data = latex_name(view.variate)
        if view.is_residual:
            return "$p(r)$"
        return rf"$p({data} \mid {latex_name(view.moving)} = {self.sketches[0].values[view.moving].latex()})$"

    def draw_losses(self, axes: Axes) -> None:
        for i, s in enumerate(self.sketches):
            for k, losses in enumerate(s.losses):
                colour = self.style.colours[i + k]
                dash = _DASHES[i + k]
                if self.alone:
                    at = f",  {self.observed(losses)}" if len(s.losses) > 1 else ""
                    if abs(losses.constant) > 0 or s.view.offset is not ZERO:
                        axes.plot(losses.nll.x, losses.nll.y, color=self.style.colours[k], linestyle="-", label="NLL" + at)
                        axes.plot(losses.kept.x, losses.kept.y, color=self.style.colours[1 - k], linestyle="--", label=self.kept_label(s) + at)
                    else:
                        axes.plot(losses.nll.x, losses.nll.y, color=colour, linestyle=dash, label=f"NLL = {self.kept_label(s)}{at}")
                else:
                    self.lines += axes.plot(losses.kept.x, losses.kept.y, color=colour, linestyle=dash)
        _fit(axes, [y for losses in self.losses() for y in ((losses.nll.y, losses.kept.y) if self.alone else (losses.kept.y,))], keep=self.likely())
        if self.alone:
            self.constant(axes, self.sketches[0])
            axes.legend(loc="best")
        where = "" if self.first.is_residual else ", at " + self.observed_words(self.sketches[0].losses)
        axes.set_title(("NLL and loss" if self.alone else "NLL without its constant") + where, loc="left")
        axes.set_ylabel("one sample" if self.alone else r"$\mathrm{scale} \cdot \mathrm{loss}$")

    def kept_label(self, s: Sketch) -> str:
        """scale · loss as a formula, or in words where that is long."""
        d = s.view.derivation
        scale = math(d.scale)
        loss = math(d.loss)
        if len(d.loss.ascii()) > 44 or not (scale.startswith("$") and loss.startswith("$")):
            name = d.name if d.name and len(d.name) < 34 else "loss"
            return name if d.scale.op == "num" and d.scale.value == 1 else f"scale · {name}"
        if d.scale.op == "num" and d.scale.value == 1:
            return loss
        grouped = loss[1:-1] if d.loss.op not in ("add", "neg") else rf"\left({loss[1:-1]}\right)"
        return f"{scale[:-1]} \\cdot {grouped}$"

    def constant(self, axes: Axes, s: Sketch) -> None:
        """The ledger's constant as an arrow between the two curves, and what it is in the legend."""
        losses = s.losses[0]
        if len(s.losses) > 1 or s.view.offset is ZERO or not mathematics.isfinite(losses.constant):
            return
        low, high = axes.get_ylim()
        offset = s.view.derivation.offset
        value = _signed(losses.constant)
        if s.view.is_residual and s.view.variate in symbols(offset):
            value += f" at ${latex_name(s.view.variate)} = 0$"
        said = f"dropped: {math(offset)} = {value}" if len(offset.ascii()) <= _LONGEST else f"dropped: {value}"
        axes.plot([], [], color=self.style.ink, linestyle="none", marker=r"$\updownarrow$", markersize=9, label=said)
        place = _arrow_place(losses, self.window, (low, high))
        if abs(losses.constant) > 0.02 * (high - low) and place is not None:
            x, a, b = place
            arrow = {"arrowstyle": "<->", "color": self.style.ink, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 8}
            axes.annotate("", xy=(x, a), xytext=(x, b), arrowprops=arrow)
        axes.set_ylim(low, high + 0.12 * (high - low))

    def draw_psi(self, axes: Axes) -> None:
        axes.axhline(0, color=self.style.ink, linewidth=0.7)
        for i, s in enumerate(self.sketches):
            for k, losses in enumerate(s.losses):
                label = self.observed(losses) if self.alone and len(s.losses) > 1 else None
                axes.plot(losses.psi.x, losses.psi.y, color=self.style.colours[i + k], linestyle=_DASHES[i + k], label=label)
        _fit(axes, [losses.psi.y for losses in self.losses()], keep=self.likely(_NEARER))
        if self.alone and len(self.sketches[0].losses) > 1:
            axes.legend(loc="best")
        view = self.first
        moving = "prediction"
        if view.prediction is None:
            moving = latex_name(view.moving)
        elif view.prediction.op == "sym" and len({s.view.axis for s in self.sketches}) == 1:
            moving = latex_name(str(view.prediction.value))
        below = rf"\mathrm{{{moving}}}" if moving == "prediction" else moving
        axes.set_title("influence function" if view.is_residual else "derivative of the NLL", loc="left")
        axes.set_ylabel(rf"$\psi = \partial\,\mathrm{{NLL}} / \partial\,{below}$" if view.is_residual else rf"$\partial\,\mathrm{{NLL}} / \partial\,{below}$")

    # -- words

    def observed(self, losses: Losses) -> str:
        return f"${latex_name(self.first.variate)} = {losses.observed.latex()}$" if losses.observed is not None else ""

    def observed_words(self, found: Sequence[Losses]) -> str:
        return " and ".join(self.observed(losses) for losses in found)

    def title(self) -> None:
        """One assumption above the panels; several below them, each with its values and constant."""
        if self.alone:
            s = self.sketches[0]
            columns = 120 if self.is_wide else 76
            head = textwrap.fill(s.view.title, columns, max_lines=3)
            words = ";  ".join(x for x in (s.view.derivation.name or "", self.drawn_at(s)) if x)
            below = textwrap.fill(words.replace(" = ", "\xa0=\xa0"), columns - 6).replace("\xa0", " ")
            self.figure.suptitle(plain(head) + (f"\n{plain(below)}" if below else ""), fontsize=11)
            return
        self.figure.legend(
            self.lines, [self.entry(s) for s in self.sketches], loc="outside lower center", ncols=2 if self.is_wide else 1, handlelength=3.2
        )

    def entry(self, s: Sketch) -> str:
        constant = s.losses[0].constant
        dropped = f"dropped {_signed(constant)}" if s.view.offset is not ZERO else "nothing dropped"
        title = textwrap.shorten(s.view.title, 70, placeholder=" ...")
        return plain(";  ".join(x for x in (title, self.drawn_at(s), dropped) if x))

    def drawn_at(self, s: Sketch) -> str:
        names = [n for n in s.view.others if n in s.values]
        return f"at {shown_values(s.values, names)}" if names else ""


def _signed(x: float) -> str:
    return f"{x + 0.0:#.3g}".replace("-", "−")


def _difference(view: Any) -> str:
    """y - prediction as mathematics."""
    return to_latex(sub(sym(view.variate), view.prediction))


def _arrow_place(losses: Losses, window: tuple[float, float], limits: tuple[float, float]) -> tuple[float, float, float] | None:
    """Where the two curves are flattest and inside the panel: x and both heights."""
    low, high = window
    x, a, b = losses.nll.x, losses.nll.y, losses.kept.y
    inside = (x > low + 0.12 * (high - low)) & (x < high - 0.12 * (high - low)) & (np.maximum(a, b) < limits[1]) & (np.minimum(a, b) > limits[0])
    if losses.kept.x.shape != x.shape or not inside.any():
        return None
    at = np.flatnonzero(inside)[int(np.argmin(a[inside]))]
    return float(x[at]), float(a[at]), float(b[at])


#: As many points above half the height make a peak, fewer a pole.
_PEAK = 20


def _fit(axes: Axes, curves: Sequence[Array], floor: float | None = None, keep: Sequence[Truth] | None = None) -> None:
    """Limits that show the curves and not their poles: a curve that runs away leaves the panel."""
    masks = keep if keep is not None else [np.isfinite(c) for c in curves]
    # A curve with gaps of its own is longer than the mask that was made from another; it is shown whole.
    values = np.concatenate([c[np.isfinite(c) & k] if len(k) == len(c) else c[np.isfinite(c)] for c, k in zip(curves, masks, strict=True)])
    if not len(values):
        return
    low, high = float(values.min()), float(values.max())
    inner_low, inner_high = (float(q) for q in np.quantile(values, (0.03, 0.97)))
    reach = max(inner_high - inner_low, 1e-9)
    if high > inner_high + 1.5 * reach and np.count_nonzero(values > (low + high) / 2) < _PEAK:
        high = inner_high + 0.5 * reach
    if low < inner_low - 1.5 * reach:
        low = inner_low - 0.5 * reach
    low = low if floor is None else floor
    margin = 0.06 * (high - low) or 0.5
    axes.set_ylim(low if floor is not None else low - margin, high + margin)


__all__ = ["MOST", "STYLES", "draw", "settings"]
