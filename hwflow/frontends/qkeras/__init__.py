"""The QKeras front end: exact building blocks, training, and export of live and saved models to QONNX.

Exact means the same as in `hwflow.frontends.brevitas`. A block is a function over Keras tensors that puts ordinary
QKeras layers and ``keras.ops`` into the model, so a saved model holds nothing of hwflow and loads wherever QKeras does.
Importing this package, `export` and `keras_files` imports no TensorFlow; the blocks and `train` do.
"""
