"""Who answers for a source of weights: the loaded model, vLLM, or the endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...feasibility.errors import PyriteError
from ..embedded import Note

if TYPE_CHECKING:
    from ..companions import Companions
    from ..prompts import Prompt
    from ..sources import Source
    from . import Answerer, Settings
    from .endpoint import Asking


def make_answerer(
    source: Source,
    prompt: Prompt,
    settings: Settings,
    compute: tuple[str, str, int] = ("auto", "auto", 0),
    parallel: int = 4,
    note: Note = lambda text: None,
    back_end: str = "transformers",
    companions: Companions | None = None,
    asking: Asking | None = None,
) -> Answerer:
    """Who answers for a source: the loaded model, vLLM, or the endpoint. ``compute`` is device, dtype and threads.

    Raises PyriteError for a back end or companions that do not go with the source.
    """
    from . import BACK_ENDS

    if back_end not in BACK_ENDS:
        raise PyriteError(f"the back end is {' or '.join(BACK_ENDS)}, not {back_end!r}")
    if settings.tensor_parallel > 1 and back_end != "vllm":
        raise PyriteError("several GPUs for one model (--tensor-parallel) are vLLM's: add --back-end vllm")
    if companions and (source.kind == "endpoint" or back_end != "transformers"):
        who = source.name if source.kind == "endpoint" else f"the back end {back_end}"
        raise PyriteError(f"{who} gives no scores to which an expert's could be added; leave --expert out")
    if source.kind == "endpoint":
        if back_end != "transformers":
            raise PyriteError(f"{source.name} answers by itself; leave --back-end out")
        from .endpoint import Asking, EndpointAnswerer
        from .endpoints import SeveralEndpoints, addresses_of

        members = [
            EndpointAnswerer(address, prompt, settings, parallel, asking=asking or Asking(), note=note)
            for address in addresses_of(source.name)
        ]
        return members[0] if len(members) == 1 else SeveralEndpoints(members, note)
    if asking is not None and asking.identity():
        raise PyriteError(f"--request and --template are for endpoints; {source.text} is none")
    from ..devices import choose_compute

    if back_end == "vllm":
        from .vllm_engine import vllm_answerer
        from .vllm_starting import require_vllm

        require_vllm()
        chosen = choose_compute(*compute)
        note(f"{source.text}: vLLM, {chosen.describe()}")
        return vllm_answerer(source, chosen, prompt, settings, note)
    from ..sources import load
    from .local import LocalAnswerer

    chosen = choose_compute(*compute)
    loaded = load(source, chosen, note)
    note(f"{source.text}: {chosen.describe()}")
    if not companions:
        return LocalAnswerer(loaded, prompt, settings, note)
    from .logit_arithmetic import load_ensemble

    return LocalAnswerer(loaded, prompt, settings, note, load_ensemble(loaded, source, companions, note))
