#!/usr/bin/env python3
"""Makes tests/fixtures/golden-reports.json: classification reports and confusion matrices by scikit-learn.

    python3 tools/golden-reports.py        (Debian: apt-get install python3-sklearn, version 1.2.1)

The file holds {sklearn, numpy, cases, rejected, runs}. A case has
  name      what it guards
  yTrue, yPred, and what of labels, targetNames, digits, zeroDivision was given
  text      classification_report(...)
  report    classification_report(..., output_dict=True), its rows in order: [[name, {precision, ...}], ...];
            null where two rows have one name, which a dict cannot hold
  matrix    confusion_matrix(yTrue, yPred, labels=labels); null where scikit-learn refuses, absent above 40 classes
`rejected` holds the inputs for which classification_report raises an error.
`runs` holds what runs report, by scikit-learn's defaults. A run has
  name        what it guards
  outputs     of the network, which can predict any of them
  yTrue, yPred
  classNames  of the dataset, where its classes have names: one for each output, or fewer
  text        classification_report(yTrue, yPred), with target_names of the labels that occur
  report      the same as a dict, as above
  matrix      confusion_matrix(yTrue, yPred, labels=all outputs)
"""

import json
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn.metrics import classification_report, confusion_matrix

warnings.simplefilter("ignore")
random = np.random.Generator(np.random.PCG64(20))


def case(name, y_true, y_pred, **options):
    return {"name": name, "yTrue": list(y_true), "yPred": list(y_pred), **options}


def options_of(case):
    names = {"labels": "labels", "targetNames": "target_names", "digits": "digits", "zeroDivision": "zero_division"}
    return {python: case[ours] for ours, python in names.items() if ours in case}


def solved(case):
    arguments = (case["yTrue"], case["yPred"])
    options = options_of(case)
    text = classification_report(*arguments, **options)
    rows = list(classification_report(*arguments, **options, output_dict=True).items())
    labels = case.get("labels", sorted(set(case["yTrue"] + case["yPred"])))
    if len(rows) != len(labels) + 3:
        rows = None
    made = {**case, "text": text, "report": rows}
    if len(labels) > 40:
        return made
    try:
        return {**made, "matrix": confusion_matrix(*arguments, labels=case.get("labels")).tolist()}
    except ValueError:
        return {**made, "matrix": None}


def randomised(i):
    """A case of random size, label kind, accuracy and options."""
    classes = int(random.choice([2, 3, 5, 7, 8, 9, 10, 16, 17, 26, 40]))
    count = int(random.choice([1, 2, 7, 8, 40, 100, 200, 1000], p=[0.05, 0.05, 0.1, 0.1, 0.2, 0.2, 0.2, 0.1]))
    kind = random.choice(["range", "sparse", "string"])
    if kind == "range":
        names = list(range(classes))
    elif kind == "sparse":
        names = random.choice(np.arange(-50, 50), classes, replace=False).tolist()
    else:
        names = ["".join(random.choice(list("abcXYZ é9_"), 1 + j % 5)) + chr(97 + j % 26) + str(j) for j in range(classes)]
    true = random.integers(0, classes, count)
    pred = np.where(random.random(count) < random.random(), true, random.integers(0, classes, count))
    made = case(f"random {i}: {kind}, {classes} classes, {count} samples", [names[j] for j in true], [names[j] for j in pred])
    present = sorted(set(made["yTrue"] + made["yPred"]))
    if random.random() < 0.4:
        listed = [names[j] for j in random.permutation(classes)[: 1 + random.integers(classes)]]
        made["labels"] = listed
        present = listed
    if random.random() < 0.3:
        made["targetNames"] = [f"class {j} " + "x" * int(random.integers(0, 20)) for j in range(len(present))]
    if random.random() < 0.7:
        made["digits"] = int(random.integers(0, 7))
    if random.random() < 0.6:
        made["zeroDivision"] = [0, 1, "warn"][random.integers(3)]
    return made


def many(classes, count):
    true = random.integers(0, classes, count)
    return true.tolist(), np.where(random.random(count) < 0.8, true, random.integers(0, classes, count)).tolist()


def ties():
    """Recalls k/n whose decimals end in an exact 5, precisions and averages beside it."""
    for n in (8, 16, 40, 200):
        for k in sorted({1, 3 * n // 8, n // 2 + 1, n - 1}):
            for digits in (1, 2, 3):
                yield case(
                    f"tie {k}/{n} to {digits} digits", [0] * n + [1] * n, [0] * k + [1] * (n - k) + [1] * n, digits=digits
                )


CASES = [
    case("documentation, target names", [0, 1, 2, 2, 2], [0, 0, 2, 2, 1], targetNames=["class 0", "class 1", "class 2"]),
    case("documentation, absent classes", [1, 1, 1], [1, 1, 0], labels=[1, 2, 3]),
    case("one class", [3, 3, 3], [3, 3, 3]),
    case("one sample", ["cat"], ["cat"]),
    case("perfect", list(range(10)) * 3, list(range(10)) * 3, digits=4),
    case("no hit at all: supports are floats", [1, 1, 2], [0, 0, 1]),
    case("no hit at all, all digits", [1, 1], [0, 0], zeroDivision=1, digits=0),
    case("no hit in the listed classes, but one elsewhere", [1, 1, 2], [0, 0, 2], labels=[0, 1]),
    case("no samples, but labels", [], [], labels=[0, 1]),
    case("no samples, but labels, division 1", [], [], labels=[0, 1], zeroDivision=1),
    case("numeric order of labels", [-1, 10, 2, 2, 10, -1, 100], [-1, 2, 2, 10, 10, 10, 100]),
    case("string order of labels", ["10", "9", "b", "B", "ä", "z"], ["9", "9", "B", "b", "ä", "z"]),
    case("order by code points", ["\U0001f600", "\ufffd", "é", "a", "aa", ""], ["\U0001f600", "\ufffd", "a", "a", "aa", ""]),
    case("empty name", ["", "", "x"], ["", "x", "x"]),
    case("labels out of order", [0, 1, 3, 2], [0, 1, 2, 2], labels=[3, 1, 0, 2]),
    case("labels out of order with names", [0, 1, 3, 2], [0, 1, 2, 2], labels=[3, 1, 0, 2], targetNames=list("dbac")),
    case("superset of labels", [0, 1, 3, 2], [0, 1, 2, 2], labels=[1, 0, 2, 3, 7]),
    case("superset of labels, division 1", [0, 1, 3, 2], [0, 1, 2, 2], labels=[1, 0, 2, 3, 7], zeroDivision=1),
    case("subset of labels", [0, 1, 2, 2, 1, 0], [0, 2, 2, 1, 1, 0], labels=[0, 2]),
    case("only absent labels", [0, 1], [0, 1], labels=[5, 6]),
    case("only absent labels, division 1", [0, 1], [0, 1], labels=[5, 6], zeroDivision=1),
    case("listed label predicted, never true", [0, 0, 1], [0, 2, 1], labels=[2], zeroDivision=1),
    case("listed label true, never predicted", [0, 2, 1], [0, 0, 1], labels=[2], zeroDivision=1),
    case("repeated labels, all of them", [0, 1, 1, 0], [0, 1, 0, 0], labels=[0, 0, 1]),
    case("repeated labels", [0, 1, 1, 0, 2], [0, 1, 0, 0, 2], labels=[1, 0, 1]),
    case("names of averages", ["accuracy", "macro avg", "x"], ["accuracy", "x", "x"]),
    case("names of object properties", ["__proto__", "constructor", "toString"], ["__proto__", "toString", "toString"]),
    case("long names", [0, 1, 1], [0, 1, 0], targetNames=["a", "a much longer name than any heading of the report"]),
    case("wide characters in names", [0, 1, 1], [0, 1, 0], targetNames=["日本語の名前がここにある", "\U0001f600" * 14]),
    case("repeated names", [0, 1, 1], [0, 1, 0], targetNames=["same", "same"]),
    case("digits wider than the headings", [0, 1, 1, 2], [0, 1, 0, 2], digits=17),
    case("digits to the last bit", [0, 1, 1, 2, 2, 2], [0, 1, 0, 2, 1, 0], digits=60),
    *(case(f"digits {d}", [0, 1, 1, 2, 2, 2, 2], [0, 1, 0, 2, 1, 0, 2], digits=d) for d in range(7)),
    *(
        case(f"division {z}", [0, 1, 1, 3, 2], [0, 1, 0, 4, 2], zeroDivision=z)
        for z in (0, 1, "warn")
    ),
    *(case(f"{n} classes", *many(n, 4 * n), digits=6) for n in (2, 127, 128, 129, 130, 136, 137, 200, 255, 256)),
    *(case(f"{n} of 256 classes", *many(256, 700), labels=list(range(n)), digits=5) for n in (1, 7, 8, 9, 15, 16, 131)),
    *ties(),
    *(randomised(i) for i in range(120)),
]

REJECTED = [
    case("no samples", [], []),
    case("no labels", [0, 1], [0, 1], labels=[]),
    case("unequal lengths", [0, 1], [0]),
    case("strings and numbers", [0, 1], ["a", "b"]),
    case("fractions", [0.5, 1], [0, 1]),
    case("too few names", [0, 1], [0, 1], targetNames=["a"]),
    case("too many names", [0, 1], [0, 1], targetNames=["a", "b", "c"]),
    case("no names for labels", [0, 1], [0, 1], labels=[0, 1], targetNames=[]),
    case("negative digits", [0, 1], [0, 1], digits=-1),
    case("a fraction of digits", [0, 1], [0, 1], digits=1.5),
    case("another division", [0, 1], [0, 1], zeroDivision=0.5),
]


def run(name, outputs, y_true, y_pred, class_names=None):
    made = {"name": name, "outputs": outputs, "yTrue": [int(y) for y in y_true], "yPred": [int(y) for y in y_pred]}
    arguments = (made["yTrue"], made["yPred"])
    present = sorted(set(made["yTrue"] + made["yPred"]))
    options = {}
    if class_names is not None:
        made["classNames"] = class_names
        options["target_names"] = [class_names[label] if label < len(class_names) else str(label) for label in present]
    rows = list(classification_report(*arguments, **options, output_dict=True).items())
    matrix = confusion_matrix(*arguments, labels=list(range(outputs))).tolist()
    return {**made, "text": classification_report(*arguments, **options), "report": rows, "matrix": matrix}


def random_run(i):
    """Classes that are only true, only predicted or neither, with or without names of any length and script."""
    outputs = int(random.choice([1, 2, 3, 10, 26, 47]))
    count = int(random.choice([1, 2, 8, 50, 300]))
    true_classes = random.permutation(outputs)[: 1 + random.integers(outputs)]
    predicted_classes = random.permutation(outputs)[: 1 + random.integers(outputs)]
    true = random.choice(true_classes, count)
    pred = np.where(random.random(count) < random.random(), true, random.choice(predicted_classes, count))
    names = None
    if random.random() < 0.5:
        names = [f"{'おきすつ éxy_-'[j % 10]}{j}" + "n" * int(random.integers(0, 25)) for j in range(outputs)]
    return run(f"random {i}: {outputs} outputs, {count} samples", outputs, true, pred, names)


RUNS = [
    run("two of nine classes occur", 9, [3] * 10 + [8] * 10, [3] * 9 + [8] * 11),
    run("a class is predicted that is never true", 4, [0, 1, 1, 0], [0, 1, 3, 0]),
    run("a class is true that is never predicted", 4, [0, 1, 2, 2], [0, 1, 1, 0]),
    run("one class, always right", 10, [4, 4, 4], [4, 4, 4]),
    run("one class, never right", 10, [4, 4, 4], [5, 5, 5]),
    run("a network with one output", 1, [0, 0], [0, 0]),
    run("names of classes that occur", 3, [0, 2, 2, 0], [0, 2, 0, 0], ["T-shirt/top", "Trouser", "Pullover"]),
    run("names in another script", 3, [0, 1, 2, 2], [0, 1, 2, 1], ["お", "き", "す"]),
    run("the network tells more classes apart than have names", 4, [0, 1, 1], [0, 3, 1], ["a", "b"]),
    *(random_run(i) for i in range(60)),
]


def raises(case):
    try:
        classification_report(case["yTrue"], case["yPred"], **options_of(case))
    except ValueError:
        return True
    return False


def main():
    assert sklearn.__version__ == "1.2.1", sklearn.__version__
    assert all(raises(case) for case in REJECTED)
    golden = {
        "sklearn": sklearn.__version__,
        "numpy": np.__version__,
        "cases": [solved(case) for case in CASES],
        "rejected": REJECTED,
        "runs": RUNS,
    }
    path = Path(__file__).parent.parent / "tests/fixtures/golden-reports.json"
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    print(f"{path}: {len(CASES)} cases, {len(RUNS)} runs, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
