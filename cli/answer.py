"""``pyrite answer``: a model answers problems into a run folder."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from ..feasibility.errors import PyriteError
from ..feasibility.one_line import one_line
from .console import next_step, note, notes, print_json, progress


def register(app: typer.Typer) -> None:
    """Add ``answer``."""
    app.command("answer")(answer_command)


def answer_command(
    model: Annotated[
        str, typer.Option(help="embedded, a folder, a checkpoint, a .gguf, owner/name, or http://host/v1#name.")
    ],
    problems: Annotated[str, typer.Option(help="problems.jsonl, or - for standard input.")],
    out: Annotated[str, typer.Option(help="Run folder; answers that it already holds are not asked again.")],
    adapter: Annotated[str | None, typer.Option(help="A folder with an adapter to put on the model.")] = None,
    expert: Annotated[
        list[str] | None, typer.Option(help="A tuned model whose change is added to the scores; may be repeated.")
    ] = None,
    anti_expert: Annotated[
        list[str] | None, typer.Option(help="Each expert before it was tuned (default: by its record).")
    ] = None,
    alpha: Annotated[list[float] | None, typer.Option(help="Each expert's weight (default 1).")] = None,
    keep_top_p: Annotated[float, typer.Option(help="Below 1: an expert counts only within its nucleus.")] = 1.0,
    speculate: Annotated[int, typer.Option(min=0, help="Tokens that the first expert writes ahead.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cuda, cuda:N, mps or cpu.")] = "auto",
    dtype: Annotated[str, typer.Option(help="auto, bfloat16, float16 or float32.")] = "auto",
    back_end: Annotated[str, typer.Option(help="transformers, or vllm (extra vllm; no drafts).")] = "transformers",
    tensor_parallel: Annotated[int, typer.Option(min=1, help="GPUs that share the model (vllm).")] = 1,
    threads: Annotated[int, typer.Option(min=0, help="CPU threads (0: every usable core).")] = 0,
    batch_size: Annotated[int, typer.Option(min=0, help="Answers at once (0: 128 on a GPU, else 40).")] = 0,
    max_new_tokens: Annotated[int, typer.Option(help="Tokens at which an answer is cut; cuts are counted.")] = 512,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N problems.")] = None,
    samples: Annotated[int, typer.Option(help="Answers per problem; more than one needs a temperature.")] = 1,
    temperature: Annotated[float, typer.Option(help="0: greedy.")] = 0.0,
    top_p: Annotated[float, typer.Option(help="Nucleus sampling.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Of sampling.")] = 0,
    decoding: Annotated[
        str, typer.Option(help="free; grammar: the language; names: the problem's names too.")
    ] = "free",
    drafts: Annotated[
        int, typer.Option(min=0, help="Tokens guessed ahead from what was written and checked in one pass (0: none).")
    ] = 4,
    prompt: Annotated[
        str, typer.Option(help="short, full, or auto: as the checkpoint was tuned, else short.")
    ] = "auto",
    prompt_file: Annotated[
        str | None,
        typer.Option(help="A text file with your own system prompt (default: the checkpoint's own, if any)."),
    ] = None,
    examples: Annotated[int, typer.Option(min=0, help="Worked examples, the first of --examples-from.")] = 0,
    examples_from: Annotated[str | None, typer.Option(help="A problems.jsonl with references.")] = None,
    plain_prompt: Annotated[
        bool, typer.Option("--plain-prompt", help="Plain headings for a model without chat template.")
    ] = False,
    parallel: Annotated[int, typer.Option("--parallel", "--concurrency", help="Requests at once (endpoint).")] = 4,
    endpoint: Annotated[
        list[str] | None, typer.Option(help="A further endpoint of the same model, http://host/v1#name; may repeat.")
    ] = None,
    batch_out: Annotated[
        Path | None, typer.Option(help="Ask nothing: write the requests that are left as a batch file (JSON lines).")
    ] = None,
    batch_in: Annotated[
        str | None, typer.Option(help="Ask nothing: take the answers from a batch endpoint's results.")
    ] = None,
    engine: Annotated[str, typer.Option(help="local, or ray: batches on the nodes of a Ray cluster.")] = "local",
    address: Annotated[
        str | None, typer.Option(help="The Ray cluster: auto, or HOST:PORT (default: one of this machine).")
    ] = None,
    timeout: Annotated[float, typer.Option(help="Seconds a request may take (endpoint).")] = 300.0,
    request: Annotated[
        list[str] | None,
        typer.Option(help="A field of the request (endpoint): name=JSON, name= to leave it out, name:other to rename."),
    ] = None,
    template: Annotated[
        list[str] | None, typer.Option(help="An argument of the chat template (endpoint), as enable_thinking=false.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="What was done, as JSON.")] = False,
) -> None:
    """Answer problems with a model, in batches; stop it any time and run the same command again to go on."""
    from ..models.answering import Settings
    from ..models.answering.endpoint import Asking, parse_fields
    from ..models.answering.into_run import answer_into
    from ..models.answering.making import make_answerer
    from ..models.answering.on_ray import RemoteModel
    from ..models.companions import companions_of
    from ..models.prompts import Prompt
    from ..models.sources import parse_source
    from ..models.training.processes import one_process
    from ..problems.files import read_problems

    one_process("pyrite answer")
    settings = Settings(
        samples=samples,
        temperature=temperature,
        top_p=top_p,
        seed=seed,
        max_new_tokens=max_new_tokens,
        batch_size=batch_size,
        drafts=drafts,
        tensor_parallel=tensor_parallel,
        decoding=decoding,  # type: ignore[arg-type]  # Settings checks the word
    )
    known = read_problems(problems)
    if limit is not None:
        del known[limit:]
    notes(known.complaints, "broken lines were passed over")
    if endpoint and not model.startswith(("http://", "https://")):
        raise PyriteError(f"--endpoint adds to a --model that is an endpoint (http://host/v1#name), not to {model}")
    source = parse_source(",".join([model, *(endpoint or ())]), adapter)
    asked = Prompt(
        _style(prompt, source),
        _worked(examples, examples_from),
        "plain" if plain_prompt else "error",
        system=_system(prompt, prompt_file, source),
    )
    companions = companions_of(expert or [], anti_expert or [], alpha or [], keep_top_p=keep_top_p, speculate=speculate)
    asking = Asking(parse_fields(request or ()), parse_fields(template or (), "--template"), timeout)
    compute = (device, dtype, threads)
    remote = RemoteModel(source, asked, settings, compute, back_end, companions)
    answerer = _on_ray(remote, engine, address, out) or make_answerer(
        source, asked, settings, compute, parallel, note, back_end, companions, asking
    )
    if batch_out is not None or batch_in is not None:
        _by_batch(answerer, (out, known, settings), batch_out, batch_in, as_json)
        return
    with progress(len(known) * samples, "answering") as show:
        tally = answer_into(out, answerer, known, settings, lambda done, total: show(done))
    note(f"{tally.sentence()}; run: {out}")
    next_step(
        f"pyrite score {problems if problems != '-' else f'{out}/problems.jsonl'} {out}/outputs.jsonl --out {out}"
    )
    if as_json:
        print_json(asdict(tally))


def _on_ray(model: Any, engine: str, address: str | None, out: str) -> Any:
    """The answerer on a cluster; None where this machine answers. The cluster is left when the command ends."""
    import atexit

    from ..models.answering.on_ray import RayAnswerer
    from ..results.engines import Local, get_engine
    from ..results.run import RunFolder

    if get_engine(engine, address) == Local():
        return None
    answerer = RayAnswerer(model, address, RunFolder(out).answered())
    atexit.register(answerer.close)
    return answerer


def _by_batch(
    answerer: Any, asked: tuple[Any, ...], batch_out: Path | None, batch_in: str | None, as_json: bool
) -> None:
    """Requests into a file, or results out of one, by the same run folder as any answering."""
    from ..models.answering.batch_files import BatchReader, open_batch
    from ..models.answering.endpoint import EndpointAnswerer
    from ..models.answering.into_run import answer_into
    from ..results.run import RunFolder

    if not isinstance(answerer, EndpointAnswerer):
        raise PyriteError("batch files are for one endpoint: --model http://host/v1#NAME")
    out, known, settings = asked
    folder = RunFolder(out)
    batch = open_batch(answerer, folder.answered(), batch_out, batch_in)
    tally = answer_into(out, batch, known, settings)
    if isinstance(batch, BatchReader):
        for line in batch.notes:
            note(f"pyrite: {one_line(line, 1_000)}")
        note(f"{tally.sentence()}; run: {out}")
        next_step(f"pyrite score {out}/problems.jsonl {out}/outputs.jsonl --out {out}")
    elif batch.written:
        note(f"{batch.written:,} requests in {batch_out}, {tally.before:,} were answered; run: {out}")
        next_step("the same command with --batch-in RESULTS.jsonl in the place of --batch-out, when they are there")
    else:
        note(f"nothing is left to ask; {batch_out} was not written")
    if as_json:
        print_json({**asdict(tally), "written": getattr(batch, "written", 0)})


def _style(prompt: str, source: Any) -> Any:
    return _recorded(source).get("style", "short") if prompt == "auto" else prompt


def _system(prompt: str, file: str | None, source: Any) -> str:
    """Own words: those of the file, else those that the checkpoint was tuned with, unless a style was asked for."""
    if file is not None:
        from ..models.recipes import own_prompt

        if prompt != "auto":
            raise PyriteError("--prompt and --prompt-file exclude one another")
        return own_prompt(file)
    return str(_recorded(source).get("system", "")) if prompt == "auto" else ""


def _recorded(source: Any) -> dict[str, Any]:
    """How the model was asked while it was tuned; empty for one that says nothing."""
    from ..models.sources import RECORD, read_record

    for folder in (source.name if source.kind == "checkpoint" else None, source.adapter):
        if folder is not None and (Path(folder) / RECORD).is_file():
            found = read_record(Path(folder)).get("prompt", {})
            return found if isinstance(found, dict) else {}
    return {}


def _worked(count: int, path: str | None) -> tuple[Any, ...]:
    from ..problems.files import read_problems

    if not count:
        return ()
    if path is None:
        raise PyriteError("--examples needs --examples-from FILE, problems that are not asked")
    found = [problem for problem in read_problems(path) if problem.reference is not None]
    if len(found) < count:
        raise PyriteError(f"{path} has {len(found)} problems with references, and --examples asks for {count}")
    return tuple(found[:count])
