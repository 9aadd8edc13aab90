"""The command as tests of the command line call it."""

import sys
from types import SimpleNamespace

import pytest

from pyrite.cli.main import main


@pytest.fixture
def pyrite(monkeypatch, capfd):
    """The command, in this process: exit code, standard output (a pipe, not a terminal) and standard error."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["pyrite", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capfd.readouterr()
        return SimpleNamespace(returncode=ended.value.code or 0, stdout=said.out, stderr=said.err)

    return run
