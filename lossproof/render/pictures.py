"""Pictures of derivations: density, NLL and loss, and the influence function, as a figure, an image or SVG for a page."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from lossproof.errors import MissingSystemError, UnsupportedError, UsageError
from lossproof.render.settings import Given, read_range, settled
from lossproof.render.views import View, view_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lossproof.derivation import Derivation
    from lossproof.render.curves import Sketch

FORMATS: Final = ("svg", "png", "pdf")
STYLES: Final = ("light", "dark")
_SIZE: Final = (6.4, 8.4)
_ENTRY: Final = 0.22  # inches for each line of the legend of several assumptions
_SIZES: Final = (4.0, 40.0)
_METADATA: Final[dict[str, dict[str, Any]]] = {
    "svg": {"Date": None, "Creator": None}, "png": {"Software": None}, "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
}  # fmt: skip


def plot(
    assumptions: str | Derivation | Sequence[str | Derivation],
    *,
    at: str | Mapping[str, object] | None = None,
    range: str | Sequence[float] | None = None,
    along: str | None = None,
    style: str = "light",
    width: float | None = None,
    height: float | None = None,
) -> Figure:
    """A matplotlib figure of one derivation, or of several that share their axes; texts and family names are derived.

    The panels are the density, the NLL with scale · loss and the ledger's constant between them, and the derivative
    of the NLL by the prediction. They run over the residual where the NLL depends on y - ŷ alone, else over a parameter,
    the first or the one named by ``along``, at one value of the data. ``at`` gives values to symbols, as
    ``"sigma = 2, nu = 3"`` or a mapping; the figure says which values it was drawn at. ``range`` is that of the
    variable; ``width`` and ``height`` are inches, and a wide figure has its panels side by side. Nothing of pyplot is
    touched. Raises a LossproofError for what cannot be drawn.
    """
    derivations = _derived(assumptions)
    options = _Options(at, range, along, style)
    size = _size(len(derivations), width, height)
    _need_matplotlib()
    from lossproof.render.drawing import MOST, draw, settings
    from lossproof.render.figure import Picture

    if len(derivations) > MOST:
        raise UsageError(f"{len(derivations)} assumptions are too many to tell apart: a picture has at most {MOST}")
    sketches, window = _sketches(derivations, options)
    with settings(style):
        figure = Picture(figsize=size, layout="constrained", style=style)
        draw(figure, sketches, style, window)
    return figure


def svg(assumptions: str | Derivation | Sequence[str | Derivation], **options: Any) -> str:
    """The picture as an ``<svg>`` element for a page, without prolog: its ids clash with those of no other picture.

    The options are those of :func:`plot`.
    """
    derivations = _derived(assumptions)
    return embedded(image(plot(derivations, **options), "svg").decode("utf-8"), _said(derivations))


def image(figure: Figure, form: str) -> bytes:
    """A figure as svg, png or pdf: the same figure gives the same bytes. Letters are outlines, so it looks alike everywhere."""
    if form not in FORMATS:
        raise UsageError(f"there is no picture format {form}", nearest=FORMATS)
    target = io.BytesIO()
    figure.savefig(target, format=form, dpi=150, metadata=_METADATA[form])
    found = target.getvalue()
    return re.sub(rb"[ \t]+\n", b"\n", found) if form == "svg" else found


def embedded(text: str, said: str) -> str:
    """An SVG file as an element whose ids carry a hash of its content, with a sentence for who cannot see it."""
    element = text[text.index("<svg") :]
    element = re.sub(r"<metadata>.*?</metadata>\s*", "", element, flags=re.DOTALL)
    mark = hashlib.sha256(element.encode()).hexdigest()[:10]
    element = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>p{mark}-", element)
    head, rest = element.split(">", 1)
    said = said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f'{head} role="img" aria-labelledby="p{mark}-title">\n <title id="p{mark}-title">{said}</title>{rest.rstrip()}\n'


def _said(derivations: Sequence[Derivation]) -> str:
    names = "; ".join(view_of(d).title for d in derivations)
    return f"Density, negative log-likelihood with loss, and influence function: {names}"


class _Options:
    def __init__(self, at: str | Mapping[str, object] | None, range: str | Sequence[float] | None, along: str | None, style: str) -> None:
        if style not in STYLES:
            raise UsageError(f"there is no style {style}", nearest=STYLES)
        self.given = Given(at)
        self.range = read_range(range)
        self.along = along


def _derived(assumptions: str | Derivation | Sequence[str | Derivation]) -> list[Derivation]:
    from lossproof.derivation import Derivation, derive

    several = [assumptions] if isinstance(assumptions, str | Derivation) else list(assumptions)
    if not several:
        raise UsageError("what is to be drawn?", hint='lossproof plot gaussian laplace -o losses.svg')
    return [a if isinstance(a, Derivation) else derive(a) for a in several]


def _size(count: int, width: float | None, height: float | None) -> tuple[float, float]:
    for name, value in (("width", width), ("height", height)):
        if value is not None and not _SIZES[0] <= value <= _SIZES[1]:
            raise UsageError(f"a {name} of {value:g} inches: it is from {_SIZES[0]:g} to {_SIZES[1]:g}")
    usual = _SIZE[1] + (_ENTRY * count if count > 1 else 0.0)
    return width or _SIZE[0], height or usual


def _need_matplotlib() -> None:
    try:
        for name in ("numpy", "scipy.special", "matplotlib.figure"):
            import_module(name)
    except ImportError:
        raise MissingSystemError("pictures need matplotlib, NumPy and SciPy", hint='pip install "lossproof[plot]"') from None


def _sketches(derivations: Sequence[Derivation], options: _Options) -> tuple[list[Sketch], tuple[float, float]]:
    from lossproof.render.curves import check_drawable

    views = [view_of(d, options.along) for d in derivations]
    _check_shared(views)
    options.given.check_names(views)
    sketches, window = (_over_residual if views[0].is_residual else _over_parameter)(views, options)
    for s in sketches:
        check_drawable(s)
    return sketches, window


def _over_residual(views: Sequence[View], options: _Options) -> tuple[list[Sketch], tuple[float, float]]:
    from lossproof.render.curves import residual_range, sketch

    settings = [settled(v, options.given) for v in views]
    window = options.range or residual_range(views, settings)
    return [sketch(v, values, window, [None], None) for v, values in zip(views, settings, strict=True)], window


def _over_parameter(views: Sequence[View], options: _Options) -> tuple[list[Sketch], tuple[float, float]]:
    from lossproof.render.curves import Curve, data_range, parameter_range, sketch, typical

    found = []
    for view in views:
        values = settled(view, options.given)
        density = data_range(view, {n: v for n, v in values.items() if n != view.variate})
        observed = [values[view.variate]] if view.variate in values else list(view.members) or [typical(view, *density)]
        found.append((view, values, density, observed))
    shared = found[0][3][:1] if len(views) > 1 else found[0][3]
    if len(views) > 1 and views[0].members:
        shared = found[0][3][-1:]
    ranges = [parameter_range(view, values, shared) for view, values, _, _ in found]
    window = options.range or (min(low for low, _ in ranges), max(high for _, high in ranges))
    return [
        sketch(view, values, window, shared, None if view.is_joint else Curve(*density)) for view, values, density, _ in found
    ], window


def _check_shared(views: Sequence[View]) -> None:
    """Raise UnsupportedError where assumptions do not share their axes."""
    first = views[0]
    for v in views[1:]:
        if v.is_residual and first.is_residual:
            continue
        kind = (v.is_residual, v.moving, v.variate, v.is_discrete, v.is_joint, v.members)
        if kind != (first.is_residual, first.moving, first.variate, first.is_discrete, first.is_joint, first.members):
            what = [f"{w.title} is drawn over {w.axis}{'' if w.is_residual else f' at one {w.variate}'}" for w in (first, v)]
            raise UnsupportedError(f"these share no axis: {what[0]}, and {what[1]}", hint="a picture for each")
