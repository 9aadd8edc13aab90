"""Started by accelerate in tests: ``pyrite`` on CPUs with what the libraries keep for GPUs.

accelerate splits weights with FSDP on GPUs only, and transformers lets DeepSpeed compute in bfloat16 on GPUs only;
torch and DeepSpeed themselves do both on CPUs. Here accelerate takes gloo processes for GPUs, and transformers takes a
CPU for a GPU that has bfloat16. Everything else is what runs on GPUs: the same classes, collectives, shards and files.
"""

import os
import sys

import transformers.training_args
from accelerate.state import PartialState
from accelerate.utils import DistributedType

if os.environ.get("ACCELERATE_USE_FSDP") == "true":
    begin = PartialState.__init__
    PartialState.__init__ = lambda self, cpu=False, **more: begin(self, False, **more)
    PartialState._prepare_backend = lambda self, *rest: ("gloo", DistributedType.MULTI_GPU)
    os.environ["ACCELERATE_TORCH_DEVICE"] = "cpu"
transformers.training_args.is_torch_bf16_gpu_available = lambda: True

if __name__ == "__main__":
    from torch.distributed.fsdp import FSDPModule

    from pyrite.cli.main import main
    from pyrite.models.training import gathering

    gather = gathering.gather

    def gather_parts(model, split, first, **more):
        """Says what this process holds: that weights are really split is not seen from the results."""
        parameters = list(model.parameters())
        if split == "FSDP":
            assert isinstance(model, FSDPModule)
            parts = sum(p.to_local().numel() < p.numel() for p in parameters)
        else:
            parts = sum(p.numel() < p.ds_numel for p in parameters)
        sys.stderr.write(f"{parts} of {len(parameters)} parameters are parts\n")
        return gather(model, split, first, **more)

    gathering.gather = gather_parts
    main()
