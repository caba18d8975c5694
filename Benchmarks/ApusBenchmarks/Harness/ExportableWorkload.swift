import Apus

/// A workload with a model that can be written in another format.
public protocol ExportableWorkload: Workload {
    /// A fresh model in evaluation mode, and what it is called on.
    func sample() -> ModelSample
}

/// A model, and inputs for it.
public struct ModelSample {
    public let model: Module
    /// In the order of their names.
    public let inputs: [(name: String, value: Tensor)]
    private let call: ([Tensor]) -> Tensor

    init<Model: Module>(
        _ model: Model, _ inputs: [String: Input], _ call: @escaping (Model, [String: Tensor]) -> Tensor
    ) {
        self.model = model.eval()
        let names = inputs.keys.sorted()
        self.inputs = names.map { (name: $0, value: inputs[$0]!.make().evaluated()) }
        self.call = { call(model, Dictionary(uniqueKeysWithValues: zip(names, $0))) }
        model.vary()
    }

    /// The model's output.
    public func callAsFunction(_ inputs: [Tensor]) -> Tensor { call(inputs) }
}

extension Module {
    /// Running statistics as after some training: those of a fresh model do nothing.
    fileprivate func vary() {
        for (name, slot) in namedBuffers {
            guard let tensor = slot.tensor else { continue }
            if name.hasSuffix("running_mean") { slot.tensor = tensor + Tensor.normal(tensor.shape) * 0.1 }
            if name.hasSuffix("running_var") { slot.tensor = tensor * (Tensor.uniform(tensor.shape) + 0.5) }
        }
    }
}

extension InferenceWorkload: ExportableWorkload {
    public func sample() -> ModelSample { ModelSample(makeModel(), inputs, forward) }
}

extension TrainingWorkload: ExportableWorkload where Model: Layer {
    /// Of the inputs that are no targets: a layer has one.
    public func sample() -> ModelSample {
        ModelSample(makeModel(), inputs.filter { !["y", "targets"].contains($0.key) }) { model, inputs in
            model(inputs.first!.value)
        }
    }
}

extension AdversarialWorkload: ExportableWorkload {
    /// The generator alone.
    public func sample() -> ModelSample {
        ModelSample(Generator64(), ["noise": .normal([4, 100, 1, 1])]) { $0($1["noise"]!) }
    }
}
