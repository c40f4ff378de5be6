#!/usr/bin/env python3
"""Records what Salt makes of these trees: low chunks, and results where a tree is run.

Needs a Python with salt==3008.2; `make compat-record` installs it in a virtualenv. Each NAME.yaml is a
list of trees (`name`, `state` or `states`, `pillar`, `sls`, `run`); the recording is NAME.json.
"""

import json
import logging
import pathlib
import sys
import tempfile

import salt.client
import salt.config
import yaml

HERE = pathlib.Path(__file__).resolve().parent
GRAINS = json.loads((HERE / "grains.json").read_text())


def write(root: pathlib.Path, files: dict) -> None:
    root.mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


def recorded(tree: dict) -> dict:
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        states = {"a.sls": tree["state"]} if "state" in tree else tree["states"]
        sls = ["a"] if "state" in tree else tree.get("sls")
        # `state.show_low_sls` leaves out extend, exclude and the `_in` requisites; a top file does not.
        if sls:
            states["top.sls"] = json.dumps({"base": {"*": sls}})
        write(root / "states", states)
        write(root / "pillar", tree.get("pillar", {}))
        (root / "minion").write_text(
            json.dumps(
                {
                    "root_dir": name,
                    "id": GRAINS["id"],
                    "file_client": "local",
                    "file_roots": {"base": [str(root / "states")]},
                    "pillar_roots": {"base": [str(root / "pillar")]},
                    "grains": GRAINS,
                    "log_level": "quiet",
                }
            )
        )
        caller = salt.client.Caller(mopts=salt.config.minion_config(str(root / "minion")))
        low = caller.cmd("state.show_lowstate")
        answer = {"low": low}
        if tree.get("run"):
            ran = caller.cmd("state.apply")
            results = sorted(ran.values(), key=lambda result: result["__run_num__"])
            answer["run"] = [
                {
                    "id": result["__id__"],
                    "name": result["name"],
                    "result": result["result"],
                    "changed": bool(result["changes"]),
                    "comment": result["comment"].strip(),
                }
                for result in results
            ]
        return answer


def main() -> None:
    logging.disable(logging.CRITICAL)
    for file in sorted(HERE.glob("*.yaml")):
        if sys.argv[1:] and file.stem not in sys.argv[1:]:
            continue
        trees = yaml.safe_load(file.read_text())
        answers = {tree["name"]: recorded(tree) for tree in trees}
        file.with_suffix(".json").write_text(json.dumps(answers, indent=1) + "\n")
        print(f"{file.stem}: {len(answers)} trees")


if __name__ == "__main__":
    main()
