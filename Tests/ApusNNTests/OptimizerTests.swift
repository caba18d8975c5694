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
    let optimizer = newOptimizer(golden, model)
    optimizer?.maximizes = golden.bool("maximize", false)
    return optimizer
}

private func newOptimizer(_ golden: NNGolden, _ model: Module) -> Optimizer? {
    func pair(_ argument: String, _ standard: (Double, Double)) -> (Double, Double) {
        guard case .list(let list) = golden[argument] else { return standard }
        return (list[0].double, list[1].double)
    }
    switch golden.name {
    case "Adadelta":
        return Adadelta(
            model, learningRate: golden.double("lr", 1), rho: golden.double("rho", 0.9),
            epsilon: golden.double("eps", 1e-6), weightDecay: golden.double("weight_decay", 0))
    case "RAdam":
        return RAdam(
            model, learningRate: golden.double("lr", 1e-3), betas: pair("betas", (0.9, 0.999)),
            weightDecay: golden.double("weight_decay", 0),
            decouplesWeightDecay: golden.bool("decoupled_weight_decay", false))
    case "Rprop":
        return Rprop(
            model, learningRate: golden.double("lr", 1e-2), etas: pair("etas", (0.5, 1.2)),
            stepSizes: pair("step_sizes", (1e-6, 50)))
    case "ASGD":
        return ASGD(
            model, learningRate: golden.double("lr", 1e-2), lambda: golden.double("lambd", 1e-4),
            alpha: golden.double("alpha", 0.75), averagingStart: golden.double("t0", 1e6),
            weightDecay: golden.double("weight_decay", 0))
    case "Adafactor":
        let epsilons = pair("eps", (0, 1e-3))
        return Adafactor(
            model, learningRate: golden.double("lr", 1e-2), decay: golden.double("beta2_decay", -0.8),
            epsilons: (epsilons.0 == 0 ? nil : epsilons.0, epsilons.1), threshold: golden.double("d", 1),
            weightDecay: golden.double("weight_decay", 0))
    default: break
    }
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
    case "NAdam":
        return NAdam(
            model, learningRate: rate, weightDecay: decay,
            decouplesWeightDecay: golden.bool("decoupled_weight_decay", false))
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
            for step in 0..<(expected.count / 2) {
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

    /// The iterations are in bfloat16: PyTorch's own differ by up to 0.12 where products and sums are rounded apart, times the rate of 0.02.
    @Test("Muon as in PyTorch", arguments: NNGolden.all("muon"), TestedBackend.allCases)
    func muon(_ golden: NNGolden, on backend: TestedBackend) throws {
        backend.run {
            let model = Pair(golden.inputs)
            let ratios: [String: Muon.RateRatio] = [
                "match_rms_adamw": .matchingAdamW, "spectral_unclamped": .spectral,
            ]
            let optimizer = Muon(
                model, learningRate: 0.02, nesterov: golden.bool("nesterov", true),
                rateRatio: golden.string("ratio").flatMap { ratios[$0] } ?? .original)
            let (given, expected) = (golden.tensors("given"), golden.tensors("out"))
            for step in 0..<5 {
                optimizer.step(model.gradients(given["\(step).0"]!, given["\(step).1"]!))
                let tolerance = Tolerance(relative: 0, absolute: 3.5e-3 * Double(step + 1))
                expectClose(model.first, expected["\(step).0"]!, tolerance, "step \(step)")
                expectClose(model.second, expected["\(step).1"]!, tolerance, "step \(step)")
            }
        }
    }

    @Test("LBFGS as in PyTorch", arguments: NNGolden.all("lbfgs"), TestedBackend.allCases)
    func lbfgs(_ golden: NNGolden, on backend: TestedBackend) throws {
        try backend.run {
            let model = Pair(golden.inputs)
            func made() -> LBFGS {
                LBFGS(
                    model, learningRate: golden.double("lr", 1), maxIterations: golden.int("max_iter", 20),
                    historySize: golden.int("history_size", 100),
                    lineSearch: golden.string("line_search_fn") == nil ? .none : .strongWolfe)
            }
            var optimizer = made()
            let expected = golden.tensors("out")
            for step in 0..<6 {
                optimizer.step {
                    valueAndGradients(model) {
                        (square($0.second - square($0.first)) * 100 + square(1 - $0.first)).sum()
                    }
                }
                let tolerance = Tolerance(relative: 1e-5, absolute: 1e-6)
                expectClose(model.first, expected["\(step).0"]!, tolerance, "step \(step)")
                expectClose(model.second, expected["\(step).1"]!, tolerance, "step \(step)")
                // It goes on where it was.
                let resumed = made()
                try resumed.load(optimizer.stateDictionary())
                optimizer = resumed
            }
            #expect(optimizer.evaluationCount == golden.tensors("evaluations")["0"]!.item(as: Int.self))
            var state = optimizer.stateDictionary()
            state["d"] = .zeros([3])
            state["what"] = Tensor(1)
            let error = #expect(throws: StateError.self) { try optimizer.load(state) }
            #expect(error?.report.unexpected == ["what"])
            #expect(error?.report.mismatched.map(\.name) == ["d"])
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
            #expect(gradients.norm(order: .infinity).item() == 4)
            #expect(gradients.norm(order: 1).item() == 7)
            expectClose(gradients.clipped(norm: 2, order: .infinity)["first"]!, [1.5, 0])
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

    @Test(arguments: TestedBackend.allCases) func equalAverage(on backend: TestedBackend) throws {
        backend.run {
            let model = Pair([Tensor([1.0]), Tensor([2.0])])
            let average = EqualAverage(model)
            for value in [3.0, 5, 10] {
                model.first = Tensor([value])
                average.update()
            }
            average.withAverages { expectClose(model.first, [6]) }
            expectClose(model.first, [10])
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
