"""The notebook of the examples runs, and shows what it says."""

from contextlib import chdir
from pathlib import Path

import pytest
from notebooks import code_cells, run_cell, shown

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"


@pytest.mark.filterwarnings("ignore")
def test_the_tour_shows_what_it_stored() -> None:
    pytest.importorskip("pandas")
    names: dict[str, object] = {}
    cells = code_cells(EXAMPLES / "tour.ipynb")
    with chdir(EXAMPLES):
        found = [run_cell("".join(cell["source"]), names) for cell in cells]
    assert found == [shown(cell) for cell in cells]
    assert sum(text is not None for text in found) >= 6
