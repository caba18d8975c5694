import Apus

/// A model trained on one batch over and over: forward, backward, Adam.
public struct TrainingWorkload<Model: Module>: Workload {
    public let name: String
    public let kind = WorkloadKind.training
    public let precision: Precision
    public let items: (count: Double, name: String)?
    public let isCompiled: Bool
    private let isSparse: Bool
    let inputs: [String: Input]
    let makeModel: @Sendable () -> Model
    private let loss: @Sendable (Model, [String: Tensor]) -> Tensor

    /// - Parameters:
    ///   - isCompiled: whether steps run through `compile`.
    ///   - isSparse: whether tables are trained by `SparseAdam`.
    public init(
        _ name: String, precision: Precision = .float32, items: (count: Double, name: String)? = nil,
        isCompiled: Bool = false, isSparse: Bool = false, inputs: [String: Input],
        model: @escaping @Sendable () -> Model,
        loss: @escaping @Sendable (Model, [String: Tensor]) -> Tensor
    ) {
        self.name = name
        self.precision = precision
        self.items = items
        self.isCompiled = isCompiled
        self.isSparse = isSparse
        self.inputs = inputs
        makeModel = model
        self.loss = loss
    }

    public var flops: Double { 3 * forwardFlops(makeModel(), inputs, loss) }

    public func makeRunner(state: [String: Tensor]) throws -> any Runner {
        let model = makeModel()
        if !state.isEmpty { try model.load(state.under("model")) }
        let optimizer = isSparse ? SparseAdam(model, learningRate: 1e-3) : Adam(model, learningRate: 1e-3)
        let run = stateful(model, optimizer, isCompiled: isCompiled) { [loss] inputs in
            let (value, gradients) = valueAndGradients(model) { loss($0, inputs) }
            optimizer.step(gradients)
            return value
        }
        return TrainingRunner(precision, try inputs.tensors(from: state), run)
    }
}

/// A function of named tensors that changes a model and perhaps an optimizer, as it is or through `compile`.
private func stateful(
    _ model: Module, _ optimizer: Optimizer? = nil, isCompiled: Bool, _ f: @escaping ([String: Tensor]) -> Tensor
) -> ([String: Tensor]) -> Tensor {
    guard isCompiled else { return f }
    var names: [String] = []
    func ofValues(_ values: [Tensor]) -> [Tensor] { [f(Dictionary(uniqueKeysWithValues: zip(names, values)))] }
    let compiled = optimizer.map { compile(model, $0, f: ofValues) } ?? compile(model, f: ofValues)
    return { inputs in
        names = inputs.keys.sorted()
        return compiled(names.map { inputs[$0]! })[0]
    }
}

private final class TrainingRunner: Runner {
    private let precision: Precision
    private let inputs: [String: Tensor]
    private let run: ([String: Tensor]) -> Tensor

    init(_ precision: Precision, _ inputs: [String: Tensor], _ run: @escaping ([String: Tensor]) -> Tensor) {
        (self.precision, self.inputs, self.run) = (precision, inputs, run)
    }

    func step() -> Double { withPrecision(precision) { run(inputs).item() } }
}

/// A model's forward pass in evaluation mode.
public struct InferenceWorkload<Model: Module>: Workload {
    public let name: String
    public let kind = WorkloadKind.inference
    public let precision: Precision
    public let items: (count: Double, name: String)?
    public let isCompiled: Bool
    let inputs: [String: Input]
    let makeModel: @Sendable () -> Model
    let forward: @Sendable (Model, [String: Tensor]) -> Tensor

    public init(
        _ name: String, precision: Precision = .float32, items: (count: Double, name: String)? = nil,
        isCompiled: Bool = false, inputs: [String: Input], model: @escaping @Sendable () -> Model,
        forward: @escaping @Sendable (Model, [String: Tensor]) -> Tensor
    ) {
        self.name = name
        self.precision = precision
        self.items = items
        self.isCompiled = isCompiled
        self.inputs = inputs
        makeModel = model
        self.forward = forward
    }

    public var flops: Double { forwardFlops(makeModel(), inputs, forward) }

    public func makeRunner(state: [String: Tensor]) throws -> any Runner {
        let model = makeModel()
        if !state.isEmpty { try model.load(state.under("model")) }
        model.eval()
        let given = try inputs.tensors(from: state)
        let run = stateful(model, isCompiled: isCompiled) { [forward] in forward(model, $0) }
        // Two copies take turns. A model's user brings new inputs every time: only what the weights alone decide may be
        // kept.
        var (next, last) = (given, given.mapValues(\.copied))
        return FunctionRunner(precision) {
            swap(&next, &last)
            return run(last)
        }
    }
}

extension Tensor {
    /// The same values in memory of their own.
    fileprivate var copied: Tensor {
        let bytes = withExtendedLifetime(buffer) { [UInt8]($0.elements(as: UInt8.self)) }
        return Tensor(Node(Buffer(copying: bytes), type: TensorType(shape, dtype)))
    }
}

/// One operation on given inputs.
public struct KernelWorkload: Workload {
    public let name: String
    public let kind = WorkloadKind.kernel
    public let precision: Precision
    public let flops: Double
    public let bytes: Double
    private let inputs: [String: Input]
    private let function: @Sendable ([String: Tensor]) -> Tensor

    public init(
        _ name: String, precision: Precision = .float32, flops: Double = 0, bytes: Double = 0,
        inputs: [String: Input], function: @escaping @Sendable ([String: Tensor]) -> Tensor
    ) {
        self.name = name
        self.precision = precision
        self.flops = flops
        self.bytes = bytes
        self.inputs = inputs
        self.function = function
    }

    public func makeRunner(state: [String: Tensor]) throws -> any Runner {
        let (inputs, function) = (try inputs.tensors(from: state), function)
        return FunctionRunner(precision) { function(inputs) }
    }
}

/// A function computed anew at every step.
private final class FunctionRunner: Runner {
    private let precision: Precision
    private let function: () -> Tensor
    private(set) var output: Tensor?

    init(_ precision: Precision, _ function: @escaping () -> Tensor) {
        self.precision = precision
        self.function = function
    }

    func step() -> Double {
        // The last output's memory is free for this one.
        output = nil
        let result = withPrecision(precision) { function().evaluated() }
        output = result
        guard result.dtype == .float32, result.elementCount > 0 else { return 0 }
        return Double(result.buffer.pointer.load(as: Float.self))
    }
}

/// The arithmetic of a forward pass, two operations for each multiply–add.
private func forwardFlops<Model: Module>(
    _ model: Model, _ inputs: [String: Input], _ call: (Model, [String: Tensor]) -> Tensor
) -> Double {
    let tensors = inputs.mapValues { $0.make() }
    return Double(2 * summary(model, input: .zeros([])) { model, _ in call(model, tensors) }.multiplyAdds)
}
