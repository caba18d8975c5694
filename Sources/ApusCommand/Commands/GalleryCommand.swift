import Apus
import ApusGallery
import ArgumentParser
import Foundation

struct GalleryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gallery", abstract: "Train all systems one after another, and print what each reaches.",
        discussion:
            "What an earlier call trained is measured again and not trained anew; what it was stopped at goes on.")

    @Option(help: "The folder for the runs, one for each system.", completion: .directory)
    var out = "runs/gallery"
    @OptionGroup var threads: ThreadsOption
    @OptionGroup var output: OutputOptions

    func run() throws {
        threads.apply()
        var table = TextTable(
            header: ["System", "Metric", "Reached", "Baseline", "Target", "", "Time"],
            [.left, .left, .right, .right, .right, .left, .right])
        var missed = 0
        for system in SystemRegistry.all {
            // Each has an output, and so a clock, of its own.
            let output = output.makeOutput()
            output.show("\n\(system.card.title)")
            do {
                guard let finished = try system.train(options(for: system), output: output) else { throw ExitCode(130) }
                output.finish(finished)
                if !system.card.goal.isMet(by: finished) { missed += 1 }
                table.append(row(of: system, finished))
            } catch let error where !(error is ExitCode) {
                missed += 1
                output.fail(error, input: system.name)
                table.append(system.name, system.card.goal.metric, "–", "–", "–", "failed", "–")
            }
        }
        output.makeOutput().show("\n" + table.rendered())
        if missed > 0 { throw ExitCode(1) }
    }

    private func options(for system: any System) throws -> TrainOptions {
        let folder = URL(fileURLWithPath: out).appendingPathComponent(system.name)
        var options = TrainOptions(folder: folder, settings: try SettingValues(of: system.card, for: .training))
        options.resumes = (try? RunFolder.open(folder)) != nil
        return options
    }

    private func row(of system: any System, _ finished: RunEvent.Finished) -> [String] {
        let goal = system.card.goal
        let metric = MetricDescription.standard(goal.metric)
        func text(_ value: Double?) -> String { value.map(metric.text) ?? "–" }
        return [
            system.name, metric.title, text(finished.metrics[goal.metric]), text(finished.baseline[goal.metric]),
            goal.bound.map { (metric.higherIsBetter ? "≥ " : "≤ ") + metric.text($0) } ?? "over the baseline",
            goal.isMet(by: finished) ? "reached" : "missed", Format.duration(finished.seconds),
        ]
    }
}
