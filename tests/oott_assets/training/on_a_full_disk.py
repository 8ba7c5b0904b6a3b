"""Materialise main_weights with a file size limit of 3 MB, and print the failures."""

import resource
import sys

import dagster as dg

from oott_assets.definitions import configured_resources, defs


def main() -> None:
    """Limit the file size of this process, and train."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))
    job = defs.resolve_job_def("training_job").get_subset(op_selection=["main_weights"])
    run = job.execute_in_process(resources=configured_resources(), raise_on_error=False)
    for event in run.all_events:
        if event.event_type == dg.DagsterEventType.STEP_FAILURE:
            data = event.step_failure_data
            failure = data.user_failure_data
            sys.stdout.write(f"\nfailed: {failure.description if failure else data.error}\n")


if __name__ == "__main__":
    main()
