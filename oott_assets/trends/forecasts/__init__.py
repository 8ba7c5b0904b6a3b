"""Forecasts shares, and finds weeks with an unusual share. It knows no database and no Dagster."""
