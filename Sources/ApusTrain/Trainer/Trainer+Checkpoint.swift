import ApusIO
import ApusOptim
import Foundation

/// What a checkpoint says beside its tensors.
private struct CheckpointNotes: Codable {
    var system: String
    var configuration: TrainerConfiguration
    var state: TrainingState
}

// A checkpoint's tensors: `model.…`, `optimizer.…` (what a step of one's own needs besides the model is there too), and `average.…`
// where weights are averaged.

extension Trainer {
    func saveCheckpoint(to url: URL) throws {
        state.seconds = seconds
        var tensors = model.stateDictionary().prefixed("model.")
        try tensors.merge(method.stateDictionary().prefixed("optimizer.")) { $1 }
        if let average { tensors.merge(average.stateDictionary().prefixed("average.")) { $1 } }
        let notes = CheckpointNotes(system: system, configuration: configuration, state: state)
        try Checkpoint(tensors: tensors, metadata: notes).save(to: url)
        if url == run?.lastCheckpointURL { checkpointStep = state.position.step }
        tell(.checkpoint(.init(step: state.position.step, path: url.path)))
    }

    /// Takes up the run where its last checkpoint stands; `fit` goes on from there.
    ///
    /// - Throws: `RunError` where there is no checkpoint or one of other settings, `FileError` and `FormatError` where it cannot be read, and
    ///   `StateError` where it is of another architecture, naming the missing and unexpected keys.
    public func resume() throws {
        guard let run else { preconditionFailure("Trainer.resume: the trainer has no run folder") }
        let url = run.lastCheckpointURL
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw RunError(
                path: run.path, problem: "the run has no checkpoint to go on from",
                remedy: "train anew with another --out")
        }
        let checkpoint = try Checkpoint<CheckpointNotes>(contentsOf: url)
        try requireSameCourse(checkpoint.metadata, url)
        try model.load(checkpoint.tensors.unprefixed("model."))
        try method.load(checkpoint.tensors.unprefixed("optimizer."), model: model)
        try average?.load(checkpoint.tensors.unprefixed("average."))
        state = checkpoint.metadata.state
        state.outcome = stillOver(state)
        checkpointStep = state.position.step
        if state.bestValue != nil { best = try storedBest(run) }
    }

    /// Why a run that is taken up is over nevertheless: its evaluations get no better, however often it is asked.
    private func stillOver(_ state: TrainingState) -> TrainingResult.Outcome? {
        guard let patience = configuration.patience, state.evaluationsSinceBest >= patience else { return nil }
        return .stoppedEarly
    }

    /// Settings that may differ between the sessions of a run: they decide when to stop and what to write, not where the steps lead.
    private func requireSameCourse(_ notes: CheckpointNotes, _ url: URL) throws {
        func course(_ configuration: TrainerConfiguration) throws -> JSONValue {
            var course = configuration
            course.epochs = 0
            course.maximumSeconds = nil
            course.logInterval = 1
            course.patience = nil
            course.checkpointSeconds = 0
            return try JSONValue(encoding: course)
        }
        var differences = JSONValue.differences(try course(notes.configuration), try course(configuration))
        if notes.system != system { differences.insert("system: \(notes.system) there, \(system) here", at: 0) }
        guard differences.isEmpty else {
            throw RunError(
                path: url.path,
                problem: "the checkpoint is of another training (\(differences.joined(separator: "; ")))",
                remedy: "resume with the same settings, or begin a new run with another --out")
        }
    }

    /// The best model, from its checkpoint.
    private func storedBest(_ run: RunFolder) throws -> StateDictionary? {
        guard FileManager.default.fileExists(atPath: run.bestCheckpointURL.path) else { return nil }
        let tensors = try Checkpoint<CheckpointNotes>(contentsOf: run.bestCheckpointURL).tensors
        var weights = tensors.unprefixed("model.")
        let averaged = tensors.unprefixed("average.")
        for name in weights.keys { if let value = averaged[name] { weights[name] = value } }
        return weights
    }

    /// Writes the model as it is now for others to use: its state alone, under PyTorch's names.
    func saveModel(to run: RunFolder) throws {
        try SafetensorsFile.write(model.stateDictionary(), metadata: ["system": system], to: run.modelURL)
    }
}

extension StateDictionary {
    /// The same tensors with `prefix` before their names, so that several dictionaries fit into one.
    package func prefixed(_ prefix: String) -> StateDictionary {
        Dictionary(uniqueKeysWithValues: map { (prefix + $0.key, $0.value) })
    }

    /// Those whose names begin with `prefix`, without it.
    package func unprefixed(_ prefix: String) -> StateDictionary {
        Dictionary(
            uniqueKeysWithValues: filter { $0.key.hasPrefix(prefix) }.map {
                (String($0.key.dropFirst(prefix.count)), $0.value)
            })
    }
}
