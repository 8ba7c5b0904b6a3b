"""The statistics of trends: shares of photos, their intervals, and changes between months."""
