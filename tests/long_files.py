"""The test files that take ten seconds or more, the longest first."""

LONG_FILES = (
    "oott_assets/training/test_training_pipeline.py",
    "oott_assets/test_fault_matrix.py",
    "test_demo.py",
    "oott_assets/photos/sources/browser/test_browser_source.py",
    "test_docs.py",
    "oott_assets/training/versions/test_publishing.py",
    "oott_assets/training/test_weights.py",
    "oott_assets/photos/sources/browser/test_hashtag_page.py",
    "test_project.py",
    "oott_assets/trends/test_monthly_trends.py",
    "oott_assets/test_drawn_truth.py",
    "oott_assets/test_killed_runs.py",
    "oott_serving/test_outages_and_overload.py",
    "oott_serving/test_camera.py",
    "oott_assets/test_crawled_month.py",
    "oott_serving/test_bento.py",
)
