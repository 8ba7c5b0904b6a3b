"""All that is not a prediction: the API document, health, /model, /trends and /try."""
