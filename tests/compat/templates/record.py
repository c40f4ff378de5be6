#!/usr/bin/env python3
"""Records what Salt's Jinja makes of expressions.txt into recorded.txt.

Run with the Python of an environment in which Salt is installed (`pip install salt`). In both files a line
break is written ⏎ and a carriage return ␍; an error is recorded as a lone !.
"""

import json
import pathlib
import tempfile

import salt.config
import salt.utils.templates

HERE = pathlib.Path(__file__).parent
VARIABLES = json.loads((HERE / "variables.json").read_text())


class Functions(dict):
    """salt['module.function'] and salt.module.function."""

    def __getattr__(self, module):
        functions = self

        class Module:
            def __getattr__(self, name):
                return functions[f"{module}.{name}"]

        return Module()


def render(text, folder):
    opts = salt.config.minion_config(None)
    opts.update(file_client="local", cachedir=folder, root_dir=folder, id="x")
    opts["file_roots"] = {"base": [folder]}
    functions = Functions({"test.echo": lambda value: value, "test.named": lambda **named: named})
    # A fresh copy for each: some expressions change what they are given.
    context = dict(json.loads(json.dumps(VARIABLES)), opts=opts, saltenv="", salt=functions)
    try:
        return salt.utils.templates.render_jinja_tmpl(text, context)
    except Exception:
        return "!"


def main():
    lines = (HERE / "expressions.txt").read_text().splitlines()
    with tempfile.TemporaryDirectory() as folder:
        texts = [line.replace("␍", "\r").replace("⏎", "\n") for line in lines]
        results = [render(text, folder).replace("\r", "␍").replace("\n", "⏎") for text in texts]
    (HERE / "recorded.txt").write_text("".join(result + "\n" for result in results))


if __name__ == "__main__":
    main()
