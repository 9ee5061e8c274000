"""The assumptions that the tests and the benchmarks go through: each with its loss and another program's log-density."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy import special, stats

from lossproof.terms import Term

LogDensity = Callable[[Any], Any]


@dataclass(frozen=True)
class Shape:
    """One assumption. ``log_density`` gives the log-likelihood of each sample, ``log_prior`` that of the priors;
    ``draws`` overrides what the symbols' domains say of their random values."""

    text: str
    name: str | None
    log_density: LogDensity
    log_prior: LogDensity | None = None
    draws: Mapping[str, Callable[[np.random.Generator, int], Any]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text

    def sample(self, values: Mapping[str, Any]) -> Any:
        """The log-likelihood of each sample."""
        return self.log_density(SimpleNamespace(**values))

    def prior(self, values: Mapping[str, Any]) -> Any:
        """The log-density of the priors."""
        return self.log_prior(SimpleNamespace(**values)) if self.log_prior else 0.0


# -- log-densities by SciPy, over arrays of samples


def normal(y: Any, mu: Any, sigma: Any) -> Any:
    return stats.norm.logpdf(y, mu, sigma)


def laplace(y: Any, mu: Any, b: Any) -> Any:
    return stats.laplace.logpdf(y, mu, b)


def quantile(y: Any, mu: Any, sigma: Any, tau: Any) -> Any:
    kappa = np.sqrt(tau / (1 - tau))
    return stats.laplace_asymmetric.logpdf(y, kappa, mu, kappa * sigma / tau)


def huber(y: Any, mu: Any, delta: Any) -> Any:
    total = np.sqrt(2 * np.pi) * special.erf(delta / np.sqrt(2)) + 2 * np.exp(-(delta**2) / 2) / delta
    return -special.huber(delta, y - mu) - np.log(total)


def student(y: Any, nu: Any, mu: Any, sigma: Any) -> Any:
    return stats.t.logpdf(y, nu, mu, sigma)


def gamma(y: Any, alpha: Any, rate: Any) -> Any:
    return stats.gamma.logpdf(y, alpha, scale=1 / rate)


def wald(y: Any, mu: Any, lam: Any) -> Any:
    return stats.invgauss.logpdf(y, mu / lam, scale=lam)


def poisson(y: Any, rate: Any) -> Any:
    return stats.poisson.logpmf(y, rate)


def negative_binomial(y: Any, mu: Any, phi: Any) -> Any:
    return stats.nbinom.logpmf(y, phi, phi / (phi + mu))


def binomial(y: Any, n: Any, p: Any) -> Any:
    return stats.binom.logpmf(y, n, p)


def log_normal(y: Any, mu: Any, sigma: Any) -> Any:
    return stats.lognorm.logpdf(y, sigma, scale=np.exp(mu))


def weibull(y: Any, alpha: Any, sigma: Any) -> Any:
    return stats.weibull_min.logpdf(y, alpha, scale=sigma)


def pareto(y: Any, y_min: Any, alpha: Any) -> Any:
    return stats.pareto.logpdf(y, alpha, scale=y_min)


def bernoulli(y: Any, p: Any) -> Any:
    return stats.bernoulli.logpmf(y, p)


def logistic(y: Any, z: Any) -> Any:
    """Bernoulli by its logit."""
    return np.where(y == 1, special.log_expit(z), special.log_expit(-z))


def rows(log_density: Callable[..., Any], y: Any, *arguments: Any) -> Any:
    """A density of vectors, sample by sample; an argument with a sample axis goes along."""
    return np.array(
        [log_density(y[i], *[a[i] if isinstance(a, Along) else a for a in arguments]) for i in range(len(y))]
    )


class Along(np.ndarray[Any, Any]):
    """An array whose first axis is the samples."""


def along(a: Any) -> Any:
    return np.asarray(a).view(Along)


def plain(a: Any) -> Any:
    return np.asarray(a)


def multi_normal(y: Any, mu: Any, cov: Any) -> Any:
    return rows(lambda u, m, s: stats.multivariate_normal(plain(m), plain(s)).logpdf(u), y, mu, cov)


def categories(y: Any, p: Any) -> Any:
    return np.log(
        np.take_along_axis(np.broadcast_to(p, (len(y), np.shape(p)[-1])), np.asarray(y, dtype=int)[:, None] - 1, 1)[
            :, 0
        ]
    )


def counts(y: Any, p: Any) -> Any:
    return rows(
        lambda u, q: stats.multinomial(int(u.sum()), plain(q)).logpmf(u), y, along(np.broadcast_to(p, np.shape(y)))
    )


def softmax(z: Any) -> Any:
    return special.softmax(z, axis=-1)


def either(w: Any, first: Any, second: Any) -> Any:
    """The log-density of a mixture of two."""
    return np.logaddexp(np.log(w) + first, np.log1p(-w) + second)


def elastic(w: Any, l1: Any, l2: Any) -> Any:
    """The prior exp(-l1|w| - l2 w²), its normaliser in closed form."""
    total = 2 * np.exp(l1**2 / (4 * l2)) * np.sqrt(np.pi / l2) * special.ndtr(-l1 / np.sqrt(2 * l2))
    return -l1 * np.abs(w) - l2 * np.square(w) - np.log(total)


# -- random values


def draw(domain: Term, rng: np.random.Generator, batch: tuple[int, ...], sizes: Mapping[str, int]) -> Any:
    """Random members of a domain."""
    if domain.op == "domain":
        return _scalars(str(domain.value), rng, batch)
    if domain.op == "set":
        return rng.choice([float(a.value) for a in domain.args], batch)  # type: ignore[arg-type]
    size = dimension(domain.args[-1], sizes)
    if domain.op == "categories":
        return rng.integers(1, size + 1, batch).astype(float)
    if domain.op == "simplex":
        return rng.dirichlet(np.full(size, 2.0), batch or None)
    if domain.op == "onehot":
        return np.eye(size)[rng.integers(0, size, batch)]
    if domain.op == "counts":
        return rng.multinomial(6, np.full(size, 1 / size), batch or None).astype(float)
    if domain.op == "posdef":
        a = rng.normal(size=(*batch, size, size))
        return a @ np.swapaxes(a, -1, -2) + 0.5 * np.eye(size)
    return _scalars(str(domain.args[0].value), rng, (*batch, size))


def dimension(size: Term, sizes: Mapping[str, int]) -> int:
    return int(size.value) if size.op == "num" else sizes[str(size.value)]  # type: ignore[arg-type]


def _scalars(name: str, rng: np.random.Generator, batch: tuple[int, ...]) -> Any:
    made: dict[str, Callable[[], Any]] = {
        "reals": lambda: rng.uniform(-2, 2, batch),
        "positive": lambda: np.exp(rng.uniform(-0.7, 1, batch)),
        "nonnegative": lambda: np.exp(rng.uniform(-0.7, 1, batch)),
        "unit": lambda: rng.uniform(0.1, 0.9, batch),
        "unit_closed": lambda: rng.uniform(0.1, 0.9, batch),
        "naturals": lambda: rng.integers(0, 6, batch).astype(float),
        "integers": lambda: rng.integers(-4, 6, batch).astype(float),
    }
    return made[name]()


def above(low: float, high: float) -> Callable[[np.random.Generator, int], Any]:
    """Uniform draws, one for each sample."""
    return lambda rng, n: rng.uniform(low, high, n)


def one(low: float, high: float) -> Callable[[np.random.Generator, int], Any]:
    """One uniform draw for all samples."""
    return lambda rng, n: float(rng.uniform(low, high))


def whole(low: int, high: int) -> Callable[[np.random.Generator, int], Any]:
    return lambda rng, n: rng.integers(low, high, n).astype(float)


_QUADRATIC = [
    Shape("y ~ N(ŷ, σ²) with σ fixed", "squared error", lambda v: normal(v.y, v.yhat, v.sigma)),
    Shape("y ~ N(ŷ, σ²)", "Gaussian negative log-likelihood", lambda v: normal(v.y, v.yhat, v.sigma)),
    Shape("y ~ N(ŷ, σ²) with ŷ fixed", "Gaussian negative log-likelihood, known mean", lambda v: normal(v.y, v.yhat, v.sigma)),
    Shape("y ~ Normal(mu, sigma) with sigma fixed", "squared error", lambda v: normal(v.y, v.mu, v.sigma)),
    Shape("y ~ Normal(mu, sigma_i) with sigma_i fixed", "weighted squared error", lambda v: normal(v.y, v.mu, v.sigma_i)),
    Shape("y ~ N(mu, v)", "Gaussian negative log-likelihood", lambda v: normal(v.y, v.mu, np.sqrt(v.v))),
    Shape("y ~ N(mu, v) with mu fixed", "Gaussian negative log-likelihood, known mean", lambda v: normal(v.y, v.mu, np.sqrt(v.v))),
    Shape("y ~ Normal(mu, sigma), sigma = exp(s/2)", "Gaussian negative log-likelihood, log variance", lambda v: normal(v.y, v.mu, np.exp(v.s / 2))),
    Shape("y ~ Normal(mu, sigma), sigma = softplus(s)", "Gaussian negative log-likelihood", lambda v: normal(v.y, v.mu, np.logaddexp(0, v.s))),
    Shape("y ~ Normal(mean=mu, precision=tau)", None, lambda v: normal(v.y, v.mu, v.tau**-0.5)),
    Shape("y ~ Normal(mean=mu, precision=tau) with tau fixed", "squared error", lambda v: normal(v.y, v.mu, v.tau**-0.5)),
    Shape("y ~ Normal(m*x + c, sigma) with x, sigma fixed", "squared error", lambda v: normal(v.y, v.m * v.x + v.c, v.sigma)),
    Shape("y ~ Normal(m*x + c, sigma) with x data, sigma fixed", "squared error", lambda v: normal(v.y, v.m * v.x + v.c, v.sigma)),
    Shape("y ~ Normal(m*x + c, sigma)", "Gaussian negative log-likelihood", lambda v: normal(v.y, v.m * v.x + v.c, v.sigma)),
    Shape("y ~ Normal(mu, sigma), mu = exp(eta) with sigma fixed", "squared error", lambda v: normal(v.y, np.exp(v.eta), v.sigma)),
    Shape("y ~ Normal(mu, c*mu) with c fixed where mu > 0", None, lambda v: normal(v.y, v.mu, v.c * v.mu)),
    Shape("y ~ Normal(0, sigma)", "half-normal negative log-likelihood", lambda v: normal(v.y, 0, v.sigma)),
]  # fmt: skip
_KINKS = [
    Shape("y ~ Laplace(mu, b) with b fixed", "absolute error", lambda v: laplace(v.y, v.mu, v.b)),
    Shape("y ~ Laplace(mu, b)", "Laplace negative log-likelihood", lambda v: laplace(v.y, v.mu, v.b)),
    Shape("y ~ Laplace(mu, b) with mu fixed", "Laplace negative log-likelihood, known location", lambda v: laplace(v.y, v.mu, v.b)),
    Shape("y ~ Laplace(mu, b_i) with b_i fixed", "weighted absolute error", lambda v: laplace(v.y, v.mu, v.b_i)),
    Shape("y ~ AsymmetricLaplace(mu, sigma, tau) with sigma, tau fixed", "pinball loss", lambda v: quantile(v.y, v.mu, v.sigma, v.tau)),
    Shape("y ~ AsymmetricLaplace(mu, sigma, tau) with tau fixed", "asymmetric Laplace negative log-likelihood", lambda v: quantile(v.y, v.mu, v.sigma, v.tau)),
    Shape("y ~ AsymmetricLaplace(mu, sigma, tau)", None, lambda v: quantile(v.y, v.mu, v.sigma, v.tau)),
    Shape("y ~ Huber(mu, delta) with delta fixed", "Huber loss", lambda v: huber(v.y, v.mu, v.delta)),
    Shape("y ~ Huber(mu, delta)", None, lambda v: huber(v.y, v.mu, v.delta)),
    Shape("y ~ Huber(mu, 1)", "Huber loss", lambda v: huber(v.y, v.mu, 1.0)),
    Shape("y ~ GeneralizedNormal(mu, alpha, beta) with alpha, beta fixed", "p-th power error", lambda v: stats.gennorm.logpdf(v.y, v.beta, v.mu, v.alpha)),
    Shape("y ~ GeneralizedNormal(mu, alpha, beta) with beta fixed", None, lambda v: stats.gennorm.logpdf(v.y, v.beta, v.mu, v.alpha)),
    Shape("y ~ GeneralizedNormal(mu, alpha, beta)", None, lambda v: stats.gennorm.logpdf(v.y, v.beta, v.mu, v.alpha)),
]  # fmt: skip
_LOGS = [
    Shape("y ~ StudentT(nu, mu, sigma) with nu, sigma fixed", "Student's t loss", lambda v: student(v.y, v.nu, v.mu, v.sigma)),
    Shape("y ~ StudentT(nu, mu, sigma) with nu fixed", "Student's t negative log-likelihood", lambda v: student(v.y, v.nu, v.mu, v.sigma)),
    Shape("y ~ StudentT(nu, mu, sigma)", None, lambda v: student(v.y, v.nu, v.mu, v.sigma)),
    Shape("y ~ Cauchy(mu, s) with s fixed", "Cauchy (Lorentzian) loss", lambda v: stats.cauchy.logpdf(v.y, v.mu, v.s)),
    Shape("y ~ Cauchy(mu, s)", "Cauchy negative log-likelihood", lambda v: stats.cauchy.logpdf(v.y, v.mu, v.s)),
    Shape("y ~ Logistic(mu, s) with s fixed", "scaled log-cosh loss", lambda v: stats.logistic.logpdf(v.y, v.mu, v.s)),
    Shape("y ~ Logistic(mu, s)", "logistic-noise negative log-likelihood", lambda v: stats.logistic.logpdf(v.y, v.mu, v.s)),
    Shape("y ~ HyperbolicSecant(mu, 1)", "log-cosh loss", lambda v: stats.hypsecant.logpdf(v.y, v.mu)),
    Shape("y ~ HyperbolicSecant(mu, s) with s fixed", "scaled log-cosh loss", lambda v: stats.hypsecant.logpdf(v.y, v.mu, v.s)),
    Shape("y ~ HyperbolicSecant(mu, s)", None, lambda v: stats.hypsecant.logpdf(v.y, v.mu, v.s)),
]  # fmt: skip
_SPECIAL = [
    Shape("y ~ Gamma(alpha, beta)", None, lambda v: gamma(v.y, v.alpha, v.beta)),
    Shape("y ~ Gamma(alpha, beta) with alpha fixed", None, lambda v: gamma(v.y, v.alpha, v.beta)),
    Shape("y ~ Gamma(alpha, beta) with beta fixed", None, lambda v: gamma(v.y, v.alpha, v.beta)),
    Shape("y ~ Gamma(mean=mu, shape=k) with k fixed", "Gamma loss", lambda v: gamma(v.y, v.k, v.k / v.mu)),
    Shape("y ~ Gamma(mean=mu, shape=k), mu = exp(eta) with k fixed", "Gamma loss, log link", lambda v: gamma(v.y, v.k, v.k / np.exp(v.eta))),
    Shape("y ~ Gamma(mean=mu, shape=k), mu = 1/eta with k fixed where eta > 0", "exponential negative log-likelihood", lambda v: gamma(v.y, v.k, v.k * v.eta)),
    Shape("y ~ Gamma(mean=mu, shape=k)", None, lambda v: gamma(v.y, v.k, v.k / v.mu)),
    Shape("y ~ Beta(alpha, beta)", "beta negative log-likelihood", lambda v: stats.beta.logpdf(v.y, v.alpha, v.beta)),
    Shape("y ~ Beta(alpha, beta) with beta fixed", None, lambda v: stats.beta.logpdf(v.y, v.alpha, v.beta)),
    Shape("y ~ Beta(alpha, beta) with alpha fixed", None, lambda v: stats.beta.logpdf(v.y, v.alpha, v.beta)),
    Shape("y ~ InverseGaussian(mu, lam) with lam fixed", "inverse Gaussian deviance", lambda v: wald(v.y, v.mu, v.lam)),
    Shape("y ~ InverseGaussian(mu, lam)", None, lambda v: wald(v.y, v.mu, v.lam)),
    Shape("y ~ InverseGaussian(mu, lam) with mu fixed", None, lambda v: wald(v.y, v.mu, v.lam)),
    Shape("y ~ VonMises(mu, kappa) with kappa fixed", "cosine loss of angles", lambda v: stats.vonmises.logpdf(v.y, v.kappa, v.mu)),
    Shape("y ~ VonMises(mu, kappa)", "von Mises negative log-likelihood", lambda v: stats.vonmises.logpdf(v.y, v.kappa, v.mu)),
    Shape("y ~ VonMises(mu, kappa) with mu fixed", None, lambda v: stats.vonmises.logpdf(v.y, v.kappa, v.mu)),
    Shape("y ~ Poisson(lam)", "Poisson loss", lambda v: poisson(v.y, v.lam)),
    Shape("y ~ Poisson(lam), lam = exp(eta)", "Poisson loss, log link", lambda v: poisson(v.y, np.exp(v.eta))),
    Shape("y ~ Poisson(lam), lam = softplus(eta)", "Poisson loss", lambda v: poisson(v.y, np.logaddexp(0, v.eta))),
    Shape("y ~ Poisson(lam), lam = eta^2 where eta > 0", None, lambda v: poisson(v.y, v.eta**2)),
    Shape("y ~ Poisson(lam), lam = exp(eta + o_i) with o_i fixed", "Poisson loss, log link with offset", lambda v: poisson(v.y, np.exp(v.eta + v.o_i))),
    Shape("y ~ Poisson(t_i*lam) with t_i fixed", None, lambda v: poisson(v.y, v.t_i * v.lam)),
    Shape("y ~ NegBinomial2(mu, phi) with phi fixed", "negative binomial loss", lambda v: negative_binomial(v.y, v.mu, v.phi)),
    Shape("y ~ NegBinomial2(mu, phi)", None, lambda v: negative_binomial(v.y, v.mu, v.phi)),
    Shape("y ~ NegBinomial2(mu, phi), mu = exp(eta) with phi fixed", "negative binomial loss, log link", lambda v: negative_binomial(v.y, np.exp(v.eta), v.phi)),
    Shape("y ~ Binomial(n, p) with n fixed", "binomial cross-entropy", lambda v: binomial(v.y, v.n, v.p), draws={"n": lambda rng, n: 6.0}),
    Shape("y ~ Binomial(n, p), p = sigmoid(z) with n fixed", "binomial cross-entropy with logits", lambda v: binomial(v.y, v.n, special.expit(v.z)), draws={"n": lambda rng, n: 6.0}),
    Shape("y ~ Binomial(n_i, p) with n_i fixed", "binomial cross-entropy", lambda v: binomial(v.y, v.n_i, v.p), draws={"n_i": whole(5, 9)}),
]  # fmt: skip
_TRANSFORMED = [
    Shape("y ~ LogNormal(mu, sigma) with sigma fixed", "squared log error", lambda v: log_normal(v.y, v.mu, v.sigma)),
    Shape("y ~ LogNormal(mu, sigma)", "log-normal negative log-likelihood", lambda v: log_normal(v.y, v.mu, v.sigma)),
    Shape("y ~ LogNormal(mu, sigma) with mu fixed", "log-normal negative log-likelihood, known location", lambda v: log_normal(v.y, v.mu, v.sigma)),
    Shape("y ~ Weibull(alpha, sigma)", None, lambda v: weibull(v.y, v.alpha, v.sigma)),
    Shape("y ~ Weibull(k, sigma) with k fixed", "Weibull loss for the scale", lambda v: weibull(v.y, v.k, v.sigma)),
    Shape("y ~ Weibull(k, sigma) with sigma fixed", None, lambda v: weibull(v.y, v.k, v.sigma)),
    Shape("y ~ Pareto(m, alpha) with m fixed", "Pareto negative log-likelihood for the shape", lambda v: pareto(v.y, v.m, v.alpha), draws={"m": one(0.1, 0.4)}),
]  # fmt: skip
_CLASSES = [
    Shape("y ~ Bernoulli(p)", "binary cross-entropy", lambda v: bernoulli(v.y, v.p)),
    Shape("y ~ Bernoulli(p), p = sigmoid(z)", "binary cross-entropy with logits", lambda v: logistic(v.y, v.z)),
    Shape("y ~ Bernoulli(p), p = Phi(z)", "binary cross-entropy", lambda v: bernoulli(v.y, special.ndtr(v.z))),
    Shape("y ~ Bernoulli(p), p = sigmoid(z/T) with T fixed", "binary cross-entropy with logits", lambda v: logistic(v.y, v.z / v.T), draws={"T": one(0.5, 2)}),
    Shape("y ~ Bernoulli(p), p = sigmoid(z_i/T) with z_i fixed where T > 0", "binary cross-entropy with logits", lambda v: logistic(v.y, v.z_i / v.T)),
    Shape("y ~ Categorical(p)", "cross-entropy", lambda v: categories(v.y, v.p)),
    Shape("y ~ Categorical(p), p = softmax(z)", "softmax cross-entropy", lambda v: categories(v.y, softmax(v.z))),
    Shape("y ~ Categorical(p), p = softmax(z/T) with T fixed where T > 0", "softmax cross-entropy with temperature", lambda v: categories(v.y, softmax(v.z / v.T))),
    Shape("y ~ OneHotCategorical(p)", "cross-entropy with one-hot or soft labels", lambda v: counts(v.y, v.p)),
    Shape("y ~ OneHotCategorical(p), p = softmax(z)", "softmax cross-entropy with one-hot or soft labels", lambda v: counts(v.y, softmax(v.z))),
    Shape("y ~ Multinomial(p)", "cross-entropy with one-hot or soft labels", lambda v: counts(v.y, v.p)),
    Shape("y ~ Multinomial(p), p = softmax(z)", "multinomial cross-entropy with logits", lambda v: counts(v.y, softmax(v.z))),
]  # fmt: skip
_VECTORS = [
    Shape("y ~ MultiNormal(mu, Sigma) with Sigma fixed", "squared Mahalanobis distance", lambda v: multi_normal(v.y, along(v.mu), v.Sigma)),
    Shape("y ~ MultiNormal(mu, sigma^2*I) with sigma fixed", "squared Euclidean distance", lambda v: multi_normal(v.y, along(v.mu), v.sigma**2 * np.eye(3))),
    Shape("y ~ MultiNormal(mu, sigma^2*I)", None, lambda v: multi_normal(v.y, along(v.mu), along(v.sigma[:, None, None] ** 2 * np.eye(3)))),
    Shape("y ~ MultiNormal(mu, diag(v)) with v fixed", None, lambda v: multi_normal(v.y, along(v.mu), np.diag(v.v))),
    Shape("y ~ MultiNormal(mu, diag(v))", None, lambda v: multi_normal(v.y, along(v.mu), along(v.v[:, :, None] * np.eye(3)))),
    Shape("y ~ MultiNormal(mu, Sigma)", "multivariate Gaussian negative log-likelihood", lambda v: multi_normal(v.y, along(v.mu), along(v.Sigma))),
    Shape("y ~ MultiNormal(mu, Sigma) with mu fixed", None, lambda v: multi_normal(v.y, v.mu, along(v.Sigma))),
]  # fmt: skip
_MOVING = [
    Shape("y ~ Uniform(0, theta) where theta > 0", None, lambda v: stats.uniform.logpdf(v.y, 0, v.theta), draws={"y": above(0.1, 2)}),
    Shape("y ~ Pareto(y_min, alpha)", None, lambda v: pareto(v.y, v.y_min, v.alpha)),
    Shape("y ~ Pareto(y_min, alpha) with alpha fixed", None, lambda v: pareto(v.y, v.y_min, v.alpha)),
]  # fmt: skip
_INSIDE = [
    Shape("y ~ Mixture(w, Normal(m1, s1), Normal(m2, s2))", None, lambda v: either(v.w, normal(v.y, v.m1, v.s1), normal(v.y, v.m2, v.s2))),
    Shape("y ~ Mixture(w, Normal(m1, s1), Normal(m2, s2)) with w, s1, s2 fixed", None, lambda v: either(v.w, normal(v.y, v.m1, v.s1), normal(v.y, v.m2, v.s2))),
    Shape("y ~ Mixture(w, Normal(m1, s), Normal(m2, s)) with s fixed", None, lambda v: either(v.w, normal(v.y, v.m1, v.s), normal(v.y, v.m2, v.s))),
    Shape("y ~ Mixture(w, Normal(m1, s), Normal(m2, s)) with w, s fixed", None, lambda v: either(v.w, normal(v.y, v.m1, v.s), normal(v.y, v.m2, v.s))),
    Shape("y ~ ZeroInflated(Poisson(lam), pi0)", None, lambda v: np.where(v.y == 0, np.log(v.pi0 + (1 - v.pi0) * np.exp(-v.lam)), np.log1p(-v.pi0) + poisson(v.y, v.lam))),
    Shape("y ~ ZeroInflated(Poisson(lam), pi0) with pi0 fixed", None, lambda v: np.where(v.y == 0, np.log(v.pi0 + (1 - v.pi0) * np.exp(-v.lam)), np.log1p(-v.pi0) + poisson(v.y, v.lam))),
    Shape("y ~ Truncated(Normal(mu, sigma), 0, oo) with sigma fixed", None, lambda v: normal(v.y, v.mu, v.sigma) - special.log_ndtr(v.mu / v.sigma), draws={"y": above(0.1, 2)}),
    Shape("y ~ Truncated(Normal(mu, sigma), 0, oo)", None, lambda v: normal(v.y, v.mu, v.sigma) - special.log_ndtr(v.mu / v.sigma), draws={"y": above(0.1, 2)}),
    Shape("y ~ Truncated(Normal(mu, sigma), a, b) with a, b, sigma fixed where a < b", None, lambda v: normal(v.y, v.mu, v.sigma) - np.log(special.ndtr((v.b - v.mu) / v.sigma) - special.ndtr((v.a - v.mu) / v.sigma)), draws={"y": above(-1, 1), "a": one(-3, -1), "b": one(1, 3)}),
    Shape("y ~ RightCensored(Exponential(lam), d_i) with d_i fixed", "right-censored exponential negative log-likelihood", lambda v: np.where(v.d_i == 1, stats.expon.logpdf(v.y, scale=1 / v.lam), stats.expon.logsf(v.y, scale=1 / v.lam))),
    Shape("y ~ RightCensored(Weibull(k, sigma), d_i) with d_i fixed", None, lambda v: np.where(v.d_i == 1, weibull(v.y, v.k, v.sigma), stats.weibull_min.logsf(v.y, v.k, scale=v.sigma))),
    Shape("y ~ RightCensored(Weibull(k, sigma), d_i) with k, d_i fixed", None, lambda v: np.where(v.d_i == 1, weibull(v.y, v.k, v.sigma), stats.weibull_min.logsf(v.y, v.k, scale=v.sigma))),
]  # fmt: skip
_LINE = "y ~ Normal(w*x, sigma)"
_PRIORS = [
    Shape(f"{_LINE}, w ~ Normal(0, tau) with x, sigma, tau fixed", "ridge regression", lambda v: normal(v.y, v.w * v.x, v.sigma), lambda v: normal(v.w, 0, v.tau)),
    Shape(f"{_LINE}, w ~ Laplace(0, b) with x, sigma, b fixed", "lasso", lambda v: normal(v.y, v.w * v.x, v.sigma), lambda v: laplace(v.w, 0, v.b)),
    Shape(f"{_LINE}, w ~ ElasticNet(l1, l2) with x, sigma, l1, l2 fixed", "elastic-net regression", lambda v: normal(v.y, v.w * v.x, v.sigma), lambda v: elastic(v.w, v.l1, v.l2)),
    Shape(f"{_LINE}, w ~ Normal(0, tau) with x, sigma fixed", None, lambda v: normal(v.y, v.w * v.x, v.sigma), lambda v: normal(v.w, 0, v.tau)),
    Shape(f"{_LINE}, w ~ Normal(0, tau) with x, tau fixed", "Gaussian negative log-likelihood + L2 penalty", lambda v: normal(v.y, v.w * v.x, v.sigma), lambda v: normal(v.w, 0, v.tau)),
    Shape("y ~ Laplace(w*x, b), w ~ Laplace(0, t) with x, b, t fixed", "least absolute deviations with L1 penalty", lambda v: laplace(v.y, v.w * v.x, v.b), lambda v: laplace(v.w, 0, v.t)),
    Shape("y ~ Normal(w_1*x_1 + w_2*x_2, sigma), w_1 ~ Normal(0, tau), w_2 ~ Normal(0, tau) with sigma, tau fixed", "ridge regression", lambda v: normal(v.y, v.w_1 * v.x_1 + v.w_2 * v.x_2, v.sigma), lambda v: normal(v.w_1, 0, v.tau) + normal(v.w_2, 0, v.tau)),
    Shape("y ~ Bernoulli(p), p = sigmoid(w*x), w ~ Normal(0, tau) with tau fixed", "L2-penalised logistic regression", lambda v: logistic(v.y, v.w * v.x), lambda v: normal(v.w, 0, v.tau)),
    Shape("y ~ Bernoulli(p), p = sigmoid(w*x), w ~ Laplace(0, b) with b fixed", "L1-penalised logistic regression", lambda v: logistic(v.y, v.w * v.x), lambda v: laplace(v.w, 0, v.b)),
    Shape("y ~ Bernoulli(p), p = sigmoid(w*x), w ~ ElasticNet(l1, l2) with l1, l2 fixed", "elastic-net logistic regression", lambda v: logistic(v.y, v.w * v.x), lambda v: elastic(v.w, v.l1, v.l2)),
    Shape("y ~ Poisson(lam), lam = exp(w*x), w ~ Normal(0, tau) with tau fixed", "L2-penalised Poisson regression", lambda v: poisson(v.y, np.exp(v.w * v.x)), lambda v: normal(v.w, 0, v.tau)),
    Shape("y ~ Normal(mu, sigma), mu ~ Normal(0, tau) with sigma, tau fixed", "ridge regression", lambda v: normal(v.y, v.mu, v.sigma), lambda v: normal(v.mu, 0, v.tau)),
]  # fmt: skip
_WEIGHTS = [
    Shape("y ~ Weighted(Bernoulli(p), w_i), p = sigmoid(z) with w_i fixed", "weighted binary cross-entropy with logits", lambda v: v.w_i * logistic(v.y, v.z)),
    Shape("y ~ Weighted(Bernoulli(p), w_i) with w_i fixed", "weighted binary cross-entropy", lambda v: v.w_i * bernoulli(v.y, v.p)),
    Shape("y ~ Weighted(Normal(mu, sigma), w_i) with w_i, sigma fixed", "weighted squared error", lambda v: v.w_i * normal(v.y, v.mu, v.sigma)),
]  # fmt: skip

#: Assumptions beyond the table, each because something went wrong there once.
BEYOND = [
    Shape("y ~ Bernoulli(p), p ~ Uniform(0, 1)", "binary cross-entropy", lambda v: bernoulli(v.y, v.p), lambda v: 0.0),
    Shape("y ~ Bernoulli(p), p ~ Beta(a, b) with a, b fixed", None, lambda v: bernoulli(v.y, v.p), lambda v: stats.beta.logpdf(v.p, v.a, v.b)),
    Shape("y ~ Weibull(2, s)", "half-normal negative log-likelihood", lambda v: weibull(v.y, 2, v.s)),
    Shape("y ~ Weibull(1, s)", "Gamma loss", lambda v: weibull(v.y, 1, v.s)),
    Shape("y ~ N(mu, s^2 + t^2) with t fixed", "Gaussian negative log-likelihood", lambda v: normal(v.y, v.mu, np.hypot(v.s, v.t))),
    Shape("y ~ N(mu, s^2 + t_i^2) with s, t_i fixed", "weighted squared error", lambda v: normal(v.y, v.mu, np.hypot(v.s, v.t_i))),
    Shape("y ~ Normal(mu, sigma), sigma = c*x with c fixed where x > 0", "weighted squared error", lambda v: normal(v.y, v.mu, v.c * v.x)),
    Shape("y ~ Exponential(rate), rate = exp(-eta)", "Gamma loss, log link", lambda v: stats.expon.logpdf(v.y, scale=np.exp(v.eta))),
    Shape("y ~ GeneralizedNormal(mu, a, 2) with a fixed", "squared error", lambda v: stats.gennorm.logpdf(v.y, 2, v.mu, v.a)),
    Shape("y ~ StudentT(1, mu, s) with s fixed", "Cauchy (Lorentzian) loss", lambda v: student(v.y, 1, v.mu, v.s)),
    Shape("y ~ Normal(z_i, s), z_i ~ Normal(0, t) with s, t fixed", "ridge regression", lambda v: normal(v.y, v.z_i, v.s), lambda v: normal(v.z_i, 0, v.t)),
    Shape("y ~ Normal(mu, sigma), mu ~ Normal(m, t), m ~ Normal(0, 1) with sigma, t fixed", "ridge regression", lambda v: normal(v.y, v.mu, v.sigma), lambda v: normal(v.mu, v.m, v.t) + normal(v.m, 0, 1)),
    Shape("y ~ Normal(mu, s), mu ~ Laplace(0, s)", None, lambda v: normal(v.y, v.mu, v.s), lambda v: laplace(v.mu, 0, v.s)),
    Shape("y ~ Normal(mu, s), v ~ Normal(mu, t) with v data, s, t fixed", None, lambda v: normal(v.y, v.mu, v.s) + normal(v.v, v.mu, v.t)),
    Shape("y ~ Mixture([w_1, w_2, w_3], Normal(m_1, s), Normal(m_2, s), Normal(m_3, s)) with s fixed", None,
          lambda v: np.log(v.w_1 * np.exp(normal(v.y, v.m_1, v.s)) + v.w_2 * np.exp(normal(v.y, v.m_2, v.s)) + v.w_3 * np.exp(normal(v.y, v.m_3, v.s)))),
    Shape("y ~ Mixture(w, Poisson(a), Poisson(b))", None, lambda v: either(v.w, poisson(v.y, v.a), poisson(v.y, v.b))),
    Shape("y ~ RightCensored(LogNormal(mu, s), d_i) with d_i, s fixed", None,
          lambda v: np.where(v.d_i == 1, log_normal(v.y, v.mu, v.s), stats.lognorm.logsf(v.y, v.s, scale=np.exp(v.mu)))),
    Shape("y ~ Truncated(Poisson(lam), 1, oo)", None, lambda v: poisson(v.y, v.lam) - np.log(-np.expm1(-v.lam)), draws={"y": whole(1, 9)}),
    Shape("y ~ Truncated(Poisson(lam), 2, 5)", None,
          lambda v: poisson(v.y, v.lam) - np.log(stats.poisson.cdf(5, v.lam) - stats.poisson.cdf(1, v.lam)), draws={"y": whole(2, 6)}),
    Shape("y ~ LeftCensored(Poisson(lam), 3)", None, lambda v: np.where(v.y <= 3, stats.poisson.logcdf(3, v.lam), poisson(v.y, v.lam))),
    Shape("y ~ Gamma(k, k*exp(-m*x - c)) with k, x fixed", "Gamma loss, log link", lambda v: stats.gamma.logpdf(v.y, v.k, scale=np.exp(v.m * v.x + v.c) / v.k)),
    Shape("y ~ Normal(mu, sigma=exp(-s))", "Gaussian negative log-likelihood, log variance", lambda v: normal(v.y, v.mu, np.exp(-v.s))),
    Shape("y ~ Cauchy(mu, s) with mu fixed", "Cauchy negative log-likelihood, known location", lambda v: stats.cauchy.logpdf(v.y, v.mu, v.s)),
    Shape("y ~ LeftCensored(Normal(mu, s), 0)", None, lambda v: np.where(v.y <= 0, stats.norm.logcdf(0, v.mu, v.s), normal(v.y, v.mu, v.s))),
    Shape("y ~ Truncated(Exponential(lam), c, oo) with c fixed where c > 0", None,
          lambda v: stats.expon.logpdf(v.y, scale=1 / v.lam) + v.lam * v.c, draws={"c": one(0.1, 0.4)}),
    Shape("y ~ Truncated(Normal(mu, s), a, b) with s fixed where a < b", None,
          lambda v: np.where((v.a <= v.y) & (v.y <= v.b), normal(v.y, v.mu, v.s) - np.log(special.ndtr((v.b - v.mu) / v.s) - special.ndtr((v.a - v.mu) / v.s)), -np.inf),
          draws={"a": above(-2, 0), "b": above(0.5, 3)}),
    Shape("y ~ ZeroInflated(NegBinomial2(mu, phi), pi0)", None,
          lambda v: np.where(v.y == 0, np.log(v.pi0 + (1 - v.pi0) * np.exp(negative_binomial(0, v.mu, v.phi))), np.log1p(-v.pi0) + negative_binomial(v.y, v.mu, v.phi))),
    Shape("y ~ Uniform(-theta, theta) where theta > 0", None, lambda v: stats.uniform.logpdf(v.y, -v.theta, 2 * v.theta)),
    Shape("y ~ Weighted(Normal(mu, s), c_i), mu ~ Normal(0, t) with c_i, s, t fixed", "weighted squared error + L2 penalty",
          lambda v: v.c_i * normal(v.y, v.mu, v.s), lambda v: normal(v.mu, 0, v.t)),
    Shape("y ~ Categorical(p), p = softmax(z + b) with b fixed", None, lambda v: categories(v.y, softmax(v.z + v.b))),
    Shape("y ~ MultiNormal(mu, I)", "squared Euclidean distance", lambda v: multi_normal(v.y, along(v.mu), np.eye(3))),
    Shape("y ~ Normal(dot(w, x), s), w ~ MultiNormal(0, t^2*I) with x data, s, t fixed", "ridge regression",
          lambda v: normal(v.y, v.x @ v.w, v.s), lambda v: stats.multivariate_normal(np.zeros(len(v.w)), v.t**2 * np.eye(len(v.w))).logpdf(v.w)),
    Shape("y ~ Binomial(n, p) with p fixed", None, lambda v: binomial(v.y, v.n, v.p), draws={"n": whole(5, 9)}),
    Shape("y ~ Poisson(-lam)", "Poisson loss", lambda v: poisson(v.y, -v.lam), draws={"lam": above(-3, -0.5)}),
    Shape("y ~ Normal(mu, 0.1)", "squared error", lambda v: normal(v.y, v.mu, 0.1)),
]  # fmt: skip

#: The issue's table of shapes, row by row.
TABLE: dict[str, list[Shape]] = {
    "quadratic": _QUADRATIC, "kinks": _KINKS, "logs": _LOGS, "special": _SPECIAL, "transformed": _TRANSFORMED,
    "classes": _CLASSES, "vectors": _VECTORS, "moving": _MOVING, "inside": _INSIDE, "priors": _PRIORS, "weights": _WEIGHTS,
}  # fmt: skip
SHAPES: list[Shape] = [s for row in TABLE.values() for s in row] + BEYOND
