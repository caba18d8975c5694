/// `import Apus` is the whole framework.
@_exported import ApusControl
@_exported import ApusData
@_exported import ApusIO
@_exported import ApusNN
@_exported import ApusONNX
@_exported import ApusOptim
@_exported import ApusTensor
@_exported import ApusText
@_exported import ApusTrain
@_exported import ApusVision
