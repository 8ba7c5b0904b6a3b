"""Measures the forecasts of weekly series against other methods, and the time for 1,000 series.

Run it: ``python -m benchmarks.forecast FOLDER``. The first column of each CSV file in FOLDER is the
week. Each other column has the shares of a series. The last 52 weeks are forecast from the weeks
before them. The 52 weeks before those are forecast in the same way.

The error (MASE) of a series is the mean absolute error, divided by that of repeating the year
before within the weeks that are forecast from. If a forecast cannot be told, the last year repeated
is counted.
"""

import argparse
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from oott_assets.trends.forecasts.back_tests import WEEKLY
from oott_assets.trends.forecasts.forecasting import forecast
from oott_assets.trends.forecasts.share_history import Matrix, ShareHistory

YEAR = 52
_TIMED_SERIES = 1000

Method = Callable[[Matrix], Matrix]


def last_year(shares: Matrix) -> Matrix:
    """Repeat the last year."""
    return shares[:, -YEAR:]


def ours(shares: Matrix) -> Matrix:
    """Forecast as OOTT does."""
    told = forecast(ShareHistory.of_shares(shares, YEAR), WEEKLY)
    return np.where(told.told[:, None], told.share, last_year(shares))


def by_statsforecast(make_model: Callable[[], Any]) -> Method:
    """Forecast each series by a model of statsforecast."""

    def forecasts(shares: Matrix) -> Matrix:
        return np.stack(
            [make_model().forecast(y=np.ascontiguousarray(one), h=YEAR)["mean"] for one in shares]
        )

    return forecasts


def methods() -> Mapping[str, Method]:
    """Give what is compared."""
    from statsforecast.models import MSTL, AutoETS, AutoTheta  # it takes seconds to import

    return {
        "OOTT": ours,
        "last year repeated": last_year,
        "ETS": by_statsforecast(lambda: AutoETS(season_length=YEAR)),
        "MSTL with AutoTheta": by_statsforecast(
            lambda: MSTL(season_length=YEAR, trend_forecaster=AutoTheta())
        ),
    }


def mase(shares: Matrix, method: Method, unseen: slice) -> float:
    """Give the mean error over all series in the weeks ``unseen``."""
    past, truth = shares[:, : unseen.start], shares[:, unseen]
    scale = np.abs(past[:, YEAR:] - past[:, :-YEAR]).mean(axis=1)
    errors = np.abs(method(past) - truth).mean(axis=1)
    return float((errors / scale).mean())


def seconds_for_many(shares: Matrix, method: Method) -> float:
    """Measure the time for 1,000 series, which are repeats of those in ``shares``."""
    many = np.resize(shares, (_TIMED_SERIES, shares.shape[1]))
    start = time.perf_counter()
    method(many)
    return time.perf_counter() - start


def main() -> None:
    """Read the command line, and print a table of the errors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder with the CSV files")
    files = sorted(parser.parse_args().folder.glob("*.csv"))
    series = {file.stem: _series_of(file) for file in files}
    compared = methods()
    _report("| | |" + "".join(f" {name} |" for name in compared))
    for name, shares in series.items():
        weeks = shares.shape[1]
        for end, which in ((weeks, "last year"), (weeks - YEAR, "year before")):
            unseen = slice(end - YEAR, end)
            errors = [mase(shares, method, unseen) for method in compared.values()]
            _report(f"| {name} | {which} |" + "".join(f" {error:.3f} |" for error in errors))
    _report(
        f"{_TIMED_SERIES:,} series: {seconds_for_many(next(iter(series.values())), ours):.1f} s"
    )


def _series_of(file: Path) -> Matrix:
    return np.ascontiguousarray(pd.read_csv(file, index_col=0).to_numpy(dtype=np.float64).T)


def _report(line: str) -> None:
    print(line)  # noqa: T201 - the output of the benchmark


if __name__ == "__main__":
    main()
