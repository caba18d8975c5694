"""Makes the goldens of the distributions, and of the special functions they need, as PyTorch and SciPy compute them.

    python Goldens/distributions.py

writes Tests/ApusTensorTests/Goldens/{distributions,special}.{json,bin}. A family's case has its parameters and a value as inputs; the outputs are
logProbability, mean, variance, and as far as PyTorch has them entropy and the distribution function. Whole values have no gradient.
"""

import itertools

import numpy as np
import scipy.special
import scipy.stats
import torch
import torch.distributions as D

import goldens
from goldens import case, integers, uniform, write


def both(name, operation, inputs, function, tolerance=1e-4, gradients=True, tolerance64=1e-8, **attributes):
    """One case in float32 and one in float64."""
    case(f"{name} float32", operation, inputs, function, gradients, tolerance, **attributes)
    case(f"{name} float64", operation, [x.double() if x.dtype == torch.float32 else x for x in inputs], function, gradients,
         tolerance64, **attributes)


def positive(shape, key=0, low=0.3, high=3.0):
    return uniform(shape, low, high, key=key)


def simplex(shape, key=0):
    x = positive(shape, key)
    return x / x.sum(-1, keepdim=True)


def triangular(shape, key=0):
    return torch.tril(uniform(shape, -0.5, 0.5, key=key)) + torch.eye(shape[-1]) * 1.3


S, T = (2, 3), (3,)
# family: constructor, parameters (two sets), value, whether there are an entropy and a distribution function
FAMILIES = {
    "Normal": (D.Normal, lambda k: [uniform(S, key=k), positive(T, k)], uniform(S, key="v"), True, True),
    "LogNormal": (D.LogNormal, lambda k: [uniform(S, -1, 1, key=k), positive(T, k, 0.3, 1)], positive(S, "v"), True, True),
    "HalfNormal": (D.HalfNormal, lambda k: [positive(S, k)], positive(S, "v"), True, True),
    "Uniform": (D.Uniform, lambda k: [uniform(S, -2 - (k == "q"), -1.5 - (k == "q"), key=k), positive(T, k, 2 + (k == "q"), 2.5 + (k == "q"))],
                uniform(S, -1, 1, key="v"), True, True),
    "Laplace": (D.Laplace, lambda k: [uniform(S, key=k), positive(T, k)], uniform(S, key="v") * 3, True, True),
    "Cauchy": (D.Cauchy, lambda k: [uniform(S, key=k), positive(T, k)], uniform(S, key="v"), True, True),
    "Gumbel": (D.Gumbel, lambda k: [uniform(S, key=k), positive(T, k, 1, 3)], uniform(S, key="v"), True, True),
    "Exponential": (D.Exponential, lambda k: [positive(S, k)], positive(S, "v"), True, True),
    "Gamma": (D.Gamma, lambda k: [positive(S, k, 0.4, 5), positive(T, k)], positive(S, "v"), True, False),
    "Beta": (D.Beta, lambda k: [positive(S, k), positive(T, k + "b")], uniform(S, 0.1, 0.9, key="v"), True, False),
    "Dirichlet": (D.Dirichlet, lambda k: [positive((2, 4), k)], simplex((2, 4), "v"), True, False),
    "StudentT": (D.StudentT, lambda k: [positive(S, k, 2.5, 6), uniform(S, key=k), positive(T, k)], uniform(S, key="v"), True, False),
    "VonMises": (D.VonMises, lambda k: [uniform(S, key=k), positive(T, k, 0.1, 9)], uniform(S, key="v"), False, False),
    "Bernoulli": (D.Bernoulli, lambda k: [uniform(S, 0.1, 0.9, key=k)], integers(S, 0, 2), True, False),
    "Bernoulli logits": (lambda x: D.Bernoulli(logits=x), lambda k: [uniform(S, key=k)], integers(S, 0, 2), True, False),
    "Binomial": (lambda p: D.Binomial(7, p), lambda k: [uniform(S, 0.1, 0.9, key=k)], integers(S, 0, 8), True, False),
    "Geometric": (D.Geometric, lambda k: [uniform(S, 0.1, 0.9, key=k)], integers(S, 0, 6), True, False),
    "Poisson": (D.Poisson, lambda k: [positive(S, k, 0.3, 12)], integers(S, 0, 9), False, False),
    "Categorical": (lambda x: D.Categorical(logits=x), lambda k: [uniform((2, 4), key=k)], integers((3, 2), 0, 4), True, False),
    "OneHotCategorical": (D.OneHotCategorical, lambda k: [positive((2, 4), k)], torch.eye(4, dtype=torch.int64)[[1, 3]], True, False),
    "Multinomial": (lambda p: D.Multinomial(5, p), lambda k: [positive((2, 3), k)], torch.tensor([[1, 0, 4], [2, 2, 1]]), False, False),
    "MultivariateNormal": (lambda m, s: D.MultivariateNormal(m, scale_tril=torch.tril(s)), lambda k: [uniform((2, 3), key=k), triangular((3, 3), k)],
                           uniform((4, 2, 3), key="v"), True, False),
    "MultivariateNormal covariance": (lambda m, x: D.MultivariateNormal(m, x @ x.mT + torch.eye(3, dtype=x.dtype)),
                                      lambda k: [uniform((2, 3), key=k), uniform((2, 3, 3), key=k)], uniform((2, 3), key="v"), True, False),
    "MultivariateNormal precision": (lambda m, x: D.MultivariateNormal(m, precision_matrix=x @ x.mT + torch.eye(3, dtype=x.dtype)),
                                     lambda k: [uniform((3,), key=k), uniform((3, 3), key=k)], uniform((2, 3), key="v"), True, False),
    "Independent": (lambda m, s: D.Independent(D.Normal(m, s), 1), lambda k: [uniform(S, key=k), positive(T, k)], uniform((4, *S), key="v"), True,
                    False),
    "Mixture": (lambda w, m, s: D.MixtureSameFamily(D.Categorical(w), D.Normal(m, s)),
                lambda k: [positive(S, k + "w"), uniform(S, key=k), positive(T, k)], uniform((4, 2), key="v"), False, True),
    "Mixture of vectors": (lambda w, m, s: D.MixtureSameFamily(D.Categorical(w), D.Independent(D.Normal(m, s), 1)),
                           lambda k: [positive((3,), k + "w"), uniform((3, 2), key=k), positive((3, 2), k)], uniform((4, 2), key="v"), False, False),
}
CLASSES = {"Categorical"}
for name, (family, make, value, entropic, cumulative) in FAMILIES.items():
    def outputs(*inputs, f=family, e=entropic, c=cumulative, n=name):
        *parameters, v = inputs
        d = f(*parameters)
        result = [d.log_prob(v if n in CLASSES or v.is_floating_point() else v.to(parameters[-1].dtype))]
        if n not in CLASSES:
            result += [d.mean, d.variance]
        result += [d.entropy()] if e else []
        return result + ([d.cdf(v)] if c else [])
    # Torch's gradients of the Bessel functions in VonMises's variance are of float32's digits.
    both(name, name, [*make("p"), value], outputs, entropic=entropic, cumulative=cumulative, moments=name not in CLASSES,
         tolerance64=3e-7 if name == "VonMises" else 1e-8, gradients=name != "VonMises")

SAME = ["Normal", "LogNormal", "HalfNormal", "Uniform", "Laplace", "Cauchy", "Gumbel", "Exponential", "Gamma", "Beta", "Dirichlet", "Bernoulli", "Binomial",
        "Geometric", "Poisson", "Categorical", "OneHotCategorical", "MultivariateNormal", "Independent"]
PAIRS = [("Beta", "Normal"), ("Exponential", "Normal"), ("Gamma", "Normal"), ("Gumbel", "Normal"), ("Laplace", "Normal"), ("Uniform", "Normal"),
         ("Gamma", "Exponential"), ("Beta", "Exponential"), ("Uniform", "Exponential"), ("Exponential", "Gamma"), ("Beta", "Gamma"), ("Beta", "Uniform"),
         ("Normal", "Laplace"), ("Normal", "Gumbel"), ("Exponential", "Gumbel"), ("Gamma", "Gumbel"), ("Uniform", "Gumbel"), ("Bernoulli", "Poisson")]
for first, second in [(name, name) for name in SAME] + PAIRS:
    p, q = FAMILIES[first], FAMILIES[second]
    a, b = p[1]("p"), q[1]("q")
    if (first, second) == ("Uniform", "Exponential"):
        a = [positive(S, "low", 0.1, 0.5), positive(T, "high", 1, 2)]

    def divergence(*inputs, p=p[0], q=q[0], n=len(a)):
        return D.kl_divergence(p(*inputs[:n]), q(*inputs[n:]))
    both(f"divergence {first} {second}", "divergence", [*a, *b], divergence, tolerance=1e-3, p=first, q=second, count=len(a))

# Distribution functions that PyTorch lacks
x = uniform(S, 0.05, 0.95, key="x")
a, b = positive(S, "a"), positive(T, "b")
k = integers(S, 0, 9)


def of(function, *inputs):
    return lambda *tensors: torch.tensor(function(*[t.detach().numpy() for t in tensors])).to(tensors[0].dtype)


both("Gamma cumulative", "cumulative Gamma", [a, b, x * 5], of(lambda a, b, x: scipy.stats.gamma.cdf(x, a, scale=1 / b)))
both("Beta cumulative", "cumulative Beta", [a, b, x], of(lambda a, b, x: scipy.stats.beta.cdf(x, a, b)))
both("StudentT cumulative", "cumulative StudentT", [a, x - a, b, x * 3 - 2], of(lambda n, m, s, x: scipy.stats.t.cdf(x, n, m, s)))
both("Poisson cumulative", "cumulative Poisson", [a * 3, k], of(lambda r, k: scipy.stats.poisson.cdf(k, r).astype(r.dtype)))
both("Binomial cumulative", "cumulative Binomial", [x, k], of(lambda p, k: scipy.stats.binom.cdf(k, 7, p).astype(p.dtype)))
both("Geometric cumulative", "cumulative Geometric", [x, k], of(lambda p, k: scipy.stats.geom.cdf(k + 1, p).astype(p.dtype)))

write("distributions")

# ---- Special functions

goldens.blob.clear()
goldens.stored.clear()
goldens.cases.clear()


def function(name, torch_function, inputs, gradients=True, scipy_function=None, tolerance=2e-5, tolerance64=1e-10, **attributes):
    """Float64 by SciPy where PyTorch keeps fewer digits."""
    case(f"{name} float32", name, inputs, torch_function, gradients, tolerance, **attributes)
    wide = [x.double() for x in inputs]
    if scipy_function is None:
        case(f"{name} float64", name, wide, torch_function, gradients, tolerance64, **attributes)
    else:
        case(f"{name} float64", name, wide, of(scipy_function), False, tolerance64, **attributes)


class Numeric(torch.autograd.Function):
    """A function of SciPy's, elementwise, with central differences for its gradients: PyTorch has none."""

    @staticmethod
    def forward(context, function, *inputs):
        context.function, context.inputs = function, [x.detach().double().numpy() for x in inputs]
        return torch.tensor(function(*context.inputs)).to(inputs[0].dtype)

    @staticmethod
    def backward(context, gradient):
        def changed(place, offset):
            return context.function(*[x + offset if i == place else x for i, x in enumerate(context.inputs)])
        step = 1e-5
        slopes = [(changed(i, step) - changed(i, -step)) / (2 * step) for i in range(len(context.inputs))]
        return None, *[gradient * torch.tensor(slope).to(gradient.dtype) for slope in slopes]


def slopes(name, scipy_function, inputs):
    both(f"{name} slopes", name, inputs, lambda *x: Numeric.apply(scipy_function, *x), tolerance=1e-3, tolerance64=1e-6)


inf, nan = torch.inf, torch.nan
for shape in [(3, 4), (0, 2), ()]:
    a, b, z = positive(shape, "a", 0.1, 9), positive(shape, "b", 0.1, 9), positive(shape, "z", 0.02, 0.98)
    for name, f, g in [("lowerGamma", torch.special.gammainc, scipy.special.gammainc), ("upperGamma", torch.special.gammaincc, scipy.special.gammaincc)]:
        function(name, f, [a, b], False, g)
    function("regularizedBeta", of(scipy.special.betainc), [a, b, z], False, scipy.special.betainc)
    function("logBeta", of(scipy.special.betaln), [a, b], False, scipy.special.betaln)
    function("zeta", torch.special.zeta, [a + 1.1, b], False, scipy.special.zeta)
    for n in [1, 3]:
        function("logMultivariateGamma", lambda x, n=n: torch.special.multigammaln(x, n), [a + 1.5], n=n)
    for name, f, g in [("besselI0", torch.special.i0, scipy.special.i0), ("besselI1", torch.special.i1, scipy.special.i1),
                       ("scaledBesselI0", torch.special.i0e, scipy.special.i0e), ("scaledBesselI1", torch.special.i1e, scipy.special.i1e)]:
        function(name, f, [uniform(shape, -9, 9)])
        function(f"{name}", f, [uniform(shape, -80, 80, key="far") * 0.9], False, g)
    for name, f, g in [("besselK0", torch.special.modified_bessel_k0, scipy.special.k0), ("besselK1", torch.special.modified_bessel_k1, scipy.special.k1),
                       ("scaledBesselK0", torch.special.scaled_modified_bessel_k0, scipy.special.k0e),
                       ("scaledBesselK1", torch.special.scaled_modified_bessel_k1, scipy.special.k1e)]:
        function(name, f, [positive(shape, "k", 0.01, 40)], False, g)
a, b, z = positive((3, 4), "a", 0.3, 9), positive((3, 4), "b", 0.3, 9), positive((3, 4), "z", 0.1, 0.9)
slopes("lowerGamma", scipy.special.gammainc, [a, b])
slopes("upperGamma", scipy.special.gammaincc, [a, b])
slopes("regularizedBeta", scipy.special.betainc, [a, b, z])
slopes("logBeta", scipy.special.betaln, [a, b])
slopes("zeta", scipy.special.zeta, [a + 1.1, b])
for name, g in {"besselK0": scipy.special.k0, "besselK1": scipy.special.k1, "scaledBesselK0": scipy.special.k0e, "scaledBesselK1": scipy.special.k1e}.items():
    slopes(name, g, [a])
edges = [torch.tensor([0.5, 1.0, 0.0, 2.0, 1e-3, 300.0, 300.0, 1e4, -1.0, nan, 2.0, 2.0]), torch.tensor([0.0, inf, 1.0, 2.0, 1e-3, 250.0, 350.0, 1.01e4, 1.0, 1.0, -1.0, 50.0])]
function("lowerGamma", torch.special.gammainc, edges, False, scipy.special.gammainc, tolerance=5e-5)
function("upperGamma", torch.special.gammaincc, edges, False, scipy.special.gammaincc, tolerance=5e-5)
function("regularizedBeta", of(scipy.special.betainc), [torch.tensor([0.5, 2.0, 2.0, 200.0, 1e-2, 5.0]), torch.tensor([0.5, 3.0, 3.0, 100.0, 2.0, 400.0]),
                                                       torch.tensor([0.0, 1.0, 0.999, 0.6, 0.3, 0.01])], False, scipy.special.betainc)
function("zeta", torch.special.zeta, [torch.tensor([1.0, 2.0, 0.5, 3.0, 40.0, 1.001]), torch.tensor([1.0, 1.0, 1.0, 100.0, 0.5, 2.0])], False)
function("besselK0", torch.special.modified_bessel_k0, [torch.tensor([0.0, -1.0, 1e-10, 700.0])], False)
function("scaledBesselK1", torch.special.scaled_modified_bessel_k1, [torch.tensor([0.0, -1.0, 1e-10, 1e4])], False)
function("scaledBesselI0", torch.special.i0e, [torch.tensor([0.0, -0.0, inf, 1e5, 29.9, 30.1])], False)

special = [0.0, -0.0, 1.0, -1.0, 0.5, 0.3, -6.0, 1e30, 1e-30, 1.1754944e-38, 1e-40, 1.4e-45, 3.4028235e38, inf, -inf, nan]
case("frexp float32", "frexp", [torch.tensor(special)], lambda x: (lambda y: (y[0], torch.where(torch.isfinite(x), y[1], 0)))(torch.frexp(x)), False)
case("frexp float64", "frexp", [torch.tensor([*special, 5e-324, 1.7e308, 1e-310], dtype=torch.float64)],
     lambda x: (lambda y: (y[0], torch.where(torch.isfinite(x), y[1], 0)))(torch.frexp(x)), False)
case("frexp gradient", "frexp", [torch.tensor([1.0, 0.3, -6.0, 1e-3])], torch.frexp)
for dtype in ["float32", "float64", "bfloat16"]:
    values = torch.tensor(special, dtype=torch.float64).to(goldens.DTYPES[dtype])
    grid = [t.flatten().contiguous() for t in torch.meshgrid(values, values, indexing="ij")]
    case(f"nextAfter {dtype}", "nextAfter", grid, torch.nextafter, False, 0.0)
rows = uniform((60, 2), 0, 1, key="rows")
steps = [torch.linspace(0, 1, 4), torch.tensor([0.1, 0.4, 0.9])]
case("histogram of rows", "histogram rows", [rows, *steps], lambda x, *e: torch.histogramdd(x, list(e)).hist.long(), False)

write("special")
