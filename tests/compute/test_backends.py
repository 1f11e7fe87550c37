"""Which class an estimator is, why, what it is given, and that a seed repeats it."""

import ctypes
import inspect
import json
import logging
import sys
from importlib import import_module
from pathlib import Path

import dask.array as da
import numpy as np
import pytest
import scipy.sparse as sp

from murmuration.compute import choose_backend, make_estimator
from murmuration.compute.driver import Gpu, probe_gpu
from murmuration.compute.estimators import ESTIMATORS, Way
from murmuration.errors import BackendError, ParamError, UnknownNameError

# umap-learn says at its import that it does without ParametricUMAP.
pytestmark = pytest.mark.filterwarnings("ignore:Tensorflow not installed:ImportWarning")

CUML = json.loads((Path(__file__).parents[1] / "golden" / "cuml_arguments.json").read_text())
HERE = Gpu(True, "1 GPU, driver for CUDA 13.0")
AWAY = Gpu(False, "no NVIDIA driver is installed")
ROWS = pytest.mark.parametrize("row", ESTIMATORS.values(), ids=lambda row: row.name)


def ways(which):
    return [
        pytest.param(row, way, id=row.name)
        for row in ESTIMATORS.values()
        if isinstance(way := getattr(row, which), Way)
    ]


def passed(row, way):
    """Arguments that reach the class under their own name."""
    lacking = {limit.argument for limit in way.limits if not limit.passed} | set(way.ignores)
    return row.arguments - lacking


def signature(path):
    module, _, name = path.partition(":")
    parameters = inspect.signature(getattr(import_module(module), name)).parameters.values()
    return {one.name: one.default for one in parameters if one.kind is not one.VAR_KEYWORD}


def differing(row, way, theirs):
    """Arguments whose default there is another one than on the CPU, and that are not set either."""
    ours = signature(row.cpu.path)
    return {
        name
        for name in passed(row, way) - set(way.defaults)
        if repr(ours[name]) != repr(theirs[name])
    }


# --- the table -------------------------------------------------------------------------------------


@ROWS
def test_the_table_lists_every_argument_of_the_cpu_class(row):
    assert row.arguments == set(signature(row.cpu.path))


@ROWS
def test_the_table_speaks_of_known_arguments_only(row):
    for way in (row.cpu, row.gpu, row.dask_cpu, row.dask_gpu):
        if isinstance(way, Way):
            named = {limit.argument for limit in way.limits + way.sparse_limits} | set(way.ignores)
            assert named <= row.arguments
    assert set(row.at_least) | row.positive <= row.arguments


@pytest.mark.parametrize(("row", "way"), ways("gpu"))
def test_cuml_knows_every_argument_that_it_is_given(row, way):
    assert passed(row, way) | set(way.defaults) <= set(CUML[way.path]) | {"l1_ratio"}


@pytest.mark.parametrize(("row", "way"), ways("gpu"))
def test_what_nobody_sets_means_the_same_on_the_gpu(row, way):
    # By another name the same: no neighbours known, an exact search, the l2 penalty, quiet.
    same = {"precomputed_knn", "algorithm", "l1_ratio", "verbose"}
    assert differing(row, way, CUML[way.path]) <= same


@pytest.mark.parametrize(("row", "way"), ways("dask_cpu"))
def test_dask_ml_knows_every_argument_that_it_is_given(row, way):
    assert passed(row, way) | set(way.defaults) <= set(signature(way.path))


@pytest.mark.parametrize(("row", "way"), ways("dask_cpu"))
def test_what_nobody_sets_means_nearly_the_same_with_dask(row, way):
    # It begins in parallel (k-means||), decomposes exactly (tsqr) and optimises by ADMM.
    same = {"init", "algorithm", "iterated_power", "solver"}
    assert differing(row, way, signature(way.path)) <= same


# --- limits ----------------------------------------------------------------------------------------

# For each limit of each class other than the CPU's, arguments that break it.
BROKEN = {
    ("UMAP", "metric"): {"metric": "dice"},
    ("UMAP", "n_epochs"): {"n_epochs": [100, 200]},
    ("UMAP", "init"): {"init": "pca"},
    ("UMAP", "target_metric"): {"target_metric": "l1"},
    ("UMAP", "target_metric_kwds"): {"target_metric_kwds": {"p": 3}},
    ("UMAP", "output_metric"): {"output_metric": "hyperboloid"},
    ("UMAP", "output_metric_kwds"): {"output_metric_kwds": {"p": 3}},
    ("UMAP", "densmap"): {"densmap": True},
    ("UMAP", "output_dens"): {"output_dens": True},
    ("UMAP", "unique"): {"unique": True},
    ("UMAP", "transform_mode"): {"transform_mode": "graph"},
    ("UMAP", "disconnection_distance"): {"disconnection_distance": 0.9},
    ("UMAP", "force_approximation_algorithm"): {"force_approximation_algorithm": True},
    ("HDBSCAN", "metric"): {"metric": "cosine"},
    ("HDBSCAN", "min_samples"): {"min_samples": 1024},
    ("HDBSCAN", "min_cluster_size"): {"min_cluster_size": 1024},
    ("HDBSCAN", "cluster_selection_method"): {"cluster_selection_method": "other"},
    ("HDBSCAN", "memory"): {"memory": "folder"},
    ("HDBSCAN", "match_reference_implementation"): {"match_reference_implementation": True},
    ("HDBSCAN", "branch_detection_data"): {"branch_detection_data": True},
    ("HDBSCAN", "cluster_selection_persistence"): {"cluster_selection_persistence": 0.1},
    ("HDBSCAN", "cluster_selection_epsilon_max"): {"cluster_selection_epsilon_max": 2.0},
    ("KMeans", "init"): {"init": lambda x, n_clusters, random_state: x[:n_clusters]},
    ("KMeans", "n_init"): {"n_init": 10},
    ("KMeans", "algorithm"): {"algorithm": "elkan"},
    ("DBSCAN", "metric"): {"metric": "l1"},
    ("DBSCAN", "algorithm"): {"algorithm": "ball_tree"},
    ("DBSCAN", "metric_params"): {"metric_params": {"w": [1, 2]}},
    ("DBSCAN", "p"): {"p": 1},
    ("PCA", "n_components"): {"n_components": 0.95},
    ("PCA", "svd_solver"): {"svd_solver": "randomized"},
    ("TruncatedSVD", "algorithm"): {"algorithm": "arpack"},
    ("TruncatedSVD", "n_oversamples"): {"n_oversamples": 20},
    ("TruncatedSVD", "power_iteration_normalizer"): {"power_iteration_normalizer": "LU"},
    ("NearestNeighbors", "metric"): {"metric": "braycurtis"},
    ("NearestNeighbors", "algorithm"): {"algorithm": "kd_tree"},
    ("NearestNeighbors", "metric_params"): {"metric_params": {"w": [1, 2]}},
    ("NearestNeighbors", "p"): {"p": 1},
    ("NearestNeighbors", "radius"): {"radius": 0.5},
    ("LogisticRegression", "penalty"): {"penalty": "l1"},
    ("LogisticRegression", "solver"): {"solver": "saga"},
    ("LogisticRegression", "l1_ratio"): {"l1_ratio": 0.5},
    ("LogisticRegression", "dual"): {"dual": True},
    ("LogisticRegression", "intercept_scaling"): {"intercept_scaling": 2},
    ("LogisticRegression", "class_weight"): {"class_weight": "balanced"},
    ("LogisticRegression", "warm_start"): {"warm_start": True},
}  # fmt: skip


def limits(which):
    return [
        pytest.param(row, limit, id=f"{row.name}-{limit.argument}")
        for row in ESTIMATORS.values()
        if isinstance(way := getattr(row, which), Way)
        for limit in way.limits
    ]


@pytest.mark.parametrize(("row", "limit"), limits("gpu"))
def test_what_the_gpu_cannot_honour_is_refused_and_auto_takes_the_cpu(row, limit):
    given = BROKEN[row.name, limit.argument]
    with pytest.raises(BackendError) as refused:
        choose_backend(row.name, given, backend="gpu", gpu=HERE)
    assert limit.argument in str(refused.value)
    assert limit.why in str(refused.value)
    choice = choose_backend(row.name, given, gpu=HERE)
    assert (choice.backend, choice.path) == ("cpu", row.cpu.path)
    assert limit.why in choice.reason
    assert choice.arguments == given


@pytest.mark.parametrize(("row", "limit"), limits("dask_gpu"))
def test_what_several_gpus_cannot_honour_is_refused(row, limit):
    given = BROKEN[row.name, limit.argument]
    with pytest.raises(BackendError, match=limit.argument) as refused:
        choose_backend(row.name, given, backend="gpu", distributed=True, gpu=HERE)
    assert limit.why in str(refused.value)


@pytest.mark.parametrize(("row", "limit"), limits("dask_cpu"))
def test_what_dask_ml_cannot_honour_is_refused(row, limit):
    given = BROKEN[row.name, limit.argument]
    with pytest.raises(BackendError, match=limit.argument) as refused:
        choose_backend(row.name, given, backend="cpu", distributed=True)
    assert limit.why in str(refused.value)


@ROWS
def test_values_that_mean_doing_without_are_no_obstacle(row):
    without = {
        limit.argument: signature(row.cpu.path)[limit.argument]
        for limit in row.gpu.limits
        if limit.argument != "algorithm" or row.name != "TruncatedSVD"  # its default is random
    }
    choice = choose_backend(row.name, without, backend="gpu", gpu=HERE)
    assert choice.backend == "gpu"
    assert set(choice.arguments) <= set(CUML[choice.path])


@pytest.mark.parametrize(
    ("name", "which"),
    [
        (row.name, which)
        for row in ESTIMATORS.values()
        for which in ("gpu", "dask_gpu", "dask_cpu")
        if isinstance(way := getattr(row, which), Way) and way.dense_only
    ],
)
def test_a_class_for_dense_data_refuses_sparse_ones(name, which):
    backend = "cpu" if which == "dask_cpu" else "gpu"
    with pytest.raises(BackendError, match="dense data only"):
        choose_backend(name, backend=backend, sparse=True, distributed=which != "gpu", gpu=HERE)


def test_neighbours_in_sparse_data_are_measured_in_fewer_ways():
    given = {"metric": "correlation"}
    assert choose_backend("NearestNeighbors", given, gpu=HERE).backend == "gpu"
    choice = choose_backend("NearestNeighbors", given, gpu=HERE, sparse=True)
    assert choice.backend == "cpu"
    assert "on sparse data" in choice.reason


@pytest.mark.parametrize(
    ("name", "backend"),
    [
        (row.name, which.removeprefix("dask_"))
        for row in ESTIMATORS.values()
        for which in ("dask_cpu", "dask_gpu")
        if isinstance(getattr(row, which), str)
    ],
)
def test_where_nothing_trains_on_dask_data_the_error_says_what_to_do(name, backend):
    with pytest.raises(BackendError, match="on a sample"):
        choose_backend(name, backend=backend, distributed=True, gpu=HERE)


# --- what the class is given -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("UMAP", {"n_components": 5, "n_jobs": 4}, {"n_components": 5, "hash_input": True}),
        ("UMAP", {"precomputed_knn": (None, None, None)}, {"precomputed_knn": None, "hash_input": True}),
        ("UMAP", {"precomputed_knn": ("i", "d", "index")}, {"precomputed_knn": ("i", "d"), "hash_input": True}),
        ("HDBSCAN", {"prediction_data": True, "core_dist_n_jobs": 1}, {"prediction_data": True}),
        ("KMeans", {"n_clusters": 3, "algorithm": "lloyd"}, {"n_clusters": 3, "init": "k-means++"}),
        ("DBSCAN", {"algorithm": "auto"}, {"algorithm": "brute"}),
        ("PCA", {"svd_solver": "covariance_eigh", "random_state": 0}, {"svd_solver": "full"}),
        ("TruncatedSVD", {"random_state": 0}, {"n_components": 2}),
        ("NearestNeighbors", {"p": 1, "n_jobs": -1}, {"p": 1, "metric": "minkowski"}),
        ("LogisticRegression", {"l1_ratio": 0.0, "C": 2.0, "solver": "lbfgs"}, {"C": 2.0, "max_iter": 100}),
        ("LogisticRegression", {"l1_ratio": 0.5}, {"penalty": "elasticnet", "l1_ratio": 0.5, "max_iter": 100}),
    ],
)  # fmt: skip
def test_arguments_of_the_cpu_class_become_those_of_cuml(name, given, expected):
    choice = choose_backend(name, given, backend="gpu", gpu=HERE)
    assert choice.arguments == expected | {"output_type": "numpy"}
    assert given.keys() - choice.arguments.keys() - choice.ignored.keys() <= {
        "algorithm", "l1_ratio", "solver",
    }  # fmt: skip


def test_an_argument_without_meaning_on_the_gpu_is_named_with_its_reason():
    choice = choose_backend("PCA", {"random_state": 0}, gpu=HERE)
    assert choice.ignored == {
        "random_state": "nothing is drawn at random: the decomposition is exact"
    }


def test_a_seed_makes_umap_run_on_one_thread_and_more_threads_are_refused():
    assert choose_backend("UMAP", {"random_state": 0}, gpu=AWAY).arguments["n_jobs"] == 1
    assert "n_jobs" not in choose_backend("UMAP", gpu=AWAY).arguments
    with pytest.raises(BackendError, match=r"n_jobs=4 .* runs on one thread"):
        choose_backend("UMAP", {"random_state": 0, "n_jobs": 4}, gpu=AWAY)
    assert choose_backend("UMAP", {"random_state": 0, "n_jobs": 4}, gpu=HERE).backend == "gpu"


def test_arrays_and_numpy_numbers_are_arguments_like_others():
    start = np.zeros((3, 2))
    choice = choose_backend("KMeans", {"n_clusters": np.int64(3), "init": start}, gpu=HERE)
    assert choice.arguments["init"] is start
    assert choose_backend("PCA", {"n_components": np.int32(2)}, gpu=HERE).backend == "gpu"


# --- which backend, and why ------------------------------------------------------------------------


@ROWS
def test_a_gpu_that_can_do_what_was_asked_is_taken(row, caplog):
    caplog.set_level(logging.INFO)
    choice = choose_backend(row.name, gpu=HERE)
    assert (choice.backend, choice.path, choice.reason) == ("gpu", row.gpu.path, HERE.reason)
    assert caplog.messages == [f"{row.name} runs on the gpu: {HERE.reason}"]


@ROWS
def test_without_a_gpu_auto_takes_the_cpu_and_gpu_is_refused(row, caplog):
    caplog.set_level(logging.WARNING)
    choice = choose_backend(row.name, gpu=AWAY)
    assert (choice.backend, choice.path, choice.reason) == ("cpu", row.cpu.path, AWAY.reason)
    assert caplog.messages == []  # nothing is left idle
    with pytest.raises(
        BackendError, match=f"{row.name} was asked for on the GPU, but {AWAY.reason}"
    ):
        choose_backend(row.name, backend="gpu", gpu=AWAY)


def test_a_gpu_left_idle_is_a_warning(caplog):
    caplog.set_level(logging.WARNING)
    choose_backend("UMAP", {"densmap": True}, gpu=HERE)
    [message] = caplog.messages
    assert message.startswith("UMAP leaves the GPU idle: densmap=True cannot be honoured")


def test_cpu_asks_no_driver(monkeypatch):
    monkeypatch.setattr("murmuration.compute.backends.find_gpu", lambda: pytest.fail("asked"))
    assert choose_backend("KMeans", backend="cpu").reason == "the backend is set to cpu"


def test_choosing_imports_neither_cuml_nor_the_cpu_library():
    before = set(sys.modules)
    for name in ESTIMATORS:
        choose_backend(name)
    assert not {"cuml", "cupy", "umap", "hdbscan"} & (set(sys.modules) - before)


@pytest.mark.parametrize(
    ("error", "message", "name", "given", "backend"),
    [
        (UnknownNameError, "Did you mean 'UMAP'", "umpa", {}, "auto"),
        (UnknownNameError, "There is: DBSCAN, ", "spectral", {}, "auto"),
        (ParamError, "KMeans has no argument 'n_cluster'. Did you mean 'n_clusters'", "kmeans", {"n_cluster": 3}, "auto"),
        (ParamError, "n_clusters is 0, but it must be 1 or more", "KMeans", {"n_clusters": 0}, "gpu"),
        (ParamError, "eps is nan, but it must be more than 0", "DBSCAN", {"eps": float("nan")}, "gpu"),
        (ParamError, "min_cluster_size is 1, but it must be 2", "HDBSCAN", {"min_cluster_size": 1}, "gpu"),
        (ParamError, "no backend 'cuda'", "PCA", {}, "cuda"),
    ],
)  # fmt: skip
def test_mistakes_are_told_before_anything_is_chosen(error, message, name, given, backend):
    with pytest.raises(error, match=message):
        choose_backend(name, given, backend=backend, gpu=HERE)


# --- what is made ----------------------------------------------------------------------------------

CENTRES = np.array([[0.0, 0.0, 0.0, 1.0], [6.0, 0.0, 0.0, 0.0], [0.0, 6.0, 3.0, 0.0]])


@pytest.fixture(scope="module")
def points():
    """Three clouds of 40 points, shape (120, 4), in turn."""
    drawn = np.random.default_rng(0).normal(scale=0.3, size=(120, 4)) + np.tile(CENTRES, (40, 1))
    return drawn.astype("float32")


TRUTH = np.tile([0, 1, 2], 40)
MADE = {
    "UMAP": ({"n_neighbors": 10, "n_epochs": 30, "init": "random", "random_state": 3}, lambda e, x: e.fit_transform(x)),
    "HDBSCAN": ({"min_cluster_size": 10}, lambda e, x: e.fit_predict(x)),
    "KMeans": ({"n_clusters": 3, "random_state": 3}, lambda e, x: e.fit(x).predict(x)),
    "DBSCAN": ({"eps": 1.5}, lambda e, x: e.fit_predict(x)),
    "PCA": ({"n_components": 2, "random_state": 3}, lambda e, x: e.fit_transform(x)),
    "TruncatedSVD": ({"n_components": 2, "random_state": 3}, lambda e, x: e.fit_transform(x)),
    "NearestNeighbors": ({"n_neighbors": 4}, lambda e, x: e.fit(x).kneighbors(x)[1]),
    "LogisticRegression": ({"C": 2.0}, lambda e, x: e.fit(x, TRUTH).predict_proba(x)),
}  # fmt: skip
CLUSTERS = {"HDBSCAN", "KMeans", "DBSCAN"}


def groups(labels):
    """The same for equal groups, whatever they are called."""
    return np.unique(labels, return_index=True)[1][np.unique(labels, return_inverse=True)[1]]


# UMAP compiles for a quarter of a minute in each process.
@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, id=row.name, marks=pytest.mark.soak if row.name == "UMAP" else ())
        for row in ESTIMATORS.values()
    ],
)
def test_the_cpu_class_is_native_fits_and_repeats_itself(row, points):
    arguments, use = MADE[row.name]
    made = make_estimator(row.name, backend="cpu", **arguments)
    assert (
        type(made).__module__.partition(".")[0] == row.cpu.path.partition(":")[0].partition(".")[0]
    )
    first = use(made, points)
    np.testing.assert_array_equal(
        first, use(make_estimator(row.name, **arguments, backend="cpu"), points)
    )
    assert np.isfinite(first).all()
    if row.name in CLUSTERS:
        np.testing.assert_array_equal(groups(first), groups(TRUTH))


@pytest.mark.parametrize("name", ["KMeans", "PCA", "TruncatedSVD", "LogisticRegression"])
def test_the_dask_class_fits_in_blocks_and_repeats_itself(name, points):
    arguments, use = MADE[name]
    blocks = da.from_array(points, chunks=(40, 4))
    if name == "LogisticRegression":  # two classes only
        truth = da.from_array((TRUTH == 0).astype(int), chunks=40)
        use = lambda e, x: e.fit(x, truth).predict_proba(x)  # noqa: E731
    if name == "KMeans":
        use = lambda e, x: e.fit(x).labels_  # noqa: E731
    made = [make_estimator(name, backend="cpu", distributed=True, **arguments) for _ in range(2)]
    assert type(made[0]).__module__.startswith("dask_ml.")
    first, second = (np.asarray(use(one, blocks)) for one in made)
    np.testing.assert_array_equal(first, second)
    if name == "KMeans":
        np.testing.assert_array_equal(groups(first), groups(TRUTH))
    if name == "PCA":
        alone = make_estimator("PCA", n_components=2, backend="cpu").fit_transform(points)
        np.testing.assert_allclose(np.abs(first), np.abs(alone), rtol=1e-3, atol=1e-3)


def test_sparse_text_counts_are_decomposed_on_the_cpu(points):
    counts = sp.csr_matrix(np.where(points > 1, 1.0, 0.0))
    made = make_estimator("TruncatedSVD", sparse=True, n_components=2, random_state=0)
    assert made.fit_transform(counts).shape == (120, 2)


# --- the driver ------------------------------------------------------------------------------------


class Driver:
    """Answers like the NVIDIA driver's library."""

    def __init__(self, *, result=0, count=1, cuda=13000, capability=(9, 0)):
        self.cuInit = lambda flags: result
        self.cuDeviceGetCount = self.say(count)
        self.cuDriverGetVersion = self.say(cuda)
        self.cuDeviceGet = self.say(0)
        self.cuDeviceGetAttribute = lambda out, part, device: self.say(capability[part - 75])(out)

    @staticmethod
    def say(number):
        def answer(out, *about):
            ctypes.cast(out, ctypes.POINTER(ctypes.c_int))[0] = number
            return 0

        return answer


def probe(driver, *, has_cuml=True, needed=(12020, 70)):
    return probe_gpu(load=lambda name: driver, needed=needed, has_cuml=lambda: has_cuml)


def test_a_gpu_is_found_and_described():
    assert probe(Driver(count=2)) == Gpu(True, "2 GPUs, driver for CUDA 13.0")


@pytest.mark.parametrize(
    ("driver", "needed", "reason"),
    [
        (Driver(result=100), (12020, 70), "gives no GPU: it sees none (or CUDA_VISIBLE_DEVICES hides it)"),
        (Driver(count=0), (12020, 70), "gives no GPU: it sees none"),
        (Driver(result=34), (12020, 70), "the library is the linker's stub, not a driver"),
        (Driver(result=803), (12020, 70), "of different versions; restart the machine"),
        (Driver(result=999), (12020, 70), "it answers with error 999"),
        (Driver(cuda=11040), (12020, 70), "too old: it is for CUDA 11.4, and cuML needs 12.2 or newer"),
        (Driver(cuda=12080), (13000, 75), "too old: it is for CUDA 12.8, and cuML needs 13.0 or newer"),
        (Driver(capability=(6, 1)), (12020, 70), "compute capability is 6.1, and cuML needs 7.0 or higher"),
    ],
)  # fmt: skip
def test_each_way_that_a_driver_fails_has_its_words(driver, needed, reason):
    found = probe(driver, needed=needed)
    assert not found.usable
    assert reason in found.reason


def test_a_gpu_without_cuml_says_how_to_get_it():
    found = probe(Driver(), has_cuml=False)
    assert not found.usable
    assert "cuML is not installed (environment-gpu.yml" in found.reason


def test_no_driver_is_no_error():
    def load(name):
        raise OSError(f"{name}: cannot open shared object file")

    assert probe_gpu(load=load) == Gpu(
        False, "no NVIDIA driver is installed (libcuda.so.1 is not there)"
    )


def test_a_file_that_is_no_driver_is_no_driver(tmp_path):
    path = tmp_path / "libcuda.so.1"
    path.write_bytes(b"not a library")
    assert not probe_gpu(load=lambda name: ctypes.CDLL(str(path))).usable
