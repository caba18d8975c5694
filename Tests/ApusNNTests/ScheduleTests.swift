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
                factor: golden["factor"].double, patience: golden["patience"].int, cooldown: golden.int("cooldown", 0),
                minimum: golden.double("min_lr", 0))
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
                endDivisor: golden.double("final_div_factor", 1e4))
        case "PolynomialLR":
            PolynomialSchedule(rate: 0.5, steps: golden["total_iters"].int, power: golden["power"].double)
        case "LinearLR":
            WarmupSchedule(
                steps: golden["total_iters"].int, startFactor: golden["start_factor"].double,
                then: ConstantSchedule(rate: 0.5))
        default: nil
        }
    }

    @Test func warmupLeadsIntoWhatFollows() {
        let schedule = WarmupSchedule(steps: 4, then: ExponentialSchedule(rate: 1, factor: 0.5))
        #expect((0..<7).map(schedule.rate(at:)) == [0.25, 0.4375, 0.625, 0.8125, 1, 0.5, 0.25])
    }
}
