"""YOLOv8 with Ultralytics: resumable training, validation, ONNX export and int8 quantisation."""
