import ApusNN
import ApusOptim
import ApusTestSupport
import Testing

private final class Classifier: Module, Layer {
    let embedding = Embedding(7, 12)
    let hidden = Linear(12, 16)
    let norm = BatchNorm1d(16)
    let dropout = Dropout(0.3)
    let output = Linear(16, 4)

    func callAsFunction(_ x: Tensor) -> Tensor { output(dropout(relu(norm(hidden(embedding(x)))))) }
}

/// A model, its optimizer and its step.
private struct Training {
    let model = withSeed(1) { Classifier() }
    let optimizer: Optimizer
    let generator = Generator(seed: 2)

    init(_ rule: String = "Adam") {
        optimizer =
            switch rule {
            case "SGD": SGD(model, momentum: 0.9, dampening: 0.1)
            case "AMSGrad": Adam(model, weightDecay: 0.01, amsgrad: true)
            case "AdamW":
                AdamW(
                    [
                        ParameterGroup(model.hidden.named("hidden"), learningRate: 1e-2),
                        ParameterGroup(model.output.named("output"), weightDecay: 0.1),
                    ], learningRate: 1e-3)
            case "NAdam": NAdam(model)
            case "Adamax": Adamax(model)
            case "Adagrad": Adagrad(model, rateDecay: 0.1)
            case "RMSprop": RMSprop(model, momentum: 0.5, centered: true)
            case "Lion": Lion(model)
            case "SparseAdam": SparseAdam(model)
            case "Adadelta": Adadelta(model)
            case "RAdam": RAdam(model)
            case "Rprop": Rprop(model)
            case "ASGD": ASGD(model, averagingStart: 3)
            case "Adafactor": Adafactor(model, weightDecay: 0.1)
            case "Muon":
                Muon([ParameterGroup([model.namedParameters.first { $0.name == "hidden.weight" }!])], learningRate: 0.1)
            default: Adam(model)
            }
    }

    /// The step as it is written without `compile`.
    func step(_ x: Tensor, _ y: Tensor) -> Tensor {
        let (loss, gradients) = valueAndGradients(model) { crossEntropy($0(x), y) }
        optimizer.step(gradients.clipped(norm: 1))
        return loss
    }

    func compiled() -> (Tensor, Tensor) -> Tensor { compile(model, optimizer) { step($0, $1) } }

    /// Runs a step with this training's own stream of random numbers.
    func run(_ step: (Tensor, Tensor) -> Tensor, _ batch: (x: Tensor, y: Tensor)) -> Double {
        withGenerator(generator) { step(batch.x, batch.y).item() }
    }

    var state: StateDictionary {
        model.stateDictionary().merging(optimizer.stateDictionary().map { ("optimizer." + $0, $1) }) { a, _ in a }
    }
}

extension Module {
    fileprivate func named(_ prefix: String) -> [(name: String, slot: ParameterSlot)] {
        namedParameters.map { (prefix + "." + $0.name, $0.slot) }
    }
}

private func batch(_ number: Int, size: Int = 8) -> (x: Tensor, y: Tensor) {
    withSeed(UInt64(100 + number)) {
        (.randomIntegers([size], in: 0..<7).evaluated(), .randomIntegers([size], in: 0..<4).evaluated())
    }
}

private func expectEqual(_ a: Training, _ b: Training, sourceLocation: SourceLocation = #_sourceLocation) {
    let (mine, its) = (a.state, b.state)
    #expect(mine.keys.sorted() == its.keys.sorted(), sourceLocation: sourceLocation)
    for (name, tensor) in mine { expectClose(tensor, its[name]!, nil, name, sourceLocation: sourceLocation) }
}

/// A compiled training step does what the step does, and nothing twice.
@Suite("Compiled steps", .serialized) struct CompiledStepTests {
    @Test(arguments: [
        "SGD", "Adam", "AMSGrad", "AdamW", "NAdam", "Adamax", "Adagrad", "RMSprop", "Lion", "SparseAdam", "Adadelta",
        "RAdam",
        "Rprop", "ASGD", "Adafactor", "Muon",
    ])
    func aCompiledStepIsTheStep(_ rule: String) {
        let (plain, other) = (Training(rule), Training(rule))
        let step = other.compiled()
        for number in 0..<10 {
            // A schedule: the rate is another one at each step.
            for training in [plain, other] { training.optimizer.learningRate = 1e-2 / Double(1 + number) }
            let loss = plain.run(plain.step, batch(number))
            #expect(abs(other.run(step, batch(number)) - loss) < 1e-4)
        }
        expectEqual(plain, other)
    }

    @Test func itIsTracedAtFirstAndThenEverMoreSeldom() {
        let training = Training()
        var traces = 0
        let step = compile(training.model, training.optimizer) { x, y in
            traces += 1
            return training.step(x, y)
        }
        for number in 0..<20 {
            training.optimizer.learningRate *= 0.9
            _ = training.run(step, batch(number))
        }
        // The first step makes the optimizer's state. The second is traced, and looked at again at its 2nd, 4th, 8th and 16th run.
        #expect(traces == 6)
    }

    @Test func shapesModesAndFrozenParametersMayChange() {
        let (plain, other) = (Training(), Training())
        let step = other.compiled()
        for number in 0..<24 {
            for training in [plain, other] {
                training.model.norm.train(number % 5 != 3)
                training.model.hidden.$weight.isTrainable = number % 3 != 2
            }
            let batch = batch(number, size: number % 4 == 1 ? 5 : 8)
            let loss = plain.run(plain.step, batch)
            #expect(abs(other.run(step, batch) - loss) < 1e-4)
        }
        expectEqual(plain, other)
    }

    @Test func aCheckpointMayBeLoadedBetweenSteps() throws {
        let (plain, other) = (Training(), Training())
        let step = other.compiled()
        for number in 0..<4 { _ = plain.run(plain.step, batch(number)) }
        let (model, optimizer) = (plain.model.stateDictionary(), plain.optimizer.stateDictionary())
        for number in 4..<8 { _ = plain.run(plain.step, batch(number)) }

        for number in 0..<7 { _ = other.run(step, batch(50 + number)) }
        try other.model.load(model)
        try other.optimizer.load(optimizer)
        let continued = Generator(seed: 2)
        for _ in 0..<4 { _ = continued.next() }
        for number in 4..<8 { withGenerator(continued) { _ = step(batch(number).x, batch(number).y) } }
        expectEqual(plain, other)
    }

    @Test func whoHoldsAnOldValueKeepsIt() {
        let training = Training()
        let step = training.compiled()
        for number in 0..<6 {
            let old = training.model.hidden.weight
            let values = old.elements(as: Float.self)
            _ = training.run(step, batch(number))
            #expect(old.elements(as: Float.self) == values)
            #expect(training.model.hidden.weight.elements(as: Float.self) != values)
        }
    }

    @Test func averagesMayBePartOfTheStep() {
        let (plain, other) = (Training(), Training())
        let (expected, average) = (
            ExponentialMovingAverage(plain.model, decay: 0.5), ExponentialMovingAverage(other.model, decay: 0.5)
        )
        let step = compile(other.model, other.optimizer, average) { x, y in
            defer { average.update() }
            return other.step(x, y)
        }
        for number in 0..<6 {
            _ = plain.run(plain.step, batch(number))
            expected.update()
            _ = other.run(step, batch(number))
        }
        let state = average.stateDictionary()
        for (name, tensor) in expected.stateDictionary() { expectClose(tensor, state[name]!) }
    }

    @Test func anErrorOfTheValuesLeavesTheStateThere() {
        let (plain, other) = (Training("SGD"), Training("SGD"))
        let step = other.compiled()
        for number in 0..<6 {
            _ = plain.run(plain.step, batch(number))
            _ = other.run(step, batch(number))
        }
        #expect(throws: TensorError.self) {
            try withTensorErrors { _ = step(Tensor([0, 1, 2, 3, 4, 5, 6, 700]), batch(0).y) }
        }
        for (name, tensor) in plain.model.stateDictionary() {
            #expect(other.model.stateDictionary()[name]!.shape == tensor.shape)
        }
    }

    // The counters are the whole process's.
    @Test func itPlansNothingAndTakesNoMemory() async {
        await #expect(processExitsWith: .success) {
            let training = Training()
            let step = training.compiled()
            for number in 0..<5 { _ = training.run(step, batch(number)) }
            let batches = (0..<3).map { batch($0) }
            let before = EngineStatistics.current
            for batch in batches { _ = training.run(step, batch) }
            let done = EngineStatistics.current.since(before)
            #expect(done.evaluations == 3)
            #expect(done.plansMade == 0)
            #expect(done.allocations == 0)
            // Parameters, two moments of each, and the running statistics.
            #expect(done.overwrittenInputs == 3 * (3 * training.model.parameters.count + 3))
        }
    }

    /// A number given as one that stays would stay what it was.
    @Test func aNumberThatChangesAndDoesNotSaySoTraps() async {
        final class Decaying: Optimizer {
            override func update(
                _ parameter: Tensor, _ gradient: Tensor, _ state: inout [String: Tensor], _ step: UpdateStep
            ) -> Tensor {
                parameter - gradient * step("rate", step.learningRate / Double(step.count))
            }
        }
        await #expect(processExitsWith: .failure) {
            let model = withSeed(1) { Classifier() }
            let optimizer = Decaying([ParameterGroup(model)], learningRate: 0.1)
            let step = compile(model, optimizer) { x, y in
                let (loss, gradients) = valueAndGradients(model) { crossEntropy($0(x), y) }
                optimizer.step(gradients)
                return loss
            }
            for number in 0..<4 { _ = step(batch(number).x, batch(number).y) }
        }
    }
}
