"""The first cause of a failure is told at its own line, wherever it was that Keras stopped."""

from __future__ import annotations

import json

import pytest
from answering import namespace_of
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
from wrong_answers import SOLUTION, but, pool
from wrong_errors import CHAIN, CONV, POOL3, chain, line, then

from utils import checks
from utils.checks import causes
from utils.checks.errors import ERRORS, LACKING, explain_answer
from utils.checks.layers import Malformed
from utils.checks.mistakes import FAILURES, SHARED
from utils.checks.probe import probe_tensor_maker
from utils.checks.task import attempt, defaults

BLOCK = {"seed": 3, "input_shape": [9, 8, 128], "arguments": []}


def number_of(source: str, text: str) -> int:
    return next(n for n, each in enumerate(source.splitlines(), 1) if text in each)


def first(source: str, name: str = "block3") -> checks.Score:
    """What is told of a block on its own."""
    return checks.block(3, namespace_of(name, source)["block3"])


def first_of_all(source: str) -> str:
    """What is told first of the whole network."""
    return checks.vgg16(namespace_of("whole", source)["VGG16"]).diagnoses[0].message


@pytest.mark.parametrize(
    ("source", "made", "function", "read"),
    [
        (line(")(x)", ")"), "block3_conv2", "block3", "block3_conv3"),
        (but(POOL3, POOL3.replace(")(x)", ")")), 'name="block3_pool"', "block3", "block4_conv1"),
        (chain("x = block3"), "x = block3", "VGG16", "block4_conv1"),
        (then("x = layers.ReLU()"), "layers.ReLU", "block3", "block3_conv3"),
        (but(POOL3, POOL3.replace("return ", "x = ")), "def block3", "block3", "block4_conv1"),
        (but(CONV, CONV + "    return print(x)\n"), "def block3", "block3", "block4_conv1"),
    ],
)
def test_a_cause_is_told_where_it_stands_and_not_where_keras_stops(source, made, function, read):
    message = first_of_all(source)
    assert f"`{function}` 那一格第 {number_of(source, made)} 行" in message
    assert f"第 {number_of(source, read)} 行" not in message


def test_a_small_check_tells_the_same_cause_as_the_whole():
    source = but(POOL3, POOL3.replace(")(x)", ")"))
    assert first(source).diagnoses[0].message == first_of_all(source)


def test_a_maker_of_layers_is_not_blamed_for_a_call_that_is_missing():
    helper = 'def conv(filters):\n    return layers.Conv2D(filters, 3, padding="same")\n\n\n'
    source = but("def block1", helper + "def block1", CONV, "    x = conv(256)\n")
    assert "`x = conv(256)`" in first_of_all(source)


def test_a_cause_is_found_through_calls_in_calls_and_layers_of_one_s_own():
    calls = "    x = block5(block4(block3(block2(block1(input_tensor)))))\n"
    for broken in (POOL3.replace(")(x)", ")"), POOL3.replace("return ", "x = ")):
        assert "`block3` 那一格" in first_of_all(but(CHAIN, calls, POOL3, broken))
    own = "class Own(layers.Layer):\n    def call(self, x):\n        keras.ops.relu(x)\n\n\n"
    source = but("def block1", own + "def block1", POOL3, "    return Own()(x)\n")
    assert "`call` 沒有把結果傳回來" in first_of_all(source)


def test_a_placeholder_is_the_sheet_s_and_dots_elsewhere_are_none():
    dotted = line("padding", "paddin", "(x)", "(x)  # ... 填入")
    assert first(dotted).diagnoses[0].code == "wrong_keyword"
    blank = first(line("256", "..."))
    assert (blank.diagnoses[0].code, blank.finished) == ("placeholder", False)


def test_only_a_student_s_own_raise_leaves_something_unfinished():
    assert first(then("for row in x: pass")).finished
    assert not first(but(CONV, '    raise NotImplementedError("練習 1")\n')).finished


def test_an_unused_result_explains_its_own_block_alone():
    source = but(CONV, CONV.replace("x = ", "y = "), pool("block5_pool"), "    return x\n")
    score = checks.vgg16(namespace_of("two", source)["VGG16"])
    assert [d.code for d in score.diagnoses] == ["not_stored", "missing_pool"]
    assert "`y = layers.Conv2D" in score.diagnoses[0].message


def test_endless_recursion_is_tried_once_and_without_weights():
    calls = []

    def endless(x):
        calls.append(x)
        return endless(x)

    answer = probe_tensor_maker(endless, BLOCK, 3)
    assert answer["error"]["type"] == "RecursionError"
    assert len(calls) < 3000  # the limit of a fresh kernel


def reads(layer):
    assert layer.kernel.numpy().shape == (3, 3, 128, 8)


def sets(layer):
    layer.set_weights(layer.get_weights())


def makes(layer):
    import keras

    keras.Variable([0.0])


@pytest.mark.parametrize("asks", [None, reads, sets, makes])
def test_what_fails_is_tried_again_with_weights_only_where_it_asked_for_one(asks):
    import keras

    calls = []

    def block(x):
        calls.append(x)
        convolution = keras.layers.Conv2D(8, 3)
        x = convolution(x)
        if asks:
            asks(convolution)
        return x.no_such_attribute

    answer = probe_tensor_maker(block, BLOCK, 3)
    assert answer["error"]["type"] == "AttributeError"
    assert len(calls) == (2 if asks else 1)


def test_strange_values_and_sources_give_no_cause_and_no_failure():
    class Strange:
        @property
        def __class__(self):
            raise RuntimeError("no class")

    def own(x):
        strange = Strange()
        return x.shape + strange

    _, error = attempt(own, None)
    assert error["type"] == "AttributeError"
    assert causes.followed(causes.unused, 5) is None
    unread = eval("lambda x: x.shape")  # it has no source
    assert attempt(unread, None)[1]["cause"] is None


def test_what_a_student_writes_in_chinese_arrives():
    _, error = attempt(
        namespace_of("own", "def f():\n    raise ValueError('請填「寬度」😀')\n")["f"]
    )
    told = explain_answer({"error": error}, "f()").told(FAILURES)
    assert told.message.endswith("請填「寬度」😀")


CAUSE = {"code": "not_called", "name": "", "source": "", "function": "", "line": 1}


@pytest.mark.parametrize(
    "cause", [5, [], {}, {"code": "not_called"}, CAUSE | {"code": 1}, CAUSE | {"name": "x" * 5000}]
)
def test_a_cause_that_no_probe_tells_is_refused(cause):
    error = {"type": "E", "message": "", "source": "", "line": 1, "cause": cause}
    with pytest.raises(Malformed):
        explain_answer({"error": error}, "f()")


def test_a_code_that_is_no_cause_is_left_aside():
    error = {"type": "E", "message": "", "source": "", "line": 1}
    error["cause"] = CAUSE | {"code": "vgg19"}
    assert explain_answer({"error": error}, "f()").code == "exception"


def test_every_error_has_its_words():
    assert {code for *_, code in ERRORS} <= set(FAILURES)
    assert set(LACKING) - {"missing_block"} <= set(SHARED)


@pytest.fixture
def shell():
    """A notebook's own shell."""
    InteractiveShell.clear_instance()
    config = Config(HistoryManager={"enabled": False})
    yield InteractiveShell.instance(config=config)
    InteractiveShell.clear_instance()


def test_a_check_says_that_it_judges_an_older_definition(shell, capsys):
    def note() -> str:
        run("from utils import checks\nscore = checks.block(3, block3)")
        return shell.user_ns["score"].note

    def run(cell: str) -> None:
        shell.run_cell(cell, store_history=True)

    run(SOLUTION)
    assert note() == ""
    run("def block3(x）:\n    return x")  # a full-width bracket
    assert "`block3` 是較早執行的版本" in note()
    assert "In [3]" in note()
    run("import no_such_package\n\ndef block3(x):\n    return x")
    assert "In [6]" in note()
    run(SOLUTION)
    assert note() == ""
    run("%time y = 1\nx = block3")
    assert note() == ""


def test_defaults_travel_however_many_and_large_they_are():
    many = "".join(f", more{n}={n}" for n in range(60))
    source = but("classes=1000", f"classes=10**5000, text='?' * 10**6{many}")
    function = namespace_of("many_defaults", source)["VGG16"]
    (told,) = checks.vgg16(function).diagnoses
    assert told.code == "default_value"
    assert len(json.dumps(defaults(function))) < 1000


def test_a_model_that_can_t_be_run_says_why():
    source = but("keras.Input(", 'keras.Input(dtype="uint8", ')
    (told,) = checks.vgg16(namespace_of("whole_numbers", source)["VGG16"]).diagnoses
    assert told.code == "no_numbers"
    assert "uint8" in told.message and "dtype" in told.hint
