"""The stream worker: a Faust app that folds events into cells and commits cells, state and offsets as one."""
