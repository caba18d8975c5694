import ApusOptim
import ApusTestSupport
import Testing

@Suite("Schedules") struct ScheduleTests {
    @Test("as in PyTorch", arguments: NNGolden.all("schedule"))
    func golden(_ golden: NNGolden) throws {
        let expected: [Double] = golden.outputs[0].elements()
        let metrics: [Double] = golden.inputs[0].elements()
        let rates: [Double]
        if golden.name == "ReduceLROnPlateau" {
            var schedule = PlateauSchedule(
                rate: 0.5, direction: golden.string("mode") == "max" ? .maximize : .minimize,
                factor: golden["factor"].double, patience: golden["patience"].int,
                threshold: golden.double("threshold", 1e-4), isRelative: golden.string("threshold_mode") != "abs",
                cooldown: golden.int("cooldown", 0), minimum: golden.double("min_lr", 0),
                epsilon: golden.double("eps", 1e-8))
            rates = metrics.enumerated().map { step, metric in
                defer { schedule.observe(metric) }
                return schedule.rate(at: step)
            }
        } else {
            let schedule = try #require(makeSchedule(golden))
            rates = metrics.indices.map(schedule.rate(at:))
        }
        for step in rates.indices {
            let comment: Comment = "step \(step): \(rates[step]), expected \(expected[step])"
            #expect(Swift.abs(rates[step] - expected[step]) < 1e-9, comment)
        }
    }

    private func makeSchedule(_ golden: NNGolden) -> (any Schedule)? {
        switch golden.name {
        case "StepLR": StepSchedule(rate: 0.5, every: golden["step_size"].int, factor: golden["gamma"].double)
        case "MultiStepLR":
            MultiStepSchedule(rate: 0.5, milestones: golden["milestones"].ints, factor: golden["gamma"].double)
        case "ExponentialLR": ExponentialSchedule(rate: 0.5, factor: golden["gamma"].double)
        case "CosineAnnealingLR":
            CosineSchedule(rate: 0.5, steps: golden["T_max"].int, minimum: golden["eta_min"].double)
        case "CosineAnnealingWarmRestarts":
            CosineRestartsSchedule(
                rate: 0.5, steps: golden["T_0"].int, factor: golden.int("T_mult", 1),
                minimum: golden.double("eta_min", 0))
        case "OneCycleLR":
            OneCycleSchedule(
                peak: golden["max_lr"].double, steps: golden["total_steps"].int,
                upFraction: golden.double("pct_start", 0.3), startDivisor: golden.double("div_factor", 25),
                endDivisor: golden.double("final_div_factor", 1e4),
                annealing: golden.string("anneal_strategy") == "linear" ? .linear : .cosine,
                hasThreePhases: golden.bool("three_phase", false))
        case "PolynomialLR":
            PolynomialSchedule(rate: 0.5, steps: golden["total_iters"].int, power: golden["power"].double)
        case "LinearLR":
            LinearSchedule(
                rate: 0.5, start: golden["start_factor"].double, end: golden.double("end_factor", 1),
                steps: golden["total_iters"].int)
        case "ConstantLR":
            ReducedSchedule(rate: 0.5, factor: golden["factor"].double, steps: golden["total_iters"].int)
        case "CyclicLR":
            CyclicSchedule(
                base: golden["base_lr"].double, peak: golden["max_lr"].double, stepsUp: golden["step_size_up"].int,
                stepsDown: golden["step_size_down"].optionalInt,
                shape: golden.string("mode") == "triangular2"
                    ? .triangular2
                    : golden.string("mode") == "exp_range"
                        ? .exponential(factor: golden["gamma"].double) : .triangular)
        case "LambdaLR": FunctionSchedule { 0.5 / Double(1 + $0) }
        case "MultiplicativeLR": FunctionSchedule(rate: 0.5, multipliedBy: { $0 % 2 == 1 ? 0.9 : 0.8 })
        case "SequentialLR":
            SequentialSchedule(
                [
                    ReducedSchedule(rate: 0.5, factor: 0.1, steps: 3), ExponentialSchedule(rate: 0.5, factor: 0.9),
                    StepSchedule(rate: 0.5, every: 4),
                ], milestones: [5, 20])
        case "ChainedScheduler":
            ProductSchedule(
                rate: 0.5,
                [ReducedSchedule(rate: 0.5, factor: 0.1, steps: 6), ExponentialSchedule(rate: 0.5, factor: 0.9)])
        case "SWALR":
            golden.string("strategy") == "cos"
                ? CosineSchedule(rate: 0.5, steps: 10, minimum: 0.05)
                : LinearSchedule(rate: 0.5, start: 1, end: 0.1, steps: 10)
        default: nil
        }
    }

    /// A warm-up is PyTorch's LinearLR, whatever follows.
    @Test func warmupIsALine() {
        let line = LinearSchedule(rate: 0.5, start: 0.1, steps: 10)
        let warmup = WarmupSchedule(steps: 10, startFactor: 0.1, then: ConstantSchedule(rate: 0.5))
        for step in 0..<20 { #expect(Swift.abs(warmup.rate(at: step) - line.rate(at: step)) < 1e-12) }
    }

    @Test func warmupLeadsIntoWhatFollows() {
        let schedule = WarmupSchedule(steps: 4, then: ExponentialSchedule(rate: 1, factor: 0.5))
        #expect((0..<7).map(schedule.rate(at:)) == [0.25, 0.4375, 0.625, 0.8125, 1, 0.5, 0.25])
    }
}
