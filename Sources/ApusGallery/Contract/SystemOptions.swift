import Apus
import Foundation

/// How a system is trained. What is nil is up to the preset.
public struct TrainOptions: Sendable {
    /// The data's file or folder; the system's default data where nil.
    public var data: URL?
    /// A preset's name; the system's default one where nil.
    public var preset: String?
    /// Passes over the training data.
    public var epochs: Int?
    /// Samples a step.
    public var batchSize: Int?
    /// The optimizer's learning rate.
    public var learningRate: Double?
    /// What all random numbers of the run come from; 0 by default.
    public var seed: UInt64 = 0
    /// What the model's contractions are computed in.
    public var precision: Precision?
    /// The run's new folder.
    public var folder: URL
    /// Goes on with the run in `folder`, with its own settings.
    public var resumes = false
    /// The values of the system's own settings.
    public var settings: SettingValues

    public init(folder: URL, settings: SettingValues = SettingValues()) {
        self.folder = folder
        self.settings = settings
    }
}

extension TrainOptions {
    /// The settings of a run: those stored in its folder where it is resumed, new ones elsewhere.
    ///
    /// - Throws: `RunError` where there is no run to go on with, and what `makeNew` throws.
    func configuration<Configuration: Decodable>(_ makeNew: () throws -> Configuration) throws -> Configuration {
        resumes ? try RunFolder.open(folder).configuration() : try makeNew()
    }
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
    /// What to use it on: paths of the user's files or, where the system takes texts, the texts themselves.
    public var inputs: [String]
    /// The values of the system's own settings.
    public var settings: SettingValues

    public init(model: URL, inputs: [String], settings: SettingValues = SettingValues()) {
        self.model = model
        self.inputs = inputs
        self.settings = settings
    }
}
