"""Where a run can be carried out: modules with `train(job, ranks, *, reproducible)`."""
