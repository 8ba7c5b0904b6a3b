"""The classes that ``dagster.yaml`` names: where runs are recorded, and how dead ones are found."""
