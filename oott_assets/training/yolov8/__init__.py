"""YOLOv8 by Ultralytics: training that resumes, measuring, exporting, making faster."""
