"""Pyrite inside other tools: one small file a tool, loaded by that tool and never by Pyrite itself.

``inspect_ai``: a scorer, a task and a rescoring of stored logs; ``lm_eval/``: a task folder for ``--include_path``.
Their packages are imported only in their own files; none is needed by Pyrite. See ``docs/integrations.md``.
"""
