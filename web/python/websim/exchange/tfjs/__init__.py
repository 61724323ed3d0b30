"""TensorFlow.js: layers models and graph models, a `model.json` and files of weights beside it."""
