"""Functional coverage: which of the situations that matter the benches have played.

:mod:`.points` keeps the books and :mod:`.replay` says what happened in a trace. :mod:`.flow`, :mod:`.rows` and, for
values, :mod:`.unnormed`, :mod:`.normalization` and :mod:`.baseline` ask about it; :mod:`.collect` does so for a unit.
"""
