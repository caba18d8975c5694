import Apus
import Foundation

/// What people look at after a training.
struct DeepQNetworkReport {
    let card: SystemCard
    let configuration: DeepQNetwork.Configuration
    let environment: any Environment
    let population: Population
    let measurement: DeepQNetwork.Measurement
    /// Mean returns in validation, `[measurement][member]`.
    let curves: [[Double]]
    let result: TrainingResult

    /// - Throws: `FileError` where it can't be written.
    func write(to folder: RunFolder) throws {
        let agent = try DeepQNetwork.Rollout(of: population.members[0], in: environment, from: .init(name: "", seed: 7))
        var report = Report(title: card.title, subtitle: "\(configuration.preset) in \(configuration.world.title)")
        report.headline = headline
        report.sections = [
            .metrics(measurement.metrics, baseline: measurement.baseline, baselineName: "Random actions"),
            curveSection, try animations(agent), try thoughts(agent), returns,
            .learningCurves(try MetricsLog.read(folder.metricsURL)),
            .model(summary),
        ]
        report.sections += .provenance(of: result, seed: configuration.seed, settings: settings)
        try report.write(to: folder.reportURL)
    }

    private var headline: [Report.Figure] {
        let (reached, random) = (measurement.means.mean, measurement.randomReturns.mean)
        return [
            .init(
                "Mean return", Format.number(reached), note: "random actions \(Format.number(random))",
                verdict: reached > random ? .good : .bad),
            .init("Worst seed", Format.number(measurement.means.min() ?? 0), note: "of \(configuration.seeds)"),
            .init("Steps", Format.count(configuration.stepCount), note: "of each agent in the world"),
            .training(result),
        ]
    }

    private var summary: Summary {
        Apus.summary(
            population.members[0], inputShape: Shape([1] + Array(environment.observationShape)))
    }

    // MARK: Sections

    /// The mean over seeds, an interval around it, and each seed's own curve.
    private var curveSection: Report.Section {
        let steps = Double(configuration.rounds * configuration.stepsPerRound)
        let xs = curves.indices.map { Double($0 + 1) * steps }
        func points(_ values: [Double]) -> [Plot.Point] { zip(xs, values).map { Plot.Point($0, $1) } }
        let intervals = curves.map { bootstrapInterval(ofMean: $0) }
        var series = [Plot.Series("Mean", points(curves.map(\.mean)), color: 0)]
        if configuration.seeds > 1 {
            let band = points(intervals.map(\.low)) + points(intervals.map(\.high))
            series.append(.init("95 % interval of the mean", band, style: .band, color: 0))
            series += (0..<configuration.seeds).map { member in
                .init("", points(curves.map { $0[member] }), style: .faintLine, color: 0)
            }
        }
        var rules = [Plot.Rule("Random actions", y: measurement.randomReturns.mean)]
        if let linear = measurement.linearReturns { rules.append(.init("Linear policy", y: linear.mean)) }
        let plot = Plot(
            "Mean return in validation", summary: "The network as it is at the moment, acting greedily",
            x: Axis("Steps of an agent"), y: Axis("Return"), series: series, rules: rules, width: 760, height: 320)
        return .chart(
            "Learning, \(configuration.seeds) seeds",
            introduction: configuration.seeds > 1
                ? "One faint line a seed. The interval is a bootstrap's over seeds: where another seed's curve may be expected on average."
                : "", plot)
    }

    private func animations(_ agent: DeepQNetwork.Rollout) throws -> Report.Section {
        let random = try DeepQNetwork.Rollout(of: nil, in: environment, from: agent.start)
        func picture(_ rollout: DeepQNetwork.Rollout, _ title: String) throws -> Report.Picture {
            Report.Picture(
                png: try rollout.animation(configuration.world, frames: 150),
                alternative: "An episode in \(configuration.world.title)", title: title,
                detail: "return \(Format.number(rollout.totalReward)) in \(Format.count(rollout.actions.count)) steps")
        }
        return .pictures(
            "An episode", introduction: "Both begin at the same place. Long episodes are shown faster.",
            [(title: "", pictures: [try picture(agent, "After training"), try picture(random, "Random actions")])],
            isWide: true)
    }

    /// What the network makes of the world: a map of it where it can be drawn, the course of an episode elsewhere.
    private func thoughts(_ agent: DeepQNetwork.Rollout) throws -> Report.Section {
        let policy = population.members[0]
        if let grid = environment as? GridWorld, grid.actionCount == 4 {
            let rows = (0..<grid.stateCount).flatMap { grid.oneHot($0) }
            let actions = greedyActions(policy.scores(Tensor(rows, shape: [grid.stateCount, grid.stateCount])))
            let best = grid.optimalActions(discount: 0.99)
            return .pictures(
                "What it does where", introduction: "In cells that an agent never comes to, it has learned nothing.",
                [
                    (
                        title: "",
                        pictures: [
                            try .init(grid.picture(actions: actions), alternative: "Arrows", title: "This agent"),
                            try .init(
                                grid.picture(actions: best), alternative: "Arrows", title: "Best",
                                detail: "by value iteration"),
                        ]
                    )
                ], isWide: true)
        }
        switch configuration.world {
        case .mountainCar:
            return slice(
                "What a state is worth", rows: (-0.07, 0.07, "velocity"), columns: (-1.2, 0.6, "position"),
                state: { [$1, $0] }, value: { $0.max() ?? 0 }, palette: .sequential,
                introduction: "The greatest score of an action, the least subtracted.")
        case .cartPole:
            return slice(
                "Left or right", rows: (-1.5, 1.5, "angular velocity"), columns: (-0.15, 0.15, "angle"),
                state: { [0, 0, $1, $0] }, value: { $0[1] - $0[0] }, palette: .diverging,
                introduction:
                    "The score of a push to the right less that of one to the left, the cart at rest in the middle.")
        default: return course(agent)
        }
    }

    /// A plane through the world's states, from the least of both coordinates on.
    private func slice(
        _ title: String, rows: (low: Double, high: Double, name: String),
        columns: (low: Double, high: Double, name: String), state: (Double, Double) -> [Double],
        value: ([Double]) -> Double, palette: HeatMap.Palette, introduction: String
    ) -> Report.Section {
        let count = 31
        func ticks(_ axis: (low: Double, high: Double, name: String)) -> [Double] {
            (0..<count).map { axis.low + (axis.high - axis.low) * Double($0) / Double(count - 1) }
        }
        let rowTicks = Array(ticks(rows).reversed())
        let columnTicks = ticks(columns)
        let states = rowTicks.flatMap { row in columnTicks.flatMap { state(row, $0).map(Float.init) } }
        let scores: [Double] = population.members[0].scores(
            Tensor(states, shape: [count * count, environment.observationShape.elementCount])
        ).elements()
        var values = (0..<count).map { row in
            (0..<count).map { column -> Double in
                let start = (row * count + column) * environment.actionCount
                return value(Array(scores[start..<(start + environment.actionCount)]))
            }
        }
        if palette == .sequential {
            let least = values.joined().min() ?? 0
            values = values.map { $0.map { $0 - least } }
        }
        func labels(_ ticks: [Double]) -> [String] {
            ticks.enumerated().map { $0 % 5 == 0 ? String(format: "%.2f", $1) : "" }
        }
        let map = HeatMap(
            title, values: values, rowLabels: labels(rowTicks), columnLabels: labels(columnTicks),
            rowTitle: rows.name, columnTitle: columns.name, palette: palette, width: 420)
        return .chart("What it thinks", introduction: introduction, map)
    }

    private func course(_ agent: DeepQNetwork.Rollout) -> Report.Section {
        let series = environment.actionNames.enumerated().map { action, name in
            Plot.Series(name, values: agent.scores.map { Double($0[action]) })
        }
        return .chart(
            "What it thinks", introduction: "The score of each action over the episode above; the highest is done.",
            Plot("Scores", x: Axis("Step"), y: Axis("Score"), series: series, width: 760, height: 320))
    }

    private var returns: Report.Section {
        let agents = measurement.returns.enumerated().map { ("Seed \($0)", $1) }
        let simple =
            [("Random actions", measurement.randomReturns)]
            + (measurement.linearReturns.map { [("Linear policy, random search", $0)] } ?? [])
        let rows = (agents + simple).map { name, values -> [String] in
            let (sorted, interval) = (values.sorted(), bootstrapInterval(ofMean: values))
            return [
                name, Format.number(values.mean), "\(Format.number(interval.low)) to \(Format.number(interval.high))",
                Format.number(sorted[0]), Format.number(sorted[sorted.count / 2]),
                Format.number(sorted[sorted.count - 1]),
            ]
        }
        return .table(
            "Seed by seed",
            introduction: "\(measurement.returns[0].count) episodes each, of seeds that training never used.",
            Report.Table(head: ["Agent", "Mean return", "95 % interval", "Least", "Median", "Greatest"], rows: rows))
    }

    private var settings: [(name: String, value: String)] {
        var settings = [
            (name: "Preset", value: configuration.preset), (name: "World", value: configuration.world.title),
            (name: "Seeds", value: "\(configuration.seeds)"),
            (name: "Steps of each agent", value: Format.count(configuration.stepCount)),
        ]
        switch configuration.algorithm {
        case .deepQ(let recipe):
            settings += [
                (name: "Discount", value: "\(recipe.discount)"),
                (name: "Learning rate", value: "\(recipe.learningRate)"),
                (name: "Batch size", value: "\(recipe.batchSize)"),
                (name: "Updates between target networks", value: "\(recipe.targetInterval)"),
                (name: "Kept transitions", value: Format.count(recipe.capacity)),
            ]
        case .proximalPolicy(let recipe):
            settings += [
                (name: "Discount", value: "\(recipe.discount)"),
                (name: "Learning rate", value: "\(recipe.learningRate)"),
                (name: "Clip range", value: "\(recipe.clipRange)"), (name: "λ", value: "\(recipe.decay)"),
            ]
        }
        return settings
    }
}
