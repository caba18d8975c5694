import ApusNN
import ApusOptim
import ApusTestSupport
import Testing

/// Two parameters.
private final class Pair: Module {
    @Parameter var first: Tensor
    @Parameter var second: Tensor

    init(_ tensors: [Tensor]) {
        first = tensors[0]
        second = tensors[1]
    }

    /// Exactly these gradients.
    func gradients(_ first: Tensor, _ second: Tensor) -> Gradients {
        valueAndGradients(self) { ($0.first * first).sum() + ($0.second * second).sum() }.gradients
    }
}

private func makeOptimizer(_ golden: NNGolden, _ model: Module) -> Optimizer? {
    let rate = golden["lr"].double
    let decay = golden.double("weight_decay", 0)
    var betas: (Double, Double) = golden.name == "Lion" ? (0.9, 0.99) : (0.9, 0.999)
    if case .list(let list) = golden["betas"] { betas = (list[0].double, list[1].double) }
    switch golden.name {
    case "SGD":
        return SGD(
            model, learningRate: rate, momentum: golden.double("momentum", 0), dampening: golden.double("dampening", 0),
            nesterov: golden.bool("nesterov", false), weightDecay: decay)
    case "Adam":
        return Adam(
            model, learningRate: rate, betas: betas, epsilon: golden.double("eps", 1e-8), weightDecay: decay,
            amsgrad: golden.bool("amsgrad", false))
    case "AdamW":
        return AdamW(
            model, learningRate: rate, betas: betas, weightDecay: golden.double("weight_decay", 1e-2),
            amsgrad: golden.bool("amsgrad", false))
    case "RMSprop":
        return RMSprop(
            model, learningRate: rate, alpha: golden.double("alpha", 0.99), momentum: golden.double("momentum", 0),
            centered: golden.bool("centered", false), weightDecay: decay)
    case "Adagrad":
        return Adagrad(
            model, learningRate: rate, rateDecay: golden.double("lr_decay", 0), weightDecay: decay,
            initialAccumulator: golden.double("initial_accumulator_value", 0))
    case "NAdam": return NAdam(model, learningRate: rate, weightDecay: decay)
    case "Adamax": return Adamax(model, learningRate: rate, weightDecay: decay)
    case "Lion": return Lion(model, learningRate: rate, betas: betas, weightDecay: decay)
    default: return nil
    }
}

@Suite("Optimizers") struct OptimizerTests {
    @Test("as in PyTorch", arguments: NNGolden.all("optimizer"), TestedBackend.allCases)
    func golden(_ golden: NNGolden, on backend: TestedBackend) throws {
        try backend.run {
            let model = Pair(golden.inputs)
            let optimizer = try #require(makeOptimizer(golden, model))
            let (given, expected) = (golden.tensors("given"), golden.tensors("out"))
            for step in 0..<5 {
                optimizer.step(model.gradients(given["\(step).0"]!, given["\(step).1"]!))
                expectClose(model.first, expected["\(step).0"]!, goldenTolerance, "step \(step)")
                expectClose(model.second, expected["\(step).1"]!, goldenTolerance, "step \(step)")
            }
        }
    }

    /// A run that is saved and resumed half-way ends in the same bits as one that was not interrupted.
    @Test(arguments: NNGolden.all("optimizer"), TestedBackend.allCases)
    func resumesToEqualBits(_ golden: NNGolden, on backend: TestedBackend) throws {
        try backend.run {
            let given = golden.tensors("given")
            let (one, other) = (Pair(golden.inputs), Pair(golden.inputs))
            let first = try #require(makeOptimizer(golden, one))
            for step in 0..<3 { first.step(one.gradients(given["\(step).0"]!, given["\(step).1"]!)) }
            first.learningRate *= 0.5

            let second = try #require(makeOptimizer(golden, other))
            try other.load(one.stateDictionary())
            try second.load(first.stateDictionary())
            #expect(second.stepCount == 3)
            #expect(second.learningRate == first.learningRate)
            for step in 3..<5 {
                first.step(one.gradients(given["\(step).0"]!, given["\(step).1"]!))
                second.step(other.gradients(given["\(step).0"]!, given["\(step).1"]!))
            }
            expectClose(other.first, one.first, .exact)
            expectClose(other.second, one.second, .exact)
        }
    }

    @Test(arguments: TestedBackend.allCases) func groupsHaveTheirOwnRates(on backend: TestedBackend) {
        backend.run {
            let model = Pair([.zeros([2]), .zeros([2])])
            let named = model.namedParameters
            let optimizer = SGD(
                [ParameterGroup([named[0]]), ParameterGroup([named[1]], learningRate: 0.01)], learningRate: 0.1)
            optimizer.step(model.gradients(.ones([2]), .ones([2])))
            expectClose(model.first, [-0.1, -0.1])
            expectClose(model.second, [-0.01, -0.01])
            optimizer.learningRate = 1
            optimizer.step(model.gradients(.ones([2]), .ones([2])))
            expectClose(model.first, [-1.1, -1.1])
            expectClose(model.second, [-0.11, -0.11])
        }
    }

    @Test(arguments: TestedBackend.allCases) func frozenParametersStay(on backend: TestedBackend) {
        backend.run {
            let model = Pair([.zeros([2]), .zeros([2])])
            model.$second.isTrainable = false
            let optimizer = AdamW(model, learningRate: 0.1)
            let gradients = model.gradients(.ones([2]), .ones([2]))
            #expect(gradients.count == 1)
            optimizer.step(gradients)
            expectClose(model.second, [0, 0], .exact)
        }
    }

    @Test func aStateOfOtherParametersIsRefused() throws {
        let model = Pair([.zeros([2]), .zeros([2])])
        let optimizer = Adam(model)
        optimizer.step(model.gradients(.ones([2]), .ones([2])))
        var state = optimizer.stateDictionary()
        state["third.exp_avg"] = .zeros([2])
        state["first.exp_avg"] = .zeros([3])
        let error = #expect(throws: StateError.self) { try optimizer.load(state) }
        #expect(error?.report.unexpected == ["third.exp_avg"])
        #expect(error?.report.mismatched == [.init(name: "first.exp_avg", expected: [2], found: [3])])
    }

    // MARK: Around the optimizers

    @Test(arguments: TestedBackend.allCases) func clipping(on backend: TestedBackend) {
        backend.run {
            let gradients = Pair([.zeros([2]), .zeros([1])]).gradients(Tensor([3.0, 0]), Tensor([-4.0]))
            #expect(gradients.globalNorm.item() == 5)
            expectClose(gradients.clipped(norm: 1)["first"]!, [0.6, 0])
            expectClose(gradients.clipped(norm: 1)["second"]!, [-0.8])
            expectClose(gradients.clipped(norm: 10)["second"]!, [-4])
            expectClose(gradients.clipped(value: 2)["first"]!, [2, 0])
            expectClose(gradients.clipped(value: 2)["second"]!, [-2])
        }
    }

    @Test(arguments: TestedBackend.allCases) func accumulation(on backend: TestedBackend) throws {
        try backend.run {
            let model = Pair([.zeros([1]), .zeros([1])])
            var accumulator = GradientAccumulator(count: 2)
            let first = accumulator.add(model.gradients(Tensor([1.0]), Tensor([2.0])))
            #expect(first == nil)
            let second = accumulator.add(model.gradients(Tensor([3.0]), Tensor([6.0])))
            let mean = try #require(second)
            expectClose(mean["first"]!, [2])
            expectClose(mean["second"]!, [4])
            let rest = accumulator.flush()
            #expect(rest == nil)
        }
    }

    @Test(arguments: TestedBackend.allCases) func movingAverage(on backend: TestedBackend) throws {
        try backend.run {
            let model = Pair([Tensor([1.0]), Tensor([2.0])])
            let average = ExponentialMovingAverage(model, decay: 0.75)
            model.first = Tensor([5.0])
            average.update()
            average.withAverages { expectClose(model.first, [2]) }
            expectClose(model.first, [5])

            let other = ExponentialMovingAverage(model, decay: 0.75)
            try other.load(average.stateDictionary())
            other.withAverages { expectClose(model.first, [2]) }
            #expect(other.updateCount == 1)
            #expect(throws: StateError.self) { try other.load([:]) }
        }
    }
}
