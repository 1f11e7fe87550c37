"""The table of estimators: which class each one is on CPU and GPU, for one machine and for Dask.

Arguments go by the names of the CPU class. For each other class a row says which of them it takes with the
same meaning (all that are not mentioned), which values it cannot honour and why, which have no meaning there
and change nothing, and what it is given when the caller says nothing. What is said of cuML was read in the
sources of cuML 26.10 (``_params_from_cpu`` of each class and the checks of each ``fit``), of dask-ml in 2025.1.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any

Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Limit:
    """An argument of which a class takes some values only.

    Attributes
    ----------
    argument
        Its name; the limit is asked about it only when it was given.
    allows
        Told all that was given, says whether that will do.
    why
        What the class does instead, as the end of a sentence.
    passed
        Whether the class has such an argument at all.
    """

    argument: str
    allows: Callable[[Arguments], bool]
    why: str
    passed: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """One class that an estimator can be.

    Attributes
    ----------
    path
        ``module:Class``.
    limits
        Values that it cannot honour.
    ignores
        Arguments that it does not have and that change no result there, and why.
    defaults
        What it is given when the caller says nothing.
    becomes
        Turns accepted arguments into those of the class, where names or values differ.
    dense_only
        Why it takes no sparse matrix; empty if it does.
    sparse_limits
        Values that it cannot honour for a sparse matrix.
    """

    path: str
    limits: tuple[Limit, ...] = ()
    ignores: Mapping[str, str] = field(default_factory=dict)
    defaults: Arguments = field(default_factory=dict)
    becomes: Callable[[dict[str, Any]], dict[str, Any]] = dict
    dense_only: str = ""
    sparse_limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimator:
    """One row of the table.

    Attributes
    ----------
    name
        Name of the estimator.
    arguments
        Every argument of the CPU class.
    cpu, gpu
        Its class for data in memory.
    dask_cpu, dask_gpu
        Its class for Dask arrays, or why there is none.
    at_least, positive
        Numbers that must not be smaller; arguments that must be more than 0.
    """

    name: str
    arguments: frozenset[str]
    cpu: Way
    gpu: Way
    dask_cpu: Way | str
    dask_gpu: Way | str
    at_least: Mapping[str, float] = field(default_factory=dict)
    positive: frozenset[str] = frozenset()


def _only(argument: str, *values: object, why: str) -> Limit:
    return Limit(argument, lambda given: _is_one_of(given[argument], values), why)


def _lacks(argument: str, value: object, *, why: str) -> Limit:
    """Take the one value that means doing without."""
    return Limit(argument, lambda given: _is_one_of(given[argument], (value,)), why, passed=False)


def _is_one_of(given: object, values: tuple[object, ...]) -> bool:
    return isinstance(given, str | Real | None) and given in values  # an array has no truth


def _ignores(names: str, why: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), why)


def _renamed(argument: str, **values: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Say some values of an argument in another word."""

    def becomes(given: dict[str, Any]) -> dict[str, Any]:
        if argument not in given:
            return given
        return {**given, argument: values.get(given[argument], given[argument])}

    return becomes


def _starts(*names: str, why: str) -> Limit:
    """Take an array to begin with, or one of some ways to make it."""

    def allows(given: Arguments) -> bool:
        init = given["init"]
        return init in names if isinstance(init, str) else not callable(init)

    return Limit("init", allows, why)


def _is_count(given: object) -> bool:
    return isinstance(given, Integral) and int(given) > 0


_THREADS = "the GPU runs all of its threads"
_ALWAYS_COPIED = "the data are copied to the GPU and stay as they are"
_NOTHING_DRAWN = "nothing is drawn at random: the decomposition is exact"
_TREES = "there are no trees whose leaves could have a size"
_SAMPLE = "fit it on a sample and assign the rest partition by partition"
_NUMPY = {"output_type": "numpy"}  # numpy in, numpy out, whatever cuML's global setting says

# cuml.manifold.umap._METRICS, but for jaccard: it takes sparse data only.
_UMAP_METRICS = tuple(
    "l1 cityblock taxicab manhattan euclidean l2 sqeuclidean canberra minkowski chebyshev linf cosine "
    "correlation hellinger hamming".split()
)
# cuml.neighbors.VALID_METRICS["brute"]; braycurtis gives wrong distances (rapidsai/raft#1285).
_NEIGHBOR_METRICS = tuple(
    "l1 cityblock manhattan euclidean l2 sqeuclidean canberra minkowski chebyshev jensenshannon cosine "
    "correlation haversine".split()
)
# cuml.neighbors.VALID_METRICS_SPARSE["brute"], of those that scikit-learn knows.
_SPARSE_NEIGHBOR_METRICS = tuple(
    "l1 cityblock manhattan euclidean l2 canberra minkowski chebyshev cosine".split()
)
_MAX_MIN_SAMPLES = 1023  # cuML keeps that many neighbours of a point at most


def _one_thread_if_seeded(given: dict[str, Any]) -> dict[str, Any]:
    return {"n_jobs": 1, **given} if given.get("random_state") is not None else given


def _umap_to_cuml(given: dict[str, Any]) -> dict[str, Any]:
    """Leave out the index for searching, which cuML does not take with known neighbours."""
    if "precomputed_knn" not in given:
        return given
    indices, distances = given["precomputed_knn"][:2]
    known = None if indices is None else (indices, distances)
    return {**given, "precomputed_knn": known}


UMAP = Estimator(
    name="UMAP",
    arguments=frozenset(
        "n_neighbors n_components metric metric_kwds output_metric output_metric_kwds n_epochs learning_rate "
        "init min_dist spread low_memory n_jobs set_op_mix_ratio local_connectivity repulsion_strength "
        "negative_sample_rate transform_queue_size a b random_state angular_rp_forest target_n_neighbors "
        "target_metric target_metric_kwds target_weight transform_seed transform_mode "
        "force_approximation_algorithm verbose tqdm_kwds unique densmap dens_lambda dens_frac dens_var_shift "
        "output_dens disconnection_distance precomputed_knn".split()
    ),
    at_least={"n_neighbors": 2, "n_components": 1, "min_dist": 0, "n_epochs": 0},
    positive=frozenset({"spread"}),
    cpu=Way(
        path="umap:UMAP",
        limits=(
            Limit(
                "n_jobs",
                lambda given: given.get("random_state") is None or given["n_jobs"] == 1,
                "with a random_state it runs on one thread, as threads would add up in any order",
            ),
        ),
        becomes=_one_thread_if_seeded,
    ),
    gpu=Way(
        path="cuml.manifold:UMAP",
        limits=(
            _only("metric", *_UMAP_METRICS, why=f"cuML measures {', '.join(_UMAP_METRICS)} only"),
            Limit(
                "n_epochs",
                lambda given: given["n_epochs"] is None or isinstance(given["n_epochs"], Integral),
                "cuML gives the embedding after the last epoch only",
            ),
            _starts("spectral", "random", why="cuML begins with 'spectral', 'random' or given positions"),
            _only(
                "target_metric", "categorical", "euclidean", "l2",
                why="cuML measures targets as categorical, euclidean or l2 only",
            ),
            _lacks("target_metric_kwds", None, why="cuML's target metrics take no arguments"),
            _lacks("output_metric", "euclidean", why="cuML embeds into Euclidean space only"),
            _lacks("output_metric_kwds", None, why="cuML embeds into Euclidean space only"),
            _lacks("densmap", False, why="cuML does not preserve densities"),
            _lacks("output_dens", False, why="cuML does not preserve densities"),
            _lacks("unique", False, why="cuML does not fold equal rows; fold them before"),
            _lacks("transform_mode", "embedding", why="cuML gives the embedding, not the graph"),
            _lacks("disconnection_distance", None, why="cuML cuts no edges for their length"),
            _lacks(
                "force_approximation_algorithm", False,
                why="cuML searches exactly whenever there is a random_state",
            ),
        ),
        ignores={
            **_ignores("n_jobs low_memory tqdm_kwds", _THREADS),
            **_ignores("angular_rp_forest", "neighbours are found without trees"),
            **_ignores("transform_seed", "random_state seeds transform as well"),
            **_ignores("dens_lambda dens_frac dens_var_shift", "only densmap asks for it"),
        },
        # fit(X).transform(X) gives what fit_transform(X) gives, as on the CPU; BERTopic relies on it.
        defaults={"hash_input": True, **_NUMPY},
        becomes=_umap_to_cuml,
    ),
    dask_cpu=f"umap-learn does not train on Dask data; {_SAMPLE}",
    dask_gpu=f"cuML's UMAP for Dask transforms only and does not train; {_SAMPLE}",
)  # fmt: skip

HDBSCAN = Estimator(
    name="HDBSCAN",
    arguments=frozenset(
        "min_cluster_size min_samples cluster_selection_epsilon cluster_selection_persistence max_cluster_size "
        "metric alpha p algorithm leaf_size memory approx_min_span_tree gen_min_span_tree core_dist_n_jobs "
        "cluster_selection_method allow_single_cluster prediction_data branch_detection_data "
        "match_reference_implementation cluster_selection_epsilon_max".split()
    ),
    at_least={"min_cluster_size": 2, "min_samples": 1, "max_cluster_size": 0, "cluster_selection_epsilon": 0},
    positive=frozenset({"alpha"}),
    cpu=Way(path="hdbscan:HDBSCAN"),
    gpu=Way(
        path="cuml.cluster:HDBSCAN",
        dense_only="cuML's HDBSCAN takes dense data only",
        limits=(
            _only("metric", "euclidean", "l2", why="cuML measures Euclidean distances only"),
            Limit(
                "min_samples",
                lambda given: given["min_samples"] is None or given["min_samples"] <= _MAX_MIN_SAMPLES,
                f"cuML looks at {_MAX_MIN_SAMPLES:,} neighbours of a point at most",
            ),
            Limit(
                "min_cluster_size",
                lambda given: (given.get("min_samples") or given["min_cluster_size"]) <= _MAX_MIN_SAMPLES,
                f"without min_samples it is the number of neighbours too, of which cuML looks at "
                f"{_MAX_MIN_SAMPLES:,} at most; set min_samples",
            ),
            _only("cluster_selection_method", "eom", "leaf", why="cuML selects by 'eom' or 'leaf'"),
            Limit(
                "memory",
                lambda given: not isinstance(given["memory"], str)
                and getattr(given["memory"], "location", None) is None,
                "cuML keeps no results on disk",
                passed=False,
            ),
            _lacks("match_reference_implementation", False, why="cuML has one implementation"),
            _lacks("branch_detection_data", False, why="cuML does not look for branches"),
            _lacks("cluster_selection_persistence", 0.0, why="cuML selects by stability alone"),
            _lacks("cluster_selection_epsilon_max", float("inf"), why="cuML has no upper distance"),
        ),
        ignores={
            **_ignores("core_dist_n_jobs", _THREADS),
            **_ignores("algorithm approx_min_span_tree", "cuML's spanning tree is always the exact one"),
            **_ignores("leaf_size", _TREES),
        },
        defaults=_NUMPY,
    ),
    dask_cpu=f"hdbscan does not train on Dask data; {_SAMPLE}",
    dask_gpu=f"cuML has no HDBSCAN for Dask; {_SAMPLE}",
)  # fmt: skip

KMEANS = Estimator(
    name="KMeans",
    arguments=frozenset(
        "n_clusters init n_init max_iter tol verbose random_state copy_x algorithm".split()
    ),
    at_least={"n_clusters": 1, "max_iter": 1, "tol": 0},
    cpu=Way(path="sklearn.cluster:KMeans"),
    gpu=Way(
        path="cuml.cluster:KMeans",
        dense_only="cuML's KMeans takes dense data only",
        limits=(
            _starts(
                "k-means++",
                "random",
                why="cuML begins with 'k-means++', 'random' or given centres, not with a function's",
            ),
            _lacks("algorithm", "lloyd", why="cuML iterates by Lloyd's algorithm only"),
        ),
        ignores=_ignores("copy_x", _ALWAYS_COPIED),
        # Its own default is k-means||, which draws otherwise.
        defaults={"init": "k-means++", **_NUMPY},
    ),
    dask_cpu=Way(
        path="dask_ml.cluster:KMeans",
        dense_only="dask-ml's KMeans takes dense data only",
        limits=(
            _starts(
                "k-means++",
                "random",
                why="dask-ml begins with 'k-means++', 'random' or given centres, or with k-means|| unless told",
            ),
            _only("n_init", "auto", 1, why="dask-ml clusters once"),
            _lacks("algorithm", "lloyd", why="dask-ml iterates by Lloyd's algorithm only"),
        ),
        ignores=_ignores("verbose", "dask-ml says what it does in its log"),
    ),
    dask_gpu=Way(
        path="cuml.dask.cluster:KMeans",
        dense_only="cuML's KMeans takes dense data only",
        limits=(
            _starts(
                "random",
                why="on several GPUs cuML begins with 'random', given centres, or with k-means|| unless told",
            ),
            _lacks("algorithm", "lloyd", why="cuML iterates by Lloyd's algorithm only"),
        ),
        ignores=_ignores("copy_x", _ALWAYS_COPIED),
    ),
)

DBSCAN = Estimator(
    name="DBSCAN",
    arguments=frozenset("eps min_samples metric metric_params algorithm leaf_size p n_jobs".split()),
    at_least={"min_samples": 1},
    positive=frozenset({"eps"}),
    cpu=Way(path="sklearn.cluster:DBSCAN"),
    gpu=Way(
        path="cuml.cluster:DBSCAN",
        dense_only="cuML's DBSCAN takes dense data only",
        limits=(
            _only(
                "metric", "euclidean", "l2", "cosine", "precomputed",
                why="cuML measures euclidean, l2, cosine or precomputed distances only",
            ),
            _only("algorithm", "auto", "brute", why="cuML searches without trees"),
            _lacks("metric_params", None, why="cuML's metrics take no arguments"),
            _lacks("p", None, why="cuML has no Minkowski distance here"),
        ),
        ignores={**_ignores("n_jobs", _THREADS), **_ignores("leaf_size", _TREES)},
        defaults=_NUMPY,
        becomes=_renamed("algorithm", auto="brute"),
    ),
    dask_cpu=f"dask-ml has no DBSCAN; {_SAMPLE}",
    dask_gpu=f"cuML's DBSCAN for Dask wants all rows in the memory of this process; {_SAMPLE}",
)  # fmt: skip

_PCA_COMPONENTS = Limit(
    "n_components",
    lambda given: given["n_components"] is None or _is_count(given["n_components"]),
    # 0.95 passes cuML's check, which is only for more components than columns.
    "cuML takes a number of components, neither a share of variance nor 'mle'",
)
_PCA_SOLVERS = _only(
    "svd_solver", "auto", "full", "covariance_eigh",
    why="cuML decomposes the covariance in full, neither by random projection nor by ARPACK",
)  # fmt: skip
_PCA_IGNORES = {
    **_ignores("random_state", _NOTHING_DRAWN),
    **_ignores("tol", "only ARPACK asks for it"),
    **_ignores(
        "iterated_power n_oversamples power_iteration_normalizer",
        "only random projection asks for it",
    ),
}

PCA = Estimator(
    name="PCA",
    arguments=frozenset(
        "n_components copy whiten svd_solver tol iterated_power n_oversamples power_iteration_normalizer "
        "random_state".split()
    ),
    cpu=Way(path="sklearn.decomposition:PCA"),
    gpu=Way(
        path="cuml.decomposition:PCA",
        limits=(_PCA_COMPONENTS, _PCA_SOLVERS),
        ignores=_PCA_IGNORES,
        defaults=_NUMPY,
        becomes=_renamed("svd_solver", covariance_eigh="full"),
    ),
    dask_cpu=Way(
        path="dask_ml.decomposition:PCA",
        dense_only="dask-ml's PCA takes dense data only",
        limits=(
            Limit(
                "n_components",
                lambda given: _is_count(given["n_components"]),
                "dask-ml takes a number of components only",
            ),
            _only(
                "svd_solver", "auto", "full",
                why="dask-ml decomposes in full; its random projection fails with current Dask",
            ),
        ),
        ignores={name: why for name, why in _PCA_IGNORES.items() if name not in {"tol", "iterated_power"}},
        defaults={"svd_solver": "full"},
        becomes=_renamed("svd_solver", auto="full"),  # its own "auto" may choose random projection
    ),
    dask_gpu=Way(
        path="cuml.dask.decomposition:PCA",
        dense_only="cuML's PCA for Dask takes dense data only",
        limits=(
            Limit(
                "n_components",
                lambda given: _is_count(given["n_components"]),
                "cuML takes a number of components only",
            ),
            _PCA_SOLVERS,
        ),
        ignores=_PCA_IGNORES,
        becomes=_renamed("svd_solver", covariance_eigh="full"),
    ),
)  # fmt: skip

_SVD_ALGORITHM = Limit(
    "algorithm",
    lambda given: False,
    "cuML decomposes in full, neither by random projection nor by ARPACK; leave algorithm out and it does",
    passed=False,
)
_SVD_IGNORES = {
    **_ignores("random_state", _NOTHING_DRAWN),
    **_ignores("tol", "only ARPACK asks for it"),
    **_ignores(
        "n_iter n_oversamples power_iteration_normalizer", "only random projection asks for it"
    ),
}
_SVD_DENSE = "cuML's TruncatedSVD takes dense data only"

TRUNCATED_SVD = Estimator(
    name="TruncatedSVD",
    arguments=frozenset(
        "n_components algorithm n_iter n_oversamples power_iteration_normalizer random_state tol".split()
    ),
    at_least={"n_components": 1, "n_iter": 0, "tol": 0},
    cpu=Way(path="sklearn.decomposition:TruncatedSVD"),
    gpu=Way(
        path="cuml.decomposition:TruncatedSVD",
        dense_only=_SVD_DENSE,
        limits=(_SVD_ALGORITHM,),
        ignores=_SVD_IGNORES,
        defaults={"n_components": 2, **_NUMPY},
    ),
    dask_cpu=Way(
        path="dask_ml.decomposition:TruncatedSVD",
        dense_only="dask-ml's TruncatedSVD takes dense data only",
        limits=(
            _only("algorithm", "randomized", why="dask-ml has no ARPACK"),
            _lacks("n_oversamples", 10, why="Dask's random projection draws 10 columns more"),
            _lacks(
                "power_iteration_normalizer",
                "auto",
                why="Dask's random projection normalises by QR",
            ),
        ),
    ),
    dask_gpu=Way(
        path="cuml.dask.decomposition:TruncatedSVD",
        dense_only=_SVD_DENSE,
        limits=(_SVD_ALGORITHM,),
        ignores=_SVD_IGNORES,
        defaults={"n_components": 2},
    ),
)

NEAREST_NEIGHBORS = Estimator(
    name="NearestNeighbors",
    arguments=frozenset(
        "n_neighbors radius algorithm leaf_size metric p metric_params n_jobs".split()
    ),
    at_least={"n_neighbors": 1, "radius": 0},
    positive=frozenset({"p"}),
    cpu=Way(path="sklearn.neighbors:NearestNeighbors"),
    gpu=Way(
        path="cuml.neighbors:NearestNeighbors",
        limits=(
            _only(
                "metric", *_NEIGHBOR_METRICS, why=f"cuML measures {', '.join(_NEIGHBOR_METRICS)} only"
            ),
            _only("algorithm", "auto", "brute", why="cuML searches without trees"),
            _lacks("metric_params", None, why="cuML's metrics take no arguments but p"),
        ),
        sparse_limits=(
            _only(
                "metric", *_SPARSE_NEIGHBOR_METRICS,
                why=f"on sparse data cuML measures {', '.join(_SPARSE_NEIGHBOR_METRICS)} only",
            ),
        ),
        ignores={**_ignores("n_jobs", _THREADS), **_ignores("leaf_size", _TREES)},
        defaults={"metric": "minkowski", **_NUMPY},  # so that p counts, as on the CPU
    ),
    dask_cpu="dask-ml has no NearestNeighbors; fit it on a sample and ask it partition by partition",
    dask_gpu=Way(
        path="cuml.dask.neighbors:NearestNeighbors",
        dense_only="cuML's NearestNeighbors for Dask takes dense data only",
        limits=(
            _lacks("algorithm", "brute", why="on several GPUs cuML compares every pair"),
            Limit(
                "metric",
                lambda given: _is_one_of(given["metric"], ("euclidean", "l2"))
                or (given["metric"] == "minkowski" and given.get("p", 2) == 2),
                "on several GPUs cuML measures Euclidean distances only",
                passed=False,
            ),
            _lacks("p", 2, why="on several GPUs cuML measures Euclidean distances only"),
            _lacks("metric_params", None, why="cuML's metrics take no arguments"),
            _lacks("radius", 1.0, why="on several GPUs cuML counts neighbours, whatever their distance"),
        ),
        ignores={**_ignores("n_jobs", _THREADS), **_ignores("leaf_size", _TREES)},
    ),
)  # fmt: skip


def _penalty_to_cuml(given: dict[str, Any]) -> dict[str, Any]:
    """Name the penalty, as cuML wants it; scikit-learn says it by l1_ratio alone."""
    l1_ratio = given.get("l1_ratio")
    if l1_ratio:
        return {**given, "penalty": "elasticnet"}
    return {name: value for name, value in given.items() if name != "l1_ratio"}


_PENALTY = _lacks(
    "penalty", "deprecated", why="say it by l1_ratio and C, as scikit-learn does since 1.8"
)
_LOGISTIC_LIMITS = (
    _PENALTY,
    _lacks("solver", "lbfgs", why="cuML optimises by L-BFGS only"),
    _lacks("dual", False, why="cuML optimises by L-BFGS only"),
    _lacks("intercept_scaling", 1, why="cuML does not scale the intercept"),
    _lacks("warm_start", False, why="cuML begins anew with each fit"),
)
_LOGISTIC_IGNORES = {
    **_ignores("n_jobs", _THREADS),
    **_ignores("random_state", "nothing is drawn at random: there is one optimum"),
}

LOGISTIC_REGRESSION = Estimator(
    name="LogisticRegression",
    arguments=frozenset(
        "penalty C l1_ratio dual tol fit_intercept intercept_scaling class_weight random_state solver max_iter "
        "verbose warm_start n_jobs".split()
    ),
    at_least={"max_iter": 1, "tol": 0},
    positive=frozenset({"C"}),
    cpu=Way(path="sklearn.linear_model:LogisticRegression"),
    gpu=Way(
        path="cuml.linear_model:LogisticRegression",
        limits=_LOGISTIC_LIMITS,
        ignores=_LOGISTIC_IGNORES,
        defaults={"max_iter": 100, **_NUMPY},
        becomes=_penalty_to_cuml,
    ),
    # Its penalty is on the intercept too, which pulls rare classes towards a half where C is small.
    dask_cpu=Way(
        path="dask_ml.linear_model:LogisticRegression",
        dense_only="dask-ml's LogisticRegression takes dense data only",
        limits=(
            _PENALTY,
            # Unless told it takes ADMM: its L-BFGS sets a configuration key that Dask has deprecated.
            _only("solver", "lbfgs", why="dask-ml's other solvers are not those of scikit-learn"),
            _lacks("l1_ratio", 0.0, why="dask-ml's L-BFGS takes the l2 penalty only"),
            _lacks("dual", False, why="dask-ml has no dual form"),
            _lacks("intercept_scaling", 1, why="dask-ml does not scale the intercept"),
            _lacks("class_weight", None, why="dask-ml does not weigh classes"),
            _lacks("warm_start", False, why="dask-ml begins anew with each fit"),
        ),
        ignores={
            **_ignores("n_jobs verbose", "Dask says how many threads there are, and what they do"),
            **_ignores("random_state", "nothing is drawn at random: there is one optimum"),
        },
    ),
    dask_gpu=Way(
        path="cuml.dask.linear_model:LogisticRegression",
        limits=(
            *_LOGISTIC_LIMITS,
            _lacks("l1_ratio", 0.0, why="on several GPUs cuML takes the l2 penalty only"),
            _lacks("class_weight", None, why="on several GPUs cuML does not weigh classes"),
        ),
        ignores=_LOGISTIC_IGNORES,
        defaults={"max_iter": 100},
    ),
)

ESTIMATORS: Mapping[str, Estimator] = {
    one.name: one
    for one in (
        UMAP,
        HDBSCAN,
        KMEANS,
        DBSCAN,
        PCA,
        TRUNCATED_SVD,
        NEAREST_NEIGHBORS,
        LOGISTIC_REGRESSION,
    )
}
