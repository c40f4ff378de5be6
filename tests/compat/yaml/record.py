#!/usr/bin/env python3
"""Records what Salt's YAML loader makes of documents.txt into recorded.txt, as JSON.

Run with the Python of an environment in which Salt is installed (`pip install salt`). In documents.txt a line
break is written ⏎ and a tab ⇥; an error is recorded as a lone !.
"""

import json
import pathlib
import warnings

import salt.utils.yaml

HERE = pathlib.Path(__file__).parent


def load(text):
    try:
        return json.dumps(salt.utils.yaml.safe_load(text), ensure_ascii=False, default=str)
    except Exception:
        return "!"


def main():
    warnings.simplefilter("ignore")
    lines = (HERE / "documents.txt").read_text().splitlines()
    results = [load(line.replace("⏎", "\n").replace("⇥", "\t")) for line in lines]
    (HERE / "recorded.txt").write_text("".join(result + "\n" for result in results))


if __name__ == "__main__":
    main()
