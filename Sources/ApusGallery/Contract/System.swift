import Apus
import Foundation

/// A deep-learning system: a model with its data, its training and its use, behind the one contract that the command line and
/// the studio know.
///
/// Systems are values without state. What one needs to know between two calls lies in the run's folder.
public protocol System: Sendable {
    /// What it says about itself.
    var card: SystemCard { get }

    /// Trains a model, or goes on with an interrupted training, and measures it on held-out data.
    ///
    /// - Returns: the last event: what the model and the baseline reach. Nil after an interruption, when everything is saved.
    /// - Throws: what is wrong with the data or the disk; the error names the input and the remedy.
    func train(_ options: TrainOptions, output: any SystemOutput) throws -> RunEvent.Finished?

    /// Measures a trained model on held-out data.
    func evaluate(_ options: EvaluateOptions, output: any SystemOutput) throws -> RunEvent.Finished

    /// Uses a trained model on a user's own files or texts. One that can't be read is reported and doesn't stop the others.
    ///
    /// - Returns: how many inputs could not be used.
    func predict(_ options: PredictOptions, output: any SystemOutput) throws -> Int

    /// The layers, shapes, parameters and cost of a preset's model on the default data.
    ///
    /// - Parameter preset: the default one where nil.
    func summary(preset: String?) throws -> Summary
}

extension System {
    /// What the system is called in commands, from its card.
    public var name: String { card.name }
}
