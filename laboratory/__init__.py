"""From a run's answers to the cause of a wrong one: tables, figures and verdicts, no network.

Why a room of its own: the page (`ui`) and the commands (`training`) both count answers, and may not
see each other; `pipeline` is the path of *one* clip from its video to its verdict. Here are *many*
clips whose verdicts are known: nothing decodes a frame or runs a network, so torch and the video
libraries are forbidden here and what only wants figures starts in a second.

The design, from the bottom up:

- `table`: one record, `ClipTable`, a row a clip and a column each of class, every voter's class,
  probability, margin and entropy, agreement of the networks, and facts of the clip (size of the
  skater, length, frame rate, blur, quality of the skeleton, where the box came from, split,
  source). It is read from `RUN/predictions.parquet` by columns, never row by row, and from
  `RUN/clips.parquet` where that is; what is not known is empty (NaN, "" or `UNKNOWN`), never a
  guess. A row that cannot be used is left out and counted with its reason (`Problem`): one bad row
  never closes a run. Filters are values that go into an address and come back the same.
- `figures`: pure functions from a `ClipTable` and which of its rows (`rows`, `(N,)` bool) to
  numbers. Rows are chosen by masks, so that nothing is copied when a filter changes.
- `verdicts`: what the researcher decides about clips, kept beside the run, and what follows from
  corrected labels: a table with other labels, so that every figure above is renewed by the same
  functions, and a list to train on.

Nothing here draws: `ui` and the static report do, from the same functions.
"""
