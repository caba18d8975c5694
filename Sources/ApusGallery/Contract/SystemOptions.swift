import Apus
import Foundation

/// How a system is trained. What is nil is up to the preset.
public struct TrainOptions: Sendable {
    /// The data's file or folder; the system's default data where nil.
    public var data: URL?
    public var preset: String?
    public var epochs: Int?
    public var batchSize: Int?
    public var learningRate: Double?
    public var seed: UInt64 = 0
    public var precision = Precision.float32
    /// The run's new folder.
    public var folder: URL
    /// Goes on with the run in `folder`, with its own settings.
    public var resumes = false

    public init(folder: URL) { self.folder = folder }
}

/// How a trained model is measured.
public struct EvaluateOptions: Sendable {
    /// The folder of the run that trained it.
    public var model: URL
    /// Data of the same kind; the run's own where nil.
    public var data: URL?

    public init(model: URL, data: URL? = nil) {
        self.model = model
        self.data = data
    }
}

/// How a trained model is used.
public struct PredictOptions: Sendable {
    /// The folder of the run that trained it.
    public var model: URL
    public var inputs: [URL]

    public init(model: URL, inputs: [URL]) {
        self.model = model
        self.inputs = inputs
    }
}
